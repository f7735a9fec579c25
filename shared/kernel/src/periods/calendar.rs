//! Which days are rest days: weekends, as the State Council's yearly notices rearrange them.
//!
//! The notices are data (`holidays.json`), one entry per year with its sources, so that anyone can check
//! a computed date against the published text and next year's schedule is an edit of one file.
//! In a year whose notice is still to come the weekends and the statutory days are rest days, and
//! [`Calendar::is_final`] says that this is all that is known. Schedules that were published since the build are laid
//! over it ([`Calendar::with`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::civil::Date;

use super::days::{DayKind, RestReason, is_weekend};
use super::schedule::{Schedule, is_late_december};
use super::statutory;

/// What schedules say.
#[derive(Debug, Clone, Default)]
struct Known {
    years: BTreeSet<i16>,
    /// Only the days on which a notice says something; the weekday decides all others.
    days: BTreeMap<Date, DayKind>,
}

impl Known {
    fn of<'a>(schedules: impl IntoIterator<Item = &'a Schedule>) -> Self {
        let mut known = Self::default();
        for schedule in schedules {
            known.years.insert(schedule.year);
            known.days.extend(schedule.days());
        }
        known
    }
}

/// Read when the first day is looked at: most functions never look at one.
static BUILT_IN: LazyLock<Known> = LazyLock::new(|| Known::of(&read_built_in()));

fn read_built_in() -> Vec<Schedule> {
    serde_json::from_str(include_str!("holidays.json")).expect("part of the build, read by every test")
}

/// The rest days of the years whose schedules are known.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// What was published since the build.
    published: Known,
}

impl Calendar {
    /// The schedules that this build carries.
    #[must_use]
    pub fn published() -> &'static Self {
        static PUBLISHED: Calendar =
            Calendar { published: Known { years: BTreeSet::new(), days: BTreeMap::new() } };
        &PUBLISHED
    }

    /// The schedules that this build carries, and these, of years that it does not.
    #[must_use]
    pub fn with<'a>(schedules: impl IntoIterator<Item = &'a Schedule>) -> Self {
        let own = schedules.into_iter().filter(|schedule| !BUILT_IN.years.contains(&schedule.year));
        Self { published: Known::of(own) }
    }

    /// The schedule of a year as this build carries it, where it does.
    #[must_use]
    pub fn built_in(year: i16) -> Option<Schedule> {
        read_built_in().into_iter().find(|schedule| schedule.year == year)
    }

    /// What sort of day this is, as far as is known.
    #[must_use]
    pub fn day_kind(&self, date: Date) -> DayKind {
        if let Some(kind) = BUILT_IN.days.get(&date).or_else(|| self.published.days.get(&date)) {
            return kind.clone();
        }
        if !self.is_published(date.year())
            && let Some(reason) = statutory::rest_days(date.year()).remove(&date)
        {
            return DayKind::Rest(reason);
        }
        if is_weekend(date) { DayKind::Rest(RestReason::Weekend) } else { DayKind::Working }
    }

    /// Whether it is worked on this day, as far as is known.
    #[must_use]
    pub fn is_working_day(&self, date: Date) -> bool {
        !matches!(self.day_kind(date), DayKind::Rest(_))
    }

    /// Whether this year's schedule is known.
    #[must_use]
    pub fn is_published(&self, year: i16) -> bool {
        BUILT_IN.years.contains(&year) || self.published.years.contains(&year)
    }

    /// The years whose notices can still say something about this day: its own, and at the end of December the next.
    pub(super) fn missing(&self, date: Date) -> impl Iterator<Item = i16> {
        let next = is_late_december(date).then(|| date.year().saturating_add(1));
        [Some(date.year()), next].into_iter().flatten().filter(|year| !self.is_published(*year))
    }

    /// Whether every notice that can say something about this day is known.
    #[must_use]
    pub fn is_final(&self, date: Date) -> bool {
        self.missing(date).next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const YEARS: std::ops::RangeInclusive<i16> = 2004..=2026;

    /// The law fixes how many days each festival gives, and what a notice exchanges cancels out: a mistyped schedule
    /// changes the sum. Two notices gave more, and one gave a festival's day at another.
    #[test]
    fn every_holiday_gives_the_days_that_the_law_gives() {
        let mut years = Vec::new();
        for schedule in read_built_in() {
            let year = schedule.year;
            assert_eq!(schedule.check(), Ok(()), "{year}");
            let statutory = statutory::statutory_days(year);
            for holiday in &schedule.holidays {
                let names: Vec<_> = holiday.name_zh.as_str().split('、').collect();
                let lawful = statutory.iter().filter(|(_, festival)| names.contains(&festival.name_zh));
                let beyond = match (year, holiday.name_zh.as_str()) {
                    // Its Sunday was made up in the week of National Day.
                    (2015, "中秋节") => -1,
                    (2015, "国庆节") => 1,
                    (2015, "中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日") => 1,
                    // Prolonged: a Friday, and a Saturday that was to be worked.
                    (2020, "春节") => 2,
                    _ => 0,
                };
                let of_one = Schedule { holidays: vec![holiday.clone()], ..schedule.clone() };
                let given: i64 = of_one
                    .days()
                    .map(|(day, kind)| match kind {
                        DayKind::MakeUp => -1,
                        _ => i64::from(!is_weekend(day)),
                    })
                    .sum();
                assert_eq!(given, lawful.count() as i64 + beyond, "{year} {}", holiday.name_zh);
            }
            years.push(year);
        }
        assert_eq!(years, YEARS.collect::<Vec<_>>());
    }

    #[test]
    fn every_schedule_names_its_notices() {
        let mut numbers = BTreeSet::new();
        for schedule in read_built_in() {
            let year = schedule.year;
            let title = format!("国务院办公厅关于{year}年部分节假日安排的通知");
            assert_eq!(schedule.notice.title.as_str(), title);
            assert_eq!(schedule.notice.date.year(), year - 1);
            for notice in schedule.changed_by.iter().chain([&schedule.notice]) {
                let issued = notice.date.year();
                assert!(notice.number.as_str().contains(&format!("发明电〔{issued}〕")), "{notice:?}");
                assert!(numbers.insert(notice.number.clone()), "{notice:?}");
                assert!(notice.url.is_some() || year < 2007, "{notice:?}");
            }
        }
    }

    /// Read from the Python package `holidays` (MIT), whose list of swapped days was made from the notices by others.
    #[test]
    fn a_list_made_by_others_has_the_same_days() {
        let theirs: BTreeMap<&str, Vec<&str>> = include_str!("tests/holidays-0.109.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split_once(": ").expect("a list"))
            .map(|(what, days)| (what, days.split(' ').collect()))
            .collect();
        let calendar = Calendar::published();
        let (mut off, mut worked) = (Vec::new(), Vec::new());
        let days = date(*YEARS.start(), 1, 1).series(jiff::Span::new().days(1));
        for day in days.take_while(|day| day.year() <= *YEARS.end()) {
            match (is_weekend(day), calendar.is_working_day(day)) {
                (false, false) => off.push(day.to_string()),
                (true, true) => worked.push(day.to_string()),
                _ => {}
            }
        }
        assert_eq!(off, theirs["weekdays off"]);
        assert_eq!(worked, theirs["weekends worked"]);
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
        // Notices of their own.
        assert!(matches!(kind(2015, 9, 3), DayKind::Rest(_)));
        assert_eq!(kind(2015, 9, 6), DayKind::MakeUp);
        assert_eq!(kind(2019, 5, 2), holiday("劳动节", "Labour Day"));
        assert_eq!(kind(2020, 2, 1), holiday("春节", "Spring Festival"));
        assert_eq!(kind(2020, 2, 3), DayKind::Working);
        // The notice of 2006: 「12月31日（星期六）上班」. Not every list has it.
        assert_eq!(kind(2005, 12, 31), DayKind::MakeUp);
    }

    #[test]
    fn a_year_without_a_notice_has_its_weekends_and_its_statutory_days() {
        let calendar = Calendar::published();
        let kind = |year, month, day| calendar.day_kind(date(year, month, day));
        assert!(!calendar.is_published(2028));
        assert_eq!(
            kind(2028, 10, 2),
            DayKind::Rest(RestReason::Holiday {
                name_zh: "国庆节".to_owned(),
                name_en: "National Day".to_owned()
            })
        );
        assert_eq!(kind(2028, 10, 6), DayKind::Working);
        assert_eq!(kind(2028, 10, 7), DayKind::Rest(RestReason::Weekend));
        assert_eq!(kind(2023, 10, 6), kind(2023, 10, 5), "a notice's days are off though no law gives them");
    }

    #[test]
    fn the_next_years_notice_has_a_say_in_the_last_three_days_of_december() {
        let calendar = Calendar::published();
        assert!(calendar.is_final(date(2026, 12, 28)));
        assert!(!calendar.is_final(date(2026, 12, 29)));
        assert!(calendar.is_final(date(2025, 12, 31)));
        assert!(!calendar.is_final(date(2027, 1, 1)));
        let reach = read_built_in().into_iter().flat_map(|schedule| {
            let days = schedule.days().map(|(day, _)| day);
            days.filter(|day| day.year() < schedule.year).collect::<Vec<_>>()
        });
        assert_eq!(reach.map(Date::day).min(), Some(29));
    }

    #[test]
    fn a_schedule_that_was_published_since_the_build_is_laid_over_it() {
        let (day, built_in) = (date(2026, 1, 2), Calendar::built_in(2026).unwrap());
        let in_a_year = |year, from, to| {
            let mut schedule = Schedule { year, ..built_in.clone() };
            schedule.holidays.truncate(1);
            (schedule.holidays[0].from, schedule.holidays[0].to) = (from, to);
            schedule.holidays[0].make_up = Vec::new();
            schedule
        };
        let calendar = Calendar::with([&in_a_year(2027, date(2026, 12, 31), date(2027, 1, 1))]);
        assert!(!calendar.is_working_day(date(2026, 12, 31)));
        assert!(calendar.is_final(date(2026, 12, 30)) && calendar.is_published(2027));
        assert!(!calendar.is_working_day(date(2027, 1, 1)));
        assert!(calendar.is_working_day(date(2027, 5, 5)), "it says nothing of that");
        let other = Calendar::with([&in_a_year(2026, date(2026, 5, 1), date(2026, 5, 1))]);
        assert!(!other.is_working_day(day), "what the build carries stands");
    }
}
