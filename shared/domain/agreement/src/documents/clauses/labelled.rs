//! The labels of a text where they stand: with what speaks against each, and what they come to.

use std::collections::HashMap;

use super::contents;
use super::doubts::{self, CERTAIN, Doubts, Reason, Setting};
use super::labels::{self, Form, Label, Separation};
use super::lines::Line;
use super::placement::{self, Candidate, Placement};
use super::spans::beginning;

/// The labels of a text, and what they come to.
pub(super) struct Labelled {
    pub labels: Vec<Option<Label>>,
    /// What lines are that are none of the candidates.
    pub reasons: Vec<Option<Reason>>,
    pub placement: Placement,
}

impl Labelled {
    pub fn printed<'l>(&self, lines: &'l [Line], at: usize) -> &'l str {
        self.labels[at].as_ref().map_or("", |label| label.printed(lines[at].first_cell()))
    }

    pub fn heading(&self, lines: &[Line], at: usize) -> String {
        let line = &lines[at];
        match &self.labels[at] {
            _ if line.is_row => beginning(line.next_cell()),
            Some(label) => beginning(label.rest(&line.plain).trim_start_matches(|c: char| {
                c.is_whitespace() || matches!(c, ':' | '：' | '-' | '－' | '–' | '—' | '―')
            })),
            None => beginning(&line.plain),
        }
    }
}

/// Finds the labels of a text, and places them.
pub(super) fn labelled(lines: &[Line]) -> Labelled {
    let labels = labels_of(lines);
    let is_contents = contents::find(lines, &labels);
    let mut reasons = vec![None; lines.len()];
    let mut candidates = Vec::new();
    let mut before: Option<usize> = None;
    let mut table = Table::Outside;
    for (at, line) in lines.iter().enumerate() {
        let is_header = lines.get(at + 1).is_some_and(Line::is_ruler);
        table = if is_header { Table::Outside } else { table }.at(line, labels[at].is_some());
        match &labels[at] {
            Some(_) if is_contents[at] => reasons[at] = Some(Reason::ContentsTable),
            Some(label) => {
                let adjacent = before.filter(|before| before + 1 == at);
                let setting = Setting {
                    line,
                    before: adjacent.map(|at| (&lines[at], labels[at].as_ref())),
                    is_before_after_blank: adjacent.is_none_or(|at| at == 0 || lines[at - 1].is_blank()),
                    is_first: candidates.is_empty(),
                    is_data: matches!(table, Table::Data),
                };
                let doubts =
                    label.readings.iter().map(|reading| doubts::doubts(&setting, label, reading)).collect();
                let is_after_blank = adjacent.is_none();
                candidates.push(Candidate { at, line, label, doubts, is_after_blank });
            }
            None => reasons[at] = doubts::number_like(line),
        }
        if !line.is_blank() {
            before = Some(at);
        }
    }
    add_habits(&mut candidates);
    let placement = placement::place(&candidates);
    drop(candidates);
    Labelled { labels, reasons, placement }
}

/// What lines begin with. A row of a table has a label only if its first cell is one.
fn labels_of(lines: &[Line]) -> Vec<Option<Label>> {
    let label = |line: &Line| {
        let cell = line.first_cell();
        labels::read(cell, line.is_row).filter(|label| !line.is_row || label.end == cell.len())
    };
    lines.iter().map(label).collect()
}

/// Where a line stands as to tables.
#[derive(Clone, Copy)]
enum Table {
    Outside,
    Labels,
    Data,
}

impl Table {
    fn at(self, line: &Line, is_labelled: bool) -> Self {
        match self {
            _ if !line.is_row => Self::Outside,
            Self::Outside if is_labelled || doubts::is_label_column(line) => Self::Labels,
            Self::Outside => Self::Data,
            other => other,
        }
    }
}

/// Doubts what does not look like the author's other labels: who sets a blank after `第一条` writes `第三条的` of another.
fn add_habits(candidates: &mut [Candidate<'_>]) {
    let mut counts: HashMap<Form, (usize, usize)> = HashMap::new();
    let sure =
        |candidate: &&mut Candidate<'_>| candidate.doubts.first().is_some_and(|doubts| doubts.weight == 0);
    for candidate in candidates.iter_mut().filter(sure) {
        let count = counts.entry(candidate.label.readings[0].form).or_default();
        count.1 += 1;
        count.0 += usize::from(candidate.label.separation != Separation::None);
    }
    for candidate in candidates.iter_mut() {
        let is_apart = candidate.label.separation != Separation::None || candidate.line.heading > 0;
        let (apart, all) = counts.get(&candidate.label.readings[0].form).copied().unwrap_or_default();
        if !is_apart && apart >= 2 && apart * 5 >= all * 4 {
            candidate.doubts.iter_mut().for_each(Doubts::add_habit);
        }
    }
}

impl Doubts {
    fn add_habit(&mut self) {
        self.weight = self.weight.saturating_add(1).min(CERTAIN);
    }
}
