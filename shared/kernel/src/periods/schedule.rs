//! A year's holiday schedule: what a notice of the State Council says about rest days and the weekends that are worked
//! for them.
//!
//! A wrong rest day silently moves deadlines, so a schedule that contradicts itself or the law is refused, be it part of
//! the build or published by an operator.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use serde::Deserialize;

use super::days::{DayKind, RestReason, is_weekend};
use super::statutory::statutory_days;
use crate::text::Line;

/// The first day of December that the next year's notice can move. From 2004 to 2026 none reached further back than
/// the 29th (2007 and 2018).
const LATE_DECEMBER: i8 = 29;
/// The most days that notices gave beyond the law in a year were two, in 2020; what gives more than this is a mistake.
const MAX_BEYOND_THE_LAW: usize = 5;

/// The most holidays of a schedule, notices that changed it, and days worked for one holiday.
pub const MAX_HOLIDAYS: usize = 16;
/// See [`MAX_HOLIDAYS`].
pub const MAX_CHANGES: usize = 8;
/// See [`MAX_HOLIDAYS`].
pub const MAX_MAKE_UP: usize = 8;

/// The notice that a schedule comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolidayNotice {
    /// Its title.
    pub title: Line,
    /// Its document number.
    pub number: Line,
    /// The date that it bears.
    pub date: Date,
    /// Where it can be read.
    #[serde(default)]
    pub url: Option<Line>,
}

/// One holiday of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// Its name in Chinese, as the notice calls it.
    pub name_zh: Line,
    /// Its name in English.
    pub name_en: Line,
    /// Its first day off.
    pub from: Date,
    /// Its last day off.
    pub to: Date,
    /// Weekend days that are worked in exchange.
    pub make_up: Vec<Date>,
}

/// The holiday schedule of a year.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The year. A schedule may reach into the last days of the December before it.
    pub year: i16,
    /// The notice that it comes from.
    pub notice: HolidayNotice,
    /// Notices that changed it afterwards, as in 2015, 2019 and 2020.
    #[serde(default)]
    pub changed_by: Vec<HolidayNotice>,
    /// Its holidays.
    pub holidays: Vec<Holiday>,
}

/// Why a schedule was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// A holiday that ends before it begins.
    #[error("{name} ends before it begins")]
    Backwards {
        /// The holiday.
        name: Line,
    },
    /// A date that is neither in the schedule's year nor in the last three days before it.
    #[error("{date} does not belong to the schedule of {year}")]
    OtherYear {
        /// The schedule's year.
        year: i16,
        /// The date.
        date: Date,
    },
    /// A notice that was not issued in the year or in the one before it.
    #[error("a notice of {date} does not arrange the holidays of {year}")]
    OtherNotice {
        /// The schedule's year.
        year: i16,
        /// The date that the notice bears.
        date: Date,
    },
    /// A date that is claimed twice.
    #[error("{0} is listed twice")]
    DateTwice(Date),
    /// A make-up working day on a day that is worked anyway.
    #[error("{0} is a weekday and cannot be a make-up working day")]
    MakeUpOnWeekday(Date),
    /// A day that the law gives to everyone is not off.
    #[error("{0} is a statutory day and in no holiday")]
    StatutoryDayMissing(Date),
    /// Days off and days worked for them do not come out as the law says.
    #[error("its holidays give {given} days off, where the law gives {lawful}")]
    Unbalanced {
        /// Weekdays off, less weekend days worked.
        given: i64,
        /// The statutory days of the year.
        lawful: usize,
    },
}

/// Whether the next year's notice can still make a rest day or a working day of this one.
pub(super) fn is_late_december(date: Date) -> bool {
    date.month() == 12 && date.day() >= LATE_DECEMBER
}

impl Schedule {
    /// Whether it agrees with itself and with the law.
    ///
    /// # Errors
    /// See [`ScheduleError`].
    pub fn check(&self) -> Result<(), ScheduleError> {
        for notice in self.changed_by.iter().chain([&self.notice]) {
            let issued = i32::from(notice.date.year());
            if ![i32::from(self.year) - 1, i32::from(self.year)].contains(&issued) {
                return Err(ScheduleError::OtherNotice { year: self.year, date: notice.date });
            }
        }
        let mut days = BTreeMap::new();
        let mut given = 0;
        for holiday in &self.holidays {
            self.check_holiday(holiday)?;
            for (day, kind) in days_of(holiday) {
                match kind {
                    DayKind::MakeUp => given -= 1,
                    _ => given += i64::from(!is_weekend(day)),
                }
                if days.insert(day, kind).is_some() {
                    return Err(ScheduleError::DateTwice(day));
                }
            }
        }
        let statutory = statutory_days(self.year);
        let missing = statutory.iter().find(|(day, _)| !matches!(days.get(day), Some(DayKind::Rest(_))));
        if let Some((day, _)) = missing {
            return Err(ScheduleError::StatutoryDayMissing(*day));
        }
        let lawful = statutory.len();
        match usize::try_from(given) {
            Ok(given) if (lawful..=lawful + MAX_BEYOND_THE_LAW).contains(&given) => Ok(()),
            _ => Err(ScheduleError::Unbalanced { given, lawful }),
        }
    }

    /// Its days by themselves, before anything walks from the first to the last.
    fn check_holiday(&self, holiday: &Holiday) -> Result<(), ScheduleError> {
        let Holiday { name_en, from, to, make_up, .. } = holiday;
        if to < from {
            return Err(ScheduleError::Backwards { name: name_en.clone() });
        }
        for date in [from, to].into_iter().chain(make_up).copied() {
            let before = is_late_december(date) && i32::from(date.year()) + 1 == i32::from(self.year);
            if date.year() != self.year && !before {
                return Err(ScheduleError::OtherYear { year: self.year, date });
            }
        }
        match make_up.iter().find(|day| !is_weekend(**day)) {
            Some(day) => Err(ScheduleError::MakeUpOnWeekday(*day)),
            None => Ok(()),
        }
    }

    /// The days on which it says something. It was checked when it was taken in.
    pub(super) fn days(&self) -> impl Iterator<Item = (Date, DayKind)> {
        self.holidays.iter().flat_map(days_of)
    }
}

/// A holiday's days off, and the days that are worked for it.
fn days_of(holiday: &Holiday) -> impl Iterator<Item = (Date, DayKind)> {
    let Holiday { name_zh, name_en, from, to, make_up } = holiday;
    let rest = RestReason::Holiday { name_zh: name_zh.to_string(), name_en: name_en.to_string() };
    let off = from.series(Span::new().days(1)).take_while(|day| day <= to);
    let off = off.map(move |day| (day, DayKind::Rest(rest.clone())));
    off.chain(make_up.iter().map(|day| (*day, DayKind::MakeUp)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::calendar::Calendar;
    use super::*;

    fn line(text: &str) -> Line {
        text.try_into().unwrap()
    }

    /// The schedule of 2023, with another New Year's Day.
    fn with_new_year(from: &str, to: &str, make_up: &[&str]) -> Schedule {
        let mut schedule = Calendar::built_in(2023).unwrap();
        let day = |text: &str| text.parse().unwrap();
        schedule.holidays[0] = Holiday {
            name_zh: line("元旦"),
            name_en: line("New Year's Day"),
            from: day(from),
            to: day(to),
            make_up: make_up.iter().map(|text| day(text)).collect(),
        };
        schedule
    }

    #[test]
    fn a_schedule_may_reach_into_the_last_days_of_the_december_before_it() {
        let schedule = with_new_year("2022-12-30", "2023-01-02", &["2023-01-07"]);
        assert_eq!(schedule.check(), Ok(()));
        let days: BTreeMap<_, _> = schedule.days().collect();
        assert!(matches!(days[&date(2022, 12, 30)], DayKind::Rest(_)));
        assert_eq!(days[&date(2023, 1, 7)], DayKind::MakeUp);
    }

    /// A schedule in which the New Year's holiday is another, and why it cannot be.
    struct Refused<'a> {
        from: &'a str,
        to: &'a str,
        make_up: &'a [&'a str],
        why: ScheduleError,
    }

    #[test]
    fn a_schedule_that_contradicts_itself_or_the_law_is_refused() {
        use ScheduleError::{
            Backwards, DateTwice, MakeUpOnWeekday, OtherNotice, OtherYear, StatutoryDayMissing, Unbalanced,
        };
        let other = |year, month, day| OtherYear { year: 2023, date: date(year, month, day) };
        let new_year = line("New Year's Day");
        for Refused { from, to, make_up, why } in [
            Refused { from: "2023-01-02", to: "2023-01-01", make_up: &[], why: Backwards { name: new_year } },
            Refused { from: "2023-01-01", to: "9999-12-31", make_up: &[], why: other(9999, 12, 31) },
            Refused { from: "2022-12-28", to: "2023-01-02", make_up: &[], why: other(2022, 12, 28) },
            Refused {
                from: "2023-01-01",
                to: "2023-01-02",
                make_up: &["2024-01-06"],
                why: other(2024, 1, 6),
            },
            Refused {
                from: "2023-01-01",
                to: "2023-01-02",
                make_up: &["2023-01-01"],
                why: DateTwice(date(2023, 1, 1)),
            },
            Refused {
                from: "2023-01-01",
                to: "2023-01-02",
                make_up: &["2023-01-07", "2023-01-07"],
                why: DateTwice(date(2023, 1, 7)),
            },
            Refused { from: "2023-01-01", to: "2023-01-22", make_up: &[], why: DateTwice(date(2023, 1, 21)) },
            Refused {
                from: "2023-01-01",
                to: "2023-01-02",
                make_up: &["2023-01-04"],
                why: MakeUpOnWeekday(date(2023, 1, 4)),
            },
            Refused {
                from: "2023-01-02",
                to: "2023-01-02",
                make_up: &[],
                why: StatutoryDayMissing(date(2023, 1, 1)),
            },
            // The Sunday's day in lieu is missing, or is worked for.
            Refused {
                from: "2023-01-01",
                to: "2023-01-01",
                make_up: &[],
                why: Unbalanced { given: 10, lawful: 11 },
            },
            Refused {
                from: "2023-01-01",
                to: "2023-01-02",
                make_up: &["2023-01-07"],
                why: Unbalanced { given: 10, lawful: 11 },
            },
            Refused {
                from: "2023-01-01",
                to: "2023-01-11",
                make_up: &[],
                why: Unbalanced { given: 18, lawful: 11 },
            },
        ] {
            let refused = with_new_year(from, to, make_up).check();
            assert_eq!(refused, Err(why), "{from} {to} {make_up:?}");
        }
        let mut schedule = Calendar::built_in(2023).unwrap();
        schedule.notice.date = date(2021, 12, 8);
        assert_eq!(schedule.check(), Err(OtherNotice { year: 2023, date: date(2021, 12, 8) }));
    }
}
