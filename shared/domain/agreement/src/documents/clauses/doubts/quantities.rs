//! Lines that begin with a quantity: an amount, a length of time, a date.

use super::reason::Reason;
use crate::documents::clauses::labels::fold;
use crate::documents::clauses::lines::Line;
use crate::documents::clauses::numerals;

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
pub(in crate::documents::clauses) fn number_like(line: &Line) -> Option<Reason> {
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
