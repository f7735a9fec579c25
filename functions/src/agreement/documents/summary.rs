//! A document as lists show it: what it is, whose, and which of its versions hold. Its versions are read with the document
//! itself.

use market_agreement::documents::{Document, DocumentKind};
use market_kernel::Timestamp;
use market_kernel::ids::DocumentId;
use market_kernel::text::Line;
use schemars::JsonSchema;
use serde::Serialize;

use super::view::PublisherView;

/// A document in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DocumentSummary {
    /// Its id.
    id: DocumentId,
    /// What it is.
    kind: DocumentKind,
    /// Who publishes it.
    publisher: PublisherView,
    /// Its title.
    title: Line,
    /// The version in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_force: Option<u32>,
    /// The versions that are still to take effect.
    upcoming: Vec<u32>,
}

impl DocumentSummary {
    /// A document as it is at an instant.
    #[must_use]
    pub fn at(at: Timestamp, document: Document) -> Self {
        let in_force = document.in_force_at(at).map(|version| version.number);
        let upcoming = document.upcoming_at(at);
        let Document { id, kind, publisher, title, .. } = document;
        Self { id, kind, publisher: publisher.into(), title, in_force, upcoming }
    }
}
