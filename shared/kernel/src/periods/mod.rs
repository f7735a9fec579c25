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
mod publicity;
mod reckoning;
mod recorded;
mod schedule;
#[cfg(test)]
mod second;
mod statutory;
mod trace;
mod zone;

pub use self::again::Again;
pub use self::calendar::Calendar;
pub use self::days::{DayKind, RestReason};
pub use self::publicity::{PublicityMode, PublicityWarning, TooShort, amendment_publicity, check_publicity};
pub use self::reckoning::{PeriodError, missing_years, reckon};
pub use self::schedule::{
    Holiday, HolidayNotice, MAX_CHANGES, MAX_HOLIDAYS, MAX_MAKE_UP, Schedule, ScheduleError,
};
pub use self::trace::{Length, Move, Trace};
pub use self::zone::{ZONE, end_of, local_date, start_of};
