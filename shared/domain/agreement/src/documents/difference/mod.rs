//! What differs between two versions of a document, clause by clause (1.4, 9.4).
//!
//! A merchant who is asked to accept a version again reads what is new in it, not fifty pages: which clauses were added
//! and removed, which say something else and in which words, which stand elsewhere, and which only have another
//! number. Both texts can be put together again from it, but for their white space and the numbers of their clauses:
//! a difference hides nothing.
//!
//! Clauses are told apart by what they say, not by their number ([`pairing`]): whoever inserts a clause renumbers
//! those behind it. A clause's words are those of Unicode (UAX 29), so that a Chinese text is compared by characters.
//! The work is bounded for every text that can be published.

mod pairing;
mod words;

use self::pairing::{Paired, pairs};
pub use self::words::Run;
use super::clauses::{Clause, Outline, clause_text};

/// A text and its clauses.
#[derive(Debug, Clone, Copy)]
pub struct Read<'a> {
    /// The exact text.
    pub text: &'a str,
    /// Its clauses.
    pub outline: &'a Outline,
}

/// What differs between two versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference<'a> {
    /// The clauses that differ, in the order of the later text; those that were removed stand where they were missed.
    pub changes: Vec<Change<'a>>,
    /// How many clauses are the same in both, number and place included.
    pub unchanged: usize,
}

/// A clause that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<'a> {
    /// It is in the later text only.
    Added {
        /// Where it stands there.
        after: &'a Clause,
        /// What it says, without its number.
        text: &'a str,
    },
    /// It is in the earlier text only.
    Removed {
        /// Where it stood there.
        before: &'a Clause,
        /// What it said, without its number.
        text: &'a str,
    },
    /// It is in both, and not the same.
    Kept {
        /// Where it stood in the earlier text.
        before: &'a Clause,
        /// Where it stands in the later one.
        after: &'a Clause,
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
        matches!(self, Self::Kept { before, after, .. } if before.address != after.address)
    }
}

/// What differs between an earlier and a later text.
#[must_use]
pub fn difference<'a>(before: Read<'a>, after: Read<'a>) -> Difference<'a> {
    let (bodies_before, bodies_after) = (bodies(before), bodies(after));
    let paired = pairs(&bodies_before, &bodies_after);
    let mut removed =
        bodies_before.iter().enumerate().filter(|(at, _)| paired.after(*at).is_none()).peekable();
    let mut found = Difference { changes: Vec::new(), unchanged: 0 };
    // What was removed is told where its neighbour stands now; of what stood before all others, at the beginning.
    let mut told = |changes: &mut Vec<Change<'a>>, from: usize| {
        while let Some((_, body)) = removed.next_if(|(at, _)| *at <= from) {
            changes.push(Change::Removed { before: body.clause, text: body.text });
        }
    };
    for (at, body) in bodies_after.iter().enumerate() {
        let Some(Paired { before, is_moved }) = paired.before(at) else {
            found.changes.push(Change::Added { after: body.clause, text: body.text });
            continue;
        };
        if !is_moved {
            told(&mut found.changes, before);
        }
        let was = &bodies_before[before];
        let words = if was.says_the_same(body) { Vec::new() } else { words::runs(was.text, body.text) };
        if !is_moved && words.is_empty() && was.clause.address == body.clause.address {
            found.unchanged += 1;
            continue;
        }
        found.changes.push(Change::Kept { before: was.clause, after: body.clause, is_moved, words });
    }
    told(&mut found.changes, usize::MAX);
    found
}

/// A clause and what it says.
#[derive(Debug)]
struct Body<'a> {
    clause: &'a Clause,
    /// What it says, without its number.
    text: &'a str,
    /// The same without white space: where a line is broken says nothing.
    said: String,
}

impl Body<'_> {
    fn says_the_same(&self, other: &Self) -> bool {
        self.said == other.said
    }
}

fn bodies(read: Read<'_>) -> Vec<Body<'_>> {
    let of = |clause| {
        let text = without_label(clause_text(read.text, clause), &clause.label).trim();
        let said = text.chars().filter(|c| !c.is_whitespace()).collect();
        Body { clause, text, said }
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
