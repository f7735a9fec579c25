//! The API's description as it is served.

use market_kernel::party::Operator;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::http::Outcome;

/// What stands in the descriptions that are kept for the place of the market.
const NOWHERE: &str = r#""url": "/""#;
/// And for who runs it.
const SOMEONE: &str = r#""name": "The operator of this market""#;

/// An OpenAPI description (<https://spec.openapis.org/oas/v3.1.1>).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenApi")]
pub struct DescriptionView {
    /// The version of the form: `3.1.0`.
    openapi: String,
}

/// A description that is kept in the repository (a test holds it against the routes), with this place as its server and with
/// who runs it.
pub fn served(kept: &str, api: &str, operator: &Operator) -> Outcome<DescriptionView> {
    let here = format!(r#""url": "{api}/""#);
    let (name, address) = (json!(operator.name_en), json!(operator.official_address));
    let who = format!(r#""name": {name}, "email": {address}"#);
    let content = kept.replacen(NOWHERE, &here, 1).replacen(SOMEONE, &who, 1);
    Outcome::Content { media_type: "application/json", content }
}
