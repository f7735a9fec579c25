//! Instants and days, each in its one form.
//!
//! An instant is shown in UTC with exactly three decimals, `2026-12-01T00:00:00.000Z`, whatever the market keeps of it: what
//! is finer is cut off. It is read in any offset (RFC 3339). A day is `2026-12-01`, in the market's own zone.

use std::borrow::Cow;

use jiff::fmt::temporal::DateTimePrinter;
use market_kernel::{Date, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

/// An instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub Timestamp);

impl From<Timestamp> for Instant {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl From<Instant> for Timestamp {
    fn from(at: Instant) -> Self {
        at.0
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const MILLISECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
        serializer.serialize_str(&MILLISECONDS.timestamp_to_string(&self.0))
    }
}

impl JsonSchema for Instant {
    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A day of the market's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub Date);

impl From<Date> for Day {
    fn from(day: Date) -> Self {
        Self(day)
    }
}

impl From<Day> for Date {
    fn from(day: Day) -> Self {
        day.0
    }
}

impl JsonSchema for Day {
    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_in_utc_with_milliseconds_however_it_was_given() {
        for (given, shown) in [
            ("2026-12-01T00:00:00Z", "2026-12-01T00:00:00.000Z"),
            ("2026-12-01T08:00:00+08:00", "2026-12-01T00:00:00.000Z"),
            ("2026-12-01T00:00:00.766785437Z", "2026-12-01T00:00:00.766Z"),
            ("2026-12-01T00:00:00.9999Z", "2026-12-01T00:00:00.999Z"),
        ] {
            let read: Instant = serde_json::from_value(given.into()).unwrap();
            assert_eq!(serde_json::to_value(read).unwrap(), shown);
        }
    }

    #[test]
    fn a_day_is_shown_as_it_was_given() {
        let read: Day = serde_json::from_value("2026-12-01".into()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), "2026-12-01");
        assert!(serde_json::from_value::<Day>("2026-13-01".into()).is_err());
    }
}
