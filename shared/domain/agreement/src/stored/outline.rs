//! A version's outline as stored: an item beside its text. A clause ends where the next one begins, so only
//! beginnings are kept, and the size of the text.

use market_kernel::clause::ClauseAddress;
use market_kernel::stored::form::{Storable, StoredForm, Upcaster};
use market_kernel::stored::values::{Name, Trusted, each};
use serde::{Deserialize, Serialize};

use crate::documents::clauses::{Clause, Gap, GapKind, NotClause, Outline, Reason};

/// See [`Outline`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredOutline {
    clauses: Vec<StoredClause>,
    size_bytes: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<StoredGap>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    not_clauses: Vec<StoredNotClause>,
    #[serde(default, skip_serializing_if = "is_none")]
    more_findings: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredClause {
    start: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<Trusted<ClauseAddress>>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    label: String,
    #[serde(default)]
    depth: u8,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    heading: String,
    #[serde(default, skip_serializing_if = "is_false")]
    bold: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredGap {
    line: u32,
    label: String,
    #[serde(flatten)]
    kind: StoredGapKind,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum StoredGapKind {
    Skipped { missing: Vec<String> },
    Repeated { first_line: u32 },
    OutOfOrder { after: String },
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredNotClause {
    line: u32,
    text: String,
    reason: Name<Reason>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_none(count: &u32) -> bool {
    *count == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Storable for Outline {
    type Form = StoredOutline;
}

impl StoredForm for StoredOutline {
    type State = Outline;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = false;

    fn of(outline: Outline) -> Self {
        let Outline { clauses, gaps, not_clauses, more_findings } = outline;
        Self {
            size_bytes: clauses.last().map_or(0, |clause| clause.end),
            clauses: each(clauses, StoredClause::of),
            gaps: each(gaps, StoredGap::of),
            not_clauses: each(not_clauses, StoredNotClause::of),
            more_findings,
        }
    }

    fn restore(self) -> Outline {
        let ends: Vec<u32> =
            self.clauses.iter().skip(1).map(|clause| clause.start).chain([self.size_bytes]).collect();
        Outline {
            clauses: self.clauses.into_iter().zip(ends).map(|(clause, end)| clause.restore(end)).collect(),
            gaps: each(self.gaps, StoredGap::restore),
            not_clauses: each(self.not_clauses, StoredNotClause::restore),
            more_findings: self.more_findings,
        }
    }
}

impl StoredClause {
    fn of(clause: Clause) -> Self {
        // Its end is the beginning of the next one.
        let Clause { address, label, depth, heading, is_bold, start, end: _ } = clause;
        Self { start, address: address.map(Trusted), label, depth, heading, bold: is_bold }
    }

    fn restore(self, end: u32) -> Clause {
        Clause {
            address: self.address.map(|address| address.0),
            label: self.label,
            depth: self.depth,
            heading: self.heading,
            is_bold: self.bold,
            start: self.start,
            end,
        }
    }
}

impl StoredGap {
    fn of(gap: Gap) -> Self {
        let Gap { line, label, kind } = gap;
        let kind = match kind {
            GapKind::Skipped { missing } => StoredGapKind::Skipped { missing },
            GapKind::Repeated { first_line } => StoredGapKind::Repeated { first_line },
            GapKind::OutOfOrder { after } => StoredGapKind::OutOfOrder { after },
        };
        Self { line, label, kind }
    }

    fn restore(self) -> Gap {
        let kind = match self.kind {
            StoredGapKind::Skipped { missing } => GapKind::Skipped { missing },
            StoredGapKind::Repeated { first_line } => GapKind::Repeated { first_line },
            StoredGapKind::OutOfOrder { after } => GapKind::OutOfOrder { after },
        };
        Gap { line: self.line, label: self.label, kind }
    }
}

impl StoredNotClause {
    fn of(not_clause: NotClause) -> Self {
        let NotClause { line, text, reason } = not_clause;
        Self { line, text, reason: Name(reason) }
    }

    fn restore(self) -> NotClause {
        NotClause { line: self.line, text: self.text, reason: self.reason.0 }
    }
}
