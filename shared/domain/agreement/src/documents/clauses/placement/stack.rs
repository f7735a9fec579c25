//! The clauses around the current one, and the numbers that stood in each of them.

use std::collections::HashMap;

use super::sequence::{family, follows};
use crate::documents::clauses::doubts::{Doubts, Reason};
use crate::documents::clauses::labels::{Form, Label, Reading, Step};
use crate::documents::clauses::lines::Line;
use crate::documents::clauses::outline::Gap;

/// How many numbers may be missing at once. Beyond, the number is not one of this sequence.
const MAX_MISSING: u16 = 20;

/// How many labels of the same form are looked at for a better one.
pub(super) const LOOK_AHEAD: usize = 48;

/// A line that may be a clause.
pub(in crate::documents::clauses) struct Candidate<'l> {
    /// The line's place.
    pub at: usize,
    pub line: &'l Line,
    pub label: &'l Label,
    /// What speaks against each of its readings.
    pub doubts: Vec<Doubts>,
    /// Whether a blank line, or nothing, stands before it.
    pub is_after_blank: bool,
}

/// A clause, placed.
#[derive(Debug)]
pub(in crate::documents::clauses) struct Placed {
    /// The line's place.
    pub at: usize,
    pub reading: Reading,
    /// The clause that it lies in, by its place among the placed.
    pub parent: Option<usize>,
    pub depth: usize,
    /// Whether its number was there before.
    pub is_repeated: bool,
}

/// What a text's labels come to.
#[derive(Debug, Default)]
pub(in crate::documents::clauses) struct Placement {
    pub clauses: Vec<Placed>,
    pub gaps: Vec<Gap>,
    /// The lines that are none, and why.
    pub refused: Vec<(usize, Reason)>,
}

/// What a clause on the stack is.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub reading: Reading,
    pub clause: usize,
}

/// The clause that contains a sequence of numbers; `None` at the outermost level.
pub(super) type Owner = Option<usize>;

/// How a label goes with those before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It comes next.
    Next,
    /// Numbers between are missing.
    Skips(Vec<String>),
    /// An earlier clause has the same number.
    Repeats(usize),
    /// It is smaller than the one before it.
    Back(usize),
    /// Its form restarts inside itself: a list in the text.
    Restarts,
    /// It has no place here.
    Unfit,
}

/// Where a label would go: how many of the clauses around it stay, and how it fits.
pub(super) struct Place {
    pub keep: usize,
    pub fit: Fit,
}

/// A list inside a clause that is numbered like the clauses around it.
pub(super) struct InnerList {
    pub owner: usize,
    pub form: Form,
    pub value: u16,
    pub indent: usize,
    pub is_spaced: bool,
}

pub(super) struct Machine<'c, 'l> {
    pub candidates: &'c [Candidate<'l>],
    /// The candidates of each family of forms, in order.
    pub families: HashMap<Form, Vec<usize>>,
    pub stack: Vec<Entry>,
    pub placement: Placement,
    /// The last number of a form in an owner, by how many levels it has.
    pub last: HashMap<(Owner, Form, usize), (Step, usize)>,
    /// Where a number first stood in an owner.
    pub first: HashMap<(Owner, Form, Vec<Step>), usize>,
    pub list: Option<InnerList>,
}

impl<'l> Machine<'_, 'l> {
    pub(super) fn owner_at(&self, keep: usize) -> Owner {
        keep.checked_sub(1).and_then(|at| self.stack.get(at)).map(|entry| entry.clause)
    }

    /// The annex that the current clause lies in.
    pub(super) fn annex(&self) -> Owner {
        self.stack
            .first()
            .filter(|entry| matches!(entry.reading.form, Form::Annex(_)))
            .map(|entry| entry.clause)
    }

    pub(super) fn on_stack(&self, is_it: impl Fn(&Reading) -> bool) -> Option<usize> {
        self.stack.iter().rposition(|entry| is_it(&entry.reading))
    }

    /// How a number fits after the last one of its form.
    pub(super) fn fit_after(
        candidate: &Candidate<'_>,
        reading: &Reading,
        last: Option<(Step, usize)>,
    ) -> Fit {
        let step = reading.last();
        match last {
            None if step.value == 1 || follows(step, Step { value: 0, branch: 0 }) => Fit::Next,
            None => Self::skips(candidate, reading, 1),
            Some((last, _)) if follows(step, last) => Fit::Next,
            Some((last, _)) if step.value > last.value => Self::skips(candidate, reading, last.value + 1),
            Some((_, clause)) => Fit::Back(clause),
        }
    }

    pub(super) fn skips(candidate: &Candidate<'_>, reading: &Reading, from: u16) -> Fit {
        let value = reading.last().value;
        if value.saturating_sub(from) > MAX_MISSING {
            return Fit::Unfit;
        }
        let (label, text) = (candidate.label, candidate.line.first_cell());
        Fit::Skips((from..value).map(|missing| label.printed_as(text, reading, missing)).collect())
    }

    /// The numbers of the next decimal of several levels that nothing speaks against.
    pub(super) fn next_levels(&self, after: usize) -> Option<&[Step]> {
        let family = self.families.get(&Form::Decimal)?;
        let from = family.partition_point(|other| self.candidates[*other].at <= after);
        let next = family[from..].iter().take(LOOK_AHEAD).map(|at| &self.candidates[*at]).find(|other| {
            other.label.readings[0].is_multilevel()
                && other.doubts.first().is_none_or(|doubts| doubts.weight == 0)
        })?;
        Some(&next.label.readings[0].path)
    }

    pub(super) fn line_of(&self, at: usize) -> Option<&'l Line> {
        let found = self.candidates.binary_search_by_key(&at, |candidate| candidate.at).ok()?;
        Some(self.candidates[found].line)
    }

    /// Whether the number after it, or its first child, comes after it.
    pub(super) fn is_continued(&self, at: usize, reading: &Reading) -> bool {
        let mut ahead = self.ahead(at, reading).take(8).filter(|(_, weight)| *weight == 0);
        ahead.any(|(other, _)| {
            other.path.starts_with(&reading.path)
                || (other.path.len() == reading.path.len() && follows(other.last(), reading.last()))
        })
    }

    /// The labels of its family after it, with how much speaks against each.
    pub(super) fn ahead(&self, at: usize, reading: &Reading) -> impl Iterator<Item = (&Reading, u8)> {
        let form = family(reading.form);
        let members = self.families.get(&form).map(Vec::as_slice).unwrap_or_default();
        let from = members.partition_point(|other| *other <= at);
        members[from..].iter().take(LOOK_AHEAD).flat_map(move |other| {
            let candidate = &self.candidates[*other];
            let readings = candidate.label.readings.iter().zip(&candidate.doubts);
            readings
                .filter(move |(reading, _)| family(reading.form) == form)
                .map(|(reading, doubts)| (reading, doubts.weight))
        })
    }

    pub(super) fn label_of(&self, clause: usize) -> String {
        let at = self.placement.clauses[clause].at;
        let found = self.candidates.binary_search_by_key(&at, |candidate| candidate.at);
        found
            .map(|found| {
                let candidate = &self.candidates[found];
                candidate.label.printed(candidate.line.first_cell()).to_owned()
            })
            .unwrap_or_default()
    }
}
