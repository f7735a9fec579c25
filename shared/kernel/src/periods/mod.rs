//! Periods of time, as the Civil Code reckons them (articles 200 to 204), in the zone Asia/Shanghai.
//!
//! A date that decides about rights must be the one that a court would compute, and must be explainable
//! years later. So [`reckon`] returns not an instant but a [`Trace`]: the start, the rule, the nominal
//! last day, each day that moved it and why, and the result. A period is served in full: its end is an
//! exclusive instant, 24:00 of its last day, and what it protects holds while `now < ends_at`.
//!
//! Where a schedule that can say something about a day that was looked at is not published, the trace says so, and the
//! date is to be reckoned again when the schedule appears.

mod again;
mod calendar;
mod days;
mod recorded;
mod schedule;
mod statutory;

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::{Date, Time};
use jiff::tz::{self, Offset};
use jiff::{SignedDuration, Span, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::again::Again;
pub use self::calendar::Calendar;
pub use self::days::{DayKind, RestReason};
pub use self::schedule::{Holiday, MAX_CHANGES, MAX_HOLIDAYS, MAX_MAKE_UP, Notice, Schedule, ScheduleError};

/// Asia/Shanghai, whose clocks have not been changed since 1991: an offset says it all.
pub const ZONE: Offset = tz::offset(8);

/// The date that it is in the zone.
#[must_use]
pub fn local_date(at: Timestamp) -> Date {
    ZONE.to_datetime(at).date()
}

/// 00:00 of a date. A date before all representable instants begins at the first of them.
#[must_use]
pub fn start_of(date: Date) -> Timestamp {
    midnight(date).unwrap_or(Timestamp::MIN)
}

/// 24:00 of a date, which is 00:00 of the next. The last of all dates ends at the last representable instant.
#[must_use]
pub fn end_of(date: Date) -> Timestamp {
    date.tomorrow().map_or(Timestamp::MAX, start_of)
}

fn midnight(date: Date) -> Result<Timestamp, jiff::Error> {
    ZONE.to_timestamp(date.to_datetime(Time::midnight()))
}

/// An instant for people to read, in the zone.
fn written(at: Timestamp) -> impl fmt::Display {
    at.to_zoned_datetime(ZONE.to_time_zone()).strftime("%Y-%m-%dT%H:%M%:z").to_string()
}

/// How long a period is, and by which rule it runs.
///
/// All but [`Length::Hours`] leave the day of the event out (article 201) and end at 24:00 of their last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Days; a last day that is a rest day gives way to the next working day (article 203).
    Days(u16),
    /// Days that no rest day moves, because the parties agreed so (article 204).
    CalendarDays(u16),
    /// Working days; rest days are not counted at all.
    WorkingDays(u16),
    /// Months: up to the corresponding day, else the month's last day (article 202), moved as days are.
    Months(u16),
    /// Hours from the instant itself, never moved (article 201).
    Hours(u32),
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match *self {
            Self::Days(n) => (u32::from(n), "day"),
            Self::CalendarDays(n) => (u32::from(n), "calendar day"),
            Self::WorkingDays(n) => (u32::from(n), "working day"),
            Self::Months(n) => (u32::from(n), "month"),
            Self::Hours(n) => (n, "hour"),
        };
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "{count} {unit}{plural}")
    }
}

/// A rest day on which the period would have ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The day.
    pub date: Date,
    /// Why it is a rest day.
    pub reason: RestReason,
}

/// How the end of a period was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The event that set the period running.
    pub start: Timestamp,
    /// The rule.
    pub rule: Length,
    /// The last day before rest days are looked at. Hours have none.
    pub nominal_last_day: Option<Date>,
    /// The rest days that moved it, in order.
    pub moves: Vec<Move>,
    /// The last day. Hours have none.
    pub last_day: Option<Date>,
    /// The first instant after the period.
    pub ends_at: Timestamp,
    /// A schedule that can say something about a day that was looked at is not published: its year's, or for the last
    /// days of December the next year's.
    pub calendar_unpublished: bool,
    /// When it was last looked, in vain, whether that schedule was published.
    pub looked_at: Option<Timestamp>,
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start, rule, ends_at, .. } = self;
        if let (Some(nominal), Some(last_day)) = (self.nominal_last_day, self.last_day) {
            write!(f, "{rule} from {} → ", local_date(*start))?;
            if self.moves.is_empty() {
                write!(f, "last day {last_day}")?;
            } else {
                let mut reasons: Vec<_> = self.moves.iter().map(|passed| passed.reason.to_string()).collect();
                reasons.dedup();
                let reasons = reasons.join(", ");
                write!(f, "nominal last day {nominal}, moved past {reasons} to {last_day}")?;
            }
            write!(f, "; ends {}", written(*ends_at))?;
        } else {
            // Hours run from the instant, so every second of it is shown.
            let [start, end] = [start, ends_at].map(|at| at.display_with_offset(ZONE));
            write!(f, "{rule} from {start} → ends {end}")?;
        }
        if self.calendar_unpublished { f.write_str("; calendar unpublished") } else { Ok(()) }
    }
}

impl Trace {
    /// The same line in Chinese, for those who read the agreement in it.
    #[must_use]
    pub fn chinese(&self) -> String {
        let (count, unit) = match self.rule {
            Length::Days(n) | Length::CalendarDays(n) => (u32::from(n), "日"),
            Length::WorkingDays(n) => (u32::from(n), "个工作日"),
            Length::Months(n) => (u32::from(n), "个月"),
            Length::Hours(n) => (n, "小时"),
        };
        let Some((nominal, last_day)) = self.nominal_last_day.zip(self.last_day) else {
            return format!("自{}起{count}{unit}，至{}届满", written(self.start), written(self.ends_at));
        };
        let mut line = format!("{}当日不计，{count}{unit}的最后一日为{nominal}", local_date(self.start));
        if !self.moves.is_empty() {
            let mut reasons: Vec<&str> = self.moves.iter().map(|passed| passed.reason.chinese()).collect();
            reasons.dedup();
            line.push_str(&format!("，适逢{}，顺延至{last_day}", reasons.join("、")));
        }
        line.push_str("，该日24时届满");
        if self.calendar_unpublished {
            line.push_str("（有关年度的节假日安排尚未公布）");
        }
        line
    }
}

/// The period would end after the last date that can be represented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the period ends beyond the representable dates")]
pub struct PeriodError;

impl From<jiff::Error> for PeriodError {
    fn from(_: jiff::Error) -> Self {
        Self
    }
}

/// Finds the end of a period that an event at `start` set running.
///
/// # Errors
/// [`PeriodError`] when the end is too far away to be represented.
pub fn reckon(start: Timestamp, length: Length, calendar: &Calendar) -> Result<Trace, PeriodError> {
    Ok(reckon_on(start, length, calendar)?.0)
}

/// The years whose schedules could change the end of such a period and are not in the calendar.
///
/// # Errors
/// [`PeriodError`] when the end is too far away to be represented.
pub fn missing_years(
    start: Timestamp,
    length: Length,
    calendar: &Calendar,
) -> Result<BTreeSet<i16>, PeriodError> {
    Ok(reckon_on(start, length, calendar)?.1)
}

fn reckon_on(
    start: Timestamp,
    length: Length,
    calendar: &Calendar,
) -> Result<(Trace, BTreeSet<i16>), PeriodError> {
    let mut missing = BTreeSet::new();
    let mut examine = |date: Date| {
        missing.extend(calendar.missing(date));
        calendar.day_kind(date)
    };
    let first = local_date(start);
    let nominal = match length {
        Length::Days(n) | Length::CalendarDays(n) => first.checked_add(Span::new().days(n))?,
        Length::Months(n) => first.checked_add(Span::new().months(n))?,
        Length::WorkingDays(n) => {
            let mut day = first;
            for _ in 0..n {
                day = day.tomorrow()?;
                while let DayKind::Rest(_) = examine(day) {
                    day = day.tomorrow()?;
                }
            }
            day
        }
        Length::Hours(n) => {
            let trace = Trace {
                start,
                rule: length,
                nominal_last_day: None,
                moves: Vec::new(),
                last_day: None,
                ends_at: start.checked_add(SignedDuration::from_hours(i64::from(n)))?,
                calendar_unpublished: false,
                looked_at: None,
            };
            return Ok((trace, missing));
        }
    };
    let mut moves = Vec::new();
    let mut last_day = nominal;
    if !matches!(length, Length::CalendarDays(_)) {
        while let DayKind::Rest(reason) = examine(last_day) {
            moves.push(Move { date: last_day, reason });
            last_day = last_day.tomorrow()?;
        }
    }
    let trace = Trace {
        start,
        rule: length,
        nominal_last_day: Some(nominal),
        moves,
        last_day: Some(last_day),
        ends_at: midnight(last_day.tomorrow()?)?,
        calendar_unpublished: !missing.is_empty(),
        looked_at: None,
    };
    Ok((trace, missing))
}

/// Whether the day of publication counts as a day of publicity (clause 9.4 does not say).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublicityMode {
    /// It does not: full days only, as in article 201.
    #[default]
    Strict,
    /// It does, with a warning. The platform's own amendment of 2024-04-12 needs this.
    Lenient,
}

/// A publicity period that suffices only because the day of publication was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicityWarning {
    /// When the amendment could take effect if only full days counted.
    pub strict_earliest: Timestamp,
}

impl fmt::Display for PublicityWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let earliest = written(self.strict_earliest);
        write!(f, "the day of publication was counted; with full days only, the earliest is {earliest}")
    }
}

/// An amendment that would take effect before its publicity period has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the publicity period is too short; the earliest is {}", written(*.earliest))]
pub struct TooShort {
    /// When it can take effect.
    pub earliest: Timestamp,
}

/// The earliest instant at which an amendment can take effect (clause 9.4): after 7 days of publicity, 15 when
/// it is a major one. A default of this market, in calendar days: the public reads on rest days too.
#[must_use]
pub fn amendment_publicity(published_at: Timestamp, major: bool, mode: PublicityMode) -> Timestamp {
    let days = if major { 15 } else { 7 };
    let days_after_publication = match mode {
        PublicityMode::Strict => days,
        PublicityMode::Lenient => days - 1,
    };
    end_of(local_date(published_at).saturating_add(Span::new().days(days_after_publication)))
}

/// Checks that an amendment was public for long enough.
///
/// # Errors
/// [`TooShort`] when it was not, even as this mode counts.
pub fn check_publicity(
    published_at: Timestamp,
    effective_at: Timestamp,
    major: bool,
    mode: PublicityMode,
) -> Result<Option<PublicityWarning>, TooShort> {
    let earliest = amendment_publicity(published_at, major, mode);
    if effective_at < earliest {
        return Err(TooShort { earliest });
    }
    let strict_earliest = amendment_publicity(published_at, major, PublicityMode::Strict);
    Ok((effective_at < strict_earliest).then_some(PublicityWarning { strict_earliest }))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(instant: &str) -> Timestamp {
        instant.parse().unwrap()
    }

    fn trace(start: &str, length: Length) -> Trace {
        reckon(at(start), length, Calendar::published()).unwrap()
    }

    #[test]
    fn a_period_that_ends_in_a_holiday_ends_on_the_next_working_day() {
        let trace = trace("2024-09-20T16:30:00+08:00", Length::Days(15));
        assert_eq!(trace.nominal_last_day, Some(date(2024, 10, 5)));
        assert_eq!(trace.last_day, Some(date(2024, 10, 8)));
        assert_eq!(trace.ends_at, at("2024-10-09T00:00:00+08:00"));
        assert_eq!(trace.moves.iter().map(|passed| passed.date.day()).collect::<Vec<_>>(), [5, 6, 7]);
        assert_eq!(
            trace.to_string(),
            "15 days from 2024-09-20 → nominal last day 2024-10-05, moved past National Day to 2024-10-08; \
             ends 2024-10-09T00:00+08:00"
        );
    }

    #[test]
    fn a_period_that_ends_on_a_statutory_day_of_a_year_without_a_schedule_is_moved_past_it() {
        let trace = trace("2026-12-17T09:00:00+08:00", Length::Days(15));
        assert_eq!(trace.nominal_last_day, Some(date(2027, 1, 1)), "a Friday");
        assert_eq!(trace.last_day, Some(date(2027, 1, 4)));
        assert_eq!(trace.ends_at, at("2027-01-05T00:00:00+08:00"));
        assert_eq!(
            trace.to_string(),
            "15 days from 2026-12-17 → nominal last day 2027-01-01, moved past New Year's Day, weekend to \
             2027-01-04; ends 2027-01-05T00:00+08:00; calendar unpublished"
        );
        assert_eq!(
            trace.chinese(),
            "2026-12-17当日不计，15日的最后一日为2027-01-01，适逢元旦、周末，顺延至2027-01-04，该日24时届满\
             （有关年度的节假日安排尚未公布）"
        );
    }

    #[test]
    fn a_period_that_ends_in_the_last_days_of_december_waits_for_the_next_years_schedule() {
        let missing = |start, length| missing_years(at(start), length, Calendar::published()).unwrap();
        assert!(missing("2026-12-18T09:00:00+08:00", Length::Days(10)).is_empty());
        assert_eq!(missing("2026-12-18T09:00:00+08:00", Length::Days(11)), BTreeSet::from([2027]));
        assert_eq!(missing("2027-12-20T09:00:00+08:00", Length::Days(11)), BTreeSet::from([2027, 2028]));
        assert!(missing("2025-12-18T09:00:00+08:00", Length::Days(11)).is_empty());
        let trace = trace("2026-12-18T09:00:00+08:00", Length::Days(11));
        assert_eq!((trace.last_day, trace.calendar_unpublished), (Some(date(2026, 12, 29)), true));
    }

    #[test]
    fn a_make_up_working_saturday_does_not_move_a_period() {
        let trace = trace("2026-01-31T09:00:00+08:00", Length::Months(1));
        assert_eq!((trace.last_day, trace.moves.len()), (Some(date(2026, 2, 28)), 0));
        assert_eq!(
            trace.to_string(),
            "1 month from 2026-01-31 → last day 2026-02-28; ends 2026-03-01T00:00+08:00"
        );
    }

    #[test]
    fn a_month_without_the_corresponding_day_ends_on_its_last() {
        let trace = trace("2028-01-31T09:00:00+08:00", Length::Months(1));
        assert_eq!(trace.last_day, Some(date(2028, 2, 29)));
        assert!(trace.calendar_unpublished);
        assert!(trace.to_string().ends_with("; calendar unpublished"));
    }

    #[test]
    fn hours_run_from_the_instant_and_are_never_moved() {
        let trace = trace("2024-09-30T10:15:00+08:00", Length::Hours(48));
        assert_eq!(trace.ends_at, at("2024-10-02T10:15:00+08:00"));
        assert_eq!((trace.nominal_last_day, trace.last_day), (None, None));
        assert_eq!(
            trace.to_string(),
            "48 hours from 2024-09-30T10:15:00+08:00 → ends 2024-10-02T10:15:00+08:00"
        );
    }

    #[test]
    fn the_day_of_the_event_is_the_one_of_the_zone_and_is_not_counted() {
        let last_day = |start| trace(start, Length::CalendarDays(1)).last_day;
        assert_eq!(last_day("2024-03-04T15:59:59Z"), Some(date(2024, 3, 5)));
        assert_eq!(last_day("2024-03-04T16:00:00Z"), Some(date(2024, 3, 6)));
    }

    #[test]
    fn what_the_parties_agreed_in_calendar_days_is_never_moved() {
        let trace = trace("2026-12-20T09:00:00+08:00", Length::CalendarDays(13));
        assert_eq!(trace.last_day, Some(date(2027, 1, 2)), "a Saturday");
        assert!(!trace.calendar_unpublished, "no schedule was looked at");
    }

    #[test]
    fn working_days_skip_rest_days_and_count_make_up_days() {
        // Work on Sunday the 29th and Monday, the holiday from the 1st to the 7th, then the 8th.
        let trace = trace("2024-09-27T18:00:00+08:00", Length::WorkingDays(3));
        assert_eq!(trace.last_day, Some(date(2024, 10, 8)));
        assert_eq!(
            trace.to_string(),
            "3 working days from 2024-09-27 → last day 2024-10-08; ends 2024-10-09T00:00+08:00"
        );
    }

    #[test]
    fn a_trace_names_each_reason_once() {
        // Saturday the 25th and Sunday the 26th are weekend; nothing else is in the way.
        let weekend = trace("2026-07-20T09:00:00+08:00", Length::Days(5));
        assert!(weekend.to_string().contains("2026-07-25, moved past weekend to 2026-07-27;"));
    }

    #[test]
    fn a_year_without_a_schedule_is_said_only_when_a_day_of_it_was_looked_at() {
        let unpublished = |start, length| trace(start, length).calendar_unpublished;
        assert!(!unpublished("2026-12-22T09:00:00+08:00", Length::Days(6)));
        assert!(unpublished("2026-12-22T09:00:00+08:00", Length::Days(7)));
        assert!(!unpublished("2023-12-31T09:00:00+08:00", Length::WorkingDays(1)));
        assert!(!unpublished("2026-12-25T09:00:00+08:00", Length::WorkingDays(1)));
        assert!(unpublished("2026-12-30T09:00:00+08:00", Length::WorkingDays(2)));
    }

    /// The second formulation knows no nominal day: it waits at one midnight after the other until all
    /// days are served, and then for a working day to end.
    #[test]
    fn days_reckon_as_waiting_day_by_day_does() {
        let calendar = Calendar::published();
        let wait = |event: Date, days: u16| {
            let (mut served, mut today, mut looked_beyond) = (0, event, false);
            loop {
                if served >= days {
                    looked_beyond |= today >= date(2026, 12, 29);
                    if calendar.is_working_day(today) {
                        return (today, looked_beyond);
                    }
                }
                today = today.tomorrow().unwrap();
                served += 1;
            }
        };
        let events = date(2024, 1, 1).series(Span::new().days(1)).take_while(|day| day.year() <= 2026);
        let mut compared = 0;
        for event in events {
            let last_moment = end_of(event) - SignedDuration::from_nanos(1);
            for days in 0..=60 {
                let (last_day, looked_beyond) = wait(event, days);
                for start in [start_of(event), last_moment] {
                    let trace = reckon(start, Length::Days(days), calendar).unwrap();
                    assert_eq!(trace.last_day, Some(last_day), "{trace}");
                    assert_eq!(trace.ends_at, end_of(last_day), "{trace}");
                    assert_eq!(trace.calendar_unpublished, looked_beyond, "{trace}");
                }
                compared += 1;
            }
        }
        assert_eq!(compared, 1096 * 61);
    }

    #[test]
    fn an_end_beyond_time_is_an_error() {
        let ended = |start, length| reckon(start, length, Calendar::published()).map(|trace| trace.ends_at);
        let lengths = [
            Length::Days(u16::MAX),
            Length::CalendarDays(1),
            Length::WorkingDays(1),
            Length::Months(u16::MAX),
            Length::Hours(1_000_000),
        ];
        for length in lengths {
            assert_eq!(ended(Timestamp::MAX, length), Err(PeriodError), "{length}");
            assert!(ended(at("2024-01-01T00:00:00Z"), length).is_ok(), "{length}");
        }
        assert_eq!(ended(Timestamp::UNIX_EPOCH, Length::Hours(u32::MAX)), Err(PeriodError));
        assert_eq!(ended(Timestamp::MIN, Length::Hours(0)), Ok(Timestamp::MIN));
        assert_eq!((start_of(Date::MIN), end_of(Date::MIN)), (Timestamp::MIN, Timestamp::MIN));
        assert_eq!(end_of(Date::MAX), Timestamp::MAX);
    }

    #[test]
    fn an_amendment_is_public_for_seven_full_days_or_fifteen() {
        let published = at("2024-04-12T11:06:59+08:00");
        let earliest = |major, mode| amendment_publicity(published, major, mode);
        assert_eq!(earliest(false, PublicityMode::Strict), at("2024-04-20T00:00:00+08:00"));
        assert_eq!(earliest(true, PublicityMode::Strict), at("2024-04-28T00:00:00+08:00"));
        assert_eq!(earliest(false, PublicityMode::Lenient), at("2024-04-19T00:00:00+08:00"));
    }

    #[test]
    fn counting_the_day_of_publication_leaves_a_warning() {
        let published = at("2024-04-12T11:06:59+08:00");
        let check = |effective, mode| check_publicity(published, at(effective), false, mode);
        let strict_earliest = at("2024-04-20T00:00:00+08:00");
        let real = "2024-04-19T00:00:00+08:00";
        let short = check(real, PublicityMode::Strict).unwrap_err();
        assert_eq!(short, TooShort { earliest: strict_earliest });
        assert!(short.to_string().ends_with("the earliest is 2024-04-20T00:00+08:00"));
        let warning = check(real, PublicityMode::Lenient).unwrap();
        assert_eq!(warning, Some(PublicityWarning { strict_earliest }));
        assert_eq!(check("2024-04-20T00:00:00+08:00", PublicityMode::Lenient), Ok(None));
        assert_eq!(check("2024-04-20T00:00:00+08:00", PublicityMode::Strict), Ok(None));
        assert_eq!(
            check("2024-04-18T23:59:59+08:00", PublicityMode::Lenient),
            Err(TooShort { earliest: at(real) })
        );
    }
}
