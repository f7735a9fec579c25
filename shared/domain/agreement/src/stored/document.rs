//! A document and its versions as stored: the newest in the document's own item, each in one of its own.

use jiff::Timestamp;
use market_kernel::clause::ClauseAddress;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{DocumentId, ProviderId};
use market_kernel::stored::citations::{StoredRules, restored_rules, stored_rules};
use market_kernel::stored::form::{Storable, StoredForm, Upcaster};
use market_kernel::stored::values::{Name, Trusted, each, restored_each, trusted_each};
use market_kernel::text::Line;
use serde::{Deserialize, Serialize};

use crate::documents::withdrawal::Withdrawn;
use crate::documents::{Document, DocumentKind, Publisher, Version};

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
enum StoredPublisher {
    Operator,
    Provider(Trusted<ProviderId>),
}

/// See [`Version`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredVersion {
    number: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<Trusted<Line>>,
    sha256: Trusted<Sha256Hash>,
    size_bytes: u64,
    published_at: Timestamp,
    effective_at: Timestamp,
    prominent: Vec<Trusted<ClauseAddress>>,
    #[serde(default, skip_serializing_if = "StoredRules::is_empty")]
    rules: StoredRules,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outline_sha256: Option<Trusted<Sha256Hash>>,
}

impl Storable for Version {
    type Form = StoredVersion;
}

impl StoredForm for StoredVersion {
    type State = Version;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = false;

    fn of(version: Version) -> Self {
        let Version {
            number,
            title,
            sha256,
            size_bytes,
            published_at,
            effective_at,
            prominent,
            rules,
            warning,
            outline_sha256,
        } = version;
        Self {
            number,
            title: title.map(Trusted),
            sha256: Trusted(sha256),
            size_bytes,
            published_at,
            effective_at,
            prominent: trusted_each(prominent),
            rules: stored_rules(rules),
            warning,
            outline_sha256: outline_sha256.map(Trusted),
        }
    }

    fn restore(self) -> Version {
        Version {
            number: self.number,
            title: self.title.map(|title| title.0),
            sha256: self.sha256.0,
            size_bytes: self.size_bytes,
            published_at: self.published_at,
            effective_at: self.effective_at,
            prominent: restored_each(self.prominent),
            rules: restored_rules(self.rules),
            warning: self.warning,
            outline_sha256: self.outline_sha256.map(|hash| hash.0),
        }
    }
}

/// See [`Document`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredDocument {
    id: Trusted<DocumentId>,
    kind: Name<DocumentKind>,
    publisher: StoredPublisher,
    title: Trusted<Line>,
    versions: Vec<StoredVersion>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    withdrawn: Vec<StoredWithdrawn>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredWithdrawn {
    number: u32,
    at: Timestamp,
}

impl Storable for Document {
    type Form = StoredDocument;
}

impl StoredForm for StoredDocument {
    type State = Document;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = false;

    fn of(document: Document) -> Self {
        let Document { id, kind, publisher, title, versions, withdrawn } = document;
        Self {
            id: Trusted(id),
            kind: Name(kind),
            publisher: match publisher {
                Publisher::Operator => StoredPublisher::Operator,
                Publisher::Provider(id) => StoredPublisher::Provider(Trusted(id)),
            },
            title: Trusted(title),
            versions: each(versions, StoredVersion::of),
            withdrawn: each(withdrawn, |Withdrawn { number, at }| StoredWithdrawn { number, at }),
        }
    }

    fn restore(self) -> Document {
        Document {
            id: self.id.0,
            kind: self.kind.0,
            publisher: match self.publisher {
                StoredPublisher::Operator => Publisher::Operator,
                StoredPublisher::Provider(id) => Publisher::Provider(id.0),
            },
            title: self.title.0,
            versions: each(self.versions, StoredVersion::restore),
            withdrawn: each(self.withdrawn, |StoredWithdrawn { number, at }| Withdrawn { number, at }),
        }
    }
}
