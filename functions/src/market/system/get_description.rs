//! `get_description` – the API's own description (OpenAPI 3.1), with the place at which it was asked for as its server.

use super::description::{DescriptionView, served};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

/// As it is kept in the repository.
const DESCRIPTION: &str = include_str!("../../../../docs/openapi.json");

#[derive(Debug)]
pub struct GetDescription;

impl Endpoint for GetDescription {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = DescriptionView;

    fn route() -> Route {
        Route::get("get_description", "system", "/openapi.json")
            .summary("Read the description of the API.")
            .about(
                "The description of every operation (OpenAPI 3.1), with the place at which it was \
                 asked for as its server.",
            )
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<DescriptionView>, Problem> {
        Ok(served(DESCRIPTION, &call.api, &market.operator))
    }
}
