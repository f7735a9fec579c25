//! The end of a period, as a court would compute it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp};

use super::calendar::Calendar;
use super::days::DayKind;
use super::trace::{Length, Move, Trace};
use super::zone::{local_date, midnight};

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

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::zone::{end_of, start_of};
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
}
