//! Reminders at fixed distances from a date.
//!
//! What was already passed is state, so a reminder is never repeated for the same date, and one whose
//! day lies before the thing began is never sent. When a worker comes late, the reminders that it missed
//! are passed together and only the newest of them is sent: nobody is told "30 days" and "7 days" at once. Each keeps
//! to the daytime, moved earlier and never later, and tells the days that are left when it is drafted, not the distance
//! that it was meant for.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::daytime;
use crate::periods::local_date;

/// The full days that are left to an end. On its last day it is 0, and not before.
#[must_use]
pub fn days_left(end: Timestamp, now: Timestamp) -> u32 {
    let full = u32::try_from(end.duration_since(now).as_hours() / 24).unwrap_or_default();
    full.max(u32::from(local_date(now) < last_day(end)))
}

/// The days since an end, as calendars count them: from the last day that lay before it.
#[must_use]
pub fn days_since(end: Timestamp, now: Timestamp) -> u32 {
    let hours = local_date(now).duration_since(last_day(end)).as_hours();
    u32::try_from(hours / 24).unwrap_or_default()
}

fn last_day(end: Timestamp) -> Date {
    local_date(end.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(end))
}

/// The days, as hours from the instant: the market's zone has no daylight saving.
fn days(n: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(n) * 24)
}

/// How many reminders of a rhythm have been passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reminders {
    pub passed: u32,
}

/// When reminders are due, in order.
#[derive(Debug, Clone, Copy)]
pub enum Rhythm {
    /// So many days before the date, the farthest first.
    Before(&'static [u32]),
    /// So many days after the date, the nearest first; then again at every `then_every` days.
    After {
        /// The first ones.
        days: &'static [u32],
        /// The distance of all that follow.
        then_every: u32,
    },
}

impl Rhythm {
    /// The instant of the nth reminder.
    fn nth(self, n: u32, date: Timestamp) -> Option<Timestamp> {
        self.nominal(n, date).map(daytime::not_after)
    }

    /// The same, at whatever hour that is.
    fn nominal(self, n: u32, date: Timestamp) -> Option<Timestamp> {
        let index = n as usize;
        match self {
            Self::Before(distances) => date.checked_sub(days(*distances.get(index)?)).ok(),
            Self::After { days: distances, then_every } => {
                let distance = match distances.get(index) {
                    Some(distance) => *distance,
                    None => {
                        let beyond = n - u32::try_from(distances.len()).ok()? + 1;
                        distances.last()?.checked_add(then_every.checked_mul(beyond)?)?
                    }
                };
                date.checked_add(days(distance)).ok()
            }
        }
    }
}

impl Reminders {
    /// The reminders of something that begins at `began`: those whose day lies before it are passed.
    #[must_use]
    pub fn beginning(rhythm: Rhythm, date: Timestamp, began: Timestamp) -> Self {
        let mut reminders = Self::default();
        while rhythm.nth(reminders.passed, date).is_some_and(|at| at < began) {
            reminders.passed += 1;
        }
        reminders
    }

    /// When the next one is due.
    #[must_use]
    pub fn next(self, rhythm: Rhythm, date: Timestamp) -> Option<Timestamp> {
        rhythm.nth(self.passed, date)
    }

    /// Whether a newer reminder of the rhythm has come since one was drafted: it says the same, and more.
    #[must_use]
    pub fn is_overtaken(rhythm: Rhythm, date: Timestamp, drafted_at: Timestamp, now: Timestamp) -> bool {
        (0..).map_while(|n| rhythm.nth(n, date)).take_while(|at| *at <= now).any(|at| at > drafted_at)
    }

    /// When the next one was due by the releases before 0.4.0, which did not keep to the daytime: what they wrote has
    /// its timer there.
    #[must_use]
    pub fn next_at_any_hour(self, rhythm: Rhythm, date: Timestamp) -> Option<Timestamp> {
        rhythm.nominal(self.passed, date)
    }

    /// The reminders after what is due at `now`, where something is.
    #[must_use]
    pub fn due(self, rhythm: Rhythm, date: Timestamp, now: Timestamp) -> Option<Self> {
        let mut after = self;
        while rhythm.nth(after.passed, date).is_some_and(|at| at <= now) {
            after.passed += 1;
        }
        (after.passed > self.passed).then_some(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Rhythm = Rhythm::Before(&[30, 7, 1]);
    const AFTER: Rhythm = Rhythm::After { days: &[0, 3, 7, 15, 30], then_every: 30 };

    /// 10:00 of a day in the market's zone.
    fn day(n: i64) -> Timestamp {
        Timestamp::from_second(1_767_232_800 + n * 86_400).unwrap()
    }

    fn at(instant: &str) -> Timestamp {
        instant.parse().unwrap()
    }

    #[test]
    fn a_warning_whose_date_lies_before_the_beginning_is_never_sent() {
        let reminders = Reminders::beginning(BEFORE, day(20), day(0));
        assert_eq!(reminders.next(BEFORE, day(20)), Some(day(13)));
        let on_the_day = Reminders::beginning(BEFORE, day(30), day(0));
        assert_eq!(on_the_day.next(BEFORE, day(30)), Some(day(0)));
    }

    #[test]
    fn a_warning_never_repeats_for_the_same_date() {
        let reminders = Reminders::beginning(BEFORE, day(40), day(0));
        let after = reminders.due(BEFORE, day(40), day(10)).unwrap();
        assert_eq!(after.due(BEFORE, day(40), day(10)), None);
        assert_eq!(after.next(BEFORE, day(40)), Some(day(33)));
    }

    #[test]
    fn a_late_worker_sends_only_the_newest_of_what_it_missed_and_tells_the_days_that_are_left() {
        let reminders = Reminders::beginning(BEFORE, day(40), day(0));
        let after = reminders.due(BEFORE, day(40), day(36)).unwrap();
        assert_eq!(days_left(day(40), day(36)), 4);
        assert_eq!(after.next(BEFORE, day(40)), Some(day(39)));
    }

    #[test]
    fn reminders_after_the_end_go_on_every_thirty_days() {
        let mut reminders = Reminders::default();
        let mut told = Vec::new();
        for n in 0..=125 {
            if let Some(after) = reminders.due(AFTER, day(0), day(n)) {
                assert_eq!(i64::from(days_since(day(0), day(n))), n);
                told.push(n);
                reminders = after;
            }
        }
        assert_eq!(told, [0, 3, 7, 15, 30, 60, 90, 120]);
    }

    #[test]
    fn a_reminder_is_moved_into_the_daytime_before_it_and_never_later() {
        let end = at("2026-12-28T00:00:00+08:00");
        let reminders = Reminders::beginning(BEFORE, end, day(0));
        assert_eq!(reminders.next(BEFORE, end), Some(at("2026-11-27T20:00:00+08:00")));
        assert_eq!(reminders.next_at_any_hour(BEFORE, end), Some(at("2026-11-28T00:00:00+08:00")));
    }

    #[test]
    fn a_reminder_is_overtaken_by_the_next_one() {
        let overtaken = |drafted, now| Reminders::is_overtaken(BEFORE, day(40), day(drafted), day(now));
        assert!(!overtaken(10, 32) && overtaken(10, 33) && !overtaken(33, 38) && overtaken(33, 39));
        assert!(Reminders::is_overtaken(AFTER, day(0), day(59), day(60)));
        assert!(!Reminders::is_overtaken(AFTER, day(0), day(60), day(89)));
    }

    #[test]
    fn full_days_are_counted_to_an_end_and_its_last_day_is_none_of_them() {
        let end = at("2026-12-28T00:00:00+08:00");
        for (now, days) in [
            ("2026-12-20T20:00:00+08:00", 7),
            ("2026-12-24T00:00:00+08:00", 4),
            ("2026-12-26T20:00:00+08:00", 1),
            ("2026-12-27T09:00:00+08:00", 0),
            ("2026-12-29T09:00:00+08:00", 0),
        ] {
            assert_eq!(days_left(end, at(now)), days, "{now}");
        }
        let afternoon = at("2026-12-28T14:37:00+08:00");
        assert_eq!(days_left(afternoon, at("2026-12-27T20:00:00+08:00")), 1, "it is tomorrow, and not today");
        assert_eq!(days_since(end, at("2026-12-30T20:00:00+08:00")), 3);
        assert_eq!(days_left(at("2026-12-28T14:37:00+08:00"), at("2026-12-21T14:37:00+08:00")), 7);
    }
}
