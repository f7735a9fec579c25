//! The days that the law itself gives to everyone (全国年节及纪念日放假办法, articles 2 and 6), whatever the year's
//! notice makes of the days around them.
//!
//! A year whose notice is still to come is not a year without holidays: its statutory days are rest days, and one
//! that falls on a weekend is made up on the following working days. What a notice adds (bridges, and the weekends
//! that are worked for them) is not guessed.

use std::collections::BTreeMap;

use icu_calendar::Date as LunarDate;
use icu_calendar::cal::Iso;
use icu_calendar::types::Month;
use jiff::civil::{Date, date};

use super::days::{RestReason, is_weekend};

/// A holiday by its names, as the notices call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Festival {
    pub(super) name_zh: &'static str,
    pub(super) name_en: &'static str,
}

const NEW_YEAR: Festival = Festival { name_zh: "元旦", name_en: "New Year's Day" };
const SPRING: Festival = Festival { name_zh: "春节", name_en: "Spring Festival" };
const QINGMING: Festival = Festival { name_zh: "清明节", name_en: "Qingming Festival" };
const LABOUR: Festival = Festival { name_zh: "劳动节", name_en: "Labour Day" };
const DRAGON_BOAT: Festival = Festival { name_zh: "端午节", name_en: "Dragon Boat Festival" };
const MID_AUTUMN: Festival = Festival { name_zh: "中秋节", name_en: "Mid-Autumn Festival" };
const NATIONAL: Festival = Festival { name_zh: "国庆节", name_en: "National Day" };

/// The statutory days of a year by the text in force then: of 1999 (also for the years before it), 2007, 2013 and
/// 2024. In order; a date on which two festivals meet comes twice.
pub(super) fn statutory_days(year: i16) -> Vec<(Date, Festival)> {
    let spring = lunar(year, 1, 1);
    let (before, after): (&[i64], &[i64]) = match year {
        ..=2007 => (&[], &[0, 1, 2]),
        2008..=2013 => (&[1], &[0, 1]),
        2014..=2024 => (&[], &[0, 1, 2]),
        2025.. => (&[1], &[0, 1, 2]),
    };
    let labour: &[i8] = match year {
        ..=2007 => &[1, 2, 3],
        2008..=2024 => &[1],
        2025.. => &[1, 2],
    };
    let mut days = vec![(date(year, 1, 1), NEW_YEAR)];
    let of_spring = before.iter().map(|n| -n).chain(after.iter().copied());
    days.extend(spring.into_iter().flat_map(|first| {
        of_spring.clone().map(move |n| (first.saturating_add(jiff::Span::new().days(n)), SPRING))
    }));
    days.extend(labour.iter().map(|day| (date(year, 5, *day), LABOUR)));
    days.extend([1, 2, 3].map(|day| (date(year, 10, day), NATIONAL)));
    if year >= 2008 {
        days.push((date(year, 4, qingming(year)), QINGMING));
        days.extend(lunar(year, 5, 5).map(|day| (day, DRAGON_BOAT)));
        days.extend(lunar(year, 8, 15).map(|day| (day, MID_AUTUMN)));
    }
    days.sort_by_key(|(day, _)| *day);
    days
}

/// The rest days of a year that has no schedule, besides its weekends: the statutory days, and for those that a weekend
/// or another festival takes away, the working days that follow.
pub(super) fn rest_days(year: i16) -> BTreeMap<Date, RestReason> {
    let mut named: BTreeMap<Date, Vec<Festival>> = BTreeMap::new();
    let mut lost = Vec::new();
    for (day, festival) in statutory_days(year) {
        let festivals = named.entry(day).or_default();
        // The Mid-Autumn Festivals of 2009 and 2020 met National Day and were given a day of their own.
        if is_weekend(day) || !festivals.is_empty() {
            lost.push((day, festival));
        }
        festivals.push(festival);
    }
    let mut rest: BTreeMap<Date, RestReason> = named
        .into_iter()
        .map(|(day, festivals)| {
            let zh: Vec<_> = festivals.iter().map(|festival| festival.name_zh).collect();
            let en: Vec<_> = festivals.iter().map(|festival| festival.name_en).collect();
            (day, RestReason::Holiday { name_zh: zh.join("、"), name_en: en.join(" and ") })
        })
        .collect();
    for (lost_on, Festival { name_zh, name_en }) in lost {
        let mut following = lost_on.series(jiff::Span::new().days(1)).skip(1);
        if let Some(day) = following.find(|day| !is_weekend(*day) && !rest.contains_key(day)) {
            let reason = RestReason::Holiday {
                name_zh: format!("{name_zh}补假"),
                name_en: format!("day in lieu of {name_en}"),
            };
            rest.insert(day, reason);
        }
    }
    rest
}

/// A date of the traditional calendar in the year that begins in this one; none beyond the years that it knows.
fn lunar(year: i16, month: u8, day: u8) -> Option<Date> {
    let traditional = LunarDate::try_new_chinese_traditional(i32::from(year), Month::new(month), day).ok()?;
    let common = traditional.to_calendar(Iso);
    let year = i16::try_from(common.year().extended_year()).ok()?;
    let month = i8::try_from(common.month().number()).ok()?;
    let day = i8::try_from(common.day_of_month().0).ok()?;
    Date::new(year, month, day).ok()
}

/// The day of April on which the sun reaches 15 degrees, in the zone: exact for 2000 to 2099 (a test has all of them),
/// and off by a day at most in the centuries beside it. No library that we use has solar terms.
fn qingming(year: i16) -> i8 {
    let of_century = i32::from(year.rem_euclid(100));
    // The year is 365.2422 days long; 4.81 is where the century begins.
    let day = (of_century * 2422 + 48_100) / 10_000 - of_century / 4;
    i8::try_from(day).unwrap_or(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days_of(year: i16, festival: Festival) -> Vec<String> {
        let days = statutory_days(year).into_iter().filter(|(_, named)| *named == festival);
        days.map(|(day, _)| day.strftime("%m-%d").to_string()).collect()
    }

    #[test]
    fn every_text_of_the_law_gives_its_own_days() {
        assert_eq!(days_of(2007, SPRING), ["02-18", "02-19", "02-20"]);
        assert_eq!(days_of(2008, SPRING), ["02-06", "02-07", "02-08"]);
        assert_eq!(days_of(2014, SPRING), ["01-31", "02-01", "02-02"]);
        assert_eq!(days_of(2025, SPRING), ["01-28", "01-29", "01-30", "01-31"]);
        assert_eq!(days_of(2007, LABOUR), ["05-01", "05-02", "05-03"]);
        assert_eq!(days_of(2024, LABOUR), ["05-01"]);
        assert_eq!(days_of(2025, LABOUR), ["05-01", "05-02"]);
        for (year, count) in [(2004, 10), (2008, 11), (2014, 11), (2025, 13), (2027, 13)] {
            assert_eq!(statutory_days(year).len(), count, "{year}");
        }
    }

    /// The days of a year's festivals, as `month-day`.
    struct Festivals {
        year: i16,
        spring: &'static str,
        dragon_boat: &'static str,
        mid_autumn: &'static str,
    }

    /// From the almanacs of the Purple Mountain and the Hong Kong observatory.
    #[test]
    fn festivals_of_the_traditional_calendar_are_where_the_almanacs_have_them() {
        for Festivals { year, spring, dragon_boat, mid_autumn } in [
            Festivals { year: 2027, spring: "02-06", dragon_boat: "06-09", mid_autumn: "09-15" },
            Festivals { year: 2028, spring: "01-26", dragon_boat: "05-28", mid_autumn: "10-03" },
            Festivals { year: 2029, spring: "02-13", dragon_boat: "06-16", mid_autumn: "09-22" },
            Festivals { year: 2030, spring: "02-03", dragon_boat: "06-05", mid_autumn: "09-12" },
            Festivals { year: 2033, spring: "01-31", dragon_boat: "06-01", mid_autumn: "09-08" },
            Festivals { year: 2034, spring: "02-19", dragon_boat: "06-20", mid_autumn: "09-27" },
        ] {
            assert_eq!(days_of(year, SPRING)[1], spring, "{year}");
            assert_eq!(days_of(year, DRAGON_BOAT), [dragon_boat], "{year}");
            assert_eq!(days_of(year, MID_AUTUMN), [mid_autumn], "{year}");
        }
    }

    /// The day of April in every year of the century, from an ephemeris.
    #[test]
    fn qingming_is_where_the_sun_has_it() {
        let days = "4555455544554455445544554455445544554455444544454445444544454445444544454444444444444444444444444444";
        assert_eq!(days.len(), 100);
        let reckoned: String = (2000..2100).map(|year| qingming(year).to_string()).collect();
        assert_eq!(reckoned, days);
    }

    #[test]
    fn a_statutory_day_on_a_weekend_is_made_up_on_the_following_working_days() {
        let rest = |year| -> Vec<String> {
            let days = rest_days(year).into_iter();
            days.map(|(day, reason)| format!("{} {reason}", day.strftime("%m-%d %a"))).collect()
        };
        let of_2027 = rest(2027);
        let spring = [
            "02-05 Fri Spring Festival",
            "02-06 Sat Spring Festival",
            "02-07 Sun Spring Festival",
            "02-08 Mon Spring Festival",
            "02-09 Tue day in lieu of Spring Festival",
            "02-10 Wed day in lieu of Spring Festival",
        ];
        assert_eq!(of_2027[1..7], spring);
        assert_eq!(
            of_2027[8..12],
            [
                "05-01 Sat Labour Day",
                "05-02 Sun Labour Day",
                "05-03 Mon day in lieu of Labour Day",
                "05-04 Tue day in lieu of Labour Day",
            ]
        );
    }

    #[test]
    fn festivals_that_meet_have_a_day_each() {
        let rest: Vec<String> = rest_days(2028)
            .range(date(2028, 10, 1)..)
            .map(|(day, reason)| format!("{} {}", day.strftime("%m-%d"), reason.chinese()))
            .collect();
        let october =
            ["10-01 国庆节", "10-02 国庆节", "10-03 国庆节、中秋节", "10-04 国庆节补假", "10-05 中秋节补假"];
        assert_eq!(rest, october);
    }

    #[test]
    fn years_at_the_ends_of_time_have_days_too() {
        for year in [-9999, 1, 1999, 2100, 9999] {
            assert!(rest_days(year).contains_key(&date(year, 1, 1)), "{year}");
        }
    }
}
