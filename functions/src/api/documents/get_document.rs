//! `get_document` – a document with all its versions.

use market_domain::documents::Document;
use market_http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

use crate::api::paths::DocumentPath;

/// See the module.
#[derive(Debug)]
pub struct GetDocument;

impl Endpoint for GetDocument {
    type Path = DocumentPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Document;

    fn route() -> Route {
        Route::get("get_document", "/documents/{document_id}")
            .summary("Read a document: its versions, their hashes and dates.")
            .clauses(&["1.4"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Document>, Problem> {
        let document = market.store.get::<Document>(&call.path.document_id).await?;
        Ok(Outcome::Reply(document.ok_or(Problem::not_found())?.state))
    }
}
