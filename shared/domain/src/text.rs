//! Text that people type: bounded, never empty, free of control characters.
//!
//! Being a [`Text`] proves it, so nothing behind the edge checks again: a header cannot be injected into
//! an e-mail and a record cannot outgrow its item.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// One to `MAX` characters (Unicode scalar values), trimmed; line breaks are the only control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

/// One line of a form: a name, a title.
pub type Line = Text<120>;
/// A few paragraphs: instructions, a reason.
pub type Prose = Text<4000>;

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// More characters than the field holds.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The field's bound.
        max: usize,
    },
    /// A control character other than a line break.
    #[error("must not contain control characters")]
    Control,
}

impl<const MAX: usize> Text<MAX> {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

crate::stored::values::trusted!(Text<const MAX: usize>, String);

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = TextError;

    fn try_from(raw: String) -> Result<Self, TextError> {
        let text = raw.trim();
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if text.chars().nth(MAX).is_some() {
            return Err(TextError::TooLong { max: MAX });
        }
        // A line of a form has no line breaks; prose has.
        if text.chars().any(|c| c.is_control() && (MAX <= 120 || c != '\n')) {
            return Err(TextError::Control);
        }
        Ok(Self(text.to_owned()))
    }
}

impl<const MAX: usize> TryFrom<&str> for Text<MAX> {
    type Error = TextError;

    fn try_from(raw: &str) -> Result<Self, TextError> {
        raw.to_owned().try_into()
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Text{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX })
    }
}

/// An e-mail address: one `@` with something on both sides, no white space, at most 254 bytes (RFC 5321).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("format" = "email", "maxLength" = 254))]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

crate::stored::values::trusted!(EmailAddress, String);

impl TryFrom<String> for EmailAddress {
    type Error = &'static str;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        let lawful = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c);
        match raw.split_once('@') {
            Some((local, domain))
                if raw.len() <= 254
                    && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(lawful))
                    && domain.contains('.')
                    && domain.split('.').all(|label| {
                        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                    }) =>
            {
                Ok(Self(raw))
            }
            _ => Err("must be an e-mail address"),
        }
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

/// A telephone number in E.164 form: `+` and 8 to 15 digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^\+[1-9][0-9]{7,14}$"))]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// The number itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

crate::stored::values::trusted!(PhoneNumber, String);

impl TryFrom<String> for PhoneNumber {
    type Error = &'static str;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        match raw.strip_prefix('+') {
            Some(digits)
                if (8..=15).contains(&digits.len())
                    && digits.bytes().all(|b| b.is_ascii_digit())
                    && !digits.starts_with('0') =>
            {
                Ok(Self(raw))
            }
            _ => Err("must be a telephone number in E.164 form, for example +8613800000000"),
        }
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_its_bound_in_characters_not_bytes() {
        assert!(Line::try_from("好".repeat(120)).is_ok());
        assert_eq!(Line::try_from("好".repeat(121)), Err(TextError::TooLong { max: 120 }));
    }

    #[test]
    fn a_line_refuses_what_could_start_another_header() {
        assert_eq!(Line::try_from("a\r\nBcc: x@example.com"), Err(TextError::Control));
        assert!(Prose::try_from("two\nlines").is_ok());
        assert_eq!(Prose::try_from("   "), Err(TextError::Empty));
    }

    #[test]
    fn addresses_are_parsed_not_trusted() {
        assert!(EmailAddress::try_from("shop@example.com".to_owned()).is_ok());
        for bad in ["", "a", "a@b", "a b@example.com", "a@exa mple.com", "a@.com", "a\n@example.com"] {
            assert!(EmailAddress::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
        assert!(PhoneNumber::try_from("+8613800000000".to_owned()).is_ok());
        assert!(PhoneNumber::try_from("13800000000".to_owned()).is_err());
    }
}
