//! Dates and days as the parties read them, in the market's zone.
//!
//! A period ends with a day (Civil Code 201), so an instant at midnight is 24:00 of the day before. What begins at
//! midnight begins with a day, and is told by that one.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::party::Language;
use crate::periods;

/// A day: `2026年12月27日`, `27 December 2026`.
pub(super) fn day(date: Date, language: Language) -> String {
    let form = match language {
        Language::Chinese => "%Y年%-m月%-d日",
        Language::English => "%-d %B %Y",
    };
    date.strftime(form).to_string()
}

/// The day that it is at an instant.
pub(super) fn day_of(at: Timestamp, language: Language) -> String {
    day(periods::local_date(at), language)
}

/// An instant, to the minute: `2026年12月27日14:37`, `24:00 on 27 December 2026`.
pub(super) fn instant(at: Timestamp, language: Language) -> String {
    let local = periods::ZONE.to_datetime(at);
    let time = local.time();
    let is_midnight = (time.hour(), time.minute(), time.second()) == (0, 0, 0);
    if is_midnight {
        let before = at.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(at);
        let day = day_of(before, language);
        return match language {
            Language::Chinese => format!("{day}24时"),
            Language::English => format!("24:00 on {day}"),
        };
    }
    // Within the first minute of a day the seconds tell that it is not midnight.
    let form = if (time.hour(), time.minute()) == (0, 0) { "%H:%M:%S" } else { "%H:%M" };
    let (day, time) = (day(local.date(), language), local.strftime(form));
    match language {
        Language::Chinese => format!("{day}{time}"),
        Language::English => format!("{time} on {day}"),
    }
}

/// An instant at which something begins, to the minute: `2062年1月1日零时`, `the beginning of 1 January 2062`.
pub(super) fn beginning(at: Timestamp, language: Language) -> String {
    let time = periods::ZONE.to_datetime(at).time();
    if (time.hour(), time.minute(), time.second()) != (0, 0, 0) {
        return instant(at, language);
    }
    let day = day_of(at, language);
    match language {
        Language::Chinese => format!("{day}零时"),
        Language::English => format!("the beginning of {day}"),
    }
}

/// So many days ahead of today: `7日后`, `in 7 days`; none is today.
pub(super) fn ahead(days: u32, language: Language) -> String {
    match (language, days) {
        (Language::Chinese, 0) => "今日".to_owned(),
        (Language::English, 0) => "today".to_owned(),
        (Language::Chinese, _) => format!("{days}日后"),
        (Language::English, 1) => "in 1 day".to_owned(),
        (Language::English, _) => format!("in {days} days"),
    }
}

/// So many days since: `距今7日`, `7 days ago`; none is today.
pub(super) fn since(days: u32, language: Language) -> String {
    match (language, days) {
        (Language::Chinese, 0) => "今日".to_owned(),
        (Language::English, 0) => "today".to_owned(),
        (Language::Chinese, _) => format!("距今{days}日"),
        (Language::English, 1) => "1 day ago".to_owned(),
        (Language::English, _) => format!("{days} days ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_is_the_end_of_a_day_and_never_the_beginning_of_one() {
        for (at, chinese, english) in [
            ("2026-12-27T16:00:00Z", "2026年12月27日24时", "24:00 on 27 December 2026"),
            ("2026-12-27T16:00:01Z", "2026年12月28日00:00:01", "00:00:01 on 28 December 2026"),
            ("2026-12-27T06:37:59Z", "2026年12月27日14:37", "14:37 on 27 December 2026"),
            ("2026-01-01T04:05:00Z", "2026年1月1日12:05", "12:05 on 1 January 2026"),
        ] {
            let at = at.parse().unwrap();
            assert_eq!(instant(at, Language::Chinese), chinese);
            assert_eq!(instant(at, Language::English), english);
        }
    }

    #[test]
    fn no_day_is_today_and_one_day_is_no_days() {
        let all = [0, 1, 7].map(|days| {
            [Language::Chinese, Language::English]
                .map(|l| [ahead(days, l), since(days, l)])
                .concat()
                .join(" ")
        });
        assert_eq!(
            all,
            [
                "今日 今日 today today",
                "1日后 距今1日 in 1 day 1 day ago",
                "7日后 距今7日 in 7 days 7 days ago"
            ]
        );
    }
}
