//! The periods once more, written from the statute's text alone (Civil Code, articles 200 to 203), over every day of
//! 2004 to 2030 and every length to 400 days: both have to say the same. Of all pairs of a day and a length every eighth
//! is tried, each day and each length among them; all four million where matrices are wanted whole (`cargo xtask check
//! --all`).
//!
//! This formulation knows neither spans nor nominal days. It writes down every date in a row, with whether it is a day of
//! rest, and walks along it as a clerk would with a wall calendar.

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Span, Timestamp};

use super::zone::{end_of, start_of};
use super::*;

/// The longest period that is tried, in days.
const LONGEST: usize = 400;
/// From this day on a notice that is not published yet can say something.
const OPEN_FROM: Date = date(2026, 12, 29);

/// All dates in a row, and which of them are days of rest.
struct Wall {
    dates: Vec<Date>,
    rests: Vec<bool>,
    /// How many of the dates are those that something may happen on.
    events: usize,
}

impl Wall {
    fn new() -> Self {
        let calendar = Calendar::published();
        let dates: Vec<_> =
            date(2004, 1, 1).series(Span::new().days(1)).take_while(|day| day.year() <= 2032).collect();
        let rests = dates.iter().map(|day| !calendar.is_working_day(*day)).collect();
        let events = dates.iter().filter(|day| day.year() <= 2030).count();
        assert_eq!(events, 27 * 365 + 7);
        Self { dates, rests, events }
    }

    /// Article 203: where the last day is one of rest, the last day is the one after the rest ends.
    fn after_rest(&self, last: usize) -> usize {
        (last..self.rests.len()).find(|&day| !self.rests[day]).unwrap()
    }

    /// Article 202: the corresponding day of the month, or its last day where there is none.
    fn corresponding(&self, event: usize, months: i32) -> usize {
        let of = |date: Date| (i32::from(date.year()) * 12 + i32::from(date.month()) - 1, date.day());
        let (month, day) = of(self.dates[event]);
        let is_in_month = |&at: &usize| of(self.dates[at]).0 == month + months;
        let days = (event..).skip_while(|at| !is_in_month(at)).take_while(is_in_month);
        days.take_while(|&at| self.dates[at].day() <= day).last().unwrap()
    }
}

/// An instant of the day on which something happens: the first, the last, or one between.
fn instant_of(day: Date, turn: usize) -> Timestamp {
    match turn % 3 {
        0 => start_of(day),
        1 => end_of(day) - SignedDuration::from_nanos(1),
        _ => start_of(day) + SignedDuration::from_secs(10 * 3600 + 15 * 60),
    }
}

fn assert_ends(trace: &Trace, last_day: Date, looked_beyond: bool) {
    assert_eq!(trace.last_day, Some(last_day), "{trace}");
    assert_eq!(trace.ends_at, end_of(last_day), "{trace}");
    assert_eq!(trace.calendar_unpublished, looked_beyond, "{trace}");
}

#[test]
fn days_are_those_that_a_clerk_counts_on_the_wall() {
    let is_whole = std::env::var("MARKET_MATRICES").is_ok_and(|matrices| matrices == "whole");
    let wall = Wall::new();
    let calendar = Calendar::published();
    for event in 0..wall.events {
        // Article 201: the day itself is not counted.
        for days in (0..=LONGEST).filter(|days| is_whole || (event + days).is_multiple_of(8)) {
            let start = instant_of(wall.dates[event], event + days);
            let length = u16::try_from(days).unwrap();
            let counted = event + days;
            let last = wall.after_rest(counted);
            let trace = reckon(start, Length::Days(length), calendar).unwrap();
            assert_eq!(trace.nominal_last_day, Some(wall.dates[counted]), "{trace}");
            assert_ends(&trace, wall.dates[last], wall.dates[last] >= OPEN_FROM);
            assert_eq!(trace.moves.len(), last - counted, "{trace}");
        }
    }
}

#[test]
fn days_that_the_parties_agreed_to_count_through_are_counted_through() {
    let wall = Wall::new();
    let calendar = Calendar::published();
    for event in 0..wall.events {
        for days in (0..=LONGEST).step_by(7) {
            let start = instant_of(wall.dates[event], event + days);
            let length = Length::CalendarDays(u16::try_from(days).unwrap());
            let trace = reckon(start, length, calendar).unwrap();
            assert_ends(&trace, wall.dates[event + days], false);
        }
    }
}

#[test]
fn months_end_on_the_corresponding_day_or_the_months_last() {
    let wall = Wall::new();
    let calendar = Calendar::published();
    for event in 0..wall.events {
        for months in 1..=13 {
            let start = instant_of(wall.dates[event], event + months);
            let counted = wall.corresponding(event, i32::try_from(months).unwrap());
            let last = wall.after_rest(counted);
            let trace = reckon(start, Length::Months(u16::try_from(months).unwrap()), calendar).unwrap();
            assert_eq!(trace.nominal_last_day, Some(wall.dates[counted]), "{trace}");
            assert_ends(&trace, wall.dates[last], wall.dates[last] >= OPEN_FROM);
        }
    }
}

#[test]
fn working_days_are_those_that_are_not_crossed_out() {
    let wall = Wall::new();
    let calendar = Calendar::published();
    for event in 0..wall.events {
        let mut worked = (event + 1..).filter(|&day| !wall.rests[day]);
        for days in 1..=12 {
            let last = worked.next().unwrap();
            let trace =
                reckon(instant_of(wall.dates[event], event), Length::WorkingDays(days), calendar).unwrap();
            assert_eq!(
                (trace.last_day, trace.ends_at),
                (Some(wall.dates[last]), end_of(wall.dates[last])),
                "{trace}"
            );
        }
    }
}
