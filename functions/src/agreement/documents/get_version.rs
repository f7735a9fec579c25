//! `get_version` – one version: its hash, its dates, its clauses.

use market_agreement::documents::Document;
use schemars::JsonSchema;
use serde::Serialize;

use super::shown::shown;
use super::{OutlineView, PageView, VersionView};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::VersionPath;

/// A version and the clauses of its text.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VersionWithClauses {
    #[serde(flatten)]
    version: VersionView,
    #[serde(flatten)]
    outline: OutlineView,
    /// Its pages (`get_page`): what an acceptance names as rendered is one of them, or the text itself.
    pages: Vec<PageView>,
}

#[derive(Debug)]
pub struct GetVersion;

impl Endpoint for GetVersion {
    type Path = VersionPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = VersionWithClauses;

    fn route() -> Route {
        Route::get("get_version", "documents", "/documents/{document_id}/versions/{version}")
            .summary("Read one version of a document, with its clauses.")
            .about(
                "The version's dates and hash, its clauses with their places in the text, and the \
                    hashes of its pages (1.2, 1.4). The reply never changes, but that a version to \
                    come may be withdrawn and new releases may render pages anew.",
            )
            .clauses(&["1.2", "1.4"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<VersionWithClauses>, Problem> {
        let shown = shown(market, &call.path.document_id, call.path.version).await?;
        let shown = shown.ok_or(Problem::not_found())?;
        let document = market.store.get::<Document>(&call.path.document_id).await?;
        let withdrawn_at = document.and_then(|document| document.withdrawn_at(call.path.version));
        let pages = shown.page_hashes()?.each().map(PageView::from).collect();
        Ok(Outcome::Reply(VersionWithClauses {
            version: VersionView::of(withdrawn_at, shown.version),
            outline: shown.outline.into(),
            pages,
        }))
    }
}
