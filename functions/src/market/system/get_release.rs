//! `get_release` – which release of the market answers, and which version its API has.

use schemars::JsonSchema;
use serde::Serialize;

use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route, VERSION};

/// A release of the market.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Release")]
pub struct ReleaseView {
    /// Its number (Semantic Versioning): `0.5.0`.
    release: &'static str,
    /// The version of its API, with which paths begin: `v1`.
    api: &'static str,
}

#[derive(Debug)]
pub struct GetRelease;

impl Endpoint for GetRelease {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = ReleaseView;

    fn route() -> Route {
        Route::get("get_release", "system", "/version")
            .summary("Tell which release of the market answers.")
            .about("The number of the release, and the version of its API, with which paths begin.")
            .volatile()
    }

    async fn decide(_: &Call<Self>, _: &Market) -> Result<Outcome<ReleaseView>, Problem> {
        let api = VERSION.trim_start_matches('/');
        Ok(Outcome::Reply(ReleaseView { release: env!("CARGO_PKG_VERSION"), api }))
    }
}
