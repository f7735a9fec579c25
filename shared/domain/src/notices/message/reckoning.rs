//! How a period was reckoned, as a sentence of a notice.

use super::dates::{day, day_of};
use super::texts::{RECKONING, RECKONING_MOVED, RECKONING_UNPUBLISHED, part};
use crate::party::Language;
use crate::periods::{Length, Trace};

/// How many days, months or hours a period has, without the unit.
pub(super) fn count(period: &Trace) -> String {
    match period.rule {
        Length::Days(n) | Length::CalendarDays(n) | Length::WorkingDays(n) | Length::Months(n) => {
            n.to_string()
        }
        Length::Hours(n) => n.to_string(),
    }
}

/// Which day it began after, which is its last, and what moved it.
pub(super) fn reckoning(period: &Trace, language: Language) -> String {
    let Some((nominal, last_day)) = period.nominal_last_day.zip(period.last_day) else {
        return String::new();
    };
    let between = match language {
        Language::Chinese => "、",
        Language::English => ", ",
    };
    let mut reasons: Vec<String> = period
        .moves
        .iter()
        .map(|passed| match language {
            Language::Chinese => passed.reason.chinese().to_owned(),
            Language::English => passed.reason.to_string(),
        })
        .collect();
    reasons.dedup();
    let moved = if reasons.is_empty() {
        String::new()
    } else {
        let blanks = [("reasons", reasons.join(between)), ("last_day", day(last_day, language))];
        part(RECKONING_MOVED, language, &blanks)
    };
    let unpublished =
        if period.calendar_unpublished { part(RECKONING_UNPUBLISHED, language, &[]) } else { String::new() };
    let blanks = [
        ("start", day_of(period.start, language)),
        ("nominal", day(nominal, language)),
        ("moved", moved),
        ("unpublished", unpublished),
    ];
    part(RECKONING, language, &blanks)
}
