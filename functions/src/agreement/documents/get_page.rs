//! `get_page` – one version as a page to show to whoever accepts it.

use market_kernel::party::Language;
use schemars::JsonSchema;
use serde::Deserialize;

use super::html::{Html, shown_as_html};
use super::shown::shown;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::VersionPath;

/// Which page.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// The language of the page around the text; Chinese by default.
    #[serde(default)]
    language: Language,
}

#[derive(Debug)]
pub struct GetPage;

impl Endpoint for GetPage {
    type Path = VersionPath;
    type Query = PageQuery;
    type Body = Nothing;
    type Reply = Html;

    fn route() -> Route {
        Route::get("get_page", "documents", "/documents/{document_id}/versions/{version}/page")
            .summary(
                "Read a version as a page with its prominent clauses marked; the version names its SHA-256.",
            )
            .about(
                "The version as an HTML page to show to whoever accepts it, in Chinese or English \
                    around the text, the prominent clauses set off (1.2). The hash of what was shown \
                    goes into the acceptance as `rendered_sha256`.",
            )
            .clauses(&["1.2", "1.4"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Html>, Problem> {
        let shown = shown(market, &call.path.document_id, call.path.version).await?;
        let content = shown.ok_or(Problem::not_found())?.page(call.query.language)?;
        Ok(shown_as_html(content))
    }
}
