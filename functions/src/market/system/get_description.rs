//! `get_description` – the API's own description (OpenAPI 3.1), with the place at which it was asked for as its server.

use schemars::JsonSchema;
use serde::Serialize;

use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

/// The description that is kept in the repository: a test holds it against the routes.
const DESCRIPTION: &str = include_str!("../../../../docs/openapi.json");
/// What stands there for the place of the market.
const NOWHERE: &str = r#""url": "/""#;

/// An OpenAPI description (<https://spec.openapis.org/oas/v3.1.1>).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenApi")]
pub struct DescriptionView {
    /// The version of the form: `3.1.0`.
    openapi: String,
}

/// See the module.
#[derive(Debug)]
pub struct GetDescription;

impl Endpoint for GetDescription {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = DescriptionView;

    fn route() -> Route {
        Route::get("get_description", "system", "/openapi.json").summary("Read the description of the API.")
            .about("The description of every operation (OpenAPI 3.1), with the place at which it was asked for as its server.")
    }

    async fn decide(call: &Call<Self>, _: &Market) -> Result<Outcome<DescriptionView>, Problem> {
        let here = format!(r#""url": "{}/""#, call.api);
        let content = DESCRIPTION.replacen(NOWHERE, &here, 1);
        Ok(Outcome::Content { media_type: "application/json", content })
    }
}
