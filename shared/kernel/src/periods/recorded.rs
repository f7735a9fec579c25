//! What a running thing records when it looks whether the holiday schedule that its period waits for was published: the
//! end moves, never to an earlier date, and the parties are told; or the date stands, and nobody is troubled.
//!
//! Grants and orders that were made until the end that was served keep what they have.

use jiff::Timestamp;

use super::again::Again;
use crate::change::Event;
use crate::events::{PeriodConfirmed, PeriodMoved, ReckonedUnder, ScheduleAwaited};

impl Again {
    /// The event of it: none where the period is over, and the schedule still to come.
    #[must_use]
    pub fn event<'a>(&self, under: ReckonedUnder, now: Timestamp) -> Option<Event<'a>> {
        match self {
            Self::Open(trace) if trace.ends_at <= now => None,
            Self::Open(trace) => {
                let until = trace.next_look().unwrap_or(trace.ends_at);
                Some(Event::of(ScheduleAwaited { under, until }))
            }
            Self::Stands(trace) => Some(Event::of(PeriodConfirmed { under, period: trace.to_string() })),
            Self::Later(trace) => {
                let (ends_at, period) = (trace.ends_at, trace.to_string());
                Some(Event::of(PeriodMoved { under, ends_at, period }))
            }
        }
    }
}
