//! Periods that wait for a holiday schedule are reckoned again, from their own start and by their own rule.
//!
//! Whoever has such a period looks once a day, and once more an hour before its end, whether the schedule was
//! published. A date that was served is never moved to an earlier one: the schedule can only make it later.

use jiff::civil::{DateTime, Time};
use jiff::{SignedDuration, Timestamp};

use super::calendar::Calendar;
use super::reckoning::reckon;
use super::trace::Trace;
use super::zone::ZONE;

/// When in the day it is looked: schedules are published in working hours.
const LOOKED_AT: Time = Time::constant(10, 0, 0, 0);
/// How long before its end a period is looked at for the last time while it runs.
const LAST_LOOK: SignedDuration = SignedDuration::from_hours(1);

/// What came of reckoning again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// The schedule is still to come.
    Open(Trace),
    /// The schedule is known, and the date stands.
    Stands(Trace),
    /// The date is a later one.
    Later(Trace),
}

impl Trace {
    /// When to look next whether the schedule that it waits for was published; none where it waits for none, or where
    /// nothing but its end lies ahead.
    #[must_use]
    pub fn next_look(&self) -> Option<Timestamp> {
        if !self.calendar_unpublished {
            return None;
        }
        let last = self.ends_at.checked_sub(LAST_LOOK).ok()?;
        let looked_at = self.looked_at.unwrap_or(self.start);
        let local = ZONE.to_datetime(looked_at);
        let day = if local.time() < LOOKED_AT { local.date() } else { local.date().tomorrow().ok()? };
        let daily = ZONE.to_timestamp(DateTime::from_parts(day, LOOKED_AT)).ok()?;
        (looked_at < last).then(|| daily.min(last))
    }

    /// Whether to look now: it is time to, or the period is over and was not known to be final.
    #[must_use]
    pub fn look_is_due(&self, now: Timestamp) -> bool {
        self.calendar_unpublished && (self.ends_at <= now || self.next_look().is_some_and(|at| at <= now))
    }

    /// Reckons it again by what is known now.
    #[must_use]
    pub fn again(&self, calendar: &Calendar, now: Timestamp) -> Again {
        let open = || Again::Open(Self { looked_at: Some(now), ..self.clone() });
        let Ok(anew) = reckon(self.start, self.rule, calendar) else { return open() };
        let is_open = anew.calendar_unpublished;
        if anew.ends_at > self.ends_at {
            return Again::Later(Self { looked_at: is_open.then_some(now), ..anew });
        }
        if is_open {
            return open();
        }
        // Where it would end earlier, the trace goes on telling how the date that was served was found.
        let stands = if anew.ends_at == self.ends_at { anew } else { self.clone() };
        Again::Stands(Self { calendar_unpublished: false, looked_at: None, ..stands })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::{Length, RestReason, Schedule};
    use super::*;

    fn at(instant: &str) -> Timestamp {
        instant.parse().unwrap()
    }

    fn served(start: &str) -> Trace {
        reckon(at(start), Length::Days(15), Calendar::published()).unwrap()
    }

    /// 2027, of which only these days are known.
    fn calendar(from: &str, to: &str, make_up: &[&str]) -> Calendar {
        let mut schedule = Schedule { year: 2027, ..Calendar::built_in(2026).unwrap() };
        schedule.holidays.truncate(1);
        let holiday = &mut schedule.holidays[0];
        (holiday.from, holiday.to) = (from.parse().unwrap(), to.parse().unwrap());
        holiday.make_up = make_up.iter().map(|day| day.parse().unwrap()).collect();
        Calendar::with([&schedule])
    }

    #[test]
    fn what_waits_is_looked_at_daily_at_ten_and_an_hour_before_its_end() {
        let mut trace = served("2026-12-17T09:00:00+08:00");
        let mut looks = Vec::new();
        while let Some(next) = trace.next_look() {
            assert!(!trace.look_is_due(next - SignedDuration::from_nanos(1)) && trace.look_is_due(next));
            trace.looked_at = Some(next);
            looks.push(ZONE.to_datetime(next));
        }
        let daily = (17..=31).map(|day| date(2026, 12, day)).chain((1..=4).map(|day| date(2027, 1, day)));
        let expected = daily.map(|day| day.at(10, 0, 0, 0)).chain([date(2027, 1, 4).at(23, 0, 0, 0)]);
        assert_eq!(looks, expected.collect::<Vec<_>>());
        assert!(!trace.look_is_due(trace.ends_at - SignedDuration::from_nanos(1)));
        assert!(trace.look_is_due(trace.ends_at), "whoever ends it looks first");
        let known = served("2026-07-01T09:00:00+08:00");
        assert_eq!((known.next_look(), known.look_is_due(known.ends_at)), (None, false));
    }

    #[test]
    fn a_schedule_moves_a_date_to_a_later_one_only() {
        let trace = served("2026-12-17T09:00:00+08:00");
        let now = at("2026-12-20T10:00:00+08:00");
        let again = |calendar: &Calendar| trace.again(calendar, now);
        let Again::Later(later) = again(&calendar("2027-01-01", "2027-01-05", &[])) else { panic!() };
        assert_eq!(later.ends_at, at("2027-01-07T00:00:00+08:00"));
        assert_eq!((later.calendar_unpublished, later.next_look()), (false, None));
        let Again::Stands(same) = again(&calendar("2027-01-01", "2027-01-03", &[])) else { panic!() };
        assert_eq!((same.ends_at, same.calendar_unpublished), (trace.ends_at, false));
        assert!(
            !same.moves.iter().any(|passed| passed.reason == RestReason::Weekend),
            "as the schedule has it"
        );
        // The Saturday is worked.
        let earlier = calendar("2027-01-01", "2027-01-01", &["2027-01-02"]);
        let Again::Stands(kept) = again(&earlier) else { panic!() };
        assert_eq!((kept.ends_at, &kept.moves, kept.next_look()), (trace.ends_at, &trace.moves, None));
        let Again::Open(open) = again(Calendar::published()) else { panic!() };
        assert_eq!(open, Trace { looked_at: Some(now), ..trace.clone() });
    }

    #[test]
    fn a_date_that_was_reckoned_by_weekends_alone_is_moved_past_the_statutory_days() {
        let trace = served("2026-12-17T09:00:00+08:00");
        let before = Trace {
            moves: Vec::new(),
            last_day: trace.nominal_last_day,
            ends_at: at("2027-01-02T00:00:00+08:00"),
            ..trace.clone()
        };
        let now = at("2026-12-20T10:00:00+08:00");
        let Again::Later(later) = before.again(Calendar::published(), now) else { panic!() };
        assert_eq!(later, Trace { looked_at: Some(now), ..trace });
    }
}
