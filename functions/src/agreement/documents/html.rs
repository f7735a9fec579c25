//! What the pages of documents have in common.

use askama::Template;
use market_kernel::party::Language;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::agreement::problems;
use crate::http::{Outcome, Problem};

/// A page, as HTML.
#[derive(Debug, Serialize)]
pub struct Html(String);

impl JsonSchema for Html {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Html".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "contentMediaType": "text/html" })
    }
}

/// A page as it is answered.
pub fn shown_as_html(content: String) -> Outcome<Html> {
    Outcome::Content { media_type: "text/html; charset=utf-8", content }
}

/// A page's text.
pub fn rendered(page: &impl Template) -> Result<String, Problem> {
    page.render().map_err(|error| {
        tracing::error!(%error, "a page cannot be rendered");
        Problem::new(problems::INTERNAL)
    })
}

/// What stands above a prominent clause (1.2).
pub const fn prominent_mark(language: Language) -> &'static str {
    match language {
        Language::Chinese => "请特别注意：本条免除或者限制责任",
        Language::English => "Please note: this clause limits or excludes liability",
    }
}
