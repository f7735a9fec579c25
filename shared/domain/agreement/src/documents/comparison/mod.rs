//! What differs between two versions of a document, clause by clause (1.4, 9.4).
//!
//! A merchant who is asked to accept a version again reads what is new in it, not fifty pages: which clauses were added
//! and removed, which say something else and in which words, which stand elsewhere, and which only have another
//! number. Both texts can be put together again from it, but for their white space and how their clauses are numbered:
//! a comparison hides nothing.
//!
//! Clauses are told apart by what they say, not by their number ([`pairing`]): whoever inserts a clause renumbers
//! those behind it. What they say is their words (UAX 29), so that a Chinese text is compared by characters, and where
//! a line is broken says nothing. The work is bounded for every text that can be published.

mod pairing;
mod words;

use std::collections::HashSet;

use market_kernel::clause::ClauseAddress;

use self::pairing::{Paired, pairs};
pub use self::words::Run;
use super::clauses::{Clause, Outline, clause_text};

/// The most runs of words that a comparison has: a function's reply ends at 6 MB. A clause that would go beyond is shown
/// as written anew.
pub const MAX_RUNS: usize = 20_000;

/// A text, its clauses, and those of them that are prominent.
#[derive(Debug, Clone, Copy)]
pub struct Read<'a> {
    /// The exact text.
    pub text: &'a str,
    /// Its clauses.
    pub outline: &'a Outline,
    /// Those that limit or exclude liability (1.2).
    pub prominent: &'a [ClauseAddress],
}

/// What differs between two versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison<'a> {
    /// The clauses that differ, in the order of the later text; those that were removed stand where they were missed.
    pub changes: Vec<Change<'a>>,
    /// How many clauses are the same in both: what they say, their numbers, their places, and whether they are prominent.
    pub unchanged: usize,
}

/// A clause of one of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stands<'a> {
    /// The clause.
    pub clause: &'a Clause,
    /// Whether it is prominent there.
    pub is_prominent: bool,
}

/// A clause that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<'a> {
    /// It is in the later text only.
    Added {
        /// Where it stands there.
        after: Stands<'a>,
        /// What it says, without its number.
        text: &'a str,
    },
    /// It is in the earlier text only.
    Removed {
        /// Where it stood there.
        before: Stands<'a>,
        /// What it said, without its number.
        text: &'a str,
    },
    /// It is in both, and not the same.
    Kept {
        /// Where it stood in the earlier text.
        before: Stands<'a>,
        /// Where it stands in the later one.
        after: Stands<'a>,
        /// Whether it stands within another clause than before, or in another order among those in the same one. What
        /// is within a clause that moved has not moved itself.
        is_moved: bool,
        /// What it says, with what was taken out and put in; empty where it says the same.
        words: Vec<Run<'a>>,
    },
}

impl Change<'_> {
    /// Whether the clause has another address than before.
    #[must_use]
    pub fn is_renumbered(&self) -> bool {
        matches!(self, Self::Kept { before, after, .. } if before.clause.address != after.clause.address)
    }
}

/// Compares a later text with an earlier one.
#[must_use]
pub fn compare<'a>(before: Read<'a>, after: Read<'a>) -> Comparison<'a> {
    let (bodies_before, bodies_after) = (bodies(before), bodies(after));
    let paired = pairs(&bodies_before, &bodies_after);
    let mut removed =
        bodies_before.iter().enumerate().filter(|(at, _)| paired.after(*at).is_none()).peekable();
    let mut found = Comparison { changes: Vec::new(), unchanged: 0 };
    let mut runs_left = MAX_RUNS;
    // What was removed is told where its neighbour stands now; of what stood before all others, at the beginning.
    let mut told = |changes: &mut Vec<Change<'a>>, from: usize| {
        while let Some((_, body)) = removed.next_if(|(at, _)| *at <= from) {
            changes.push(Change::Removed { before: body.stands, text: body.text });
        }
    };
    for (at, body) in bodies_after.iter().enumerate() {
        let Some(Paired { before, is_moved }) = paired.before(at) else {
            found.changes.push(Change::Added { after: body.stands, text: body.text });
            continue;
        };
        if !is_moved {
            told(&mut found.changes, before);
        }
        let was = &bodies_before[before];
        let is_as_before =
            was.address() == body.address() && was.stands.is_prominent == body.stands.is_prominent;
        let mut words = if was.words == body.words { Vec::new() } else { words::runs(was.text, body.text) };
        if words.len() > runs_left {
            words = words::anew(was.text, body.text);
        }
        runs_left = runs_left.saturating_sub(words.len());
        if !is_moved && words.is_empty() && is_as_before {
            found.unchanged += 1;
            continue;
        }
        found.changes.push(Change::Kept { before: was.stands, after: body.stands, is_moved, words });
    }
    told(&mut found.changes, usize::MAX);
    found
}

/// A clause and what it says.
#[derive(Debug)]
struct Body<'a> {
    stands: Stands<'a>,
    /// What it says, without its number.
    text: &'a str,
    /// The same in words.
    words: Vec<&'a str>,
}

impl<'a> Body<'a> {
    fn address(&self) -> Option<&'a ClauseAddress> {
        self.stands.clause.address.as_ref()
    }
}

fn bodies(read: Read<'_>) -> Vec<Body<'_>> {
    let prominent: HashSet<&ClauseAddress> = read.prominent.iter().collect();
    let of = |clause| {
        let text = without_label(clause_text(read.text, clause), &clause.label).trim();
        let is_prominent = clause.address.as_ref().is_some_and(|address| prominent.contains(address));
        Body { stands: Stands { clause, is_prominent }, text, words: words::of(text).collect() }
    };
    read.outline.clauses.iter().map(of).collect()
}

/// A clause's text behind its number, which stands in its first line, after its markup if there is any.
fn without_label<'a>(text: &'a str, label: &str) -> &'a str {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    match line.split_once(label) {
        Some((_, _)) if label.is_empty() => text,
        Some((markup, _)) if !markup.chars().any(char::is_alphanumeric) => {
            text.split_once(label).map_or(text, |(_, behind)| behind)
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests;
