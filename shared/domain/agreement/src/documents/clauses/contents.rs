//! Tables of contents: lines that name the clauses that are still to come.
//!
//! A table is told by what every table has in common: its lines come again. Its lines follow each other with no text
//! between; the first of them comes again where the text begins. Leaders, links and the title `目录` say the same.

use std::collections::HashMap;

use super::labels::{Form, Label, fold};
use super::lines::Line;

/// The titles of tables of contents, without blanks.
const TITLES: [&str; 7] = ["目录", "目錄", "目次", "contents", "tableofcontents", "index", "内容目录"];

/// How often a table is looked for. Agreements have one or two, and a hostile text has no more of the reader's time.
const MAX_LOOKS: usize = 64;

/// The longest line of a table that has no label.
const UNLABELLED_CHARS: usize = 40;

/// What a line of a table says, whatever blanks, dashes, leaders and page numbers it has.
fn key(line: &Line) -> String {
    let title = without_page(&line.plain).unwrap_or(&line.plain);
    let is_said = |c: &char| !(c.is_whitespace() || ":-–—".contains(*c));
    fold(title).chars().filter(is_said).flat_map(char::to_lowercase).collect()
}

/// What stands before leaders or a wide gap and a page number.
fn without_page(plain: &str) -> Option<&str> {
    let number = plain.trim_end_matches(|c: char| c.is_ascii_digit() || "ivxIVX".contains(c));
    let page_length = plain.len() - number.len();
    if !(1..=5).contains(&page_length) {
        return None;
    }
    let title = number.trim_end_matches(|c: char| c.is_whitespace() || ".．·・…‥_-—–⋯".contains(c));
    let leaders = &number[title.len()..];
    let dots = leaders.chars().filter(|c| !c.is_whitespace()).count();
    let is_leader = dots >= 3 || leaders.contains(['…', '⋯', '‥', '\t']) || leaders.chars().count() >= 3;
    (is_leader && !title.is_empty()).then_some(title)
}

/// Which of the lines are lines of a table of contents.
pub(super) fn find(lines: &[Line], labels: &[Option<Label>]) -> Vec<bool> {
    let mut is_contents = vec![false; lines.len()];
    let keys: Vec<Option<String>> =
        (0..lines.len()).map(|at| labels[at].as_ref().map(|_| key(&lines[at]))).collect();
    let mut last_places: HashMap<&str, usize> = HashMap::new();
    for (at, key) in keys.iter().enumerate() {
        if let Some(key) = key {
            last_places.insert(key, at);
        }
    }
    let comes_again = |at: usize| {
        let key = keys[at].as_deref();
        key.is_some_and(|key| last_places.get(key).is_some_and(|last| *last > at))
    };
    let mut has_labels = false;
    let mut at = 0;
    let mut looked = 0;
    while at < lines.len() && looked < MAX_LOOKS {
        let is_title = TITLES.contains(&key(&lines[at]).trim_end_matches(':')) && labels[at].is_none();
        let first = if is_title { next_label(labels, at) } else { labels[at].as_ref().map(|_| at) };
        let Some(first) = first else {
            at += 1;
            continue;
        };
        looked += 1;
        let (end, is_again) = end_of(lines, labels, &keys, first, is_title);
        let entries: Vec<usize> = (first..end).filter(|at| labels[*at].is_some()).collect();
        let repeated = entries.iter().filter(|at| comes_again(**at)).count();
        let is_marked = |at: &&usize| lines[**at].is_link || without_page(&lines[**at].plain).is_some();
        let marked = entries.iter().filter(is_marked).count();
        let is_annexes = entries.iter().all(|at| {
            let label = labels[*at].as_ref();
            label.is_some_and(|label| matches!(label.readings[0].form, Form::Annex(_)))
        });
        let is_table = entries.len() > 1
            && if is_title {
                is_again || repeated * 2 >= entries.len() || marked * 2 >= entries.len()
            } else if marked * 2 >= entries.len() {
                repeated * 2 >= entries.len() || entries.iter().all(|at| lines[*at].is_link)
            } else {
                // Without a title or marks it is a table only if it stands first and all of it comes again.
                repeated == entries.len() && (is_annexes || (!has_labels && entries.len() > 2))
            };
        if is_table {
            for at in &entries {
                is_contents[*at] = true;
            }
            at = end;
        } else {
            has_labels |= labels[at].is_some();
            // What was looked at up to `end` is looked at again only where a title stands among it.
            at += 1;
            if !is_title && has_labels {
                at = next_start(lines, labels, at);
            }
        }
    }
    is_contents
}

fn next_label(labels: &[Option<Label>], after: usize) -> Option<usize> {
    (after + 1..labels.len()).take(8).find(|at| labels[*at].is_some())
}

/// The next line at which a table can begin once the text has begun: a title, leaders, a link, the first annex.
fn next_start(lines: &[Line], labels: &[Option<Label>], from: usize) -> usize {
    (from..lines.len())
        .find(|at| {
            let line = &lines[*at];
            let is_annex = labels[*at].as_ref().is_some_and(|label| {
                matches!(label.readings[0].form, Form::Annex(_)) && label.readings[0].last().value == 1
            });
            let is_short = line.plain.len() <= 64;
            is_annex
                || line.is_link
                || (labels[*at].is_some() && without_page(&line.plain).is_some())
                || (is_short && TITLES.contains(&key(line).trim_end_matches(':')))
        })
        .unwrap_or(lines.len())
}

/// Where a table that begins here ends, and whether its first line comes again there; it also ends before a line that
/// belongs in none.
fn end_of(
    lines: &[Line],
    labels: &[Option<Label>],
    keys: &[Option<String>],
    first: usize,
    is_titled: bool,
) -> (usize, bool) {
    let printed = |at: usize| labels[at].as_ref().map(|label| fold(label.printed(&lines[at].plain)));
    let first_printed = printed(first);
    let mut end = first + 1;
    for at in first + 1..lines.len() {
        let line = &lines[at];
        let is_again =
            keys[at].is_some() && (keys[at] == keys[first] || (is_titled && printed(at) == first_printed));
        if is_again || (line.heading > 0 && lines[first].heading == 0) {
            return (end, is_again);
        }
        if labels[at].is_some() || line.is_link {
            end = at + 1;
            continue;
        }
        let is_entry = is_titled
            && line.plain.chars().count() <= UNLABELLED_CHARS
            && !line.plain.ends_with(['。', '.', ';', '；']);
        if !line.is_blank() && !is_entry {
            break;
        }
    }
    (end, false)
}
