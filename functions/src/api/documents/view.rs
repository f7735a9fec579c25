//! A document, its versions and their clauses, as anyone reads them. A field is shown only if it is named
//! here.

use market_domain::Timestamp;
use market_domain::documents::clauses::{Clause, ClauseNumber};
use market_domain::documents::rules::Rules;
use market_domain::documents::{Document, DocumentKind, Publisher, Version};
use market_domain::hash::Sha256Hash;
use market_domain::ids::{DocumentId, ProviderId};
use market_domain::party::Language;
use market_domain::text::Line;
use schemars::JsonSchema;
use serde::Serialize;

/// Who publishes a document.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
#[schemars(rename = "Publisher")]
enum PublisherView {
    /// The operator: bodies, annexes and rules.
    Operator,
    /// A provider: its own subscription agreements.
    Provider(ProviderId),
}

impl From<Publisher> for PublisherView {
    fn from(publisher: Publisher) -> Self {
        match publisher {
            Publisher::Operator => Self::Operator,
            Publisher::Provider(id) => Self::Provider(id),
        }
    }
}

/// A document and its versions.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Document")]
pub struct DocumentView {
    /// Its id.
    id: DocumentId,
    /// What it is.
    kind: DocumentKind,
    /// Who publishes it.
    publisher: PublisherView,
    /// Its title.
    title: Line,
    /// Its versions, in the order of publication: the newest hundred. The reply to a publication leaves out those that
    /// were superseded before.
    versions: Vec<VersionView>,
    /// How many versions could not be read, where there are any; the operator was alerted.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<usize>,
}

impl DocumentView {
    /// The same, without so many versions that could not be read.
    pub fn without(self, unreadable: Option<usize>) -> Self {
        Self { unreadable, ..self }
    }
}

impl From<Document> for DocumentView {
    fn from(document: Document) -> Self {
        let Document { id, kind, publisher, title, versions } = document;
        let versions = versions.into_iter().map(VersionView::from).collect();
        Self { id, kind, publisher: publisher.into(), title, versions, unreadable: None }
    }
}

/// One published version; it never changes.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Version")]
pub struct VersionView {
    /// From 1.
    number: u32,
    /// Its title; versions that were published before 0.3.0 have the document's.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Line>,
    /// The hash of its exact text.
    sha256: Sha256Hash,
    /// The size of its text in bytes.
    size_bytes: u64,
    /// When it was published.
    #[schemars(with = "String")]
    published_at: Timestamp,
    /// From when on it is in force.
    #[schemars(with = "String")]
    effective_at: Timestamp,
    /// The clauses that limit or exclude liability, to be shown prominently (1.2).
    prominent: Vec<ClauseNumber>,
    /// The clauses that carry the market's rules, by the rules' numbers; notices cite them.
    #[serde(skip_serializing_if = "Rules::is_empty")]
    rules: Rules,
    /// Why its publicity period was only just long enough, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
}

impl From<Version> for VersionView {
    fn from(version: Version) -> Self {
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
        } = version;
        Self { number, title, sha256, size_bytes, published_at, effective_at, prominent, rules, warning }
    }
}

/// A clause of a text, by place.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Clause")]
pub struct ClauseView {
    /// Its number, `4.4.5`; empty for what stands before the first clause.
    number: String,
    /// The beginning of its first line, after the number.
    heading: String,
    /// Where it begins in the text, in bytes.
    start: u32,
    /// Where it ends, in bytes: where the next one begins.
    end: u32,
}

impl From<Clause> for ClauseView {
    fn from(clause: Clause) -> Self {
        let Clause { number, heading, start, end } = clause;
        Self { number, heading, start, end }
    }
}

/// A page of a version.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Page")]
pub struct PageView {
    /// The language of what stands around the text.
    language: Language,
    /// The hash of its bytes.
    sha256: Sha256Hash,
}

impl From<(Language, Sha256Hash)> for PageView {
    fn from((language, sha256): (Language, Sha256Hash)) -> Self {
        Self { language, sha256 }
    }
}
