//! What a clause is called: `4.4.5`, `第二章第一条`, `第二条（三）1`, `Section 1.02(b)(ii)`, `附件一 1.1`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::characters::{hides, is_unfit};

/// How many characters an address has at most.
pub const MAX_ADDRESS_CHARS: usize = 64;

/// What would end an address in a path of the API, or would make it look like an attack there: no agreement numbers its
/// clauses with these.
const RESERVED: [char; 11] = ['/', '\\', '?', '#', '%', '<', '>', '$', '{', '}', ':'];

/// The address of a clause, unique in its version: 1 to 64 characters that show, single blanks between them, none of
/// them `/`, `\`, `?`, `#`, `%`, `<`, `>`, `$`, `{`, `}` or `:`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("minLength" = 1, "maxLength" = 64, "x-rule" = "clause-address", "pattern" = r"^[^\s/\\?#%<>${}:]+( [^\s/\\?#%<>${}:]+)*$"))]
pub struct ClauseAddress(String);

crate::trusted!(ClauseAddress, String);

/// Why an address was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the address of a clause, for example 4.4.5 or 第五条")]
pub struct ClauseAddressError;

impl ClauseAddress {
    /// The address itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An address of these words: what no address may have is left out.
    #[must_use]
    pub fn of_words(words: &str) -> Option<Self> {
        let is_blank = |c: char| c.is_whitespace() || RESERVED.contains(&c) || is_unfit(c) || hides(c);
        let kept: Vec<&str> = words.split(is_blank).filter(|word| !word.is_empty()).collect();
        kept.join(" ").try_into().ok()
    }
}

impl TryFrom<String> for ClauseAddress {
    type Error = ClauseAddressError;

    fn try_from(raw: String) -> Result<Self, ClauseAddressError> {
        let is_word = |word: &str| {
            let is_fit = |c: char| !(c.is_whitespace() || RESERVED.contains(&c) || is_unfit(c) || hides(c));
            !word.is_empty() && word.chars().all(is_fit)
        };
        // In a path `.` and `..` are no names.
        let is_named = raw.chars().any(|c| c != '.' && c != ' ');
        let is_lawful = raw.chars().count() <= MAX_ADDRESS_CHARS && is_named && raw.split(' ').all(is_word);
        if is_lawful { Ok(Self(raw)) } else { Err(ClauseAddressError) }
    }
}

impl FromStr for ClauseAddress {
    type Err = ClauseAddressError;

    fn from_str(raw: &str) -> Result<Self, ClauseAddressError> {
        raw.to_owned().try_into()
    }
}

impl From<ClauseAddress> for String {
    fn from(address: ClauseAddress) -> Self {
        address.0
    }
}

impl fmt::Display for ClauseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_parsed_not_trusted() {
        for good in [
            "1",
            "4.4.5",
            "999",
            "第二章第一条",
            "第二条（三）1",
            "Section 1.02(b)(ii)",
            "附件一 1.1",
            "2.2[2]",
            "x.y",
        ] {
            assert_eq!(good.parse::<ClauseAddress>().unwrap().as_str(), good);
        }
        let long = "条".repeat(65);
        for bad in [
            "",
            " ",
            ".",
            "..",
            " 1",
            "1 ",
            "1  2",
            "a/b",
            "1?",
            "1#2",
            "50%",
            "a\\b",
            "1\n2",
            "1\u{200b}",
            "1\u{202e}",
            &long,
        ] {
            assert_eq!(bad.parse::<ClauseAddress>(), Err(ClauseAddressError), "{bad:?}");
        }
        assert!(serde_json::from_str::<ClauseAddress>("\"a/b\"").is_err());
    }

    #[test]
    fn words_become_an_address_without_what_none_may_have() {
        assert_eq!(ClauseAddress::of_words(" Fees / 50% off? ").unwrap().as_str(), "Fees 50 off");
        assert_eq!(ClauseAddress::of_words("#/"), None);
    }
}
