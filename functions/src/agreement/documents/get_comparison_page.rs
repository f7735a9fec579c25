//! `get_comparison_page` – what differs between two versions, as a page that people read.

use market_kernel::party::Language;
use schemars::JsonSchema;
use serde::Deserialize;

use super::comparison::Compared;
use super::html::{Html, shown_as_html};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::VersionPath;

/// Which page.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparisonPageQuery {
    /// The number of the version that it is compared with, from 1.
    before: u32,
    /// The language of the page around the text; Chinese by default.
    #[serde(default)]
    language: Language,
}

#[derive(Debug)]
pub struct GetComparisonPage;

impl Endpoint for GetComparisonPage {
    type Path = VersionPath;
    type Query = ComparisonPageQuery;
    type Body = Nothing;
    type Reply = Html;

    fn route() -> Route {
        Route::get(
            "get_comparison_page",
            "documents",
            "/documents/{document_id}/versions/{version}/comparison/page",
        )
        .summary("Read what differs between two versions as a page.")
        .about(
            "What `compare_versions` answers as an HTML page, in Chinese or English around the text: \
                what was put in and taken out is marked, and clauses that limit or exclude liability \
                are set off (1.2, 9.4).",
        )
        .clauses(&["1.2", "1.4", "9.4"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Html>, Problem> {
        let compared = Compared::of(market, &call.path, call.query.before).await?;
        let content = compared.page(call.query.language)?;
        Ok(shown_as_html(content))
    }
}
