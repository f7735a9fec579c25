//! `get_older_description` – the API's description for tools that know no OpenAPI 3.1.

use super::description::{DescriptionView, served};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

/// As it is kept in the repository.
const DESCRIPTION: &str = include_str!("../../../../docs/openapi-3.0.json");

#[derive(Debug)]
pub struct GetOlderDescription;

impl Endpoint for GetOlderDescription {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = DescriptionView;

    fn route() -> Route {
        Route::get("get_older_description", "system", "/openapi-3.0.json")
            .summary("Read the description of the API in OpenAPI 3.0.")
            .about(
                "The description of every operation (OpenAPI 3.0, for tools that know no later form), \
                 with the place at which it was \
                 asked for as its server.",
            )
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<DescriptionView>, Problem> {
        Ok(served(DESCRIPTION, &call.api, &market.operator))
    }
}
