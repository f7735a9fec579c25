//! Which labels are clauses, and which clause lies in which.
//!
//! Labels of one form follow each other: `（二）` comes after `（一）`, `4.4` after `4.3`, an article after the article
//! before it, be it in this chapter or in the last. The clauses around the current one are a stack; a label that
//! continues one of them closes what lies in it, and one of a new form that begins at its first number opens a level.
//! What the stack does not expect is a clause only if nothing else speaks against it ([`super::doubts`]), and is then
//! reported as skipped, repeated or out of order. Everything else is text, and reported as what it looks like.

use std::collections::{HashMap, HashSet};

use super::doubts::{CERTAIN, Doubts, Reason};
use super::labels::{Close, Form, Label, Reading, Step, Unit};
use super::lines::Line;
use super::numerals::Script;
use super::{Gap, GapKind};

/// How deep clauses lie in each other at most.
pub(super) const MAX_DEPTH: usize = 12;

/// How many numbers may be missing at once. Beyond, the number is not one of this sequence.
const MAX_MISSING: u16 = 20;

/// How many labels of the same form are looked at for a better one.
const LOOK_AHEAD: usize = 48;

/// A line that may be a clause.
pub(super) struct Candidate<'l> {
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
pub(super) struct Placed {
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
pub(super) struct Placement {
    pub clauses: Vec<Placed>,
    pub gaps: Vec<Gap>,
    /// The lines that are none, and why.
    pub refused: Vec<(usize, Reason)>,
}

/// What a clause on the stack is.
#[derive(Debug, Clone)]
struct Entry {
    reading: Reading,
    clause: usize,
}

/// The clause that a sequence of numbers stands in; none at the outermost level.
type Owner = Option<usize>;

/// How a label goes with those before it.
#[derive(Debug, PartialEq, Eq)]
enum Fit {
    /// It comes next.
    Next,
    /// Numbers between are missing.
    Skips(Vec<String>),
    /// The same number stands in a clause before it.
    Repeats(usize),
    /// It is smaller than the one before it.
    Back(usize),
    /// Its form begins anew inside itself: a list in the text.
    Restarts,
    /// It has no place here.
    Unfit,
}

/// Where a label would go: how many of the clauses around it stay, and how it fits.
struct Place {
    keep: usize,
    fit: Fit,
}

/// A list inside a clause that is numbered like the clauses around it.
struct InnerList {
    owner: usize,
    form: Form,
    value: u16,
    indent: usize,
    is_spaced: bool,
}

struct Machine<'c, 'l> {
    candidates: &'c [Candidate<'l>],
    /// The candidates of each family of forms, in order.
    families: HashMap<Form, Vec<usize>>,
    stack: Vec<Entry>,
    placement: Placement,
    /// The last number of a form in an owner, by how many levels it has.
    last: HashMap<(Owner, Form, usize), (Step, usize)>,
    /// Where a number first stood in an owner.
    first: HashMap<(Owner, Form, Vec<Step>), usize>,
    list: Option<InnerList>,
}

/// Decides of every candidate whether it is a clause, and where it lies.
pub(super) fn place(candidates: &[Candidate<'_>]) -> Placement {
    let mut families: HashMap<Form, Vec<usize>> = HashMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        let forms: HashSet<Form> =
            candidate.label.readings.iter().map(|reading| family(reading.form)).collect();
        for form in forms {
            families.entry(form).or_default().push(at);
        }
    }
    let mut machine = Machine {
        candidates,
        families,
        stack: Vec::new(),
        placement: Placement::default(),
        last: HashMap::new(),
        first: HashMap::new(),
        list: None,
    };
    for at in 0..candidates.len() {
        machine.decide(at);
    }
    machine.placement
}

/// `1.` and `1.1` are numbers of one family.
fn family(form: Form) -> Form {
    if is_root(form) { Form::Decimal } else { form }
}

/// Whether decimals can lie in a number of this form.
fn is_root(form: Form) -> bool {
    matches!(form, Form::Enumerator(Script::Arabic, Close::Dot | Close::Comma | Close::Bare))
}

/// Whether it numbers chapters, by whose number decimals begin (`二、` before `2.1`).
fn is_chapter(form: Form) -> bool {
    match form {
        Form::Unit(_) | Form::Word(_) => true,
        Form::Enumerator(Script::Chinese | Script::RomanUpper, close) => close != Close::Brackets,
        _ => false,
    }
}

/// What is not told from a number in the text but by its surroundings.
fn is_bare(form: Form) -> bool {
    matches!(form, Form::Enumerator(Script::Arabic | Script::Chinese, Close::Bare))
}

/// Whether a number can follow another directly.
fn follows(step: Step, last: Step) -> bool {
    if step.branch > 0 {
        // `第5条の2` is the first that was put in after article 5.
        let is_first = last.branch == 0 && step.branch <= 2;
        step.value == last.value && (step.branch == last.branch + 1 || is_first)
    } else {
        step.value == last.value + 1
    }
}

fn ordered(path: &[Step]) -> Vec<(u16, u16)> {
    path.iter().map(|step| (step.value, step.branch)).collect()
}

impl<'l> Machine<'_, 'l> {
    fn owner_at(&self, keep: usize) -> Owner {
        keep.checked_sub(1).and_then(|at| self.stack.get(at)).map(|entry| entry.clause)
    }

    /// The annex that the current clause lies in.
    fn annex(&self) -> Owner {
        self.stack
            .first()
            .filter(|entry| matches!(entry.reading.form, Form::Annex(_)))
            .map(|entry| entry.clause)
    }

    fn on_stack(&self, is_it: impl Fn(&Reading) -> bool) -> Option<usize> {
        self.stack.iter().rposition(|entry| is_it(&entry.reading))
    }

    /// Decides of one candidate.
    fn decide(&mut self, at: usize) {
        let candidate = &self.candidates[at];
        let mut best: Option<(u8, usize, Place)> = None;
        for (which, reading) in candidate.label.readings.iter().enumerate() {
            let place = self.place_of(candidate, reading);
            let is_known = self.on_stack(|other| other.form == reading.form).is_some();
            let rank = match &place.fit {
                Fit::Next if self.is_confirmed(at, reading) => 0,
                Fit::Next if is_known => 1,
                Fit::Next => 2,
                Fit::Skips(_) => 3,
                Fit::Repeats(_) | Fit::Back(_) => 4,
                Fit::Restarts => 5,
                Fit::Unfit => 6,
            };
            if best.as_ref().is_none_or(|(other, ..)| rank < *other) {
                best = Some((rank, which, place));
            }
        }
        let Some((_, which, place)) = best else { return };
        let reading = &candidate.label.readings[which];
        let doubts = candidate.doubts.get(which).copied().unwrap_or_default();
        if self.is_list_item(at, reading, &place, doubts) {
            self.placement.refused.push((candidate.at, Reason::ListItem));
        } else if self.is_accepted(at, reading, &place, doubts) {
            self.accept(candidate, reading.clone(), place);
        } else {
            let reason = self.reason(candidate, reading, &place, doubts);
            self.placement.refused.push((candidate.at, reason));
        }
    }

    /// Whether the next label of this form, in this reading, comes after it: `(i)` before `(ii)`, not before `(j)`.
    fn is_confirmed(&self, at: usize, reading: &Reading) -> bool {
        if self.candidates[at].label.readings.len() < 2 {
            return false;
        }
        let Some(family) = self.families.get(&family(reading.form)) else { return false };
        let from = family.partition_point(|other| *other <= at);
        let next = family.get(from).map(|other| &self.candidates[*other]);
        next.is_some_and(|next| {
            let continues =
                |other: &Reading| other.form == reading.form && follows(other.last(), reading.last());
            next.label.readings.iter().any(continues)
        })
    }

    /// Where it would go.
    fn place_of(&self, candidate: &Candidate<'_>, reading: &Reading) -> Place {
        match reading.form {
            Form::Annex(_) => self.place_annex(candidate, reading),
            _ if reading.is_multilevel() => self.place_levels(candidate, reading),
            Form::Unit(_) | Form::Word(_) => self.place_part(candidate, reading),
            _ => self.place_number(candidate, reading),
        }
    }

    /// How a number fits after the last one of its form.
    fn fit_after(&self, candidate: &Candidate<'_>, reading: &Reading, last: Option<(Step, usize)>) -> Fit {
        let step = reading.last();
        match last {
            None if step.value == 1 || follows(step, Step { value: 0, branch: 0 }) => Fit::Next,
            None => self.skips(candidate, reading, 1),
            Some((last, _)) if follows(step, last) => Fit::Next,
            Some((last, _)) if step.value > last.value => self.skips(candidate, reading, last.value + 1),
            Some((_, clause)) => Fit::Back(clause),
        }
    }

    fn skips(&self, candidate: &Candidate<'_>, reading: &Reading, from: u16) -> Fit {
        let value = reading.last().value;
        if value.saturating_sub(from) > MAX_MISSING {
            return Fit::Unfit;
        }
        let (label, text) = (candidate.label, candidate.line.first_cell());
        Fit::Skips((from..value).map(|missing| label.printed_as(text, reading, missing)).collect())
    }

    fn place_annex(&self, candidate: &Candidate<'_>, reading: &Reading) -> Place {
        let first = self.first.get(&(None, reading.form, reading.path.clone()));
        let fit = match first {
            Some(first) => Fit::Repeats(*first),
            None => self.fit_after(candidate, reading, self.last.get(&(None, reading.form, 1)).copied()),
        };
        Place { keep: 0, fit }
    }

    /// A chapter, a section, an article. Those of one form run on across what is around them, or begin anew in it.
    fn place_part(&self, candidate: &Candidate<'_>, reading: &Reading) -> Place {
        let form = reading.form;
        let seen = |owner| self.first.get(&(owner, form, reading.path.clone())).copied();
        if let Some(keep) = self.on_stack(|other| other.form == form && other.path.len() == 1) {
            let owner = self.owner_at(keep);
            let fit = match seen(owner) {
                Some(first) => Fit::Repeats(first),
                None => self.fit_after(candidate, reading, self.last.get(&(owner, form, 1)).copied()),
            };
            return Place { keep, fit };
        }
        let keep = self.room_for_part(form);
        let running = self.last.get(&(self.annex(), form, 0)).copied();
        let fit = match running {
            _ if reading.last().value == 1 && reading.last().branch == 0 => Fit::Next,
            Some((last, _)) if reading.last() <= last => match self.first_in_annex(reading) {
                Some(first) => Fit::Repeats(first),
                None => self.skips(candidate, reading, 1),
            },
            _ => self.fit_after(candidate, reading, running),
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

    /// A number of several levels: `4.4.5`, `Section 1.02(b)`.
    fn place_levels(&self, candidate: &Candidate<'_>, reading: &Reading) -> Place {
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
            let fit = repeats(scope).unwrap_or_else(|| self.fit_after(candidate, reading, last));
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
                None if levels > known + 1 => self.skips_levels(candidate, reading, known + 1),
                None => self.fit_after(candidate, reading, self.last.get(&(owner, form, levels)).copied()),
            };
            return Place { keep, fit };
        }
        let Some(base) = base else {
            let is_first = reading.path.iter().all(|step| step.value == 1);
            let owner = self.owner_at(self.stack.len());
            let fit = match (is_first, self.last.get(&(owner, form, levels))) {
                (true, _) => Fit::Next,
                (false, Some((last, _))) if follows(reading.last(), *last) => Fit::Next,
                _ => self.skips_levels(candidate, reading, 1),
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
            self.skips_levels(candidate, reading, differing + 1)
        } else {
            Fit::Unfit
        };
        Place { keep: base, fit }
    }

    /// That the clause of the first `known` levels of it, which it would lie in, is missing.
    fn skips_levels(&self, candidate: &Candidate<'_>, reading: &Reading, known: usize) -> Fit {
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
    fn place_number(&self, candidate: &Candidate<'_>, reading: &Reading) -> Place {
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
                None => self.fit_after(candidate, reading, last),
            };
            return Place { keep, fit };
        }
        // In Japanese rules the first paragraph of an article has no number.
        let is_article = |other: &Reading| {
            matches!(other.form, Form::Unit(Unit::Article) | Form::Word(super::labels::Word::Article))
        };
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
            _ => self.skips(candidate, reading, 1),
        };
        Place { keep, fit }
    }

    /// Whether the next decimal below it is its first one: `3.` before `3.1`.
    fn has_children(&self, candidate: &Candidate<'_>, value: u16) -> bool {
        self.next_levels(candidate.at).is_some_and(|path| path[0].value == value && path[1].value == 1)
    }

    /// The numbers of the next decimal of several levels that nothing speaks against.
    fn next_levels(&self, after: usize) -> Option<&[Step]> {
        let family = self.families.get(&Form::Decimal)?;
        let from = family.partition_point(|other| self.candidates[*other].at <= after);
        let next = family[from..].iter().take(LOOK_AHEAD).map(|at| &self.candidates[*at]).find(|other| {
            other.label.readings[0].is_multilevel()
                && other.doubts.first().is_none_or(|doubts| doubts.weight == 0)
        })?;
        Some(&next.label.readings[0].path)
    }

    /// Whether it is an item of a list inside a clause, in the form of the clauses around it.
    fn is_list_item(&mut self, at: usize, reading: &Reading, place: &Place, doubts: Doubts) -> bool {
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

    fn line_of(&self, at: usize) -> Option<&'l Line> {
        let found = self.candidates.binary_search_by_key(&at, |candidate| candidate.at).ok()?;
        Some(self.candidates[found].line)
    }

    /// Whether it is a clause.
    fn is_accepted(&self, at: usize, reading: &Reading, place: &Place, doubts: Doubts) -> bool {
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

    /// Whether the number after it, or its first child, comes after it.
    fn is_continued(&self, at: usize, reading: &Reading) -> bool {
        let mut ahead = self.ahead(at, reading).take(8).filter(|(_, weight)| *weight == 0);
        ahead.any(|(other, _)| {
            other.path.starts_with(&reading.path)
                || (other.path.len() == reading.path.len() && follows(other.last(), reading.last()))
        })
    }

    /// The labels of its family after it, with how much speaks against each.
    fn ahead(&self, at: usize, reading: &Reading) -> impl Iterator<Item = (&Reading, u8)> {
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

    /// What a line is that is no clause.
    fn reason(&self, candidate: &Candidate<'_>, reading: &Reading, place: &Place, doubts: Doubts) -> Reason {
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

    fn accept(&mut self, candidate: &Candidate<'_>, reading: Reading, place: Place) {
        let clause = self.placement.clauses.len();
        let form = reading.form;
        let levels = reading.path.len();
        let text = candidate.line.first_cell();
        let line = u32::try_from(candidate.at + 1).unwrap_or(u32::MAX);
        let label = candidate.label.printed(text).to_owned();
        let is_repeated = matches!(place.fit, Fit::Repeats(_));
        let is_back = matches!(place.fit, Fit::Back(_));
        let kind = match place.fit {
            Fit::Skips(missing) => Some(GapKind::Skipped { missing }),
            Fit::Repeats(first) => {
                Some(GapKind::Repeated { first_line: u32::try_from(first + 1).unwrap_or(u32::MAX) })
            }
            Fit::Back(after) => Some(GapKind::OutOfOrder { after: self.label_of(after) }),
            Fit::Next | Fit::Restarts | Fit::Unfit => None,
        };
        self.placement.gaps.extend(kind.map(|kind| Gap { line, label, kind }));
        // Kept before the stack changes: under which scope its number is unique.
        let is_kin = |entry: &Entry| family(entry.reading.form) == family(form);
        let base = self.stack.iter().take(place.keep).position(is_kin);
        let owner = self.owner_at(place.keep);
        let scope = base.map_or(owner, |base| self.owner_at(base));
        let annex = self.annex();
        self.stack.truncate(place.keep);
        let parent = owner;
        let depth = self.stack.len() + 1;
        self.first.entry((owner, form, reading.path.clone())).or_insert(candidate.at);
        self.first.entry((scope, form, reading.path.clone())).or_insert(candidate.at);
        if !is_back {
            let last =
                Step { value: candidate.label.through.unwrap_or(reading.last().value), ..reading.last() };
            for key in [(owner, form, levels), (annex, form, 0)] {
                // `0` levels: whatever its owner, for numbers that run on.
                let is_later = self.last.get(&key).is_none_or(|(other, _)| *other < last);
                if is_later || (key.2 == 0 && !is_repeated) {
                    self.last.insert(key, (last, clause));
                }
            }
        }
        self.stack.push(Entry { reading: reading.clone(), clause });
        self.placement.clauses.push(Placed { at: candidate.at, reading, parent, depth, is_repeated });
        let stays = |list: &InnerList| self.stack.iter().any(|entry| entry.clause == list.owner);
        if self.list.as_ref().is_some_and(|list| !stays(list)) {
            self.list = None;
        }
    }

    fn label_of(&self, clause: usize) -> String {
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
