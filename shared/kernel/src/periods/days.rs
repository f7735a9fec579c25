//! What sort of day a date is.

use jiff::civil::{Date, Weekday};

/// Why a day is a rest day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestReason {
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

impl RestReason {
    /// Its name in Chinese.
    #[must_use]
    pub fn chinese(&self) -> &str {
        match self {
            Self::Weekend => "周末",
            Self::Holiday { name_zh, .. } => name_zh,
        }
    }
}

impl std::fmt::Display for RestReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Weekend => f.write_str("weekend"),
            Self::Holiday { name_en, .. } => f.write_str(name_en),
        }
    }
}

/// What sort of day a date is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayKind {
    /// A weekday that no holiday claims.
    Working,
    /// A weekend day that is worked in exchange for a holiday.
    MakeUp,
    /// A day off.
    Rest(RestReason),
}

/// Whether it is a Saturday or a Sunday.
pub(super) fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}
