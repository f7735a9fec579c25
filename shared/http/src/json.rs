//! Bodies: JSON, and what is said of one that does not fit.
//!
//! What the parser says is shown only as far as it speaks of the request; the names of our types do not
//! get out.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use crate::problem::{Code, FieldError, Problem};

pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // The library would also take an array of the fields' values, in their order.
    if body.trim_ascii_start().first() == Some(&b'[') {
        let error = FieldError { pointer: String::new(), detail: "must be an object".to_owned() };
        return Err(Problem { errors: vec![error], ..Problem::new(Code::InvalidBody) });
    }
    let mut parser = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut parser).map_err(|error| {
        let pointer = pointer(error.path());
        let error = error.into_inner();
        match error.classify() {
            Category::Data => Problem {
                errors: vec![FieldError { pointer, detail: said(&error.to_string()) }],
                ..Problem::new(Code::InvalidBody)
            },
            Category::Syntax | Category::Eof | Category::Io => Problem::new(Code::MalformedJson)
                .detail(format!("line {}, column {}", error.line(), error.column())),
        }
    })?;
    parser.end().map_err(|_| Problem::new(Code::MalformedJson).detail("something follows the JSON value"))?;
    Ok(parsed)
}

/// What came in a request that its sender signed. Nothing of it is refused for its form: what does not fit is handed on
/// as text, so that it leaves a record.
#[derive(Debug, Clone)]
pub enum Signed<T> {
    /// It is what it should be; fields that are not known are left aside.
    Read(T),
    /// It is not, and this is what it is.
    Unread(String),
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Signed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_object = text.trim_ascii_start().starts_with('{');
        Ok(match serde_json::from_str(&text) {
            Ok(read) if is_object => Self::Read(read),
            _ => Self::Unread(text),
        })
    }
}

impl<T: JsonSchema> JsonSchema for Signed<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Reads a signed body, which takes whatever arrives ([`Signed`]).
pub(crate) fn signed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = String::from_utf8_lossy(body).into_owned();
    T::deserialize(text.into_deserializer())
        .map_err(|_: serde::de::value::Error| Problem::new(Code::InvalidBody))
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// The parser's words without what it expected (our types) and where (the pointer says it).
fn said(error: &str) -> String {
    let error = error.split(" at line ").next().unwrap_or_default();
    let until =
        if error.starts_with("invalid ") || error.starts_with("unknown ") { ", expected" } else { "\0" };
    let words = error.split(until).next().unwrap_or_default();
    // What was sent may be long.
    words.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use market_domain::text::EmailAddress;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Contacts {
        #[allow(dead_code, reason = "only parsed")]
        email: EmailAddress,
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_place_and_without_our_types() {
        let problem = parse::<Contacts>(br#"{"email": 5}"#).unwrap_err();
        assert_eq!(problem.code, Code::InvalidBody);
        assert_eq!(problem.errors[0].pointer, "/email");
        assert_eq!(problem.errors[0].detail, "invalid type: integer `5`");
        let unknown = parse::<Contacts>(br#"{"email": "a@example.com", "fax": "1"}"#).unwrap_err();
        assert_eq!(unknown.errors[0].detail, "unknown field `fax`");
        let custom = parse::<Contacts>(br#"{"email": "nobody"}"#).unwrap_err();
        assert_eq!(custom.errors[0].detail, "must be an e-mail address");
    }

    #[test]
    fn what_is_not_json_is_said_to_be_so() {
        for body in [
            &b"{"[..],
            b"",
            b"{\"email\": \"a@example.com\"}{}",
            b"{\"email\": \"a@example.com\"} x",
            b"\xff",
        ] {
            assert_eq!(parse::<Contacts>(body).unwrap_err().code, Code::MalformedJson, "{body:?}");
        }
    }
}
