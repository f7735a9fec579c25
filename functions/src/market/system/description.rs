//! The API's description as it is served.

use schemars::JsonSchema;
use serde::Serialize;

use crate::http::Outcome;

/// What stands in the descriptions that are kept for the place of the market.
const NOWHERE: &str = r#""url": "/""#;

/// An OpenAPI description (<https://spec.openapis.org/oas/v3.1.1>).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenApi")]
pub struct DescriptionView {
    /// The version of the form: `3.1.0`.
    openapi: String,
}

/// A description that is kept in the repository (a test holds it against the routes), with this place as its server.
pub fn served(kept: &str, api: &str) -> Outcome<DescriptionView> {
    let here = format!(r#""url": "{api}/""#);
    Outcome::Content { media_type: "application/json", content: kept.replacen(NOWHERE, &here, 1) }
}
