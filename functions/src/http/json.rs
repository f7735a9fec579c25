//! JSON bodies, and the errors that describe an invalid one.
//!
//! What the parser says is shown only as far as it speaks of the request; the names of our types do not
//! get out.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use super::objects::{AN_OBJECT, Objects};
use super::problem::{FieldError, Problem};
use super::problems;

pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut parser = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(Objects(&mut parser)).map_err(|error| {
        let pointer = pointer(error.path());
        let error = error.into_inner();
        match error.classify() {
            Category::Data => Problem {
                errors: vec![FieldError { pointer, detail: said(&error.to_string()) }],
                ..Problem::new(problems::INVALID_BODY)
            },
            Category::Syntax | Category::Eof | Category::Io => Problem::new(problems::MALFORMED_JSON)
                .detail(format!("line {}, column {}", error.line(), error.column())),
        }
    })?;
    parser
        .end()
        .map_err(|_| Problem::new(problems::MALFORMED_JSON).detail("something follows the JSON value"))?;
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
        .map_err(|_: serde::de::value::Error| Problem::new(problems::INVALID_BODY))
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Enum { variant } => Some(format!("/{variant}")),
            Segment::Unknown => None,
        })
        .collect()
}

/// The parser's words without what it expected (our types) and where (the pointer says it).
fn said(error: &str) -> String {
    let error = error.rsplit_once(" at line ").map_or(error, |(error, _)| error);
    if error.starts_with("invalid type: ") && error.ends_with(&format!(", expected {AN_OBJECT}")) {
        return format!("must be {AN_OBJECT}");
    }
    let until =
        if error.starts_with("invalid ") || error.starts_with("unknown ") { ", expected" } else { "\0" };
    let words = error.split(until).next().unwrap_or_default();
    // What was sent may be long.
    words.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use market_kernel::text::EmailAddress;

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Contacts {
        #[allow(dead_code, reason = "only parsed")]
        email: EmailAddress,
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_place_and_without_our_types() {
        let problem = parse::<Contacts>(br#"{"email": 5}"#).unwrap_err();
        assert_eq!(problem.code, problems::INVALID_BODY);
        assert_eq!(problem.errors[0].pointer, "/email");
        assert_eq!(problem.errors[0].detail, "invalid type: integer `5`");
        let unknown = parse::<Contacts>(br#"{"email": "a@example.com", "fax": "1"}"#).unwrap_err();
        assert_eq!(unknown.errors[0].detail, "unknown field `fax`");
        let custom = parse::<Contacts>(br#"{"email": "nobody"}"#).unwrap_err();
        assert_eq!(custom.errors[0].detail, "must be an e-mail address");
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only parsed")]
    struct Order {
        contacts: Contacts,
        #[serde(default)]
        others: Vec<Contacts>,
        #[serde(default)]
        perhaps: Option<Contacts>,
        #[serde(default)]
        bound: Option<Bound>,
        #[serde(default)]
        way: Option<Way>,
        #[serde(default)]
        by_name: std::collections::BTreeMap<String, Contacts>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
    #[allow(dead_code, reason = "only parsed")]
    enum Bound {
        Term { days: u32 },
        Unbounded,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code, reason = "only parsed")]
    enum Way {
        Plain,
        Post { contacts: Contacts },
        Mail(Contacts),
    }

    const GOOD: &str = r#"{"email": "a@b.co"}"#;

    #[test]
    fn an_array_is_no_object_at_any_depth() {
        let order = |rest: &str| format!(r#"{{"contacts": {GOOD}, {rest}}}"#);
        for (body, place) in [
            (r#"["a@b.co"]"#.to_owned(), ""),
            (r#"[{"email": "a@b.co"}]"#.to_owned(), ""),
            (r#"{"contacts": ["a@b.co"]}"#.to_owned(), "/contacts"),
            (r#"{"contacts": []}"#.to_owned(), "/contacts"),
            (r#"{"contacts": null}"#.to_owned(), "/contacts"),
            (order(&format!(r#""others": [{GOOD}, ["a@b.co"]]"#)), "/others/1"),
            (order(r#""perhaps": ["a@b.co"]"#), "/perhaps"),
            (order(r#""bound": ["term", {"days": 3}]"#), "/bound"),
            (order(r#""bound": ["unbounded"]"#), "/bound"),
            (order(r#""way": {"post": ["a@b.co"]}"#), "/way/post"),
            (order(r#""way": {"post": [["a@b.co"]]}"#), "/way/post"),
            (order(r#""way": {"post": {"contacts": ["a@b.co"]}}"#), "/way/post/contacts"),
            (order(r#""way": {"mail": ["a@b.co"]}"#), "/way/mail"),
            (order(r#""by_name": {"a": ["a@b.co"]}"#), "/by_name/a"),
            (order(r#""by_name": []"#), "/by_name"),
        ] {
            let problem = parse::<Order>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.code, problems::INVALID_BODY, "{body}");
            let error = &problem.errors[0];
            assert_eq!(
                (error.pointer.as_str(), error.detail.as_str()),
                (place, "must be an object"),
                "{body}"
            );
        }
        for body in [
            order(&format!(r#""others": [{GOOD}], "perhaps": null, "bound": null, "way": "plain""#)),
            order(&format!(
                r#""perhaps": {GOOD}, "bound": {{"days": 3, "kind": "term"}}, "by_name": {{"a": {GOOD}}}"#
            )),
            order(&format!(r#""bound": {{"kind": "unbounded"}}, "way": {{"post": {{"contacts": {GOOD}}}}}"#)),
            order(&format!(r#""way": {{"mail": {GOOD}}}"#)),
        ] {
            assert!(parse::<Order>(body.as_bytes()).is_ok(), "{body}: {:?}", parse::<Order>(body.as_bytes()));
        }
    }

    #[test]
    fn words_of_the_request_do_not_pass_for_ours() {
        let problem =
            parse::<Contacts>(br#"{"email": "x", "x": ", expected an object at line 1"}"#).unwrap_err();
        assert_eq!(problem.errors[0].detail, "must be an e-mail address");
        let twice = parse::<Contacts>(br#"{"email": "a@b.co", "email": "a@b.co"}"#).unwrap_err();
        assert_eq!(twice.errors[0].detail, "duplicate field `email`");
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
            assert_eq!(parse::<Contacts>(body).unwrap_err().code, problems::MALFORMED_JSON, "{body:?}");
        }
    }
}
