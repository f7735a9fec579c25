//! Queries, and the errors that describe an invalid one.

use axum::extract::Query;
use axum::http::Uri;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::faults;
use super::problem::{FieldError, Problem};
use super::problems;

/// The query of an address.
///
/// # Errors
/// Every parameter that does not fit, with what it may be.
pub(super) fn parse<T: DeserializeOwned + JsonSchema>(uri: &Uri) -> Result<T, Problem> {
    let parsed = Query::try_from_uri(uri).map(|Query(query)| query);
    parsed.map_err(|_| Problem::new(problems::INVALID_QUERY).errors(wrong::<T>(uri)))
}

fn wrong<T: JsonSchema>(uri: &Uri) -> Vec<FieldError> {
    let schema = faults::schema_of::<T>();
    let mut given = Map::new();
    let mut errors = Vec::new();
    for (name, text) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let value = of_text(faults::is_plain(&schema, &name), &text);
        if given.insert(name.to_string(), value).is_some() {
            errors.push(of_parameter(&name, faults::TWICE.to_owned(), None));
        }
    }
    errors.extend(faults::of(&schema, &Value::Object(given)).into_iter().map(|fault| {
        let name = fault.pointer.as_deref().unwrap_or_default().trim_start_matches('/').to_owned();
        of_parameter(&name.replace("~1", "/").replace("~0", "~"), fault.detail, fault.expected)
    }));
    errors
}

fn of_parameter(name: &str, detail: String, expected: Option<String>) -> FieldError {
    FieldError { pointer: None, parameter: Some(faults::cut(name)), detail, expected }
}

/// A parameter is a text; it stands for a number or a truth value where the schema has one.
fn of_text(is_plain: bool, text: &str) -> Value {
    let read = is_plain.then(|| serde_json::from_str(text).ok()).flatten();
    // As the parsers of parameters take it: `30.0` is a whole number in a body, and none in an address.
    let is_plain = |value: &Value| value.is_u64() || value.is_i64() || value.is_boolean();
    read.filter(is_plain).unwrap_or_else(|| text.into())
}
