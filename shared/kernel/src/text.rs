//! Text that people type: bounded, never blank, free of what turns or hides.
//!
//! Being a [`Text`] proves it, so nothing behind the edge checks again: a header cannot be injected into
//! an e-mail, a record cannot outgrow its item, and a name is what it looks like.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::characters::{hides, is_unfit, show, trimmed};

/// The most characters of a line; what may be longer is prose.
const LINE: usize = 120;

/// One to `MAX` characters (Unicode scalar values), of which one at least shows, without what shows nothing at its
/// ends. Prose may have tabs and line breaks, which are line feeds; a line has neither.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

/// One line of a form: a name, a title.
pub type Line = Text<LINE>;
/// A few paragraphs: instructions, a reason.
pub type Prose = Text<4000>;

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing in it shows.
    #[error("must not be empty: something must show")]
    Empty,
    /// More characters than the field holds.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The field's bound.
        max: usize,
    },
    /// A control character other than those of prose.
    #[error("must not contain control characters")]
    Control,
    /// A character that turns what is shown, or hides in it.
    #[error("must not contain U+{:04X}, which turns, breaks or hides what is shown", u32::from(*.found))]
    Unfit {
        /// The character.
        found: char,
    },
}

impl<const MAX: usize> Text<MAX> {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A text that a machine sent, as much of it as fits: what a text must not have is replaced, and shows that it
    /// was there. None where nothing shows.
    #[must_use]
    pub fn as_far_as_it_fits(raw: &str) -> Option<Self> {
        let replaced = |c| if is_unfit(c) || hides(c) { char::REPLACEMENT_CHARACTER } else { c };
        let fitting: String = trimmed(raw).chars().map(replaced).take(MAX).collect();
        fitting.try_into().ok()
    }
}

crate::trusted!(Text<const MAX: usize>, String);

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = TextError;

    fn try_from(raw: String) -> Result<Self, TextError> {
        let is_line = MAX <= LINE;
        let raw = if is_line { raw } else { raw.replace("\r\n", "\n").replace('\r', "\n") };
        // At its ends, too: what turns text was not put there by a slip of the keyboard.
        if let Some(found) = raw.chars().find(|c| is_unfit(*c) && !c.is_control()) {
            return Err(TextError::Unfit { found });
        }
        let text = trimmed(&raw);
        if text.chars().any(|c| c.is_control() && (is_line || !matches!(c, '\n' | '\t'))) {
            return Err(TextError::Control);
        }
        if !show(text) {
            return Err(TextError::Empty);
        }
        if text.chars().nth(MAX).is_some() {
            return Err(TextError::TooLong { max: MAX });
        }
        match text.chars().find(|c| is_line && hides(*c)) {
            Some(found) => Err(TextError::Unfit { found }),
            None => Ok(Self(text.to_owned())),
        }
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
        // What the rule says beyond the bounds stands at the head of this file.
        let rule = if MAX <= LINE { "line" } else { "prose" };
        json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX, "x-rule": rule })
    }
}

/// An e-mail address that mail can be sent to (RFC 5321): one `@`; before it at most 64 characters, after it a domain
/// name of at least two labels; at most 254 in all. What only few servers take (quotes, letters beyond ASCII,
/// addresses in brackets) is refused: a notice with legal effect must arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("format" = "email", "maxLength" = 254, "x-rule" = "email"))]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

crate::trusted!(EmailAddress, String);

/// What may stand before the `@`: atoms with single dots between them.
fn is_local_part(local: &str) -> bool {
    let lawful = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c);
    local.len() <= 64 && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(lawful))
}

/// What may follow it: labels of letters, digits and inner hyphens, of which the last is no number.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    domain.split('.').all(is_label) && domain.rsplit_once('.').is_some_and(|(_, last)| !is_number(last))
}

impl TryFrom<String> for EmailAddress {
    type Error = &'static str;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        match raw.split_once('@') {
            Some((local, domain)) if raw.len() <= 254 && is_local_part(local) && is_domain(domain) => {
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
#[schemars(with = "String", extend("pattern" = r"^\+[1-9][0-9]{7,14}$", "x-rule" = "phone"))]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// The number itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

crate::trusted!(PhoneNumber, String);

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

/// A title in Chinese marks, of which it may bring its own.
#[must_use]
pub fn bracketed(title: &str) -> String {
    if title.starts_with('《') { title.to_owned() } else { format!("《{title}》") }
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
    fn what_shows_nothing_is_empty_and_is_trimmed_from_the_ends_of_what_shows() {
        for nothing in [
            "",
            " ",
            "\u{3000}",
            "\u{200b}",
            "\u{2060}",
            "\u{3164}",
            "\u{115f}\u{1160}",
            "\u{ffa0}",
            "\u{2800}",
            "\u{200c}\u{200d}",
            "\u{feff}",
            "\u{ad}",
            "\u{34f}",
            "\u{180e}",
            "\u{fe0f}",
            "\u{e0100}",
            "\u{301}",
        ] {
            assert_eq!(Line::try_from(nothing), Err(TextError::Empty), "{nothing:?}");
            assert_eq!(Prose::try_from(nothing), Err(TextError::Empty), "{nothing:?}");
        }
        let line = Line::try_from("\u{feff}\u{200b} 北风\u{2060}\u{3000}\t");
        assert_eq!(line.map(String::from), Ok("北风".to_owned()));
    }

    #[test]
    fn what_turns_text_or_breaks_it_unseen_is_refused_wherever_it_stands() {
        for found in [
            '\u{61c}',
            '\u{200e}',
            '\u{200f}',
            '\u{202a}',
            '\u{202e}',
            '\u{2066}',
            '\u{2069}',
            '\u{2028}',
            '\u{2029}',
            '\u{e000}',
            '\u{fffe}',
            '\u{e0041}',
            '\u{206a}',
            '\u{fff9}',
        ] {
            for text in [format!("甲{found}乙"), format!("{found}甲"), format!("甲{found}")] {
                assert_eq!(Line::try_from(text.as_str()), Err(TextError::Unfit { found }), "{text:?}");
                assert_eq!(Prose::try_from(text.as_str()), Err(TextError::Unfit { found }), "{text:?}");
            }
        }
        assert_eq!(Line::try_from("No\u{200b}rth"), Err(TextError::Unfit { found: '\u{200b}' }));
        assert!(Prose::try_from("no\u{200b}wrap").is_ok(), "prose may say where its lines can break");
        assert_eq!(Prose::try_from("a\0b"), Err(TextError::Control));
    }

    #[test]
    fn joiners_selectors_and_rare_characters_are_lawful_within_what_shows() {
        for lawful in
            ["𠮷野家", "👨\u{200d}👩\u{200d}👧", "❤\u{fe0f}", "می\u{200c}خواهم", "葛\u{e0100}城", "Zoë"]
        {
            assert_eq!(Line::try_from(lawful).map(String::from), Ok(lawful.to_owned()));
        }
    }

    #[test]
    fn prose_keeps_tabs_and_has_one_kind_of_line_break() {
        let prose = Prose::try_from("one\r\ntwo\rthree\n\tfour\r\n");
        assert_eq!(prose.map(String::from), Ok("one\ntwo\nthree\n\tfour".to_owned()));
        for broken in ["a\tb", "a\nb", "a\rb"] {
            assert_eq!(Line::try_from(broken), Err(TextError::Control), "{broken:?}");
        }
    }

    #[test]
    fn what_a_machine_sent_is_kept_as_far_as_it_fits() {
        let fits = |raw: &str| Text::<8>::as_far_as_it_fits(raw).map(String::from);
        assert_eq!(fits(" curl/8\u{202e}1\t2"), Some("curl/8\u{fffd}1".to_owned()));
        assert_eq!(fits("\u{200b}"), None);
    }

    #[test]
    fn addresses_are_parsed_not_trusted() {
        assert!(EmailAddress::try_from("shop@example.com".to_owned()).is_ok());
        let local = "a".repeat(64);
        let label = "b".repeat(63);
        let longest = format!("{local}@{label}.{label}.{}.co", "b".repeat(58));
        assert_eq!(longest.len(), 254);
        for good in [
            "a@b.co",
            "a.b+c@x-y.1e.museum",
            "o'hara@xn--fiqs8s.cn",
            &format!("{local}@{label}.co"),
            &longest,
        ] {
            assert!(EmailAddress::try_from(good.to_owned()).is_ok(), "{good:?}");
        }
        for bad in [
            "",
            "a",
            "a@b",
            "a b@example.com",
            "a@exa mple.com",
            "a@.com",
            "a\n@example.com",
            "a@-b.co",
            "a@b-.co",
            "a@b.-co",
            "a@b.c-",
            "a..b@c.de",
            ".a@b.co",
            "a.@b.co",
            "a@b..co",
            "a@b.co.",
            "a@1.2.3.4",
            "a@b@c.de",
            "a@[127.0.0.1]",
            "\"a\"@b.co",
            "ä@b.co",
            "a@ä.co",
            &format!("{local}a@b.co"),
            &format!("a@{label}b.co"),
            &format!("{longest}m"),
        ] {
            assert!(EmailAddress::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
        assert!(PhoneNumber::try_from("+8613800000000".to_owned()).is_ok());
        assert!(PhoneNumber::try_from("13800000000".to_owned()).is_err());
    }
}
