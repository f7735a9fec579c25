//! What is stored of a version, put together as it is shown.

use market_agreement::documents::clauses::{Outline, outline_by_decimals};
use market_agreement::documents::{Document, Version};
use market_kernel::ids::DocumentId;
use market_kernel::text::Line;

use super::page::Shown;
use crate::agreement::problems;
use crate::http::{Market, Problem};

/// A version with its title, its text and its clauses, if there is one.
///
/// One from before versions had titles is shown under its document's id: the document's title is that of its newest
/// version, and a page must stay the same.
pub(crate) async fn shown(market: &Market, id: &DocumentId, number: u32) -> Result<Option<Shown>, Problem> {
    let own = market.store.form::<Version>(&Document::version_key(id, number)).await?;
    let version = match own {
        Some(version) => version,
        // It was published before versions had items of their own.
        None => {
            let document = market.store.get::<Document>(id).await?;
            match document.as_ref().and_then(|document| document.version(number)) {
                Some(version) => version.clone(),
                None => return Ok(None),
            }
        }
    };
    let title = match version.title.clone() {
        Some(title) => title,
        None => Line::try_from(id.as_str()).map_err(|_| Problem::new(problems::INTERNAL))?,
    };
    let Some(text) = market.store.content(&Document::text_key(id, number)).await? else { return Ok(None) };
    let outline = match version.outline_sha256 {
        Some(_) => {
            let outline = market.store.form::<Outline>(&Document::outline_key(id, number)).await?;
            outline.ok_or_else(|| {
                let item = Document::outline_key(id, number);
                tracing::error!(item = %item.told(), "the outline of a version is gone");
                Problem::new(problems::CORRUPT)
            })?
        }
        // It was published before outlines were kept.
        None => outline_by_decimals(&text),
    };
    Ok(Some(Shown { document: id.clone(), title, version, text, outline }))
}
