//! `get_text` – the exact bytes of a version.

use market_agreement::documents::Document;
use market_kernel::ids::DocumentId;

use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::VersionPath;

#[derive(Debug)]
pub struct GetText;

impl Endpoint for GetText {
    type Path = VersionPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = String;

    fn route() -> Route {
        Route::get("get_text", "documents", "/documents/{document_id}/versions/{version}/text")
            .immutable()
            .summary("Read the exact text of a version; its SHA-256 is the version's.")
            .about(
                "The version's exact bytes (1.4). Their SHA-256 is what acceptances name; they \
                    never change.",
            )
            .clauses(&["1.4"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<String>, Problem> {
        let content = text_of(market, &call.path.document_id, call.path.version).await?;
        Ok(Outcome::Content { media_type: "text/plain; charset=utf-8", content })
    }
}

/// The stored text of a version.
pub(super) async fn text_of(market: &Market, id: &DocumentId, version: u32) -> Result<String, Problem> {
    market.store.content(&Document::text_key(id, version)).await?.ok_or(Problem::not_found())
}
