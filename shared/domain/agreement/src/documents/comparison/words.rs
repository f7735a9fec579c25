//! The words of a clause that were taken out and put in.
//!
//! A long clause is compared by sentences first, then those that differ by words; what is too long even so is shown as
//! written anew. Comparing takes the product of both lengths at worst, and anyone's text may be the worst.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, Hunk, InternedInput};
use unicode_segmentation::UnicodeSegmentation;

/// How many parts of each of two texts are compared with each other at most.
const MOST: usize = 1000;

/// How many words that stayed between two changes are shown as changed with them: a comma that survived in a sentence
/// written anew tells nothing.
const ISLAND: u32 = 1;

/// Some words of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run<'a> {
    /// They are in both texts; they are shown as in the later one.
    Same(&'a str),
    /// They are in the earlier text only.
    Removed(&'a str),
    /// They are in the later text only.
    Added(&'a str),
}

/// What a clause says, with what was taken out and put in.
pub(super) fn runs<'a>(before: &'a str, after: &'a str) -> Vec<Run<'a>> {
    let mut runs = by_words(before, after).unwrap_or_else(|| by_sentences(before, after));
    runs.retain(|(Run::Same(text) | Run::Removed(text) | Run::Added(text))| !text.is_empty());
    runs
}

/// The words of a text, without its white space.
pub(super) fn of(text: &str) -> impl Iterator<Item = &str> {
    text.split_word_bounds().filter(|word| !word.trim().is_empty())
}

/// Words that were all taken out, and those that were put in for them.
pub(super) fn anew<'a>(removed: &'a str, added: &'a str) -> Vec<Run<'a>> {
    vec![Run::Removed(removed), Run::Added(added)]
}

fn by_words<'a>(before: &'a str, after: &'a str) -> Option<Vec<Run<'a>>> {
    let (then, now) = (Parts::words(before)?, Parts::words(after)?);
    Some(compared(&then, &now, ISLAND, anew))
}

fn by_sentences<'a>(before: &'a str, after: &'a str) -> Vec<Run<'a>> {
    match (Parts::sentences(before), Parts::sentences(after)) {
        (Some(then), Some(now)) => compared(&then, &now, 0, |removed, added| {
            by_words(removed, added).unwrap_or_else(|| anew(removed, added))
        }),
        _ => anew(before, after),
    }
}

/// What two texts have in common, and what each change between is shown as.
fn compared<'a>(
    then: &Parts<'a>,
    now: &Parts<'a>,
    island: u32,
    shown_as: impl Fn(&'a str, &'a str) -> Vec<Run<'a>>,
) -> Vec<Run<'a>> {
    let mut input = InternedInput::default();
    input.update_before(then.parts.iter().map(|part| part.said));
    input.update_after(now.parts.iter().map(|part| part.said));
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_no_heuristic(&input);
    let mut runs = Vec::new();
    let mut shown = 0;
    for Hunk { before, after } in without_islands(diff.hunks(), island) {
        runs.push(Run::Same(now.text(shown..after.start)));
        shown = after.end;
        runs.extend(shown_as(then.text(before), now.text(after)));
    }
    runs.push(Run::Same(now.text(shown..u32::MAX)));
    runs
}

/// The changes, those joined between which next to nothing stayed.
fn without_islands(hunks: impl Iterator<Item = Hunk>, island: u32) -> Vec<Hunk> {
    let mut joined: Vec<Hunk> = Vec::new();
    for hunk in hunks {
        match joined.last_mut() {
            Some(last) if hunk.after.start - last.after.end <= island => {
                last.before.end = hunk.before.end;
                last.after.end = hunk.after.end;
            }
            _ => joined.push(hunk),
        }
    }
    joined
}

/// A part of a text, and where it and the white space behind it end.
#[derive(Debug)]
struct Part<'a> {
    said: &'a str,
    end: usize,
}

/// A text in words or sentences.
#[derive(Debug)]
struct Parts<'a> {
    text: &'a str,
    parts: Vec<Part<'a>>,
}

impl<'a> Parts<'a> {
    /// A text's words, unless they are too many.
    fn words(text: &'a str) -> Option<Self> {
        Self::of(text, text.split_word_bounds())
    }

    /// A text's sentences, unless they are too many.
    fn sentences(text: &'a str) -> Option<Self> {
        Self::of(text, text.split_inclusive(['。', '；', '！', '？', '.', ';', '\n']))
    }

    fn of(text: &'a str, all: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut parts: Vec<Part> = Vec::new();
        let mut end = 0;
        for part in all {
            end += part.len();
            if part.trim().is_empty() {
                parts.last_mut().into_iter().for_each(|last| last.end = end);
            } else if parts.len() == MOST {
                return None;
            } else {
                parts.push(Part { said: part.trim(), end });
            }
        }
        Some(Self { text, parts })
    }

    /// The text of some parts, with the white space behind them.
    fn text(&self, parts: Range<u32>) -> &'a str {
        let end = |count: u32| {
            let last = (count as usize).min(self.parts.len()).checked_sub(1);
            last.map_or(0, |last| self.parts[last].end)
        };
        &self.text[end(parts.start)..end(parts.end)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_texts_are_compared_by_more_parts_than_are_quick() {
        let of = |part: &str, count| part.repeat(count);
        assert_eq!(Parts::words(&of("甲", MOST)).unwrap().parts.len(), MOST);
        assert!(Parts::words(&of("甲", MOST + 1)).is_none());
        assert_eq!(Parts::sentences(&of("甲乙。", MOST)).unwrap().parts.len(), MOST);
        assert!(Parts::sentences(&of("甲乙。", MOST + 1)).is_none());
        let (before, after) = (of("甲", MOST + 1), of("乙", 3));
        assert_eq!(runs(&before, &after), [Run::Removed(&before), Run::Added(&after)]);
    }
}
