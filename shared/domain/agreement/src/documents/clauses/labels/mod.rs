//! What can be a label: `4.4.5`, `第五条之一`, `（三）`, `Section 1.02(b)(ii)`, `附件一`.
//!
//! Here a line is looked at by itself: what form of label it begins with, and which number that is. Whether it is a
//! label is for its neighbours to say ([`super::doubts`], [`super::placement`]).

mod forms;
mod numbers;
mod parts;
mod scan;

use std::ops::Range;

pub(super) use self::forms::{Close, Form, Reading, Separation, Step, Unit, Word};
use self::numbers::NumberFound;
pub(super) use self::scan::fold;
use self::scan::{Reader, folded};
use super::numerals::{self, Script};

/// How many characters a label is looked for in.
const LABEL_CHARS: usize = 64;

/// What a line begins with.
#[derive(Debug, Clone)]
pub(super) struct Label {
    /// The bytes of the line that it takes, with its closing mark.
    pub end: usize,
    /// What it can mean; at least one reading.
    pub readings: Vec<Reading>,
    /// The last number, where it stands for a range (`第九条至第十条`).
    pub through: Option<u16>,
    pub separation: Separation,
    /// Where its last number stands.
    number: Range<usize>,
    /// What of the label follows a number without a branch.
    after: Range<usize>,
}

/// The label that a cell or a line begins with. A number that nothing closes and nothing follows is one only in a cell.
pub(super) fn read(line: &str, is_cell: bool) -> Option<Label> {
    let head: Vec<(usize, char)> = line.char_indices().take(LABEL_CHARS).collect();
    let mut reader = Reader { chars: head.iter().map(|(_, c)| folded(*c)).collect(), at: 0 };
    let parsers: [fn(&mut Reader) -> Option<NumberFound>; 7] = [
        parts::unit,
        numbers::bracketed,
        numbers::sign,
        numbers::decimal,
        numbers::chinese,
        parts::annex,
        parts::word,
    ];
    let found = parsers
        .into_iter()
        .chain([numbers::latin as fn(&mut Reader) -> Option<NumberFound>])
        .find_map(|parser| {
            reader.at = 0;
            parser(&mut reader)
        })?;
    let byte = |at: usize| {
        head.get(at)
            .map_or_else(|| head.last().map_or(0, |(start, c)| start + c.len_utf8()), |(start, _)| *start)
    };
    let separation = match reader.peek() {
        None => Separation::End,
        Some(_) if reader.is_apart() => Separation::Marked,
        Some(_) => Separation::None,
    };
    let is_bare = |reading: &Reading| match reading.form {
        Form::Enumerator(script, Close::Bare) => script != Script::Circled,
        _ => false,
    };
    let has_blank = reader.peek() == Some(' ') || (is_cell && separation == Separation::End);
    if found.readings.iter().any(is_bare) && !has_blank {
        return None;
    }
    Some(Label {
        end: byte(reader.at),
        readings: found.readings,
        through: found.through,
        separation,
        number: byte(found.number.start)..byte(found.number.end),
        after: byte(found.after.start)..byte(found.after.end),
    })
}

impl Label {
    /// As it is printed.
    pub fn printed<'l>(&self, line: &'l str) -> &'l str {
        line.get(..self.end).unwrap_or_default()
    }

    /// What follows it.
    pub fn rest<'l>(&self, line: &'l str) -> &'l str {
        line.get(self.end..).unwrap_or_default()
    }

    /// The label that it would be with another last number.
    pub fn printed_as(&self, line: &str, reading: &Reading, value: u16) -> String {
        let number = line.get(self.number.clone()).unwrap_or_default();
        let is_wide = number.chars().any(|c| folded(c) != c);
        let script = match reading.form {
            Form::Enumerator(script, _) => script,
            _ => script_of(number),
        };
        let mut printed = numerals::print(script, value);
        if is_wide {
            printed = printed
                .chars()
                .map(|c| char::from_u32(u32::from(c) + 0xfee0).filter(|_| c.is_ascii_graphic()).unwrap_or(c))
                .collect();
        }
        // `Section 1.02` is followed by `Section 1.03`.
        if number.starts_with('0') && printed.len() == 1 {
            printed.insert(0, '0');
        }
        let before = line.get(..self.number.start).unwrap_or_default();
        let after = line.get(self.after.clone()).unwrap_or_default();
        format!("{before}{printed}{after}")
    }
}

fn script_of(number: &str) -> Script {
    let chars: Vec<char> = number.chars().map(folded).collect();
    match chars.first() {
        Some(c) if numerals::is_chinese_numeral(*c) => Script::Chinese,
        Some(c) if c.is_ascii_alphabetic() => {
            let readings = numerals::latin(&chars);
            readings.last().map_or(Script::Upper, |numeral| numeral.script)
        }
        _ => Script::Arabic,
    }
}
