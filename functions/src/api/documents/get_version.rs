//! `get_version` – one version: its hash, its dates, its clauses.

use market_domain::documents::clauses::clauses;
use market_domain::documents::{Document, Version};
use market_http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use schemars::JsonSchema;
use serde::Serialize;

use super::get_text::text_of;
use super::{ClauseView, VersionView};
use crate::api::paths::VersionPath;

/// A version and the clauses of its text.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VersionWithClauses {
    #[serde(flatten)]
    version: VersionView,
    /// The clauses in order; `start` and `end` are byte offsets into the text, and together they are all of it.
    clauses: Vec<ClauseView>,
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
        let (id, number) = (&call.path.document_id, call.path.version);
        let version = match market.store.form::<Version>(&Document::version_key(id, number)).await? {
            Some(version) => version,
            // It may have been published before versions had items of their own.
            None => {
                let document = market.store.get::<Document>(id).await?.ok_or(Problem::not_found())?;
                document.version(number).ok_or(Problem::not_found())?.clone()
            }
        };
        let text = text_of(market, &call.path.document_id, call.path.version).await?;
        let clauses = clauses(&text).into_iter().map(ClauseView::from).collect();
        Ok(Outcome::Reply(VersionWithClauses { version: version.into(), clauses }))
    }
}
