//! Parts that are called by what they are: `第五条之一`, `附件一`, `Section 1.02(b)(ii)`.

use super::forms::{Form, Reading, Step, Unit, Word};
use super::numbers::{MAX_LEVELS, NumberFound, decimal_path, inside_brackets};
use super::scan::Reader;
use crate::documents::clauses::numerals::{self, Numeral, Script};

const WORDS: [(&str, Word); 11] = [
    ("volume", Word::Volume),
    ("book", Word::Volume),
    ("title", Word::Title),
    ("part", Word::Part),
    ("chapter", Word::Chapter),
    ("article", Word::Article),
    ("section", Word::Section),
    ("clause", Word::Clause),
    ("paragraph", Word::Paragraph),
    ("rule", Word::Rule),
    ("§", Word::Section),
];

/// What is put after the body and numbers its own clauses.
pub(super) const ANNEXES: [&str; 17] = [
    "annexure",
    "annex",
    "appendix",
    "schedule",
    "exhibit",
    "attachment",
    "addendum",
    "附件",
    "附录",
    "附錄",
    "附表",
    "附図",
    "别紙",
    "別紙",
    "別表",
    "別添",
    "付録",
];

/// `第五条`, `第５条の２`, `第九条至第十条`.
pub(super) fn unit(reader: &mut Reader) -> Option<NumberFound> {
    if !reader.takes('第') {
        return None;
    }
    reader.skip_blanks();
    let start = reader.at;
    let numeral = reader.either()?;
    let number = start..reader.at;
    let mut through = None;
    if reader.takes_range() {
        reader.takes('第');
        through = Some(reader.either()?.value);
    }
    reader.skip_blanks();
    let unit_start = reader.at;
    let unit = take_unit(reader)?;
    let after = unit_start..reader.at;
    let mut branch = 0;
    let end = reader.at;
    if reader.takes_any("之の") {
        match reader.either() {
            Some(numeral) => branch = numeral.value,
            None => reader.at = end,
        }
    }
    let end = reader.at;
    if through.is_none() && (reader.takes_range() || reader.takes_pair()) {
        through = reader.takes('第').then(|| reader.either()).flatten().map(|numeral| numeral.value);
        // `第九条至第十条的规定` speaks of them.
        if take_unit(reader) != Some(unit) || !reader.is_apart() {
            through = None;
        }
        if through.is_none() {
            reader.at = end;
        }
    }
    let path = vec![Step { value: numeral.value, branch }];
    let through = through.filter(|last| *last > numeral.value);
    Some(NumberFound { readings: vec![Reading { form: Form::Unit(unit), path }], through, number, after })
}

fn take_unit(reader: &mut Reader) -> Option<Unit> {
    if reader.takes_word("部分") {
        return Some(Unit::Volume);
    }
    let unit = match reader.peek()? {
        '编' | '編' | '篇' | '部' => Unit::Volume,
        '章' => Unit::Chapter,
        '节' | '節' => Unit::Section,
        '条' | '條' => Unit::Article,
        '款' => Unit::Paragraph,
        '项' | '項' => Unit::Item,
        '目' => Unit::Point,
        _ => return None,
    };
    reader.at += 1;
    Some(unit)
}

/// `附件一`, `Annex A`.
pub(super) fn annex(reader: &mut Reader) -> Option<NumberFound> {
    let kind = ANNEXES.into_iter().position(|word| takes_title(reader, word))?;
    let is_word = ANNEXES[kind].is_ascii();
    if is_word && reader.peek() != Some(' ') {
        return None;
    }
    reader.skip_blanks();
    let start = reader.at;
    let numerals = match reader.either() {
        Some(numeral) => vec![numeral],
        None => {
            reader.at = start;
            let numerals = numerals::latin(reader.rest());
            let is_upper = |numeral: &Numeral| matches!(numeral.script, Script::Upper | Script::RomanUpper);
            let first = *numerals.first().filter(|numeral| is_upper(numeral))?;
            reader.at += first.length;
            numerals
        }
    };
    let end = reader.at;
    if is_word && reader.peek().is_some_and(char::is_alphanumeric) {
        return None;
    }
    if reader.peek() == Some('.') && reader.after(1).is_none_or(|c| c == ' ') {
        reader.at += 1;
    }
    let reading =
        |numeral: Numeral| Reading { form: Form::Annex(kind), path: vec![Step::plain(numeral.value)] };
    Some(NumberFound {
        readings: numerals.into_iter().map(reading).collect(),
        through: None,
        number: start..end,
        after: end..reader.at,
    })
}

/// Takes a word that is written as a title is: with a capital, or all in capitals.
fn takes_title(reader: &mut Reader, word: &str) -> bool {
    let is_lower = reader.peek().is_some_and(|c| c.is_ascii_lowercase());
    !is_lower && reader.takes_word(word)
}

/// `Article 1`, `Section 1.02(b)(ii)`, `§ 3`.
pub(super) fn word(reader: &mut Reader) -> Option<NumberFound> {
    let (name, word) = WORDS.into_iter().find(|(name, _)| takes_title(reader, name))?;
    let is_plural = reader.takes('s') || reader.takes('S');
    let is_sign = name == "§";
    if !is_sign && reader.peek() != Some(' ') {
        return None;
    }
    reader.skip_blanks();
    let start = reader.at;
    let form = Form::Word(word);
    let (roots, mut number) = match decimal_path(reader) {
        Some((mut path, number)) => {
            if let Some(last) = path.last_mut() {
                last.branch = reader.letter_branch();
            }
            (vec![path], number)
        }
        None => {
            reader.at = start;
            let numerals = numerals::latin(reader.rest());
            let is_upper = |numeral: &Numeral| matches!(numeral.script, Script::Upper | Script::RomanUpper);
            reader.at += numerals.first().filter(|numeral| is_upper(numeral))?.length;
            // A Roman number before a letter: `Part I`.
            let paths = numerals.iter().rev().map(|numeral| vec![Step::plain(numeral.value)]).collect();
            (paths, start..reader.at)
        }
    };
    let mut through = None;
    let end = reader.at;
    if is_plural && reader.takes_range() {
        through = reader.arabic().filter(|_| !reader.peek().is_some_and(char::is_alphanumeric));
        if through.is_none() {
            reader.at = end;
        }
    }
    let mut paths = roots;
    let mut after = reader.at..reader.at;
    while reader.peek() == Some('(') {
        let before = reader.at;
        reader.at += 1;
        let Some(values) = inside_brackets(reader) else {
            reader.at = before;
            break;
        };
        number = before + 1..reader.at - 1;
        after = reader.at - 1..reader.at;
        let longer = |path: &Vec<Step>| {
            let of = path.clone();
            values
                .iter()
                .map(move |(_, value)| [of.as_slice(), &[Step::plain(*value)]].concat())
                .collect::<Vec<_>>()
        };
        paths = paths.iter().flat_map(longer).take(8).collect();
    }
    if reader.peek().is_some_and(|c| c.is_ascii_alphanumeric())
        || paths.iter().any(|path| path.len() > MAX_LEVELS)
    {
        return None;
    }
    if reader.peek() == Some('.') && reader.after(1).is_none_or(|c| c == ' ') {
        reader.at += 1;
        after.end = reader.at;
    }
    let readings = paths.into_iter().map(|path| Reading { form, path }).collect();
    Some(NumberFound { readings, through, number, after })
}
