//! The beginning of a line, character by character.

use crate::documents::clauses::numerals::{self, Numeral};

/// Full-width forms as their usual ones; what is no full-width form stays.
pub(super) fn folded(c: char) -> char {
    match u32::from(c) {
        0x3000 => ' ',
        code @ 0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap_or(c),
        _ if c.is_whitespace() => ' ',
        _ => c,
    }
}

/// The same text in usual width.
pub(in crate::documents::clauses) fn fold(text: &str) -> String {
    text.chars().map(folded).collect()
}

/// Reads characters one after the other.
pub(super) struct Reader {
    pub chars: Vec<char>,
    pub at: usize,
}

impl Reader {
    pub fn rest(&self) -> &[char] {
        self.chars.get(self.at..).unwrap_or_default()
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().first().copied()
    }

    pub fn after(&self, distance: usize) -> Option<char> {
        self.rest().get(distance).copied()
    }

    pub fn takes(&mut self, c: char) -> bool {
        let is_there = self.peek() == Some(c);
        self.at += usize::from(is_there);
        is_there
    }

    pub fn takes_any(&mut self, of: &str) -> bool {
        let is_there = self.peek().is_some_and(|c| of.contains(c));
        self.at += usize::from(is_there);
        is_there
    }

    pub fn takes_word(&mut self, word: &str) -> bool {
        let length = word.chars().count();
        let is_there = self.rest().len() >= length
            && self.rest().iter().zip(word.chars()).all(|(c, other)| c.to_ascii_lowercase() == other);
        self.at += if is_there { length } else { 0 };
        is_there
    }

    pub fn skip_blanks(&mut self) {
        while self.peek() == Some(' ') {
            self.at += 1;
        }
    }

    pub fn take(&mut self, numeral: Option<Numeral>) -> Option<Numeral> {
        let numeral = numeral?;
        self.at += numeral.length;
        Some(numeral)
    }

    pub fn arabic(&mut self) -> Option<u16> {
        self.take(numerals::arabic(self.rest())).filter(|_| !self.is_digit()).map(|numeral| numeral.value)
    }

    /// A level of a decimal after its first: it may have a leading zero (`1.02`).
    pub fn level(&mut self) -> Option<u16> {
        if self.peek() == Some('0') {
            self.at += 1;
        }
        self.arabic()
    }

    pub fn is_digit(&self) -> bool {
        self.peek().is_some_and(|c| c.is_ascii_digit())
    }

    /// An Arabic or Chinese number.
    pub fn either(&mut self) -> Option<Numeral> {
        let numeral = numerals::arabic(self.rest()).or_else(|| numerals::chinese(self.rest()));
        self.take(numeral).filter(|_| !self.is_digit())
    }

    /// A capital letter after a number (`4.3A`), which puts a clause in after that number.
    pub fn letter_branch(&mut self) -> u16 {
        match (self.peek(), self.after(1)) {
            (Some(letter @ 'A'..='Z'), next) if !next.is_some_and(char::is_alphanumeric) => {
                self.at += 1;
                letter as u16 - 'A' as u16 + 1
            }
            _ => 0,
        }
    }

    /// Whether nothing follows, or what stands apart from a label.
    pub fn is_apart(&self) -> bool {
        self.peek().is_none_or(|c| APART.contains(c))
    }

    /// What joins two neighbours: `第四条及び第五条　削除`.
    pub fn takes_pair(&mut self) -> bool {
        self.takes_word("及び") || self.takes_any("及和、")
    }

    /// `至`, `–` and their like.
    pub fn takes_range(&mut self) -> bool {
        let start = self.at;
        self.skip_blanks();
        let is_there = self.takes_any("至到-–—~～〜") || self.takes_word("to ");
        if is_there {
            self.skip_blanks();
        } else {
            self.at = start;
        }
        is_there
    }
}

/// What can stand between a label and its words.
const APART: &str = " :-–—－([【《〈“\"「『〔";
