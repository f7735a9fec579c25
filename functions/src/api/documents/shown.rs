//! What is stored of a version, put together as it is shown.

use market_domain::documents::{Document, Version};
use market_domain::ids::DocumentId;
use market_http::{Market, Problem};

use super::page::Shown;

/// A version with its title and its text, if there is one.
pub async fn shown(market: &Market, id: &DocumentId, number: u32) -> Result<Option<Shown>, Problem> {
    let own = market.store.form::<Version>(&Document::version_key(id, number)).await?;
    let title = own.as_ref().and_then(|version| version.title.clone());
    let (version, title) = match (own, title) {
        (Some(version), Some(title)) => (version, title),
        // It was published before versions had titles, or items of their own.
        (own, _) => {
            let Some(document) = market.store.get::<Document>(id).await? else { return Ok(None) };
            let Some(version) = own.or_else(|| document.version(number).cloned()) else { return Ok(None) };
            (version, document.state.title)
        }
    };
    let text = market.store.content(&Document::text_key(id, number)).await?;
    Ok(text.map(|text| Shown { document: id.clone(), title, version, text }))
}
