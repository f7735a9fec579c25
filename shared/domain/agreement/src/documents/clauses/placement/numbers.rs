//! Where numbers go: those of several levels (`4.4.5`), and those by themselves (`（三）`).

use super::sequence::{follows, is_chapter, is_root, ordered};
use super::stack::{Candidate, Fit, Machine, Place};
use crate::documents::clauses::labels::{Close, Form, Reading, Unit, Word};
use crate::documents::clauses::numerals::Script;

impl Machine<'_, '_> {
    /// A number of several levels: `4.4.5`, `Section 1.02(b)`.
    pub(super) fn place_levels(&self, candidate: &Candidate<'_>, reading: &Reading) -> Place {
        let form = reading.form;
        let levels = reading.path.len();
        let is_kin = |other: &Reading| {
            other.form == form || (form == Form::Decimal && is_root(other.form) && other.path.len() == 1)
        };
        let parents = &reading.path[..levels - 1];
        let is_sibling = |other: &Reading| {
            other.form == form && other.path.len() == levels && other.path.starts_with(parents)
        };
        let base = self.stack.iter().position(|entry| is_kin(&entry.reading));
        let scope = base.map_or(self.owner_at(self.stack.len()), |base| self.owner_at(base));
        let is_prefix = |other: &Reading| {
            is_kin(other) && other.path.len() < levels && reading.path.starts_with(&other.path)
        };
        let parent = self.on_stack(is_prefix);
        let anchor = || {
            let is_anchor = |other: &Reading| {
                is_chapter(other.form) && other.form != form && other.last().value == reading.path[0].value
            };
            self.on_stack(is_anchor)
        };
        let repeats = |owner| {
            let first = self.first.get(&(owner, form, reading.path.clone()));
            first.map(|first| Fit::Repeats(*first))
        };
        if let Some(keep) = self.on_stack(is_sibling) {
            let last = self.last.get(&(self.owner_at(keep), form, levels)).copied();
            let fit = repeats(scope).unwrap_or_else(|| Self::fit_after(candidate, reading, last));
            return Place { keep, fit };
        }
        if let Some((parent, known)) =
            parent.map(|at| (at, self.stack[at].reading.path.len())).or_else(|| anchor().map(|at| (at, 1)))
        {
            let keep = parent + 1;
            let owner = self.owner_at(keep);
            // What lies in a chapter that is told by its number only is repeated in the same chapter only.
            let is_kin = is_kin(&self.stack[parent].reading);
            let fit = match repeats(if is_kin { scope } else { owner }) {
                Some(repeats) => repeats,
                None if levels > known + 1 => Self::skips_levels(candidate, reading, known + 1),
                None => Self::fit_after(candidate, reading, self.last.get(&(owner, form, levels)).copied()),
            };
            return Place { keep, fit };
        }
        let Some(base) = base else {
            let is_first = reading.path.iter().all(|step| step.value == 1);
            let owner = self.owner_at(self.stack.len());
            let fit = match (is_first, self.last.get(&(owner, form, levels))) {
                (true, _) => Fit::Next,
                (false, Some((last, _))) if follows(reading.last(), *last) => Fit::Next,
                _ => Self::skips_levels(candidate, reading, 1),
            };
            return Place { keep: self.stack.len(), fit };
        };
        // Its parent has no line of its own, or is another than the current one.
        let current = self.stack.iter().rev().find(|entry| is_kin(&entry.reading));
        let current_path = current.map(|entry| entry.reading.path.as_slice()).unwrap_or_default();
        let is_ahead = ordered(&reading.path) > ordered(current_path);
        if let (false, Some(current)) = (is_ahead, current) {
            let keep = self.stack[base..].iter().position(|entry| entry.reading.path.len() >= levels);
            let keep = keep.map_or(self.stack.len(), |keep| base + keep);
            let fit = repeats(scope).unwrap_or(Fit::Back(current.clause));
            return Place { keep, fit };
        }
        let differing = reading.path.iter().zip(current_path).take_while(|(own, other)| own == other).count();
        let rest_is_first = reading.path.iter().skip(differing + 1).all(|step| step.value == 1);
        let is_next = current_path
            .get(differing)
            .is_some_and(|last| reading.path.get(differing).is_some_and(|step| follows(*step, *last)));
        let is_virtual = self.stack[base].reading.path.len() > differing + 1;
        let fit = if is_next && rest_is_first && is_virtual {
            Fit::Next
        } else if is_next && rest_is_first {
            Self::skips_levels(candidate, reading, differing + 1)
        } else {
            Fit::Unfit
        };
        Place { keep: base, fit }
    }

    /// That the clause of the first `known` levels of it, which it would lie in, is missing.
    fn skips_levels(candidate: &Candidate<'_>, reading: &Reading, known: usize) -> Fit {
        if reading.path.iter().skip(known).any(|step| step.value != 1) {
            return Fit::Unfit;
        }
        let printed = candidate.label.printed(candidate.line.first_cell());
        let numbers: Vec<&str> = printed.split(['.', '．']).take(known).collect();
        let separator = if printed.contains('．') { "．" } else { "." };
        let missing = numbers.join(separator);
        let missing = if known == 1 { format!("{missing}{separator}") } else { missing };
        Fit::Skips(vec![missing])
    }

    /// A number by itself: `一、`, `（三）`, `1.`, `(a)`, `①`.
    pub(super) fn place_number(&self, candidate: &Candidate<'_>, reading: &Reading) -> Place {
        let form = reading.form;
        let step = reading.last();
        if let Some(keep) = self.on_stack(|other| other.form == form && other.path.len() == 1) {
            let owner = self.owner_at(keep);
            let last = self.last.get(&(owner, form, 1)).copied();
            let fit = match self.first.get(&(owner, form, reading.path.clone())) {
                // In a chapter 1 that comes twice the decimals begin anew too.
                Some(_) if step.value == 1 && !self.has_children(candidate, step.value) => Fit::Restarts,
                Some(first) => Fit::Repeats(*first),
                None if step.value == 1 => Fit::Restarts,
                None => Self::fit_after(candidate, reading, last),
            };
            return Place { keep, fit };
        }
        // In Japanese rules the first paragraph of an article has no number.
        let is_article =
            |other: &Reading| matches!(other.form, Form::Unit(Unit::Article) | Form::Word(Word::Article));
        if let (Form::Enumerator(Script::Arabic, Close::Bare), 2, Some(article)) =
            (form, step.value, self.on_stack(is_article))
        {
            let owner = Some(self.stack[article].clause);
            if !self.last.contains_key(&(owner, form, 1)) {
                return Place { keep: article + 1, fit: Fit::Next };
            }
        }
        if is_root(form)
            && let Some(base) = self.stack.iter().position(|entry| entry.reading.form == Form::Decimal)
            && !self.stack[..base].iter().any(|entry| is_root(entry.reading.form))
            && step.value == self.stack[base].reading.path[0].value + 1
        {
            // The chapter before it had no line of its own.
            return Place { keep: base, fit: Fit::Next };
        }
        let keep = self.stack.len();
        let owner = self.owner_at(keep);
        let fit = match (self.last.get(&(owner, form, 1)), self.last.get(&(self.annex(), form, 0))) {
            _ if step.value == 1 => Fit::Next,
            (Some((last, _)), _) | (None, Some((last, _))) if follows(step, *last) => Fit::Next,
            _ => Self::skips(candidate, reading, 1),
        };
        Place { keep, fit }
    }

    /// Whether the next decimal below it is its first one: `3.` before `3.1`.
    fn has_children(&self, candidate: &Candidate<'_>, value: u16) -> bool {
        self.next_levels(candidate.at).is_some_and(|path| path[0].value == value && path[1].value == 1)
    }
}
