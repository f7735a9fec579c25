//! The unified social credit code of a legal entity (GB 32100-2015).
//!
//! Being a [`CreditCode`] proves the form and the check character, so a slip of the keyboard cannot open an
//! account in another company's name. It does not prove that the company exists: that takes the register.
//! Lower case is refused and not repaired, so that one entity has one spelling and equal means equal.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The characters by their values. I, O, S, V and Z are left out because they are misread.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

const LENGTH: usize = 18;

/// Eighteen characters: register, category, division (six digits), organization (nine), check character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$"))]
pub struct CreditCode(String);

crate::stored::values::trusted!(CreditCode, String);

/// Why a code was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreditCodeError {
    /// Not as many characters as there must be.
    #[error("must have {expected} characters, not {found}")]
    Length {
        /// How many there must be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A character that cannot stand where it stands.
    #[error(
        "{found:?} cannot be character {position}: only digits and capital letters without I, O, S, V and Z, \
         and only digits from 3 to 8"
    )]
    Character {
        /// Its place, counted from one.
        position: usize,
        /// The character.
        found: char,
    },
    /// The last character does not follow from the others. Which one would is not told: a wrong code is to
    /// be looked up, not made to fit.
    #[error("the check character does not match the others")]
    CheckCharacter,
}

impl CreditCode {
    /// The code itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Completes the first seventeen characters with their check character.
    ///
    /// # Errors
    /// See [`CreditCodeError`].
    pub fn with_check_character(first17: &str) -> Result<Self, CreditCodeError> {
        let values = values(first17, LENGTH - 1)?;
        Ok(Self(format!("{first17}{}", check_character(&values))))
    }
}

/// The values of a code's first `expected` characters.
fn values(code: &str, expected: usize) -> Result<Vec<usize>, CreditCodeError> {
    let found = code.chars().count();
    if found != expected {
        return Err(CreditCodeError::Length { expected, found });
    }
    (1..)
        .zip(code.chars())
        .map(|(position, found)| {
            let allowed = if (3..=8).contains(&position) { &ALPHABET[..10] } else { &ALPHABET[..] };
            allowed
                .iter()
                .position(|allowed| char::from(*allowed) == found)
                .ok_or(CreditCodeError::Character { position, found })
        })
        .collect()
}

/// The character that makes the weighted sum of all eighteen values divisible by 31; weights are powers of 3.
fn check_character(first17: &[usize]) -> char {
    let (sum, _) =
        first17.iter().fold((0, 1), |(sum, weight), value| ((sum + value * weight) % 31, weight * 3 % 31));
    char::from(ALPHABET[(31 - sum) % 31])
}

impl TryFrom<String> for CreditCode {
    type Error = CreditCodeError;

    fn try_from(raw: String) -> Result<Self, CreditCodeError> {
        let values = values(&raw, LENGTH)?;
        if raw.ends_with(check_character(&values[..LENGTH - 1])) {
            Ok(Self(raw))
        } else {
            Err(CreditCodeError::CheckCharacter)
        }
    }
}

impl FromStr for CreditCode {
    type Err = CreditCodeError;

    fn from_str(raw: &str) -> Result<Self, CreditCodeError> {
        raw.to_owned().try_into()
    }
}

impl From<CreditCode> for String {
    fn from(code: CreditCode) -> Self {
        code.0
    }
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored::values::Trusted;

    /// Published codes of real companies.
    const REAL: [&str; 4] =
        ["91110000802100433B", "9144030071526726XG", "914403001922038216", "91330100799655058B"];

    fn parse(raw: &str) -> Result<CreditCode, CreditCodeError> {
        raw.parse()
    }

    #[test]
    fn real_codes_are_accepted_and_their_check_characters_found() {
        for real in REAL {
            assert_eq!(parse(real).map(String::from), Ok(real.to_owned()));
            assert_eq!(CreditCode::with_check_character(&real[..17]), parse(real));
        }
    }

    /// 31 is a prime, so no weight is lost: every single slip shows.
    #[test]
    fn no_single_wrong_character_passes() {
        for real in REAL {
            for position in 0..18 {
                for other in ALPHABET.map(char::from) {
                    let mut wrong = real.to_owned();
                    wrong.replace_range(position..=position, &other.to_string());
                    assert_eq!(parse(&wrong).is_ok(), wrong == real, "{wrong}");
                }
            }
        }
    }

    #[test]
    fn neighbours_that_changed_places_do_not_pass() {
        assert_eq!(parse("91110000802104033B"), Err(CreditCodeError::CheckCharacter));
    }

    #[test]
    fn a_refusal_says_what_is_wrong_and_where() {
        let character = |position, found| Err(CreditCodeError::Character { position, found });
        assert_eq!(parse("91110000802100433b"), character(18, 'b'));
        assert_eq!(parse("9111000080210O433B"), character(14, 'O'));
        assert_eq!(parse("911A0000802100433B"), character(4, 'A'));
        assert_eq!(parse("９1110000802100433B"), character(1, '９'));
        assert_eq!(parse(""), Err(CreditCodeError::Length { expected: 18, found: 0 }));
        assert_eq!(parse("91110000802100433B "), Err(CreditCodeError::Length { expected: 18, found: 19 }));
        assert_eq!(
            CreditCode::with_check_character("9111"),
            Err(CreditCodeError::Length { expected: 17, found: 4 })
        );
    }

    #[test]
    fn what_is_sent_is_checked_and_what_is_stored_is_trusted() {
        let code: CreditCode = serde_json::from_str("\"91110000802100433B\"").unwrap();
        assert_eq!(serde_json::to_string(&code).unwrap(), "\"91110000802100433B\"");
        let refused = "\"911100008021004330\"";
        assert!(serde_json::from_str::<CreditCode>(refused).is_err());
        let Trusted(kept) = serde_json::from_str::<Trusted<CreditCode>>(refused).unwrap();
        assert_eq!(kept.as_str(), "911100008021004330");
    }
}
