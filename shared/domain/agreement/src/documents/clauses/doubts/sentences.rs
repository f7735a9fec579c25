//! Lines whose number is part of a sentence: the line before goes on, or what follows speaks of the number.

use super::reason::Reason;
use crate::documents::clauses::labels::{Close, Form, Label, Reading, Separation};
use crate::documents::clauses::lines::Line;
use crate::documents::clauses::numerals::{self, Script};

/// English words that no line ends with unless it goes on.
const OPEN_WORDS: [&str; 62] = [
    "a", "about", "above", "after", "an", "and", "annex", "any", "are", "article", "as", "at", "be",
    "before", "below", "between", "by", "chapter", "clause", "each", "every", "except", "exceed", "for",
    "from", "has", "have", "if", "in", "into", "is", "its", "keeps", "least", "may", "most", "must", "no",
    "not", "of", "on", "or", "over", "part", "per", "schedule", "section", "shall", "subject", "than",
    "that", "the", "this", "to", "under", "until", "was", "when", "where", "which", "with", "within",
];

/// Chinese endings of lines that go on.
const OPEN_ENDINGS: [&str; 38] = [
    "第", "见", "按", "按照", "依照", "参照", "依据", "根据", "适用", "和", "及", "与", "或", "以及", "为",
    "于", "在", "至", "由", "向", "从", "自", "对", "将", "把", "被", "以", "等", "的", "是", "有", "超过",
    "少于", "多于", "低于", "高于", "所列", "不",
];

/// Words after a label that speak of it as of another place.
const CONTINUED: [&str; 30] = [
    "和", "及", "与", "或", "至", "的", "之", "所", "项", "款", "条", "章", "节", "目", "规定", "办理",
    "执行", "列明", "第", "中规", "以上", "以下", "以外", "除外", "约定", "号", "并", "同", "等", "属",
];

/// Whether a line is unfinished, so that the next one goes on with its sentence.
pub(super) fn is_unfinished(line: &Line, label: Option<&Label>, is_after_blank: bool) -> bool {
    if line.heading > 0 || line.is_row || line.is_blank() {
        return false;
    }
    let said = label.map_or(line.plain.as_str(), |label| label.rest(&line.plain)).trim();
    let said = said.trim_end_matches(['）', ')', '】', '》', '」', '』', '”', '’', '"', '*']);
    if said.is_empty()
        || said.ends_with(['。', '．', '.', '!', '！', '?', '？', ';', '；', ':', '：', '…', '—'])
    {
        return false;
    }
    // The last but one of a list: `…, and`.
    if [", and", "; and", ", or", "; or", "；和", "；或", "，和", "，或", "；以及", "；并且"]
        .iter()
        .any(|end| said.ends_with(end))
    {
        return false;
    }
    let last_word = said.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let is_open = OPEN_WORDS.contains(&last_word.to_ascii_lowercase().as_str())
        || OPEN_ENDINGS.iter().any(|end| said.ends_with(end));
    let is_broken =
        said.contains(['，', '。', '；', '：', ',', ';']) || said.contains(". ") || said.contains("; ");
    let is_long = said.chars().count() > 40 || said.split_whitespace().count() > 8;
    // A short line after a blank one is a title.
    is_open || is_broken || is_long || (label.is_none() && !is_after_blank)
}

/// Whether the words after a label go on with a sentence that speaks of it.
pub(super) fn is_continued(rest: &str, words: &str, is_arabic: bool) -> bool {
    if words.starts_with([',', '、', '。', ';', ')', '”', '》']) {
        return true;
    }
    if ["and ", "or ", "of ", "to ", "applies", "above", "below"].iter().any(|word| {
        words.strip_prefix(word).is_some_and(|after| {
            !word.ends_with(' ')
                || after.starts_with(['(', '§'])
                || after.starts_with(|c: char| c.is_ascii_digit())
        })
    }) {
        return true;
    }
    let is_joined = !rest.starts_with(' ');
    let continued = CONTINUED.iter().any(|word| rest.starts_with(word));
    // In `2.1规定` the words may well be the clause's own.
    let is_own = is_arabic
        && !["的", "和", "及", "与", "或", "至", "所", "款", "条", "项", "章", "节"]
            .iter()
            .any(|word| rest.starts_with(word));
    is_joined && continued && !is_own
}

/// Numbers that belong together: `三、四线城市`, `1、2章`, `4. 5 m`, `2.1-2.3`. What the line then is, where it is told.
pub(super) fn joined(label: &Label, reading: &Reading, words: &str) -> Option<Option<Reason>> {
    let chars: Vec<char> = words.chars().take(8).collect();
    let next = reading.last().value + 1;
    match reading.form {
        Form::Enumerator(Script::Chinese, Close::Comma) if label.separation == Separation::None => {
            let neighbour = numerals::chinese(&chars)?;
            (neighbour.value == next).then_some(Some(Reason::OrdinaryWords))
        }
        Form::Enumerator(Script::Arabic, Close::Comma) if label.separation == Separation::None => {
            let neighbour = numerals::arabic(&chars)?;
            let of = chars.get(neighbour.length).copied();
            let reason = of.filter(|c| "章条款项节".contains(*c)).map(|_| Reason::CrossReference);
            (neighbour.value == next).then_some(reason)
        }
        Form::Enumerator(Script::Arabic, Close::Dot) => {
            words.starts_with(|c: char| c.is_ascii_digit()).then_some(Some(Reason::Quantity))
        }
        Form::Decimal if label.through.is_none() => {
            let is_range = words.starts_with(['-', '~', '/', '–', '至', '到'])
                && words.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
            is_range.then_some(Some(Reason::Quantity))
        }
        Form::Unit(_) if chars.first() == Some(&'(') => {
            // `第二条（三）规定`
            let is_counted = numerals::chinese(&chars[1..]).or_else(|| numerals::arabic(&chars[1..]));
            is_counted.map(|_| Some(Reason::CrossReference))
        }
        _ => None,
    }
}

/// `A. Sample, the first clerk`
pub(super) fn is_initial(reading: &Reading, words: &str) -> bool {
    let is_letter = matches!(reading.form, Form::Enumerator(Script::Upper | Script::RomanUpper, Close::Dot));
    let word = words.find(|c: char| !c.is_ascii_alphabetic()).map_or(words, |end| &words[..end]);
    is_letter
        && word.len() > 1
        && words[word.len()..].starts_with(',')
        && word.starts_with(|c: char| c.is_ascii_uppercase())
}
