//! A document, its versions and their clauses, as anyone reads them. A field is shown only if it is named
//! here.

use market_agreement::documents::clauses::{Clause, Gap, GapKind, NotClause, Outline, Reason};
use market_agreement::documents::{Document, DocumentKind, Publisher, Version};
use market_kernel::Timestamp;
use market_kernel::citations::Rules;
use market_kernel::clause::ClauseAddress;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{DocumentId, ProviderId};
use market_kernel::party::Language;
use market_kernel::text::Line;
use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::time::Instant;

/// Who publishes a document.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
#[schemars(rename = "Publisher")]
pub(super) enum PublisherView {
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
    /// The version in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_force: Option<u32>,
    /// The versions that are still to take effect.
    upcoming: Vec<u32>,
    /// Its versions, in the order of publication: the newest hundred. The reply to a publication leaves out those that
    /// were superseded before.
    versions: Vec<VersionView>,
    /// How many versions could not be read, where there are any; the operator was alerted.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<usize>,
}

impl DocumentView {
    /// The same, without so many versions that could not be read.
    #[must_use]
    pub fn without(self, unreadable: Option<usize>) -> Self {
        Self { unreadable, ..self }
    }
}

impl DocumentView {
    /// A document as it is at an instant.
    #[must_use]
    pub fn at(at: Timestamp, document: Document) -> Self {
        let standing =
            || document.versions.iter().filter(|version| document.withdrawn_at(version.number).is_none());
        let in_force = standing().rev().find(|version| version.effective_at <= at).map(|found| found.number);
        let upcoming = standing().filter(|version| version.effective_at > at);
        let upcoming = upcoming.map(|version| version.number).collect();
        let withdrawn_at = |version: &Version| document.withdrawn_at(version.number);
        let withdrawn_at: Vec<_> = document.versions.iter().map(withdrawn_at).collect();
        let Document { id, kind, publisher, title, versions, withdrawn: _ } = document;
        let versions = withdrawn_at.into_iter().zip(versions);
        let versions = versions.map(|(at, version)| VersionView::of(at, version)).collect();
        Self { id, kind, publisher: publisher.into(), title, in_force, upcoming, versions, unreadable: None }
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
    published_at: Instant,
    /// From when on it is in force, unless it was withdrawn.
    effective_at: Instant,
    /// When it was withdrawn, before it took effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<Instant>,
    /// The clauses that limit or exclude liability, to be shown prominently (1.2).
    prominent: Vec<ClauseAddress>,
    /// The clauses that carry the market's rules, by the rules' numbers; notices cite them.
    #[serde(skip_serializing_if = "Rules::is_empty")]
    rules: Rules,
    /// Why its publicity period was only just long enough, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
}

impl VersionView {
    /// A version, and when it was withdrawn, if it was.
    #[must_use]
    pub fn of(withdrawn_at: Option<Timestamp>, version: Version) -> Self {
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
            // It says that the outline is the one published, which `market verify` asks.
            outline_sha256: _,
        } = version;
        Self {
            number,
            title,
            sha256,
            size_bytes,
            published_at: published_at.into(),
            effective_at: effective_at.into(),
            withdrawn_at: withdrawn_at.map(Instant),
            prominent,
            rules,
            warning,
        }
    }
}

/// The clauses of a text, and what was noticed in reading it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Outline")]
pub struct OutlineView {
    /// The clauses in order; `start` and `end` are byte offsets into the text, and together they are all of it.
    clauses: Vec<ClauseView>,
    /// Where its numbers do not follow each other, the first hundred.
    gaps: Vec<GapView>,
    /// Lines that begin like clauses and were not taken for any, the first hundred.
    not_clauses: Vec<NotClauseView>,
    /// How many more gaps and such lines there are.
    more_findings: u32,
    /// The clauses whose text is bold for the most part: its publisher says which clauses are prominent.
    proposed_prominent: Vec<ClauseAddress>,
}

impl From<Outline> for OutlineView {
    fn from(outline: Outline) -> Self {
        let proposed_prominent = outline.proposed_prominent();
        let Outline { clauses, gaps, not_clauses, more_findings } = outline;
        Self {
            clauses: clauses.into_iter().map(ClauseView::from).collect(),
            gaps: gaps.into_iter().map(GapView::from).collect(),
            not_clauses: not_clauses.into_iter().map(NotClauseView::from).collect(),
            more_findings,
            proposed_prominent,
        }
    }
}

/// A clause of a text, by place.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Clause")]
struct ClauseView {
    /// Its address, `4.4.5` or `第五条`, unique in the version; empty for what stands before the first clause.
    address: String,
    /// Its number as it is printed, `4.4.5` or `第五条`; empty where none is.
    label: String,
    /// 1, and 1 more for each clause around it; 0 for what stands before the first clause.
    depth: u8,
    /// The beginning of its first line, after the number.
    heading: String,
    /// Where it begins in the text, in bytes.
    start: u32,
    /// Where it ends, in bytes: where the next one begins.
    end: u32,
}

impl From<Clause> for ClauseView {
    fn from(clause: Clause) -> Self {
        // What is bold is proposed as prominent.
        let Clause { address, label, depth, heading, is_bold: _, start, end } = clause;
        let address = address.map(String::from).unwrap_or_default();
        Self { address, label, depth, heading, start, end }
    }
}

/// A place where numbers do not follow each other.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Gap")]
struct GapView {
    /// The line, from 1.
    line: u32,
    /// The number that stands there, as it is printed.
    label: String,
    #[serde(flatten)]
    kind: GapKindView,
}

/// What is the matter with a number.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schemars(rename = "GapKind")]
enum GapKindView {
    /// Numbers before it are missing.
    Skipped {
        /// Those, as they would be printed.
        missing: Vec<String>,
    },
    /// It was there before.
    Repeated {
        /// The line of the first one.
        first_line: u32,
    },
    /// It is smaller than the one before it.
    OutOfOrder {
        /// The one before it.
        after: String,
    },
}

impl From<Gap> for GapView {
    fn from(gap: Gap) -> Self {
        let Gap { line, label, kind } = gap;
        let kind = match kind {
            GapKind::Skipped { missing } => GapKindView::Skipped { missing },
            GapKind::Repeated { first_line } => GapKindView::Repeated { first_line },
            GapKind::OutOfOrder { after } => GapKindView::OutOfOrder { after },
        };
        Self { line, label, kind }
    }
}

/// A line that begins like a clause and was not taken for one.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NotClause")]
struct NotClauseView {
    /// The line, from 1.
    line: u32,
    /// How it begins.
    text: String,
    /// What it was taken for.
    reason: Reason,
}

impl From<NotClause> for NotClauseView {
    fn from(not_clause: NotClause) -> Self {
        let NotClause { line, text, reason } = not_clause;
        Self { line, text, reason }
    }
}

/// A page of a version.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RenderedPage")]
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
