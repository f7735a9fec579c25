//! Where annexes, chapters, sections and articles go.

use super::sequence::is_chapter;
use super::stack::{Candidate, Entry, Fit, LOOK_AHEAD, Machine, Place};
use crate::documents::clauses::labels::{Form, Reading};

impl Machine<'_, '_> {
    pub(super) fn place_annex(&self, candidate: &Candidate<'_>, reading: &Reading) -> Place {
        let first = self.first.get(&(None, reading.form, reading.path.clone()));
        let fit = match first {
            Some(first) => Fit::Repeats(*first),
            None => Self::fit_after(candidate, reading, self.last.get(&(None, reading.form, 1)).copied()),
        };
        Place { keep: 0, fit }
    }

    /// A chapter, a section, an article. Those of one form run on across what is around them, or begin anew in it.
    pub(super) fn place_part(&self, candidate: &Candidate<'_>, reading: &Reading) -> Place {
        let form = reading.form;
        let seen = |owner| self.first.get(&(owner, form, reading.path.clone())).copied();
        if let Some(keep) = self.on_stack(|other| other.form == form && other.path.len() == 1) {
            let owner = self.owner_at(keep);
            let fit = match seen(owner) {
                Some(first) => Fit::Repeats(first),
                None => Self::fit_after(candidate, reading, self.last.get(&(owner, form, 1)).copied()),
            };
            return Place { keep, fit };
        }
        let keep = self.room_for_part(form);
        let running = self.last.get(&(self.annex(), form, 0)).copied();
        let fit = match running {
            _ if reading.last().value == 1 && reading.last().branch == 0 => Fit::Next,
            Some((last, _)) if reading.last() <= last => match self.first_in_annex(reading) {
                Some(first) => Fit::Repeats(first),
                None => Self::skips(candidate, reading, 1),
            },
            _ => Self::fit_after(candidate, reading, running),
        };
        Place { keep, fit }
    }

    fn first_in_annex(&self, reading: &Reading) -> Option<usize> {
        // Under which owner it stood is not asked: numbers that run on are one sequence.
        self.placement
            .clauses
            .iter()
            .rev()
            .take(LOOK_AHEAD)
            .find(|clause| clause.reading == *reading)
            .map(|clause| clause.at)
    }

    /// How much of the stack can lie around a new kind of part: no list items, and nothing that is inside of it by
    /// custom (an article lies in a chapter).
    fn room_for_part(&self, form: Form) -> usize {
        let is_part =
            |reading: &Reading| matches!(reading.form, Form::Unit(_) | Form::Word(_) | Form::Annex(_));
        let room = match self.on_stack(is_part) {
            Some(part) => part + 1,
            // A list before the first article is no chapter.
            None => usize::from(self.stack.first().is_some_and(|entry| is_chapter(entry.reading.form))),
        };
        let is_inner = |entry: &Entry| match (entry.reading.form, form) {
            (Form::Unit(other), Form::Unit(own)) => other > own,
            _ => false,
        };
        self.stack.iter().take(room).position(is_inner).unwrap_or(room)
    }
}
