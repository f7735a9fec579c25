//! Which labels are clauses, and which clause lies in which.
//!
//! Labels of one form follow each other: `（二）` comes after `（一）`, `4.4` after `4.3`, an article after the article
//! before it, be it in this chapter or in the last. The clauses around the current one are a stack; a label that
//! continues one of them closes what lies in it, and one of a new form that begins at its first number opens a level.
//! What the stack does not expect is a clause only if nothing else speaks against it ([`super::doubts`]), and is then
//! reported as skipped, repeated or out of order. Everything else is text, and reported as what it looks like.

mod lists;
mod numbers;
mod parts;
mod sequence;
mod stack;
mod verdict;

use std::collections::{HashMap, HashSet};

use self::sequence::{family, follows};
pub(super) use self::stack::{Candidate, Placed, Placement};
use self::stack::{Entry, Fit, InnerList, Machine, Place};
pub(super) use self::verdict::MAX_DEPTH;
use super::doubts::Reason;
use super::labels::{Form, Reading, Step};
use super::outline::{Gap, GapKind};

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

impl Machine<'_, '_> {
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
}
