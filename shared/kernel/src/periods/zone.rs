//! The zone Asia/Shanghai, by whose days every period runs.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{self, Offset};

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

pub(super) fn midnight(date: Date) -> Result<Timestamp, jiff::Error> {
    ZONE.to_timestamp(date.to_datetime(Time::midnight()))
}

/// An instant for people to read, in the zone.
pub(super) fn written(at: Timestamp) -> impl fmt::Display {
    at.to_zoned_datetime(ZONE.to_time_zone()).strftime("%Y-%m-%dT%H:%M%:z").to_string()
}
