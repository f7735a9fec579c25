//! What makes a repeated request known: its key, and fingerprints of what it asks for.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::HeaderName;
use axum::http::request::Parts;
use market_identity::Principal;
use market_kernel::hash::Sha256Hash;
use market_store::{Fingerprint, Submission};
use serde_json::Value;

use super::endpoint::{Route, unversioned};
use super::numbers;
use super::problem::Problem;
use super::problems;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The key that a request has to have.
pub(super) fn key(parts: &Parts) -> Result<String, Problem> {
    let key = parts.headers.get(IDEMPOTENCY_KEY).ok_or(Problem::new(problems::MISSING_IDEMPOTENCY_KEY))?;
    let lawful = (1..=128).contains(&key.len()) && key.as_bytes().iter().all(u8::is_ascii_graphic);
    let key = key.to_str().ok().filter(|_| lawful);
    key.map(str::to_owned).ok_or(Problem::new(problems::INVALID_IDEMPOTENCY_KEY))
}

/// The request as one that takes effect at most once; its body is one that the operation takes.
pub(super) async fn submission(
    route: &Route,
    parts: &mut Parts,
    principal: &Principal,
    key: String,
    body: &[u8],
) -> Submission {
    let operation = route.first_called.unwrap_or(route.operation);
    let path = unversioned(parts.uri.path());
    let mut bytes = format!("{operation}\n{path}\n").into_bytes();
    bytes.extend_from_slice(body);
    let params = RawPathParams::from_request_parts(parts, &()).await;
    let params: Vec<_> =
        params.iter().flatten().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let fingerprint = Fingerprint::Said(said(operation, &params, body));
    let former = Fingerprint::Bytes(Sha256Hash::of(&bytes));
    Submission { owner: format!("{}#{}", principal.role, principal.subject), key, fingerprint, former }
}

/// What a request asks for, by scheme 2: operation, parameters of the path, and the body as a value. Order of fields,
/// white space, escapes and how a whole number is written do not count, in the body or in the path. Half of the hash is
/// enough to tell a slip.
fn said(operation: &str, params: &[(String, String)], body: &[u8]) -> String {
    let mut body = serde_json::from_slice(body).unwrap_or(Value::Null);
    in_one_form(&mut body);
    let hash =
        Sha256Hash::of(Value::from_iter([operation.into(), params_of(params), body]).to_string().as_bytes());
    format!("2:{}", &hash.as_str()[..32])
}

/// A whole number is one however it is written.
fn in_one_form(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            if let Some(whole) = number.as_f64().and_then(numbers::whole) {
                *value = whole.into();
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(in_one_form),
        Value::Object(fields) => fields.values_mut().for_each(in_one_form),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn params_of(params: &[(String, String)]) -> Value {
    params.iter().map(|(name, value)| Value::from_iter([name.as_str(), value.as_str()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_known_by_what_it_says_and_not_by_how_it_is_written() {
        let of = |path: &str, body: &str| {
            said("place_order", &[("account_id".to_owned(), path.to_owned())], body.as_bytes())
        };
        let one = of("shop-1", r#"{"a": 1, "b": {"c": "é", "d": [1, 2]}}"#);
        assert_eq!(one, of("shop-1", r#"{"b":{"d":[1,2],"c":"\u00e9"},"a":1}"#));
        assert_eq!(one, of("shop-1", r#"{"a": 1.0, "b": {"c": "é", "d": [1, 0.2e1]}}"#));
        assert!(one.starts_with("2:") && one.len() == 34, "{one}");
        let others = [
            of("shop-2", r#"{"a": 1, "b": {"c": "é", "d": [1, 2]}}"#),
            of("shop-1", r#"{"a": 1, "b": {"c": "é", "d": [2, 1]}}"#),
            of("shop-1", r#"{"a": 1.5, "b": {"c": "é", "d": [1, 2]}}"#),
            of("shop-1", r#"{"a": 1, "b": {"c": "é", "d": [1, 2]}, "e": null}"#),
            said(
                "give_grant",
                &[("account_id".to_owned(), "shop-1".to_owned())],
                br#"{"a": 1, "b": {"c": "\u00e9", "d": [1, 2]}}"#,
            ),
        ];
        assert!(others.iter().all(|other| *other != one));
    }
}
