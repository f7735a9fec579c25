//! The hours in which people are reminded, and text messages arrive.

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};

use crate::periods::ZONE;

/// In the market's zone, as are the two below: defaults of this market, set here.
const OPENS: Time = Time::constant(9, 0, 0, 0);
/// Nobody is reminded later.
const CLOSES: Time = Time::constant(20, 0, 0, 0);
/// Telephones are silent from then on: what the last reminder of a day says leaves on that day, even where its worker
/// comes late.
const SILENT: Time = Time::constant(21, 0, 0, 0);

/// The last instant of the daytime that is not later.
#[must_use]
pub fn not_after(at: Timestamp) -> Timestamp {
    let there = ZONE.to_datetime(at);
    if there.time() < OPENS {
        there.date().yesterday().map_or(at, |day| instant(day.to_datetime(CLOSES), at))
    } else if there.time() > CLOSES {
        instant(there.date().to_datetime(CLOSES), at)
    } else {
        at
    }
}

/// The first instant of the daytime that is not earlier.
#[must_use]
pub fn not_before(at: Timestamp) -> Timestamp {
    let there = ZONE.to_datetime(at);
    if there.time() < OPENS {
        instant(there.date().to_datetime(OPENS), at)
    } else if there.time() >= SILENT {
        there.date().tomorrow().map_or(at, |day| instant(day.to_datetime(OPENS), at))
    } else {
        at
    }
}

fn instant(there: DateTime, otherwise: Timestamp) -> Timestamp {
    ZONE.to_timestamp(there).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_at_night_is_moved_to_the_evening_before_or_the_morning_after() {
        for (there, evening, morning) in [
            ("2026-12-21T00:00:00+08:00", "2026-12-20T20:00:00+08:00", "2026-12-21T09:00:00+08:00"),
            ("2026-12-21T08:59:59+08:00", "2026-12-20T20:00:00+08:00", "2026-12-21T09:00:00+08:00"),
            ("2026-12-21T09:00:00+08:00", "2026-12-21T09:00:00+08:00", "2026-12-21T09:00:00+08:00"),
            ("2026-12-21T14:37:00+08:00", "2026-12-21T14:37:00+08:00", "2026-12-21T14:37:00+08:00"),
            ("2026-12-21T20:00:00+08:00", "2026-12-21T20:00:00+08:00", "2026-12-21T20:00:00+08:00"),
            ("2026-12-21T20:00:01+08:00", "2026-12-21T20:00:00+08:00", "2026-12-21T20:00:01+08:00"),
            ("2026-12-21T20:59:59+08:00", "2026-12-21T20:00:00+08:00", "2026-12-21T20:59:59+08:00"),
            ("2026-12-21T21:00:00+08:00", "2026-12-21T20:00:00+08:00", "2026-12-22T09:00:00+08:00"),
            ("2026-12-21T23:59:59+08:00", "2026-12-21T20:00:00+08:00", "2026-12-22T09:00:00+08:00"),
        ] {
            let [there, evening, morning] =
                [there, evening, morning].map(|instant| instant.parse::<Timestamp>().unwrap());
            assert_eq!((not_after(there), not_before(there)), (evening, morning), "{there}");
        }
        // Where there is no evening before and no morning after, it stays.
        assert_eq!(not_after(Timestamp::MIN), Timestamp::MIN);
        assert_eq!(not_before(Timestamp::MAX), Timestamp::MAX);
    }
}
