//! How the end of a period was found, as the parties read it: the same steps that decided, so that anyone can
//! reckon them again. A field is shown only if it is named here.

use market_kernel::periods::{Length, Move, RestReason, Trace};
use schemars::JsonSchema;
use serde::Serialize;

use super::time::{Day, Instant};

/// How long a period is, and by which rule it runs.
///
/// All but hours leave the day of the event out (article 201) and end at 24:00 of their last day.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", content = "count", rename_all = "snake_case")]
#[schemars(rename = "Length")]
pub enum LengthView {
    /// Days; a last day that is a rest day gives way to the next working day (article 203).
    Days(u16),
    /// Days that no rest day moves, because the parties agreed so (article 204).
    CalendarDays(u16),
    /// Working days; rest days are not counted at all.
    WorkingDays(u16),
    /// Months: up to the corresponding day, else the month's last day (article 202), moved as days are.
    Months(u16),
    /// Hours from the instant itself, never moved (article 201).
    Hours(u32),
}

impl From<Length> for LengthView {
    fn from(length: Length) -> Self {
        match length {
            Length::Days(days) => Self::Days(days),
            Length::CalendarDays(days) => Self::CalendarDays(days),
            Length::WorkingDays(days) => Self::WorkingDays(days),
            Length::Months(months) => Self::Months(months),
            Length::Hours(hours) => Self::Hours(hours),
        }
    }
}

/// Why a day is a rest day.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schemars(rename = "RestReason")]
pub enum RestReasonView {
    /// A Saturday or Sunday on which nobody makes up for a holiday.
    Weekend,
    /// A day of a holiday: of a schedule, be it the festival itself or a day exchanged for it, or in a year without a
    /// schedule a statutory day, or the day in lieu of one.
    Holiday {
        /// The holiday in Chinese, as the notice or the law calls it.
        name_zh: String,
        /// The holiday in English.
        name_en: String,
    },
}

impl From<RestReason> for RestReasonView {
    fn from(reason: RestReason) -> Self {
        match reason {
            RestReason::Weekend => Self::Weekend,
            RestReason::Holiday { name_zh, name_en } => Self::Holiday { name_zh, name_en },
        }
    }
}

/// A rest day on which the period would have ended.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Move")]
pub struct MoveView {
    /// The day.
    date: Day,
    /// Why it is a rest day.
    reason: RestReasonView,
}

impl From<Move> for MoveView {
    fn from(passed: Move) -> Self {
        let Move { date, reason } = passed;
        Self { date: date.into(), reason: reason.into() }
    }
}

/// How the end of a period was found.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Trace")]
pub struct TraceView {
    /// The event that set the period running.
    starts_at: Instant,
    /// The rule.
    rule: LengthView,
    /// The last day before rest days are looked at. Hours have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    nominal_last_day: Option<Day>,
    /// The rest days that moved it, in order.
    moves: Vec<MoveView>,
    /// The last day. Hours have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_day: Option<Day>,
    /// The first instant after the period.
    ends_at: Instant,
    /// A schedule that can say something about a day that was looked at is not published: its year's, or for the last
    /// days of December the next year's.
    calendar_unpublished: bool,
}

impl From<Trace> for TraceView {
    fn from(trace: Trace) -> Self {
        let Trace {
            start,
            rule,
            nominal_last_day,
            moves,
            last_day,
            ends_at,
            calendar_unpublished,
            looked_at: _,
        } = trace;
        Self {
            starts_at: start.into(),
            rule: rule.into(),
            nominal_last_day: nominal_last_day.map(Day),
            moves: moves.into_iter().map(MoveView::from).collect(),
            last_day: last_day.map(Day),
            ends_at: ends_at.into(),
            calendar_unpublished,
        }
    }
}
