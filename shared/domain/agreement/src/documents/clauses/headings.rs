//! The clauses of a text without numbers: its headings.

use super::lines::Line;
use super::naming;
use super::spans::{Start, beginning};

/// The headings of a text without numbers. One alone above all others is the text's title.
pub(super) fn headings(lines: &[Line]) -> Vec<Start> {
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
