//! Numbers by themselves, and what closes them: `4.`, `4.4.5`, `（一）`, `③`, `一、`, `iv.`.

use std::ops::Range;

use super::forms::{Close, Form, Reading, Step};
use super::scan::Reader;
use crate::documents::clauses::numerals::{self, Numeral, Script};

/// How many levels a label has at most.
pub(super) const MAX_LEVELS: usize = 6;

/// What was read of a label, in characters.
pub(super) struct NumberFound {
    pub readings: Vec<Reading>,
    pub through: Option<u16>,
    pub number: Range<usize>,
    pub after: Range<usize>,
}

impl NumberFound {
    pub(super) fn one(form: Form, step: Step, number: Range<usize>, end: usize) -> Self {
        let readings = vec![Reading { form, path: vec![step] }];
        let after = number.end..end;
        Self { readings, through: None, number, after }
    }
}

/// `（一）`, `(1)`, `(a)`.
pub(super) fn bracketed(reader: &mut Reader) -> Option<NumberFound> {
    if !reader.takes('(') {
        return None;
    }
    let start = reader.at;
    let inside = inside_brackets(reader)?;
    let end = reader.at;
    let number = start..end - 1;
    let readings = inside
        .into_iter()
        .map(|(script, value)| Reading {
            form: Form::Enumerator(script, Close::Brackets),
            path: vec![Step::plain(value)],
        })
        .collect();
    Some(NumberFound { readings, through: None, after: number.end..end, number })
}

/// What is numbered between brackets, of which the first was taken.
pub(super) fn inside_brackets(reader: &mut Reader) -> Option<Vec<(Script, u16)>> {
    let rest = reader.rest();
    let numerals = match numerals::arabic(rest).or_else(|| numerals::chinese(rest)) {
        Some(numeral) => vec![numeral],
        None => numerals::latin(rest),
    };
    let (length, values) = match numerals.first() {
        Some(numeral) => {
            let values = numerals.iter().map(|numeral| (numeral.script, numeral.value)).collect();
            (numeral.length, values)
        }
        None => (1, numerals::single(reader.peek()?)),
    };
    reader.at += length;
    (!values.is_empty() && reader.takes(')')).then_some(values)
}

/// Signs that are a number and its mark in one: `③`, `⑶`, `⒊`, `㈢`, `Ⅲ`; and kana.
pub(super) fn sign(reader: &mut Reader) -> Option<NumberFound> {
    let c = reader.peek()?;
    let code = u32::from(c);
    let whole = |first: u32, script, close| {
        u16::try_from(code - first + 1).ok().map(|value| (Form::Enumerator(script, close), value))
    };
    let composed = match code {
        0x2474..=0x2487 => whole(0x2474, Script::Arabic, Close::Brackets),
        0x2488..=0x249b => whole(0x2488, Script::Arabic, Close::Dot),
        0x3220..=0x3229 => whole(0x3220, Script::Chinese, Close::Brackets),
        _ => None,
    };
    reader.at += 1;
    if let Some((form, value)) = composed {
        return Some(NumberFound::one(form, Step::plain(value), 0..1, 1));
    }
    let values = numerals::single(c);
    let close =
        if matches!(values.first(), Some((Script::Circled, _))) { Close::Bare } else { close(reader) };
    let form = |script| Form::Enumerator(script, close);
    let readings: Vec<_> = values
        .into_iter()
        .map(|(script, value)| Reading { form: form(script), path: vec![Step::plain(value)] })
        .collect();
    (!readings.is_empty()).then_some(NumberFound {
        readings,
        through: None,
        number: 0..1,
        after: 1..reader.at,
    })
}

fn close(reader: &mut Reader) -> Close {
    if reader.takes('.') {
        Close::Dot
    } else if reader.takes_any("、､") {
        Close::Comma
    } else if reader.takes(')') {
        Close::Bracket
    } else {
        Close::Bare
    }
}

/// `4.`, `4.4.5`, `4.3A`, `4、`, `4`.
pub(super) fn decimal(reader: &mut Reader) -> Option<NumberFound> {
    let (mut path, mut number) = decimal_path(reader)?;
    let end = reader.at;
    let mut through = None;
    if path.len() > 1 && reader.takes_range() {
        let other = decimal_path(reader).map(|(other, _)| other);
        let is_end = reader.is_apart();
        through = other
            .filter(|other| {
                is_end && other.len() == path.len() && other[..other.len() - 1] == path[..path.len() - 1]
            })
            .and_then(|other| other.last().map(|step| step.value));
        if through.is_none() {
            reader.at = end;
        }
    }
    if let Some(last) = path.last_mut() {
        last.branch = reader.letter_branch();
    }
    let close_start = reader.at;
    let close = close(reader);
    let form = if path.len() > 1 { Form::Decimal } else { Form::Enumerator(Script::Arabic, close) };
    // A number and a dot without what follows: `1..` or leaders.
    number.end = number.end.min(close_start);
    Some(NumberFound {
        readings: vec![Reading { form, path }],
        through,
        number,
        after: close_start..reader.at,
    })
}

/// Levels with dots between, and where the last one stands.
pub(super) fn decimal_path(reader: &mut Reader) -> Option<(Vec<Step>, Range<usize>)> {
    let mut start = reader.at;
    let mut path = vec![Step::plain(reader.arabic()?)];
    let mut end = reader.at;
    while reader.peek() == Some('.') && reader.after(1).is_some_and(|c| c.is_ascii_digit()) {
        reader.at += 1;
        start = reader.at;
        path.push(Step::plain(reader.level()?));
        end = reader.at;
    }
    (path.len() <= MAX_LEVELS).then_some((path, start..end))
}

/// `一、`, `一.`, `一` with a blank.
pub(super) fn chinese(reader: &mut Reader) -> Option<NumberFound> {
    let numeral = reader.take(numerals::chinese(reader.rest()))?;
    let end = reader.at;
    let form = Form::Enumerator(Script::Chinese, close(reader));
    Some(NumberFound::one(form, Step::plain(numeral.value), 0..end, reader.at))
}

/// `A.`, `a)`, `iv.`, `A、`: a letter or a Roman number, told apart from words by what follows.
pub(super) fn latin(reader: &mut Reader) -> Option<NumberFound> {
    let numerals = numerals::latin(reader.rest());
    let length = numerals.first()?.length;
    reader.at += length;
    let close = close(reader);
    let is_followed = match (close, reader.peek()) {
        (Close::Bare, _) => false,
        (_, next) => next.is_none_or(|c| !c.is_ascii() || c == ' '),
    };
    let reading = |numeral: Numeral| Reading {
        form: Form::Enumerator(numeral.script, close),
        path: vec![Step::plain(numeral.value)],
    };
    is_followed.then(|| NumberFound {
        readings: numerals.into_iter().map(reading).collect(),
        through: None,
        number: 0..length,
        after: length..reader.at,
    })
}
