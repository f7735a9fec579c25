//! Reminders at fixed distances from a date.
//!
//! What was already passed is state, so a reminder is never repeated for the same date, and one whose
//! day lies before the thing began is never sent. When a worker comes late, the reminders that it missed
//! are passed together and only the newest of them is sent: nobody is told "30 days" and "7 days" at once.

use jiff::{SignedDuration, Timestamp};

/// The days, as hours from the instant: the market's zone has no daylight saving.
fn days(n: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(n) * 24)
}

/// How many reminders of a plan have been passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reminders {
    pub(crate) passed: u32,
}

/// When reminders are due, in order.
#[derive(Debug, Clone, Copy)]
pub enum Plan {
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

impl Plan {
    /// The nth reminder: its distance in days and its instant.
    fn nth(self, n: u32, date: Timestamp) -> Option<(u32, Timestamp)> {
        let index = n as usize;
        match self {
            Self::Before(distances) => {
                let distance = *distances.get(index)?;
                Some((distance, date.checked_sub(days(distance)).ok()?))
            }
            Self::After { days: distances, then_every } => {
                let distance = match distances.get(index) {
                    Some(distance) => *distance,
                    None => {
                        let beyond = n - u32::try_from(distances.len()).ok()? + 1;
                        distances.last()?.checked_add(then_every.checked_mul(beyond)?)?
                    }
                };
                Some((distance, date.checked_add(days(distance)).ok()?))
            }
        }
    }
}

impl Reminders {
    /// The reminders of something that begins at `began`: those whose day lies before it are passed.
    #[must_use]
    pub fn beginning(plan: Plan, date: Timestamp, began: Timestamp) -> Self {
        let mut reminders = Self::default();
        while plan.nth(reminders.passed, date).is_some_and(|(_, at)| at < began) {
            reminders.passed += 1;
        }
        reminders
    }

    /// When the next one is due.
    #[must_use]
    pub fn next(self, plan: Plan, date: Timestamp) -> Option<Timestamp> {
        plan.nth(self.passed, date).map(|(_, at)| at)
    }

    /// What is due at `now`: the reminders after it, and the distance in days to tell of.
    #[must_use]
    pub fn due(self, plan: Plan, date: Timestamp, now: Timestamp) -> Option<(Self, u32)> {
        let mut after = self;
        let mut newest = None;
        while let Some((distance, at)) = plan.nth(after.passed, date)
            && at <= now
        {
            newest = Some(distance);
            after.passed += 1;
        }
        newest.map(|distance| (after, distance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Plan = Plan::Before(&[30, 7, 1]);
    const AFTER: Plan = Plan::After { days: &[0, 3, 7, 15, 30], then_every: 30 };

    fn day(n: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + n * 86_400).unwrap()
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
        let (after, distance) = reminders.due(BEFORE, day(40), day(10)).unwrap();
        assert_eq!(distance, 30);
        assert_eq!(after.due(BEFORE, day(40), day(10)), None);
        assert_eq!(after.next(BEFORE, day(40)), Some(day(33)));
    }

    #[test]
    fn a_late_worker_sends_only_the_newest_of_what_it_missed() {
        let reminders = Reminders::beginning(BEFORE, day(40), day(0));
        let (after, distance) = reminders.due(BEFORE, day(40), day(35)).unwrap();
        assert_eq!(distance, 7);
        assert_eq!(after.next(BEFORE, day(40)), Some(day(39)));
    }

    #[test]
    fn reminders_after_the_end_go_on_every_thirty_days() {
        let mut reminders = Reminders::default();
        let mut told = Vec::new();
        for n in 0..=125 {
            if let Some((after, distance)) = reminders.due(AFTER, day(0), day(n)) {
                assert_eq!(i64::from(distance), n);
                told.push(n);
                reminders = after;
            }
        }
        assert_eq!(told, [0, 3, 7, 15, 30, 60, 90, 120]);
    }
}
