//! The unified social credit code of a legal entity (GB 32100-2015, with its amendment of 2016).
//!
//! Being a [`CreditCode`] proves that every part of it can be what it stands for, or that the operator vouched for it
//! (`vouching`): codes of the early pilots break the rule. So a slip of the keyboard, an invented code or
//! another kind of number cannot open an account. It does not prove that the company exists: that takes the register.
//! Lower case is refused with the right form and not repaired, so that one entity has one spelling and equal means
//! equal.

use std::fmt;
use std::str::FromStr;

use market_kernel::characters::trimmed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The characters by their values. I, O, S, V and Z are left out because they are misread.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

const LENGTH: usize = 18;

/// The authorities that register, by the code's first character, each with its categories, by the second.
const CATEGORIES: [(u8, &[u8]); 12] = [
    // Establishment of public bodies: organs, public institutions, mass organizations, others.
    (b'1', b"1239"),
    // Foreign affairs: news agencies, others.
    (b'2', b"19"),
    // Justice: lawyers, notaries, legal services, forensic examiners, arbitration commissions, others.
    (b'3', b"123459"),
    // Culture: foreign cultural centres, others.
    (b'4', b"19"),
    // Civil affairs: associations, private non-enterprise units, foundations, villagers' and residents' committees
    // (which the ministry added), others.
    (b'5', b"123459"),
    // Tourism: foreign offices, those of Hong Kong, Macao and Taiwan, others.
    (b'6', b"129"),
    // Religion: places, schools, others.
    (b'7', b"129"),
    // Trade unions: basic ones, others.
    (b'8', b"19"),
    // Market regulation: enterprises, individual businesses, farmers' cooperatives.
    (b'9', b"123"),
    // The Central Military Commission: public institutions of the army, others.
    (b'A', b"19"),
    // Agriculture: collectives of a group, a village, a township, others.
    (b'N', b"1239"),
    // Everything else.
    (b'Y', b"1"),
];

/// What divisions begin with (GB/T 2260): the whole country, its provinces, and the corps in Xinjiang, which registers
/// as one. Divisions below come and go, and a code keeps the one that it was given.
const PROVINCES: [&str; 36] = [
    "10", "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41",
    "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "66", "71",
    "81", "82",
];

/// The weights of an organization code's characters (GB 11714).
const ORGANIZATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// Eighteen characters: authority, category, division (six digits), organization (nine), check character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(into = "String")]
#[schemars(with = "String", extend("pattern" = "^[0-9A-HJ-NPQRTUWXY]{18}$"))]
pub struct CreditCode(String);

market_kernel::trusted!(CreditCode, String);

/// Eighteen characters of a credit code's alphabet, as someone gave them: a code, if they keep the rule or are vouched
/// for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", extend("pattern" = "^[0-9A-HJ-NPQRTUWXY]{18}$", "x-rule" = "credit-code"))]
pub struct GivenCode(String);

market_kernel::trusted!(GivenCode, String);

/// Why a code was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    /// Small letters.
    #[error("must be written in capital letters: {right}")]
    LowerCase {
        /// The code in its right form.
        right: String,
    },
    /// No authority has the first character.
    #[error("{0:?} (character 1) is no authority that registers")]
    Authority(char),
    /// The authority has no category with the second.
    #[error("{category:?} (character 2) is no category of authority {authority:?}")]
    Category {
        /// The authority.
        authority: char,
        /// The category.
        category: char,
    },
    /// No province's divisions begin so.
    #[error("{0:?} (characters 3 to 8) is no administrative division")]
    Division(String),
    /// The organization code's own check character does not follow from its others. Which one would is not told.
    #[error("the organization code (characters 9 to 17) does not match its own check character")]
    Organization,
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

    /// Completes authority, category, division and the first eight of the organization's characters with both check
    /// characters.
    ///
    /// # Errors
    /// See [`CreditCodeError`].
    pub fn with_check_characters(first16: &str) -> Result<Self, CreditCodeError> {
        values(first16, LENGTH - 2)?;
        let first17 = format!("{first16}{}", organization_check_character(&first16[8..]));
        let last = check_character(&values(&first17, LENGTH - 1)?);
        GivenCode(format!("{first17}{last}")).of_the_rule()
    }

    /// One that is vouched for.
    pub(crate) fn vouched(code: GivenCode) -> Self {
        Self(code.0)
    }
}

impl GivenCode {
    /// The characters themselves.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code, if it keeps the rule.
    ///
    /// # Errors
    /// What breaks it.
    pub fn of_the_rule(&self) -> Result<CreditCode, CreditCodeError> {
        let code = &self.0;
        let values = values(code, LENGTH)?;
        let character = |position: usize| char::from(code.as_bytes()[position - 1]);
        let (authority, category) = (character(1), character(2));
        let (_, categories) = CATEGORIES
            .iter()
            .find(|(of, _)| char::from(*of) == authority)
            .ok_or(CreditCodeError::Authority(authority))?;
        if !categories.iter().any(|lawful| char::from(*lawful) == category) {
            return Err(CreditCodeError::Category { authority, category });
        }
        if !PROVINCES.contains(&&code[2..4]) {
            return Err(CreditCodeError::Division(code[2..8].to_owned()));
        }
        if character(17) != organization_check_character(&code[8..16]) {
            return Err(CreditCodeError::Organization);
        }
        if character(18) != check_character(&values[..LENGTH - 1]) {
            return Err(CreditCodeError::CheckCharacter);
        }
        Ok(CreditCode(code.clone()))
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

/// What follows from the first eight characters of an organization code (GB 11714). Its letters have values of their
/// own, A is 10 and Z is 35; ten is written X, eleven 0.
fn organization_check_character(first8: &str) -> char {
    let value = |c: char| c.to_digit(36).unwrap_or_default();
    let sum: u32 = first8.chars().zip(ORGANIZATION_WEIGHTS).map(|(c, weight)| value(c) * weight).sum();
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap_or_default(),
    }
}

impl TryFrom<String> for GivenCode {
    type Error = CreditCodeError;

    fn try_from(raw: String) -> Result<Self, CreditCodeError> {
        let code = trimmed(&raw);
        let right = code.to_ascii_uppercase();
        let found = right.chars().count();
        if found != LENGTH {
            return Err(CreditCodeError::Length { expected: LENGTH, found });
        }
        let unlawful =
            (1..).zip(right.chars()).find(|(_, c)| !u8::try_from(*c).is_ok_and(|c| ALPHABET.contains(&c)));
        match unlawful {
            Some((position, found)) => Err(CreditCodeError::Character { position, found }),
            None if code != right => Err(CreditCodeError::LowerCase { right }),
            None => Ok(Self(right)),
        }
    }
}

impl FromStr for GivenCode {
    type Err = CreditCodeError;

    fn from_str(raw: &str) -> Result<Self, CreditCodeError> {
        raw.to_owned().try_into()
    }
}

impl FromStr for CreditCode {
    type Err = CreditCodeError;

    fn from_str(raw: &str) -> Result<Self, CreditCodeError> {
        raw.parse::<GivenCode>()?.of_the_rule()
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

impl fmt::Display for GivenCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use market_kernel::stored::values::Trusted;

    use super::*;

    /// Published codes of real companies and institutions.
    const REAL: [&str; 10] = [
        "91110000802100433B",
        "9144030071526726XG",
        "914403001922038216",
        "91330100799655058B",
        "91440300708461136T",
        "91310000132260250X",
        "91110108551385082Q",
        "91330000142916567N",
        "91110108717743469K",
        "9144030027939873X7",
    ];

    fn parse(raw: &str) -> Result<CreditCode, CreditCodeError> {
        raw.parse()
    }

    #[test]
    fn real_codes_are_accepted_and_their_check_characters_found() {
        for real in REAL {
            assert_eq!(parse(real).map(String::from), Ok(real.to_owned()));
            assert_eq!(CreditCode::with_check_characters(&real[..16]), parse(real));
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
        assert_eq!(parse("91110000802104033B"), Err(CreditCodeError::Organization));
        assert_eq!(parse("91110000802100433C"), Err(CreditCodeError::CheckCharacter));
    }

    #[test]
    fn numbers_of_other_kinds_and_invented_ones_are_no_codes() {
        // An identity card's, one of zeros, ones that only the last character makes fit.
        assert_eq!(parse("11010519491231002X"), Err(CreditCodeError::Division("010519".to_owned())));
        assert_eq!(parse("000000000000000000"), Err(CreditCodeError::Authority('0')));
        for invented in ["9111010800000000A6", "91510100MA6C0QLJ50", "91440300MA5EXAMP1A"] {
            assert_eq!(parse(invented), Err(CreditCodeError::Organization), "{invented}");
        }
    }

    #[test]
    fn authority_category_and_division_are_known_ones() {
        let refused = |first16: &str| CreditCode::with_check_characters(first16).unwrap_err();
        for (authority, categories) in CATEGORIES {
            for category in ALPHABET {
                let first16 = format!("{}{}11000080210043", char::from(authority), char::from(*category));
                let is_lawful = categories.contains(category);
                assert_eq!(CreditCode::with_check_characters(&first16).is_ok(), is_lawful, "{first16}");
            }
        }
        assert_eq!(refused("B111000080210043"), CreditCodeError::Authority('B'));
        assert_eq!(refused("9411000080210043"), CreditCodeError::Category { authority: '9', category: '4' });
        for division in ["000000", "160000", "470100", "990000"] {
            let first16 = format!("91{division}80210043");
            assert_eq!(refused(&first16), CreditCodeError::Division(division.to_owned()));
        }
        assert!(
            CreditCode::with_check_characters("9110000080210043").is_ok(),
            "registered by the state itself"
        );
    }

    #[test]
    fn a_refusal_says_what_is_wrong_and_where() {
        let character = |position, found| Err(CreditCodeError::Character { position, found });
        assert_eq!(
            parse("91110000802100433b"),
            Err(CreditCodeError::LowerCase { right: "91110000802100433B".to_owned() })
        );
        assert_eq!(parse("9111000080210O433B"), character(14, 'O'));
        assert_eq!(parse("9111000080210o433b"), character(14, 'O'));
        assert_eq!(parse("911A0000802100433B"), character(4, 'A'));
        assert_eq!(parse("９1110000802100433B"), character(1, '９'));
        assert_eq!(parse(""), Err(CreditCodeError::Length { expected: 18, found: 0 }));
        assert_eq!(parse("91110000802100433B0"), Err(CreditCodeError::Length { expected: 18, found: 19 }));
        assert_eq!(
            CreditCode::with_check_characters("9111"),
            Err(CreditCodeError::Length { expected: 16, found: 4 })
        );
    }

    #[test]
    fn what_shows_nothing_around_a_code_is_not_part_of_it() {
        for around in [" 91110000802100433B", "91110000802100433B\n", "\u{feff}91110000802100433B\u{3000}"] {
            assert_eq!(parse(around), parse("91110000802100433B"), "{around:?}");
        }
        assert!(parse("9111 0000802100433B").is_err());
    }

    #[test]
    fn what_is_sent_is_checked_and_what_is_stored_is_trusted() {
        let code: GivenCode = serde_json::from_str("\"91110000802100433B\"").unwrap();
        assert_eq!(serde_json::to_string(&code.of_the_rule().unwrap()).unwrap(), "\"91110000802100433B\"");
        assert!(serde_json::from_str::<GivenCode>("\"9111000080210043\"").is_err());
        let Trusted(kept) = serde_json::from_str::<Trusted<CreditCode>>("\"911100008021004330\"").unwrap();
        assert_eq!(kept.as_str(), "911100008021004330");
    }
}
