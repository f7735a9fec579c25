//! What speaks against a label: a line can begin with a number and be an amount, a date, or the end of a sentence.
//!
//! Each sign that a line is not a clause counts. None is certain by itself but a unit of measure; the outline
//! weighs them against the place that the number would have ([`super::placement`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::labels::{Close, Form, Label, Reading, Separation, fold};
use super::lines::Line;
use super::numerals::{self, Script};

/// What a line is that begins like a clause and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A sum of money.
    Amount,
    /// A length of time.
    Period,
    /// A part of a hundred.
    Percentage,
    /// A date or a time of day.
    DateOrTime,
    /// Another quantity, or a plain number.
    Quantity,
    /// The version of a program.
    VersionNumber,
    /// A clause that the text speaks of.
    CrossReference,
    /// A line of a table of contents.
    ContentsTable,
    /// An item of a list inside a clause, numbered as the clauses around it are.
    ListItem,
    /// A cell of a table.
    TableData,
    /// Words that begin with a number.
    OrdinaryWords,
    /// Initials.
    PersonsName,
    /// A character that looks like another one.
    Misprint,
    /// A number that cannot follow those before it.
    OutOfSequence,
}

/// That a line is not a clause.
pub(super) const CERTAIN: u8 = 2;

/// What speaks against a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Doubts {
    /// How many signs; [`CERTAIN`] and more settle it.
    pub weight: u8,
    /// What the line then is, where a sign says so.
    pub reason: Option<Reason>,
}

impl Doubts {
    fn add(&mut self, weight: u8, reason: Option<Reason>) {
        self.weight = self.weight.saturating_add(weight);
        self.reason = self.reason.or(reason);
    }
}

/// Units that need no more to be seen as such.
const PLAIN_UNITS: [(&str, Reason); 38] = [
    ("吨", Reason::Quantity),
    ("亿元", Reason::Amount),
    ("万元", Reason::Amount),
    ("千元", Reason::Amount),
    ("百元", Reason::Amount),
    ("美元", Reason::Amount),
    ("港元", Reason::Amount),
    ("欧元", Reason::Amount),
    ("日元", Reason::Amount),
    ("円", Reason::Amount),
    ("个工作日", Reason::Period),
    ("个自然日", Reason::Period),
    ("个日历日", Reason::Period),
    ("个交易日", Reason::Period),
    ("个月", Reason::Period),
    ("个小时", Reason::Period),
    ("个星期", Reason::Period),
    ("个季度", Reason::Period),
    ("个年度", Reason::Period),
    ("時間", Reason::Period),
    ("日間", Reason::Period),
    ("週間", Reason::Period),
    ("年間", Reason::Period),
    ("月份", Reason::Period),
    ("个百分点", Reason::Percentage),
    ("%", Reason::Percentage),
    ("‰", Reason::Percentage),
    ("平方", Reason::Quantity),
    ("立方", Reason::Quantity),
    ("公里", Reason::Quantity),
    ("千米", Reason::Quantity),
    ("厘米", Reason::Quantity),
    ("毫米", Reason::Quantity),
    ("公斤", Reason::Quantity),
    ("千克", Reason::Quantity),
    ("毫升", Reason::Quantity),
    ("か月", Reason::Quantity),
    ("人份", Reason::Quantity),
];

/// Units that are also words' beginnings (`天` of `天气`): they are units before what follows a unit.
const UNITS: [(&str, Reason); 48] = [
    ("工作日", Reason::Period),
    ("自然日", Reason::Period),
    ("小时", Reason::Period),
    ("分钟", Reason::Period),
    ("秒", Reason::Period),
    ("天", Reason::Period),
    ("日", Reason::Period),
    ("月", Reason::Period),
    ("年", Reason::Period),
    ("周", Reason::Period),
    ("星期", Reason::Period),
    ("季度", Reason::Period),
    ("元", Reason::Amount),
    ("角", Reason::Amount),
    ("亿", Reason::Amount),
    ("万", Reason::Amount),
    ("千", Reason::Amount),
    ("百", Reason::Amount),
    ("折", Reason::Amount),
    ("成", Reason::Percentage),
    ("版", Reason::VersionNumber),
    ("倍", Reason::Quantity),
    ("斤", Reason::Quantity),
    ("克", Reason::Quantity),
    ("米", Reason::Quantity),
    ("升", Reason::Quantity),
    ("度", Reason::Quantity),
    ("岁", Reason::Quantity),
    ("个", Reason::Quantity),
    ("名", Reason::Quantity),
    ("位", Reason::Quantity),
    ("人", Reason::Quantity),
    ("次", Reason::Quantity),
    ("辆", Reason::Quantity),
    ("台", Reason::Quantity),
    ("套", Reason::Quantity),
    ("件", Reason::Quantity),
    ("份", Reason::Quantity),
    ("张", Reason::Quantity),
    ("块", Reason::Quantity),
    ("只", Reason::Quantity),
    ("家", Reason::Quantity),
    ("户", Reason::Quantity),
    ("座", Reason::Quantity),
    ("间", Reason::Quantity),
    ("层", Reason::Quantity),
    ("种", Reason::Quantity),
    ("笔", Reason::Quantity),
];

/// What can follow a unit.
const AFTER_UNITS: &str = "以之内外前后上下的,(。、;.:）)起至到未及和或与不底初末左右高长宽重中计即仍 ";

/// What follows nothing but a unit.
const AFTER_UNITS_ONLY: [&str; 11] =
    ["以上", "以下", "以内", "以外", "之内", "以前", "以后", "之前", "之后", "左右", "不到"];

/// What follows a number in English.
const ENGLISH: [(&str, Reason); 54] = [
    ("second", Reason::Period),
    ("seconds", Reason::Period),
    ("minute", Reason::Period),
    ("minutes", Reason::Period),
    ("hour", Reason::Period),
    ("hours", Reason::Period),
    ("day", Reason::Period),
    ("days", Reason::Period),
    ("night", Reason::Period),
    ("nights", Reason::Period),
    ("week", Reason::Period),
    ("weeks", Reason::Period),
    ("month", Reason::Period),
    ("months", Reason::Period),
    ("quarter", Reason::Period),
    ("quarters", Reason::Period),
    ("year", Reason::Period),
    ("years", Reason::Period),
    ("business", Reason::Period),
    ("working", Reason::Period),
    ("calendar", Reason::Period),
    ("am", Reason::DateOrTime),
    ("pm", Reason::DateOrTime),
    ("percent", Reason::Percentage),
    ("hundred", Reason::Quantity),
    ("thousand", Reason::Quantity),
    ("million", Reason::Quantity),
    ("billion", Reason::Quantity),
    ("dozen", Reason::Quantity),
    ("times", Reason::Quantity),
    ("people", Reason::Quantity),
    ("m", Reason::Quantity),
    ("cm", Reason::Quantity),
    ("mm", Reason::Quantity),
    ("km", Reason::Quantity),
    ("g", Reason::Quantity),
    ("kg", Reason::Quantity),
    ("metres", Reason::Quantity),
    ("meters", Reason::Quantity),
    ("miles", Reason::Quantity),
    ("feet", Reason::Quantity),
    ("inches", Reason::Quantity),
    ("litres", Reason::Quantity),
    ("liters", Reason::Quantity),
    ("tons", Reason::Quantity),
    ("tonnes", Reason::Quantity),
    ("kilos", Reason::Quantity),
    ("yuan", Reason::Amount),
    ("dollars", Reason::Amount),
    ("euros", Reason::Amount),
    ("pounds", Reason::Amount),
    ("cents", Reason::Amount),
    ("coins", Reason::Amount),
    ("pence", Reason::Amount),
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

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

/// The headings of first columns that hold labels.
const LABEL_COLUMNS: [&str; 18] = [
    "", "no", "no.", "nr", "nr.", "#", "number", "clause", "section", "article", "item", "序号", "编号",
    "条款", "条目", "条", "条号", "項番",
];

/// What a line is that begins with a quantity, and whether that is certain.
pub(super) fn measured(line: &str) -> Option<(Reason, bool)> {
    let folded = fold(line);
    let length = folded.find(|c: char| !(c.is_ascii_digit() || ".,/:".contains(c))).unwrap_or(folded.len());
    let number = folded[..length].trim_end_matches(['.', ',', ':']);
    let rest = &folded[number.len()..];
    if number.is_empty() {
        return None;
    }
    let groups: Vec<&str> = number.split(['.', '/', ':']).collect();
    if number == "24/7"
        || number.contains(':')
        || groups.iter().any(|group| group.len() == 4) && groups.len() > 1
    {
        return Some((Reason::DateOrTime, true));
    }
    let is_year = number.len() == 4 && number.parse().is_ok_and(|year: u16| (1900..2200).contains(&year));
    if is_year && !rest.starts_with(|c: char| "元万".contains(c)) {
        return Some((Reason::DateOrTime, true));
    }
    // `1、2章`, `7、8月份`: neighbours, not a label.
    if let Some(second) = rest.strip_prefix('、') {
        let end = second.find(|c: char| !c.is_ascii_digit()).unwrap_or(second.len());
        return unit(&second[end..]).filter(|_| is_next(number, &second[..end]));
    }
    if rest.starts_with('.') {
        return None;
    }
    // `12 June`; but `2.1 March fees` is a clause.
    let is_day = |month: &&str| rest.trim_start().starts_with(*month) && groups.len() == 1;
    if rest.starts_with(' ') && MONTHS.iter().any(is_day) {
        return Some((Reason::DateOrTime, true));
    }
    unit(rest)
}

fn is_next(number: &str, other: &str) -> bool {
    let parsed = |text: &str| text.parse::<u32>().ok();
    parsed(number).zip(parsed(other)).is_some_and(|(number, other)| other == number + 1)
}

/// The unit that a text begins with, and whether it can be nothing else.
fn unit(rest: &str) -> Option<(Reason, bool)> {
    let trimmed = rest.trim_start();
    if let Some((_, reason)) = PLAIN_UNITS.iter().find(|(unit, _)| trimmed.starts_with(unit)) {
        return Some((*reason, true));
    }
    let after_unit = |(unit, reason): &(&str, Reason)| {
        let after = trimmed.strip_prefix(unit)?;
        let is_unit = after.chars().next().is_none_or(|c| AFTER_UNITS.contains(c));
        is_unit.then(|| (*reason, AFTER_UNITS_ONLY.iter().any(|certain| after.starts_with(certain))))
    };
    if let Some(found) = UNITS.iter().find_map(after_unit) {
        return Some(found);
    }
    english(trimmed, trimmed.len() < rest.len()).map(|reason| (reason, true))
}

fn english(trimmed: &str, has_blank: bool) -> Option<Reason> {
    let word = &trimmed[..trimmed.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(trimmed.len())];
    let after = &trimmed[word.len()..];
    match word {
        "st" | "nd" | "rd" | "th" => (!has_blank).then_some(Reason::DateOrTime),
        "o" => after.starts_with(['\'', '’']).then_some(Reason::DateOrTime),
        "a" | "p" => after.starts_with(".m").then_some(Reason::DateOrTime),
        "per" => after.trim_start().starts_with("cent").then_some(Reason::Percentage),
        _ => ENGLISH.iter().find(|(unit, _)| has_blank && *unit == word).map(|(_, reason)| *reason),
    }
}

/// What a line is that begins like a label and has none; nothing where it begins with words.
pub(super) fn number_like(line: &Line) -> Option<Reason> {
    let mut chars = line.plain.chars();
    let first = chars.next()?;
    let folded = fold(&line.plain.chars().take(8).collect::<String>());
    let is_counted = |text: &str| {
        let chars: Vec<char> = text.trim_start().chars().collect();
        numerals::chinese(&chars).is_some() || chars.first().is_some_and(char::is_ascii_digit)
    };
    let reason = match first {
        '笫' | '弟' if is_counted(&folded[first.len_utf8()..]) => Reason::Misprint,
        '第' if is_counted(&folded[first.len_utf8()..]) => Reason::OrdinaryWords,
        _ if folded.starts_with(|c: char| c.is_ascii_digit()) => {
            measured(&line.plain).map_or(Reason::Quantity, |(reason, _)| reason)
        }
        _ if numerals::is_chinese_numeral(first) => Reason::OrdinaryWords,
        _ => return None,
    };
    Some(if line.is_row { Reason::TableData } else { reason })
}

/// Whether a line is unfinished, so that the next one goes on with its sentence.
fn is_unfinished(line: &Line, label: Option<&Label>, is_after_blank: bool) -> bool {
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

/// How a line stands among its neighbours.
pub(super) struct Setting<'l> {
    pub line: &'l Line,
    /// The line before, if no blank one lies between.
    pub before: Option<(&'l Line, Option<&'l Label>)>,
    /// Whether a blank line lies before that one.
    pub is_before_after_blank: bool,
    /// Whether any label stands above.
    pub is_first: bool,
    /// Whether it is a row of a table whose first column holds something else than labels.
    pub is_data: bool,
}

/// What speaks against a label where it stands.
pub(super) fn doubts(setting: &Setting<'_>, label: &Label, reading: &Reading) -> Doubts {
    let mut doubts = Doubts::default();
    let line = setting.line;
    if line.is_row {
        if setting.is_data {
            doubts.add(CERTAIN, Some(Reason::TableData));
        } else if line.next_cell().chars().all(|c| c.is_ascii_digit() || ".,%元 ".contains(c)) {
            doubts.add(1, Some(Reason::TableData));
        }
        return doubts;
    }
    let is_arabic = matches!(reading.form, Form::Decimal | Form::Enumerator(Script::Arabic, _));
    let is_bracketed = matches!(reading.form, Form::Enumerator(_, Close::Brackets));
    let is_bare = matches!(reading.form, Form::Enumerator(Script::Arabic, Close::Bare));
    let rest = fold(&label.rest(&line.plain).chars().take(48).collect::<String>());
    let words = rest.trim_start();
    if is_arabic
        && !is_bracketed
        && let Some((reason, is_certain)) = measured(&line.plain)
    {
        let is_pair = matches!(reading.form, Form::Enumerator(_, Close::Comma));
        doubts.add(if (is_certain || is_bare) && !is_pair { CERTAIN } else { 1 }, Some(reason));
    }
    if line.heading > 0 {
        return doubts;
    }
    if is_continued(&rest, words, is_arabic) {
        doubts.add(1, None);
    }
    if let Some(reason) = joined(label, reading, words) {
        doubts.add(1, reason);
    }
    let is_lower = words.starts_with(|c: char| c.is_ascii_lowercase());
    let is_spoken = matches!(reading.form, Form::Decimal | Form::Word(_) | Form::Annex(_)) || is_bare;
    if is_lower && is_spoken {
        doubts.add(1, None);
    }
    if is_initial(reading, words) {
        doubts.add(1, Some(Reason::PersonsName));
    }
    if matches!(reading.form, Form::Annex(_)) {
        doubts.add(u8::from(label.separation == Separation::None), None);
        // A title of its own line follows the text before it; a sentence about the annex is part of it.
        let is_title = label.separation == Separation::Marked && !words.ends_with(['.', '。', ';', ',']);
        doubts.add(u8::from(setting.before.is_some() && !line.is_item && !is_title), None);
    }
    let is_wrapped = setting.before.is_some_and(|(before, label)| {
        let is_title = label.is_none() && setting.is_first;
        !is_title && is_unfinished(before, label, setting.is_before_after_blank)
    });
    if is_wrapped && !line.is_item {
        let by_reference = setting.before.is_some_and(|(before, _)| before.plain.ends_with('第'));
        doubts.add(1, by_reference.then_some(Reason::CrossReference));
    }
    doubts
}

/// Whether the words after a label go on with a sentence that speaks of it.
fn is_continued(rest: &str, words: &str, is_arabic: bool) -> bool {
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
fn joined(label: &Label, reading: &Reading, words: &str) -> Option<Option<Reason>> {
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
fn is_initial(reading: &Reading, words: &str) -> bool {
    let is_letter = matches!(reading.form, Form::Enumerator(Script::Upper | Script::RomanUpper, Close::Dot));
    let word = words.find(|c: char| !c.is_ascii_alphabetic()).map_or(words, |end| &words[..end]);
    is_letter
        && word.len() > 1
        && words[word.len()..].starts_with(',')
        && word.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Whether the first row of a table says that its first column holds labels.
pub(super) fn is_label_column(header: &Line) -> bool {
    let name = header.first_cell().trim().to_ascii_lowercase();
    LABEL_COLUMNS.contains(&name.as_str())
}
