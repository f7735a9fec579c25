//! JSON bodies, and the errors that describe an invalid one.
//!
//! A typed parser is the judge; where it refuses, every fault is named at once ([`faults`]).

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeOwned, IgnoredAny, IntoDeserializer};
use serde::{Deserialize, Deserializer};

use super::faults;
use super::objects::Objects;
use super::problem::{FieldError, Problem};
use super::problems;

pub(crate) fn parse<T: DeserializeOwned + JsonSchema>(body: &[u8]) -> Result<T, Problem> {
    let mut parser = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(Objects(&mut parser))
        .map_err(|error| (pointer(error.path()), error.into_inner().to_string()))
        .and_then(|parsed| parser.end().map(|()| parsed).map_err(|error| (String::new(), error.to_string())));
    parsed.map_err(|(pointer, error)| refused::<T>(body, &pointer, &error))
}

/// Why a body is refused: it is no JSON, or does not fit, place by place.
fn refused<T: JsonSchema>(body: &[u8], pointer: &str, error: &str) -> Problem {
    if std::str::from_utf8(body).is_err() {
        return Problem::new(problems::MALFORMED_JSON).detail("it is not UTF-8");
    }
    // Of the whole body, wherever the parser stopped: what breaks off behind an unknown field is broken JSON.
    if let Err(broken) = serde_json::from_slice::<IgnoredAny>(body) {
        return Problem::new(problems::MALFORMED_JSON).detail(format!(
            "it stops being JSON at line {}, column {}",
            broken.line(),
            broken.column()
        ));
    }
    let schema = faults::schema_of::<T>();
    let mut errors =
        serde_json::from_slice(body).map_or_else(|_| Vec::new(), |value| faults::of(&schema, &value));
    if errors.is_empty() {
        // What only the parser knows: a field that is there twice, a number beyond any type.
        let twice = error.strip_prefix("duplicate field `").and_then(|name| name.split('`').next());
        let pointer = twice.map_or_else(|| pointer.to_owned(), |name| format!("{pointer}/{name}"));
        let expected = faults::expected_at(&schema, &pointer);
        errors.push(FieldError {
            pointer: Some(pointer),
            parameter: None,
            detail: said(error).to_owned(),
            expected,
        });
    }
    Problem::new(problems::INVALID_BODY).errors(errors)
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

/// What is wrong, where only the parser's error tells. Its own words and our types do not get out; what our types say of a
/// value begins with "must".
fn said(error: &str) -> &str {
    let error = error.rsplit_once(" at line ").map_or(error, |(error, _)| error);
    match error {
        ours if ours.starts_with("must ") => ours,
        twice if twice.starts_with("duplicate field ") => faults::TWICE,
        _ => "does not fit",
    }
}

#[cfg(test)]
mod tests {
    use market_kernel::ids::OrderId;
    use market_kernel::text::{EmailAddress, Line};

    use super::*;

    #[derive(Debug, serde::Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Contacts {
        #[allow(dead_code, reason = "only parsed")]
        email: EmailAddress,
    }

    /// What is said of a body: place, what is wrong, what would be right.
    fn said_of<T: DeserializeOwned + JsonSchema + std::fmt::Debug>(body: &str) -> Vec<String> {
        let problem = parse::<T>(body.as_bytes()).unwrap_err();
        assert_eq!(problem.code, problems::INVALID_BODY, "{body}");
        let line = |error: FieldError| {
            let expected = error.expected.map(|expected| format!("; {expected}")).unwrap_or_default();
            format!("{} {}{expected}", error.pointer.unwrap(), error.detail)
        };
        problem.errors.into_iter().map(line).collect()
    }

    #[test]
    fn every_fault_of_a_body_is_named_at_once_with_what_was_expected() {
        let body = r#"{"contacts": {"email": "nobody", "fax": 1}, "others": {"email": "a@b.co"},
            "bound": {"kind": "term", "days": 5000000000}, "at": "tomorrow", "kinds": ["plain", "plain", "x"],
            "id": "ord_1", "title": "\u202e", "to~be/": 1}"#;
        assert_eq!(
            said_of::<Order>(body),
            [
                r#"/at is "tomorrow"; an instant (RFC 3339), such as 2026-12-01T00:00:00+08:00"#,
                "/bound/days is 5000000000; a whole number from 0 to 4294967295",
                "/contacts/email must be an e-mail address; an e-mail address, such as legal@example.com",
                "/contacts/fax is not known here; email",
                "/id is \"ord_1\"; a text that matches ^ord_[0-9a-f]{32}$",
                "/kinds/1 is there before",
                "/kinds/2 is \"x\"; one of plain, rich",
                "/others is an object; a list",
                "/title must not contain U+202E, which turns, breaks or hides what is shown; a text of 1 to 120 characters",
                "/to~0be~1 is not known here; one of at, bound, by_name, contacts, id, kinds, lines, others, perhaps, title, way",
            ]
        );
        assert_eq!(said_of::<Order>("{}"), ["/contacts is missing; an object"]);
        assert_eq!(said_of::<Order>("[]"), [" is a list; an object"]);
        let bound = |bound: &str| said_of::<Order>(&format!(r#"{{"contacts": {GOOD}, "bound": {bound}}}"#));
        assert_eq!(
            bound(r#"{"kind": "trem", "days": 1}"#),
            ["/bound/kind is \"trem\"; one of term, unbounded"]
        );
        assert_eq!(bound(r#"{"kind": 0, "days": 1}"#), ["/bound/kind is 0; one of term, unbounded"]);
        assert_eq!(bound(r#"{"days": 1}"#), ["/bound/kind is missing; one of term, unbounded"]);
        assert_eq!(
            bound(r#"{"kind": "term", "hours": 1}"#),
            [
                "/bound/hours is not known here; one of days, kind",
                "/bound/days is missing; a whole number from 0 to 4294967295"
            ]
        );
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        let bound =
            |days: &str| format!(r#"{{"contacts": {GOOD}, "bound": {{"kind": "term", "days": {days}}}}}"#);
        let line = |lines: &str| format!(r#"{{"contacts": {GOOD}, "lines": {lines}}}"#);
        for whole in ["30", "30.0", "3e1", "300e-1", "0.0", "4294967295.0"] {
            assert!(
                parse::<Order>(bound(whole).as_bytes()).is_ok(),
                "{whole}: {:?}",
                parse::<Order>(bound(whole).as_bytes())
            );
            assert!(parse::<Order>(line(whole).as_bytes()).is_ok(), "{whole}");
        }
        for (other, shown) in
            [("30.5", "30.5"), ("-1.0", "-1.0"), ("4294967296.0", "4294967296.0"), ("1e300", "1e+300")]
        {
            let refused = format!("is {shown}; a whole number from 0 to 4294967295");
            assert_eq!(said_of::<Order>(&bound(other)), [format!("/bound/days {refused}")], "{other}");
            assert_eq!(said_of::<Order>(&line(other)), [format!("/lines {refused}")], "{other}");
        }
    }

    #[test]
    fn what_only_the_parser_notices_is_named_without_its_words() {
        assert_eq!(
            said_of::<Contacts>(r#"{"email": "a@b.co", "email": "a@b.co"}"#),
            ["/email is given twice; an e-mail address, such as legal@example.com"]
        );
        assert_eq!(
            said_of::<Contacts>(r#"{"email": 1e999}"#),
            ["/email does not fit; an e-mail address, such as legal@example.com"]
        );
    }

    #[test]
    fn no_more_than_fifty_faults_are_named_and_what_was_sent_is_not_sent_back_whole() {
        let many: Vec<String> = (0..60).map(|n| format!(r#""x{n}": 1"#)).collect();
        assert_eq!(said_of::<Contacts>(&format!("{{{}}}", many.join(","))).len(), 50);
        let long = said_of::<Contacts>(&format!(r#"{{"email": "a@b.co", "{}": 1}}"#, "x".repeat(100_000)));
        assert!(long[0].len() < 300, "{}", long[0].len());
    }

    #[derive(Debug, serde::Deserialize, JsonSchema)]
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
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        at: Option<market_kernel::Timestamp>,
        #[serde(default)]
        kinds: std::collections::BTreeSet<Kind>,
        #[serde(default)]
        id: Option<OrderId>,
        #[serde(default)]
        title: Option<Line>,
        #[serde(default)]
        by_name: std::collections::BTreeMap<String, Contacts>,
        #[serde(default)]
        lines: Option<u32>,
    }

    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Plain,
        Rich,
    }

    #[derive(Debug, serde::Deserialize, JsonSchema)]
    #[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
    #[allow(dead_code, reason = "only parsed")]
    enum Bound {
        Term { days: u32 },
        Unbounded,
    }

    #[derive(Debug, serde::Deserialize, JsonSchema)]
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
            let places: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_deref()).collect();
            assert_eq!(places, [Some(place)], "{body}");
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
    fn what_is_not_json_is_said_to_be_so() {
        for body in [
            &b"{"[..],
            b"",
            b"{\"email\": \"a@example.com\"}{}",
            b"{\"email\": \"a@example.com\"} x",
            b"\xff",
            b"{\"email\": \"\xff\"}",
            b"{\"email\": 5, \"fax\": \"",
            b"{\"email\": 5, \"fax\": tru}",
        ] {
            assert_eq!(parse::<Contacts>(body).unwrap_err().code, problems::MALFORMED_JSON, "{body:?}");
        }
    }
}
