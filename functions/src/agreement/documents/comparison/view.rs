//! What differs between two versions, as it is answered. A field is shown only if it is named here.

use market_agreement::documents::Version;
use market_agreement::documents::comparison::{Change, Comparison, Run, Stands};
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::DocumentId;
use schemars::JsonSchema;
use serde::Serialize;

use super::Compared;

impl Compared {
    /// What differs, as it is answered.
    pub fn view(&self) -> ComparisonView {
        let Comparison { changes, unchanged } = self.comparison();
        let [before, after] = [&self.before, &self.after].map(|shown| VersionName::from(&shown.version));
        let document_id = self.after.document.clone();
        let changes = changes.into_iter().map(ChangeView::from).collect();
        ComparisonView { document_id, before, after, changes, unchanged }
    }
}

impl From<Change<'_>> for ChangeView {
    fn from(change: Change<'_>) -> Self {
        let is_renumbered = change.is_renumbered();
        match change {
            Change::Added { after, text } => Self::Added { clause: after.into(), text: text.to_owned() },
            Change::Removed { before, text } => {
                Self::Removed { clause: before.into(), text: text.to_owned() }
            }
            Change::Kept { before, after, is_moved, words } => Self::Kept {
                before: before.into(),
                after: after.into(),
                is_renumbered,
                is_moved,
                words: words.into_iter().map(RunView::from).collect(),
            },
        }
    }
}

/// What differs between two versions.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Comparison")]
pub struct ComparisonView {
    /// The document.
    document_id: DocumentId,
    /// The version that the other one is compared with.
    before: VersionName,
    /// The version asked for.
    after: VersionName,
    /// The clauses that differ, in the order of the later version; a clause that was removed stands where it was
    /// missed.
    changes: Vec<ChangeView>,
    /// How many clauses are the same in both: what they say, their addresses, their places, and whether they are
    /// prominent.
    unchanged: usize,
}

/// A version, and the hash that identifies its text.
#[derive(Debug, Serialize, JsonSchema)]
struct VersionName {
    /// Its number, from 1.
    number: u32,
    /// The hash of its exact text.
    sha256: Sha256Hash,
}

impl From<&Version> for VersionName {
    fn from(version: &Version) -> Self {
        Self { number: version.number, sha256: version.sha256.clone() }
    }
}

/// A clause that differs.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schemars(rename = "ClauseChange")]
enum ChangeView {
    /// The later version has it, the earlier has not.
    Added {
        /// Where it stands.
        clause: PlaceView,
        /// What it says, without its number.
        text: String,
    },
    /// The earlier version had it, the later has not.
    Removed {
        /// Where it stood.
        clause: PlaceView,
        /// What it said, without its number.
        text: String,
    },
    /// Both have it, and not the same: its words, its address, its place, or whether it is prominent.
    Kept {
        /// Where it stood in the earlier version.
        before: PlaceView,
        /// Where it stands in the later one.
        after: PlaceView,
        /// Whether it has another address.
        is_renumbered: bool,
        /// Whether it stands within another clause, or in another order among those in the same one. What is within
        /// a clause that moved has not moved itself.
        is_moved: bool,
        /// What it says, with what was taken out and put in; empty where it says the same. Where more was changed than
        /// one can follow, all of it was taken out and put in.
        words: Vec<RunView>,
    },
}

/// A clause of one of the versions.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ClausePlace")]
struct PlaceView {
    /// Its address; empty for what stands before the first clause.
    address: String,
    /// The beginning of its first line, after the number.
    heading: String,
    /// Whether it is prominent in this version (1.2).
    is_prominent: bool,
}

impl From<Stands<'_>> for PlaceView {
    fn from(Stands { clause, is_prominent }: Stands<'_>) -> Self {
        let address = clause.address.as_ref().map(ToString::to_string).unwrap_or_default();
        Self { address, heading: clause.heading.clone(), is_prominent }
    }
}

/// Some words of a clause.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Words")]
struct RunView {
    /// In which of the versions they stand.
    kind: RunKind,
    /// The words; those in both versions as in the later one.
    text: String,
}

/// In which of two versions words stand.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "WordsKind")]
enum RunKind {
    /// In both.
    Same,
    /// In the earlier one only.
    Removed,
    /// In the later one only.
    Added,
}

impl From<Run<'_>> for RunView {
    fn from(run: Run<'_>) -> Self {
        let (kind, text) = match run {
            Run::Same(text) => (RunKind::Same, text),
            Run::Removed(text) => (RunKind::Removed, text),
            Run::Added(text) => (RunKind::Added, text),
        };
        Self { kind, text: text.to_owned() }
    }
}
