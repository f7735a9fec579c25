//! `get_version` – one version: its hash, its dates, its clauses.

use market_domain::documents::clauses::{Clause, clauses};
use market_domain::documents::{Document, Version};
use market_http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use schemars::JsonSchema;
use serde::Serialize;

use super::get_text::text_of;
use crate::api::paths::VersionPath;

/// A version and the clauses of its text.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VersionWithClauses {
    #[serde(flatten)]
    version: Version,
    /// The clauses in order; `start` and `end` are byte offsets into the text, and together they are all of it.
    clauses: Vec<Clause>,
}

/// See the module.
#[derive(Debug)]
pub struct GetVersion;

impl Endpoint for GetVersion {
    type Path = VersionPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = VersionWithClauses;

    fn route() -> Route {
        Route::get("get_version", "/documents/{document_id}/versions/{version}")
            .summary("Read one version of a document, with its clauses.")
            .clauses(&["1.2", "1.4"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<VersionWithClauses>, Problem> {
        let document = market.store.get::<Document>(&call.path.document_id).await?;
        let version = document
            .as_ref()
            .and_then(|document| document.version(call.path.version))
            .ok_or(Problem::not_found())?;
        let text = text_of(market, &call.path.document_id, call.path.version).await?;
        Ok(Outcome::Reply(VersionWithClauses { version: version.clone(), clauses: clauses(&text) }))
    }
}
