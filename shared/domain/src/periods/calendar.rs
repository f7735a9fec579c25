//! Which days are rest days: weekends, as the State Council's yearly notices rearrange them.
//!
//! The notices are data (`holidays.json`), one entry per year with its source, so that anyone can check
//! a computed date against the published text and next year's schedule is an edit of one file. A schedule
//! that contradicts itself is refused when it is read: a wrong rest day would silently move deadlines.
//! A year without a notice is not guessed at: its weekends are rest days, and
//! [`Calendar::is_published`] says that this is all that is known.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a day is a rest day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestReason {
    /// A Saturday or Sunday on which nobody makes up for a holiday.
    Weekend,
    /// A day of a holiday's schedule, be it the festival itself or a day exchanged for it.
    Holiday {
        /// The holiday in Chinese, as the notice calls it.
        name_zh: String,
        /// The holiday in English.
        name_en: String,
    },
}

impl RestReason {
    /// Its name in Chinese.
    #[must_use]
    pub fn chinese(&self) -> &str {
        match self {
            Self::Weekend => "周末",
            Self::Holiday { name_zh, .. } => name_zh,
        }
    }
}

impl std::fmt::Display for RestReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Weekend => f.write_str("weekend"),
            Self::Holiday { name_en, .. } => f.write_str(name_en),
        }
    }
}

/// What sort of day a date is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayKind {
    /// A weekday that no holiday claims.
    Working,
    /// A weekend day that is worked in exchange for a holiday.
    MakeUp,
    /// A day off.
    Rest(RestReason),
}

/// The notice that a year's schedule comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Its title.
    pub title: String,
    /// Its document number.
    pub number: String,
    /// The date that it bears.
    #[schemars(with = "String")]
    pub date: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Schedule {
    year: i16,
    notice: Notice,
    holidays: Vec<Holiday>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    name_zh: String,
    name_en: String,
    from: Date,
    to: Date,
    make_up: Vec<Date>,
}

/// Why a file of schedules was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Not the JSON that is expected.
    #[error("malformed: {0}")]
    Malformed(String),
    /// Two schedules for one year.
    #[error("{0} has two schedules")]
    YearTwice(i16),
    /// A holiday that ends before it begins.
    #[error("{name} ends before it begins")]
    Backwards {
        /// The holiday.
        name: String,
    },
    /// A date outside the schedule's year.
    #[error("{date} does not belong to the schedule of {year}")]
    OtherYear {
        /// The schedule's year.
        year: i16,
        /// The date.
        date: Date,
    },
    /// A date that is claimed twice.
    #[error("{0} is listed twice")]
    DateTwice(Date),
    /// A make-up working day on a day that is worked anyway.
    #[error("{0} is a weekday and cannot be a make-up working day")]
    MakeUpOnWeekday(Date),
}

/// The rest days of the years whose schedules are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    notices: BTreeMap<i16, Notice>,
    /// Only the days on which a notice says something; the weekday decides all others.
    days: BTreeMap<Date, DayKind>,
}

impl Calendar {
    /// The schedules that this build carries.
    #[must_use]
    pub fn published() -> &'static Self {
        static PUBLISHED: LazyLock<Calendar> = LazyLock::new(|| {
            Calendar::from_json(include_str!("holidays.json")).expect("part of the build, read by every test")
        });
        &PUBLISHED
    }

    /// Reads schedules in the form of `holidays.json`.
    ///
    /// # Errors
    /// See [`CalendarError`].
    pub fn from_json(json: &str) -> Result<Self, CalendarError> {
        let schedules: Vec<Schedule> =
            serde_json::from_str(json).map_err(|error| CalendarError::Malformed(error.to_string()))?;
        let mut calendar = Self { notices: BTreeMap::new(), days: BTreeMap::new() };
        for Schedule { year, notice, holidays } in schedules {
            if calendar.notices.insert(year, notice).is_some() {
                return Err(CalendarError::YearTwice(year));
            }
            for holiday in holidays {
                calendar.add(year, holiday)?;
            }
        }
        Ok(calendar)
    }

    fn add(&mut self, year: i16, holiday: Holiday) -> Result<(), CalendarError> {
        let Holiday { name_zh, name_en, from, to, make_up } = holiday;
        if to < from {
            return Err(CalendarError::Backwards { name: name_en });
        }
        // Checked before the days between are walked, so that no file can make the walk a long one.
        for date in [from, to].into_iter().chain(make_up.iter().copied()) {
            // A notice may reach into the December before its year: 2022-12-31 was part of New Year 2023.
            let december_before = date.month() == 12 && i32::from(date.year()) + 1 == i32::from(year);
            if date.year() != year && !december_before {
                return Err(CalendarError::OtherYear { year, date });
            }
        }
        let rest = DayKind::Rest(RestReason::Holiday { name_zh, name_en });
        for date in from.series(jiff::Span::new().days(1)).take_while(|date| *date <= to) {
            self.set(date, rest.clone())?;
        }
        for date in make_up {
            if !is_weekend(date) {
                return Err(CalendarError::MakeUpOnWeekday(date));
            }
            self.set(date, DayKind::MakeUp)?;
        }
        Ok(())
    }

    fn set(&mut self, date: Date, kind: DayKind) -> Result<(), CalendarError> {
        match self.days.insert(date, kind) {
            None => Ok(()),
            Some(_) => Err(CalendarError::DateTwice(date)),
        }
    }

    /// What sort of day this is, as far as is known.
    #[must_use]
    pub fn day_kind(&self, date: Date) -> DayKind {
        match self.days.get(&date) {
            Some(kind) => kind.clone(),
            None if is_weekend(date) => DayKind::Rest(RestReason::Weekend),
            None => DayKind::Working,
        }
    }

    /// Whether it is worked on this day, as far as is known.
    #[must_use]
    pub fn is_working_day(&self, date: Date) -> bool {
        !matches!(self.day_kind(date), DayKind::Rest(_))
    }

    /// The notice that this year's schedule comes from, if there is one.
    #[must_use]
    pub fn notice(&self, year: i16) -> Option<&Notice> {
        self.notices.get(&year)
    }

    /// Whether this year's schedule is known.
    #[must_use]
    pub fn is_published(&self, year: i16) -> bool {
        self.notices.contains_key(&year)
    }
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn one_holiday(from: &str, to: &str, make_up: &str) -> Result<Calendar, CalendarError> {
        Calendar::from_json(&format!(
            r#"[{{"year": 2023, "notice": {{"title": "t", "number": "n", "date": "2022-12-08"}}, "holidays": [
                {{"name_zh": "元旦", "name_en": "New Year", "from": "{from}", "to": "{to}", "make_up": [{make_up}]}}
            ]}}]"#
        ))
    }

    /// The law fixes how many festival days are not worked (eleven until 2024, thirteen since), and what a
    /// notice exchanges cancels out: a mistyped schedule changes the sum.
    #[test]
    fn every_published_year_has_the_working_days_that_the_law_leaves() {
        let calendar = Calendar::published();
        for (year, working_days) in [(2024, 251), (2025, 248), (2026, 248)] {
            let days =
                date(year, 1, 1).series(jiff::Span::new().days(1)).take_while(|day| day.year() == year);
            assert_eq!(days.filter(|day| calendar.is_working_day(*day)).count(), working_days, "{year}");
            assert!(calendar.notice(year).unwrap().title.contains(&year.to_string()));
        }
    }

    #[test]
    fn a_day_is_what_the_notice_makes_it() {
        let kind = |year, month, day| Calendar::published().day_kind(date(year, month, day));
        let holiday = |name_zh: &str, name_en: &str| {
            DayKind::Rest(RestReason::Holiday { name_zh: name_zh.into(), name_en: name_en.into() })
        };
        assert_eq!(kind(2024, 10, 5), holiday("国庆节", "National Day"));
        assert_eq!(kind(2025, 10, 8), holiday("国庆节、中秋节", "National Day and Mid-Autumn Festival"));
        assert_eq!(kind(2025, 10, 9), DayKind::Working);
        assert_eq!(kind(2026, 2, 28), DayKind::MakeUp);
        assert_eq!(kind(2026, 3, 1), DayKind::Rest(RestReason::Weekend));
    }

    #[test]
    fn a_year_without_a_notice_has_weekends_only() {
        let calendar = Calendar::published();
        assert!(!calendar.is_published(2028));
        assert!(calendar.is_working_day(date(2028, 10, 2)));
        assert_eq!(calendar.day_kind(date(2028, 10, 1)), DayKind::Rest(RestReason::Weekend));
    }

    #[test]
    fn a_notice_may_reach_into_the_december_before_its_year() {
        let calendar = one_holiday("2022-12-30", "2023-01-02", r#""2023-01-07""#).unwrap();
        assert!(!calendar.is_working_day(date(2022, 12, 30)));
        assert_eq!(calendar.day_kind(date(2023, 1, 7)), DayKind::MakeUp);
        assert!(!calendar.is_published(2022));
    }

    #[test]
    fn a_schedule_that_contradicts_itself_is_refused() {
        use CalendarError::{Backwards, DateTwice, MakeUpOnWeekday, Malformed, OtherYear, YearTwice};
        let cases = [
            (one_holiday("2023-01-02", "2023-01-01", ""), Backwards { name: "New Year".into() }),
            (one_holiday("2023-01-01", "9999-12-31", ""), OtherYear { year: 2023, date: date(9999, 12, 31) }),
            (one_holiday("2023-01-01", "2023-01-02", r#""2023-01-01""#), DateTwice(date(2023, 1, 1))),
            (one_holiday("2023-01-01", "2023-01-02", r#""2023-01-04""#), MakeUpOnWeekday(date(2023, 1, 4))),
        ];
        for (refused, why) in cases {
            assert_eq!(refused, Err(why));
        }
        let year = r#"{"year": 2023, "notice": {"title": "t", "number": "n", "date": "2022-12-08"}, "holidays": []}"#;
        assert_eq!(Calendar::from_json(&format!("[{year}, {year}]")), Err(YearTwice(2023)));
        assert!(matches!(Calendar::from_json("{}"), Err(Malformed(_))));
        assert!(matches!(one_holiday("2023-01-01", "2023-02-30", ""), Err(Malformed(_))));
    }
}
