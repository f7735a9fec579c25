//! Whether a label that was placed is a clause, and what its line is if it is none.

use super::sequence::{family, is_bare, ordered};
use super::stack::{Candidate, Fit, LOOK_AHEAD, Machine, Place};
use crate::documents::clauses::doubts::{CERTAIN, Doubts, Reason};
use crate::documents::clauses::labels::{Close, Form, Reading};
use crate::documents::clauses::numerals::Script;

/// How deep clauses lie in each other at most.
pub(in crate::documents::clauses) const MAX_DEPTH: usize = 12;

impl Machine<'_, '_> {
    /// Whether it is a clause.
    pub(super) fn is_accepted(&self, at: usize, reading: &Reading, place: &Place, doubts: Doubts) -> bool {
        if place.keep >= MAX_DEPTH || doubts.weight >= CERTAIN {
            return false;
        }
        let candidate = &self.candidates[at];
        let is_sure = doubts.weight == 0;
        match &place.fit {
            Fit::Next => is_sure || !self.has_better(at, reading, doubts),
            Fit::Skips(_) if is_bare(reading.form) => {
                is_sure && candidate.is_after_blank && self.is_continued(at, reading)
            }
            Fit::Skips(missing) => is_sure && (missing.len() < 3 || self.is_continued(at, reading)),
            Fit::Repeats(_) | Fit::Back(_) => is_sure && !is_bare(reading.form) && !candidate.line.is_row,
            Fit::Restarts | Fit::Unfit => false,
        }
    }

    /// Whether the same number comes once more, with less that speaks against it, before the number after it does.
    fn has_better(&self, at: usize, reading: &Reading, doubts: Doubts) -> bool {
        let ahead = self.ahead(at, reading);
        for (other, weight) in ahead {
            if other.path == reading.path && other.form == reading.form {
                return weight < doubts.weight;
            }
            let is_beyond =
                ordered(&other.path) > ordered(&reading.path) && !other.path.starts_with(&reading.path);
            if weight == 0 && is_beyond {
                return false;
            }
        }
        false
    }

    /// What a line that is not a clause is.
    pub(super) fn reason(
        &self,
        candidate: &Candidate<'_>,
        reading: &Reading,
        place: &Place,
        doubts: Doubts,
    ) -> Reason {
        if let Some(reason) = doubts.reason {
            return reason;
        }
        match reading.form {
            _ if candidate.line.is_row => Reason::TableData,
            _ if doubts.weight == 0 && place.fit == Fit::Restarts => Reason::ListItem,
            form if is_bare(form) => Reason::Quantity,
            _ if doubts.weight == 0 => Reason::OutOfSequence,
            Form::Enumerator(Script::Chinese, Close::Comma | Close::Dot) => Reason::OrdinaryWords,
            form if family(form) == Form::Decimal && !self.is_in_text(reading) => Reason::Quantity,
            _ => Reason::CrossReference,
        }
    }

    /// Whether a label of this number stands anywhere.
    fn is_in_text(&self, reading: &Reading) -> bool {
        let members = self.families.get(&family(reading.form)).map(Vec::as_slice).unwrap_or_default();
        let near = members.iter().take(LOOK_AHEAD * 4).map(|at| &self.candidates[*at]);
        let is_same = |other: &Candidate<'_>| {
            let is_sure = other.doubts.first().is_none_or(|doubts| doubts.weight == 0);
            is_sure && other.label.readings[0].path == reading.path
        };
        near.into_iter().any(is_same)
    }
}
