//! `list_documents` – the documents of one kind, as anyone may read each of them.

use market_agreement::documents::{Document, DocumentKind};
use market_kernel::keys::instant_place;
use schemars::JsonSchema;
use serde::Deserialize;

use super::DocumentSummary;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

/// Which documents.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentsQuery {
    /// What they are.
    kind: DocumentKind,
    #[serde(flatten)]
    page: ListQuery,
}

#[derive(Debug)]
pub struct ListDocuments;

impl Endpoint for ListDocuments {
    type Path = Nothing;
    type Query = DocumentsQuery;
    type Body = Nothing;
    type Reply = List<DocumentSummary>;

    fn route() -> Route {
        Route::get("list_documents", "documents", "/documents")
            .summary("List the documents of one kind, by the instant at which a version was last published or withdrawn.")
            .about("The documents of one kind, each with the version that is in force and those that are to come (1.4). What a version says is read by its number.")
            .clauses(&["1.4", "4.1"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Self::Reply>, Problem> {
        let asked = call.query.page.asked(call.after.as_deref(), instant_place);
        let page = market.store.list_entries::<Document>(&call.query.kind.list(), asked).await?;
        let at = call.occasion.at;
        Ok(Outcome::Reply(List::of(call, market, page, |document| DocumentSummary::at(at, document.state))))
    }
}
