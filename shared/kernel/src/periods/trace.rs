//! How long a period is, and how its end was found, for people to read.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use super::days::RestReason;
use super::zone::{ZONE, local_date, written};

/// How long a period is, and by which rule it runs.
///
/// All but [`Length::Hours`] leave the day of the event out (article 201) and end at 24:00 of their last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
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

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match *self {
            Self::Days(n) => (u32::from(n), "day"),
            Self::CalendarDays(n) => (u32::from(n), "calendar day"),
            Self::WorkingDays(n) => (u32::from(n), "working day"),
            Self::Months(n) => (u32::from(n), "month"),
            Self::Hours(n) => (n, "hour"),
        };
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "{count} {unit}{plural}")
    }
}

/// A rest day on which the period would have ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The day.
    pub date: Date,
    /// Why it is a rest day.
    pub reason: RestReason,
}

/// How the end of a period was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The event that set the period running.
    pub start: Timestamp,
    /// The rule.
    pub rule: Length,
    /// The last day before rest days are looked at. Hours have none.
    pub nominal_last_day: Option<Date>,
    /// The rest days that moved it, in order.
    pub moves: Vec<Move>,
    /// The last day. Hours have none.
    pub last_day: Option<Date>,
    /// The first instant after the period.
    pub ends_at: Timestamp,
    /// A schedule that can say something about a day that was looked at is not published: its year's, or for the last
    /// days of December the next year's.
    pub calendar_unpublished: bool,
    /// When it was last looked, in vain, whether that schedule was published.
    pub looked_at: Option<Timestamp>,
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start, rule, ends_at, .. } = self;
        if let (Some(nominal), Some(last_day)) = (self.nominal_last_day, self.last_day) {
            write!(f, "{rule} from {} → ", local_date(*start))?;
            if self.moves.is_empty() {
                write!(f, "last day {last_day}")?;
            } else {
                let mut reasons: Vec<_> = self.moves.iter().map(|passed| passed.reason.to_string()).collect();
                reasons.dedup();
                let reasons = reasons.join(", ");
                write!(f, "nominal last day {nominal}, moved past {reasons} to {last_day}")?;
            }
            write!(f, "; ends {}", written(*ends_at))?;
        } else {
            // Hours run from the instant, so every second of it is shown.
            let [start, end] = [start, ends_at].map(|at| at.display_with_offset(ZONE));
            write!(f, "{rule} from {start} → ends {end}")?;
        }
        if self.calendar_unpublished { f.write_str("; calendar unpublished") } else { Ok(()) }
    }
}

impl Trace {
    /// The same line in Chinese, for those who read the agreement in it.
    #[must_use]
    pub fn chinese(&self) -> String {
        let (count, unit) = match self.rule {
            Length::Days(n) | Length::CalendarDays(n) => (u32::from(n), "日"),
            Length::WorkingDays(n) => (u32::from(n), "个工作日"),
            Length::Months(n) => (u32::from(n), "个月"),
            Length::Hours(n) => (n, "小时"),
        };
        let Some((nominal, last_day)) = self.nominal_last_day.zip(self.last_day) else {
            return format!("自{}起{count}{unit}，至{}届满", written(self.start), written(self.ends_at));
        };
        let mut line = format!("{}当日不计，{count}{unit}的最后一日为{nominal}", local_date(self.start));
        if !self.moves.is_empty() {
            let mut reasons: Vec<&str> = self.moves.iter().map(|passed| passed.reason.chinese()).collect();
            reasons.dedup();
            line.push_str(&format!("，适逢{}，顺延至{last_day}", reasons.join("、")));
        }
        line.push_str("，该日24时届满");
        if self.calendar_unpublished {
            line.push_str("（有关年度的节假日安排尚未公布）");
        }
        line
    }
}
