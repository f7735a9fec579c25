//! An agreement's text as addressable clauses, without losing a byte of it.
//!
//! The text is what was accepted and hashed, so reading it only marks places in it: the spans of an [`Outline`] follow
//! each other without a gap and cover the whole, and joining them gives the text back. Every clause has an address of
//! its own, as people cite it. What is not recognised is reported and never guessed, and whoever publishes can say
//! otherwise ([`Given`]).
//!
//! A text is read in four steps: its lines without their markup ([`lines`]); what each begins with ([`labels`]);
//! which of them are a table of contents ([`contents`]) or speak of something else ([`doubts`]); and which follow each
//! other ([`outline`]). Their addresses come last ([`naming`]).
//!
//! The outline is kept with its version, so a clause keeps its address when reading gets better. Versions from before
//! outlines were kept are read by the rule of their day ([`decimal`]).

mod contents;
mod decimal;
mod doubts;
mod given;
mod labels;
mod lines;
mod naming;
mod numerals;
mod outline;

use std::collections::{HashMap, HashSet};

pub use self::decimal::outline as outline_by_decimals;
pub use self::doubts::Reason;
pub use self::given::{Given, GivenClause, GivenRefusal};
use market_kernel::clause::ClauseAddress;

use self::doubts::{CERTAIN, Doubts, Setting};
use self::labels::{Form, Label, Separation};
use self::lines::Line;
use self::outline::{Candidate, Placement};

/// How many characters of a clause's first line make its heading.
pub const HEADING_CHARS: usize = 20;

/// How many clauses a version has at most: with their addresses they are one item of the table.
pub const MAX_CLAUSES: usize = 2000;

/// How many findings of each kind are kept. Whoever looks at a hundred knows that the text needs another look.
pub const MAX_FINDINGS: usize = 100;

/// A clause of a text, by place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Its address, `4.4.5`; none for what stands before the first clause.
    pub address: Option<ClauseAddress>,
    /// Its number as it is printed, `4.4.5`, `第五条`; empty where none is.
    pub label: String,
    /// 1, and 1 more for each clause around it; 0 for what stands before the first clause.
    pub depth: u8,
    /// The beginning of its first line, after the number.
    pub heading: String,
    /// Whether most of its text is bold.
    pub is_bold: bool,
    /// Where it begins in the text, in bytes.
    pub start: u32,
    /// Where it ends, in bytes: where the next one begins.
    pub end: u32,
}

/// A place where the numbers of a text do not follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The line, from 1.
    pub line: u32,
    /// The number that stands there.
    pub label: String,
    /// What is the matter.
    pub kind: GapKind,
}

/// What is the matter with a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GapKind {
    /// Numbers before it are missing.
    Skipped {
        /// Those, as they would be printed.
        missing: Vec<String>,
    },
    /// It was there before.
    Repeated {
        /// The line of the first one.
        first_line: u32,
    },
    /// It is smaller than the one before it.
    OutOfOrder {
        /// The one before it.
        after: String,
    },
}

/// A line that begins like a clause and was not taken for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotClause {
    /// The line, from 1.
    pub line: u32,
    /// How it begins.
    pub text: String,
    /// What it was taken for.
    pub reason: Reason,
}

/// The clauses of a text, and what was noticed in reading it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The clauses in order, after what stands before the first (if anything does).
    pub clauses: Vec<Clause>,
    /// Where the numbers do not follow each other.
    pub gaps: Vec<Gap>,
    /// The lines that begin like clauses and are none.
    pub not_clauses: Vec<NotClause>,
    /// How many findings there are beyond those that are kept.
    pub more_findings: u32,
}

impl Outline {
    /// Reads a text.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let lines = lines::read(text);
        let found = labelled(&lines);
        let mut outline = Self::default();
        let mut starts: Vec<Start> = if found.placement.clauses.is_empty() {
            headings(&lines)
        } else {
            let labels: Vec<&str> =
                found.placement.clauses.iter().map(|clause| found.printed(&lines, clause.at)).collect();
            let addresses = naming::addresses(&found.placement.clauses, &labels);
            let placed = found.placement.clauses.iter().zip(labels).zip(addresses);
            placed
                .map(|((clause, label), address)| Start {
                    at: clause.at,
                    depth: u8::try_from(clause.depth).unwrap_or(u8::MAX),
                    label: label.to_owned(),
                    heading: found.heading(&lines, clause.at),
                    address,
                })
                .collect()
        };
        starts.truncate(MAX_CLAUSES + 1);
        outline.clauses = spans(text, &lines, &found.labels, starts);
        outline.report(&lines, found);
        outline
    }

    /// The clause with this address.
    #[must_use]
    pub fn clause(&self, address: &ClauseAddress) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.address.as_ref() == Some(address))
    }

    /// The first of these addresses that no clause has.
    #[must_use]
    pub fn first_unknown<'a>(&self, addresses: &'a [ClauseAddress]) -> Option<&'a ClauseAddress> {
        let known: HashSet<&ClauseAddress> =
            self.clauses.iter().filter_map(|clause| clause.address.as_ref()).collect();
        addresses.iter().find(|address| !known.contains(address))
    }

    /// The same with as many clauses as a version can have.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        self.clauses.truncate(MAX_CLAUSES + 1);
        self
    }

    /// How many clauses have an address.
    #[must_use]
    pub fn count(&self) -> usize {
        self.clauses.iter().filter(|clause| clause.address.is_some()).count()
    }

    /// The clauses that the text marks as bold: whoever publishes confirms which of them are prominent.
    #[must_use]
    pub fn proposed_prominent(&self) -> Vec<ClauseAddress> {
        self.clauses
            .iter()
            .filter(|clause| clause.is_bold)
            .filter_map(|clause| clause.address.clone())
            .collect()
    }

    fn report(&mut self, lines: &[Line], found: Found) {
        let Placement { gaps, refused, .. } = found.placement;
        let mut more = gaps.len().saturating_sub(MAX_FINDINGS);
        self.gaps = gaps.into_iter().take(MAX_FINDINGS).collect();
        let mut reasons = found.reasons;
        refused.into_iter().for_each(|(at, reason)| reasons[at] = Some(reason));
        let not_clauses =
            reasons.into_iter().enumerate().filter_map(|(at, reason)| reason.map(|reason| (at, reason)));
        for (at, reason) in not_clauses {
            if self.not_clauses.len() == MAX_FINDINGS {
                more += 1;
                continue;
            }
            let text = beginning(&lines[at].plain);
            self.not_clauses.push(NotClause { line: line_number(at), text, reason });
        }
        self.more_findings = u32::try_from(more).unwrap_or(u32::MAX);
    }
}

/// The exact text of a clause; empty if the clause is not one of this text.
#[must_use]
pub fn clause_text<'a>(text: &'a str, clause: &Clause) -> &'a str {
    text.get(clause.start as usize..clause.end as usize).unwrap_or_default()
}

/// Where a clause begins, and what it is called.
struct Start {
    at: usize,
    depth: u8,
    label: String,
    heading: String,
    address: ClauseAddress,
}

/// The labels of a text, and what they come to.
struct Found {
    labels: Vec<Option<Label>>,
    /// What lines are that are none of the candidates.
    reasons: Vec<Option<Reason>>,
    placement: Placement,
}

impl Found {
    fn printed<'l>(&self, lines: &'l [Line], at: usize) -> &'l str {
        self.labels[at].as_ref().map_or("", |label| label.printed(lines[at].first_cell()))
    }

    fn heading(&self, lines: &[Line], at: usize) -> String {
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

fn beginning(text: &str) -> String {
    let beginning: String = text.chars().take(HEADING_CHARS).collect();
    beginning.trim_end().to_owned()
}

fn line_number(at: usize) -> u32 {
    u32::try_from(at + 1).unwrap_or(u32::MAX)
}

/// What lines begin with. A row of a table has a label only if its first cell is one.
fn labels_of(lines: &[Line]) -> Vec<Option<Label>> {
    let label = |line: &Line| {
        let cell = line.first_cell();
        labels::read(cell, line.is_row).filter(|label| !line.is_row || label.end == cell.len())
    };
    lines.iter().map(label).collect()
}

/// Finds the labels of a text, and places them.
fn labelled(lines: &[Line]) -> Found {
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
    let placement = outline::place(&candidates);
    drop(candidates);
    Found { labels, reasons, placement }
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

/// The headings of a text without numbers. One alone above all others is the text's title.
fn headings(lines: &[Line]) -> Vec<Start> {
    let mut found: Vec<(usize, u8)> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.heading > 0 && !line.is_blank())
        .map(|(at, line)| (at, line.heading))
        .collect();
    let top = found.iter().map(|(_, level)| *level).min().unwrap_or_default();
    let is_title = found.first().is_some_and(|(_, level)| *level == top)
        && found.iter().filter(|(_, level)| *level == top).count() == 1;
    if is_title {
        found.remove(0);
    }
    let texts: Vec<String> = found.iter().map(|(at, _)| lines[*at].plain.clone()).collect();
    let places: Vec<usize> = found.iter().map(|(at, _)| *at).collect();
    let addresses = naming::of_headings(&texts, &places);
    let mut around: Vec<u8> = Vec::new();
    found
        .into_iter()
        .zip(addresses)
        .map(|((at, level), address)| {
            around.retain(|outer| *outer < level);
            around.push(level);
            let depth = u8::try_from(around.len()).unwrap_or(u8::MAX);
            Start { at, depth, label: String::new(), heading: beginning(&lines[at].plain), address }
        })
        .collect()
}

/// The clauses that begin at these lines, and what stands before them.
fn spans(text: &str, lines: &[Line], labels: &[Option<Label>], starts: Vec<Start>) -> Vec<Clause> {
    let offset = |at: usize| lines.get(at).map_or(text.len(), |line| line.start);
    // A text has far less than 4 GiB.
    let place = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    let first = starts.first().map_or(lines.len(), |start| start.at);
    let mut clauses = Vec::with_capacity(starts.len() + 1);
    if offset(first) > 0 {
        let heading = lines.first().map(|line| beginning(&line.plain)).unwrap_or_default();
        let end = place(offset(first));
        let label = String::new();
        clauses.push(Clause { address: None, label, depth: 0, heading, is_bold: false, start: 0, end });
    }
    let ends: Vec<usize> = starts.iter().skip(1).map(|start| start.at).chain([lines.len()]).collect();
    let depths: Vec<u8> = starts.iter().skip(1).map(|start| start.depth).chain([0]).collect();
    for ((start, end), next_depth) in starts.into_iter().zip(ends).zip(depths) {
        let Start { at, depth, label, heading, address } = start;
        let is_bold = is_bold(&lines[at..end], &labels[at..end], next_depth > depth);
        // A byte order mark before the first label is the file's, and lies in the first clause.
        let (start, end) = (place(offset(at)), place(offset(end)));
        clauses.push(Clause { address: Some(address), label, depth, heading, is_bold, start, end });
    }
    clauses
}

/// Whether most of a clause's text is bold. A title over other clauses is bold to be seen as one.
fn is_bold(lines: &[Line], labels: &[Option<Label>], is_outer: bool) -> bool {
    let Some(first) = lines.first() else { return false };
    let has_text = lines.iter().skip(1).any(|line| !line.is_blank());
    if is_outer && !has_text && !first.plain.ends_with(['。', '.', '；', ';', '：', ':']) {
        return false;
    }
    let mut bold = 0;
    let mut all = 0;
    for (line, label) in lines.iter().zip(labels.iter().map(Some).take(1).chain(std::iter::repeat(None))) {
        let from = label.and_then(Option::as_ref).map_or(0, |label| label.end);
        let count = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
        all += count(line.plain.get(from..).unwrap_or_default());
        let ranges = line.bold.iter().filter(|range| range.end > from);
        bold += ranges
            .map(|range| count(line.plain.get(range.start.max(from)..range.end).unwrap_or_default()))
            .sum::<usize>();
    }
    all > 0 && bold * 2 > all
}

#[cfg(test)]
mod tests;
