//! How fast notices leave: no faster than the provider takes them.
//!
//! A gateway's quota is of the whole account, and nobody but the workers knows how many of them there are. So each keeps a
//! pace of its own, the quota divided by the most workers there can be: however many run, together they stay within it
//! (docs/decisions/0087).

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// The least pace of one worker: ten notices, which it is handed at once, have their turns within eighteen seconds, and so
/// within the time of the job that waits for the last of them.
pub const LEAST_MILLIHERTZ: u64 = 500;

/// Turns at even distances.
#[derive(Debug)]
pub struct Pace {
    between: SignedDuration,
    next: Mutex<Timestamp>,
}

/// So few a second are shared by so many workers that a batch would outlast its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "of {per_second} a second, {workers} workers have less than one in two seconds each: name fewer workers, or more a second"
)]
pub struct TooSlow {
    per_second: u32,
    workers: u32,
}

impl Pace {
    /// One worker's, of so many a second that so many workers share.
    ///
    /// # Errors
    /// See [`TooSlow`].
    pub fn shared(per_second: u32, workers: u32) -> Result<Self, TooSlow> {
        let millihertz = u64::from(per_second) * 1_000 / u64::from(workers.max(1));
        if millihertz < LEAST_MILLIHERTZ {
            return Err(TooSlow { per_second, workers });
        }
        // Rounded up: never faster.
        let micros = (u64::from(workers.max(1)) * 1_000_000).div_ceil(u64::from(per_second));
        let between = SignedDuration::from_micros(i64::try_from(micros).unwrap_or(i64::MAX));
        Ok(Self { between, next: Mutex::new(Timestamp::MIN) })
    }

    /// Takes a turn: when it is. Whoever asks next has a later one. Time that passed without anyone asking is not made
    /// up for.
    pub fn turn(&self, now: Timestamp) -> Timestamp {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = now.max(*next);
        *next = turn.saturating_add(self.between).unwrap_or(turn);
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    #[test]
    fn turns_are_even_however_many_ask_at_once_and_idle_time_is_not_made_up_for() {
        let pace = Pace::shared(10, 5).unwrap();
        let turns = [0, 0, 0, 100, 10_000, 10_000].map(|now| pace.turn(at(now)));
        assert_eq!(turns, [0, 500, 1_000, 1_500, 10_000, 10_500].map(at));
    }

    #[test]
    fn all_workers_together_stay_within_what_they_share() {
        for (per_second, workers) in [(10, 10), (14, 10), (3, 3), (7, 2), (1, 2), (500, 7)] {
            let window_ms = 60_000;
            let sent: usize = (0..workers)
                .map(|_| {
                    let pace = Pace::shared(per_second, workers).unwrap();
                    // Each is asked as often as could be.
                    (0..10_000).take_while(|_| pace.turn(at(0)) < at(window_ms)).count()
                })
                .sum();
            let most = usize::try_from(per_second * 60).unwrap();
            assert!(sent <= most + usize::try_from(workers).unwrap(), "{per_second}/{workers}: {sent}");
            assert!(sent >= most - usize::try_from(workers).unwrap(), "{per_second}/{workers}: {sent}");
        }
    }

    #[test]
    fn a_batch_has_its_turns_in_time_or_the_settings_are_refused() {
        for (per_second, workers) in [(5, 10), (1, 2), (10, 2)] {
            let pace = Pace::shared(per_second, workers).unwrap();
            let last = (0..10).map(|_| pace.turn(at(0))).max().unwrap();
            assert!(last <= at(18_000), "{last}");
        }
        for (per_second, workers) in [(0, 1), (4, 10), (1, 3)] {
            assert_eq!(Pace::shared(per_second, workers).unwrap_err(), TooSlow { per_second, workers });
        }
    }
}
