//! The trace of a period as stored: a date that decided about rights stays explainable as it was reckoned.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::values::each;
use crate::periods::{Length, Move, RestReason, Trace};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredLength {
    Days(u16),
    CalendarDays(u16),
    WorkingDays(u16),
    Months(u16),
    Hours(u32),
}

impl StoredLength {
    const fn of(length: Length) -> Self {
        match length {
            Length::Days(n) => Self::Days(n),
            Length::CalendarDays(n) => Self::CalendarDays(n),
            Length::WorkingDays(n) => Self::WorkingDays(n),
            Length::Months(n) => Self::Months(n),
            Length::Hours(n) => Self::Hours(n),
        }
    }

    const fn restore(self) -> Length {
        match self {
            Self::Days(n) => Length::Days(n),
            Self::CalendarDays(n) => Length::CalendarDays(n),
            Self::WorkingDays(n) => Length::WorkingDays(n),
            Self::Months(n) => Length::Months(n),
            Self::Hours(n) => Length::Hours(n),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum StoredRestReason {
    Weekend,
    Holiday { name_zh: String, name_en: String },
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredMove {
    date: Date,
    reason: StoredRestReason,
}

impl StoredMove {
    fn of(Move { date, reason }: Move) -> Self {
        let reason = match reason {
            RestReason::Weekend => StoredRestReason::Weekend,
            RestReason::Holiday { name_zh, name_en } => StoredRestReason::Holiday { name_zh, name_en },
        };
        Self { date, reason }
    }

    fn restore(self) -> Move {
        let reason = match self.reason {
            StoredRestReason::Weekend => RestReason::Weekend,
            StoredRestReason::Holiday { name_zh, name_en } => RestReason::Holiday { name_zh, name_en },
        };
        Move { date: self.date, reason }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct StoredTrace {
    start: Timestamp,
    rule: StoredLength,
    nominal_last_day: Option<Date>,
    moves: Vec<StoredMove>,
    last_day: Option<Date>,
    ends_at: Timestamp,
    calendar_unpublished: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    looked_at: Option<Timestamp>,
}

impl StoredTrace {
    pub fn of(trace: Trace) -> Self {
        let Trace {
            start,
            rule,
            nominal_last_day,
            moves,
            last_day,
            ends_at,
            calendar_unpublished,
            looked_at,
        } = trace;
        Self {
            start,
            rule: StoredLength::of(rule),
            nominal_last_day,
            moves: each(moves, StoredMove::of),
            last_day,
            ends_at,
            calendar_unpublished,
            looked_at,
        }
    }

    pub fn restore(self) -> Trace {
        let Self { start, rule, nominal_last_day, moves, last_day, ends_at, calendar_unpublished, looked_at } =
            self;
        Trace {
            start,
            rule: rule.restore(),
            nominal_last_day,
            moves: each(moves, StoredMove::restore),
            last_day,
            ends_at,
            calendar_unpublished,
            looked_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::periods::{Calendar, reckon};

    #[test]
    fn every_sort_of_trace_survives_storage() {
        let start = "2026-07-20T09:00:00+08:00".parse().unwrap();
        let lengths = [
            Length::Days(5),
            Length::Days(75),
            Length::CalendarDays(30),
            Length::WorkingDays(3),
            Length::Months(1),
            Length::Hours(24),
            Length::WorkingDays(120),
        ];
        for length in lengths {
            let trace = reckon(start, length, Calendar::published()).unwrap();
            let looked_at = trace.calendar_unpublished.then_some(trace.ends_at);
            let trace = Trace { looked_at, ..trace };
            let stored = serde_json::to_string(&StoredTrace::of(trace.clone())).unwrap();
            assert_eq!(serde_json::from_str::<StoredTrace>(&stored).unwrap().restore(), trace, "{stored}");
        }
    }
}
