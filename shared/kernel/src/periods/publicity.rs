//! How long an amendment is public before it takes effect (clause 9.4).

use std::fmt;

use jiff::{Span, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::zone::{end_of, local_date, written};

/// Whether the day of publication counts as a day of publicity (clause 9.4 does not say).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublicityMode {
    /// It does not: full days only, as in article 201.
    #[default]
    Strict,
    /// It does, with a warning. The platform's own amendment of 2024-04-12 needs this.
    Lenient,
}

/// A publicity period that suffices only because the day of publication was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicityWarning {
    /// When the amendment could take effect if only full days counted.
    pub strict_earliest: Timestamp,
}

impl fmt::Display for PublicityWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let earliest = written(self.strict_earliest);
        write!(f, "the day of publication was counted; with full days only, the earliest is {earliest}")
    }
}

/// An amendment that would take effect before its publicity period has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the publicity period is too short; the earliest is {}", written(*.earliest))]
pub struct TooShort {
    /// When it can take effect.
    pub earliest: Timestamp,
}

/// The earliest instant at which an amendment can take effect (clause 9.4): after 7 days of publicity, 15 when
/// it is a major one. A default of this market, in calendar days: the public reads on rest days too.
#[must_use]
pub fn amendment_publicity(published_at: Timestamp, major: bool, mode: PublicityMode) -> Timestamp {
    let days = if major { 15 } else { 7 };
    let days_after_publication = match mode {
        PublicityMode::Strict => days,
        PublicityMode::Lenient => days - 1,
    };
    end_of(local_date(published_at).saturating_add(Span::new().days(days_after_publication)))
}

/// Checks that an amendment was public for long enough.
///
/// # Errors
/// [`TooShort`] when it was not, even as this mode counts.
pub fn check_publicity(
    published_at: Timestamp,
    effective_at: Timestamp,
    major: bool,
    mode: PublicityMode,
) -> Result<Option<PublicityWarning>, TooShort> {
    let earliest = amendment_publicity(published_at, major, mode);
    if effective_at < earliest {
        return Err(TooShort { earliest });
    }
    let strict_earliest = amendment_publicity(published_at, major, PublicityMode::Strict);
    Ok((effective_at < strict_earliest).then_some(PublicityWarning { strict_earliest }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(instant: &str) -> Timestamp {
        instant.parse().unwrap()
    }

    #[test]
    fn an_amendment_is_public_for_seven_full_days_or_fifteen() {
        let published = at("2024-04-12T11:06:59+08:00");
        let earliest = |major, mode| amendment_publicity(published, major, mode);
        assert_eq!(earliest(false, PublicityMode::Strict), at("2024-04-20T00:00:00+08:00"));
        assert_eq!(earliest(true, PublicityMode::Strict), at("2024-04-28T00:00:00+08:00"));
        assert_eq!(earliest(false, PublicityMode::Lenient), at("2024-04-19T00:00:00+08:00"));
    }

    #[test]
    fn counting_the_day_of_publication_leaves_a_warning() {
        let published = at("2024-04-12T11:06:59+08:00");
        let check = |effective, mode| check_publicity(published, at(effective), false, mode);
        let strict_earliest = at("2024-04-20T00:00:00+08:00");
        let real = "2024-04-19T00:00:00+08:00";
        let short = check(real, PublicityMode::Strict).unwrap_err();
        assert_eq!(short, TooShort { earliest: strict_earliest });
        assert!(short.to_string().ends_with("the earliest is 2024-04-20T00:00+08:00"));
        let warning = check(real, PublicityMode::Lenient).unwrap();
        assert_eq!(warning, Some(PublicityWarning { strict_earliest }));
        assert_eq!(check("2024-04-20T00:00:00+08:00", PublicityMode::Lenient), Ok(None));
        assert_eq!(check("2024-04-20T00:00:00+08:00", PublicityMode::Strict), Ok(None));
        assert_eq!(
            check("2024-04-18T23:59:59+08:00", PublicityMode::Lenient),
            Err(TooShort { earliest: at(real) })
        );
    }
}
