//! A document and its versions as stored: the newest in the document's own item, each in one of its own.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::form::{Storable, StoredForm, Upcaster};
use super::values::{Name, Trust, Trusted, each, restored_each, trusted_each};
use crate::documents::clauses::ClauseAddress;
use crate::documents::rules::{Citations, RuleId, Rules};
use crate::documents::withdrawal::Withdrawn;
use crate::documents::{Document, DocumentKind, Publisher, Version};
use crate::hash::Sha256Hash;
use crate::ids::{DocumentId, ProviderId};
use crate::text::Line;

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
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    rules: BTreeMap<String, Trusted<ClauseAddress>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outline_sha256: Option<Trusted<Sha256Hash>>,
}

fn stored_rules(rules: Rules) -> BTreeMap<String, Trusted<ClauseAddress>> {
    rules.into_iter().map(|(rule, clause)| (rule.raw(), Trusted(clause))).collect()
}

fn restored_rules(rules: BTreeMap<String, Trusted<ClauseAddress>>) -> Rules {
    rules.into_iter().map(|(rule, clause)| (RuleId::trust(rule), clause.0)).collect()
}

/// See [`Citations`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredCitations {
    title: Trusted<Line>,
    version: u32,
    rules: BTreeMap<String, Trusted<ClauseAddress>>,
}

impl StoredCitations {
    pub fn of(citations: Citations) -> Self {
        let Citations { title, version, rules } = citations;
        Self { title: Trusted(title), version, rules: stored_rules(rules) }
    }

    pub fn restore(self) -> Citations {
        Citations { title: self.title.0, version: self.version, rules: restored_rules(self.rules) }
    }
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
