//! From where to where the clauses of a text go, and which of them are bold.

use market_kernel::clause::ClauseAddress;

use super::labels::Label;
use super::lines::Line;
use super::outline::Clause;

/// How many characters of a clause's first line make its heading.
pub const HEADING_CHARS: usize = 20;

/// Where a clause begins, and what it is called.
pub(super) struct Start {
    pub at: usize,
    pub depth: u8,
    pub label: String,
    pub heading: String,
    pub address: ClauseAddress,
}

pub(super) fn beginning(text: &str) -> String {
    let beginning: String = text.chars().take(HEADING_CHARS).collect();
    beginning.trim_end().to_owned()
}

/// The clauses that begin at these lines, and what stands before them.
pub(super) fn spans(text: &str, lines: &[Line], labels: &[Option<Label>], starts: Vec<Start>) -> Vec<Clause> {
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
