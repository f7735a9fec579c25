//! Lists inside a clause that are numbered as the clauses around it are.

use super::stack::{Candidate, Fit, InnerList, Machine, Place};
use crate::documents::clauses::doubts::{CERTAIN, Doubts};
use crate::documents::clauses::labels::Reading;

impl Machine<'_, '_> {
    /// Whether it is an item of a list inside a clause, in the form of the clauses around it.
    pub(super) fn is_list_item(
        &mut self,
        at: usize,
        reading: &Reading,
        place: &Place,
        doubts: Doubts,
    ) -> bool {
        let candidate = &self.candidates[at];
        // The line before a list may be unfinished (`Before climbing,`); then its second item tells it.
        let is_list = doubts.weight == 0
            || (doubts.weight == 1 && doubts.reason.is_none() && self.is_continued(at, reading));
        if let (Fit::Restarts, true, Some(owner)) = (&place.fit, is_list, self.stack.last()) {
            let (indent, is_spaced) = (candidate.line.indent, candidate.is_after_blank);
            let owner = owner.clause;
            self.list = Some(InnerList { owner, form: reading.form, value: 1, indent, is_spaced });
            return true;
        }
        let Some(list) = &self.list else { return false };
        let is_next_item = list.form == reading.form && reading.last().value == list.value + 1;
        let is_item = is_next_item
            && doubts.weight < CERTAIN
            && (place.fit != Fit::Next || self.is_rather_item(candidate, reading, place, list));
        if is_item && let Some(list) = &mut self.list {
            list.value += 1;
        }
        is_item
    }

    /// Whether a number that would follow both a list and the clauses around it follows the list.
    fn is_rather_item(
        &self,
        candidate: &Candidate<'_>,
        reading: &Reading,
        place: &Place,
        list: &InnerList,
    ) -> bool {
        let line = candidate.line;
        let outer = self.stack.get(place.keep).map(|entry| &self.placement.clauses[entry.clause]);
        let outer_line = outer.and_then(|outer| self.line_of(outer.at));
        let outer_indent = outer_line.map_or(0, |line| line.indent);
        if line.heading > 0 {
            return false;
        }
        if list.indent != outer_indent {
            return line.indent.abs_diff(list.indent) < line.indent.abs_diff(outer_indent);
        }
        let value = reading.last().value;
        match self.next_levels(candidate.at) {
            Some(path) if path[0].value == value && path[1].value == 1 => false,
            Some(path) if path[0].value + 1 == value => true,
            _ if candidate.is_after_blank != list.is_spaced => !candidate.is_after_blank,
            _ => line.plain.ends_with(['；', ';', ',', '，']),
        }
    }
}
