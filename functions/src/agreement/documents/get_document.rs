//! `get_document` – a document with its versions. Those that were superseded lie in items of their own.

use market_agreement::documents::{Document, VERSIONS, Version};
use market_store::StoreError;

use super::DocumentView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::DocumentPath;

/// How many versions are shown.
const SHOWN: u16 = 100;

#[derive(Debug)]
pub struct GetDocument;

impl Endpoint for GetDocument {
    type Path = DocumentPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = DocumentView;

    fn route() -> Route {
        Route::get("get_document", "documents", "/documents/{document_id}")
            .summary("Read a document: its versions, their hashes and dates.")
            .about(
                "A document of the operator or a provider with its newest hundred versions: those \
                    in force, to come, superseded and withdrawn (1.4). The texts are read one by one \
                    (`get_text`).",
            )
            .clauses(&["1.4"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<DocumentView>, Problem> {
        let id = &call.path.document_id;
        let mut document = market.store.get::<Document>(id).await?.ok_or(Problem::not_found())?.state;
        let partition = Document::partition(id);
        let page = market.store.last_forms::<Version>(&partition, VERSIONS, SHOWN).await?;
        market.count_unreadable(&page.unreadable);
        // One that the document itself still knows is shown all the same.
        let known: Vec<_> =
            document.versions.iter().map(|version| Document::version_key(id, version.number)).collect();
        let is_missing =
            |error: &&StoreError| !matches!(error, StoreError::Corrupt { key, .. } if known.contains(key));
        let unreadable = page.unreadable.iter().filter(is_missing).count();
        let mut versions = page.items;
        // The document itself may know versions that have no item: those published before versions had any.
        versions.retain(|version| document.version(version.number).is_none());
        versions.append(&mut document.versions);
        versions.sort_by_key(|version| version.number);
        document.versions = versions.split_off(versions.len().saturating_sub(SHOWN.into()));
        let shown = DocumentView::at(call.occasion.at, document);
        Ok(Outcome::Reply(shown.without((unreadable > 0).then_some(unreadable))))
    }
}
