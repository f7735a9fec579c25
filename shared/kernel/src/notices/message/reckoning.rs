//! How a period was reckoned, as a sentence of a notice.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::filled;
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

/// The blanks of `envelope/<language>/reckoning.txt`.
struct Reckoned {
    start: Timestamp,
    nominal: Date,
    last_day: Date,
    /// Why its last day was moved, where it was.
    moved_past: Option<String>,
    is_unpublished: bool,
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
    let reckoned = Reckoned {
        start: period.start,
        nominal,
        last_day,
        moved_past: (!reasons.is_empty()).then(|| reasons.join(between)),
        is_unpublished: period.calendar_unpublished,
    };
    match language {
        Language::Chinese => filled!(chinese, Reckoned, "envelope/zh/reckoning.txt", &reckoned),
        Language::English => filled!(english, Reckoned, "envelope/en/reckoning.txt", &reckoned),
    }
}
