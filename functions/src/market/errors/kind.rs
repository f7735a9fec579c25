//! A kind of problem, as programs and as people read of it.

use askama::Template;
use axum::http::{HeaderMap, header};
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::{Code, Outcome, Problem, problems};

/// A kind of problem.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProblemKind")]
pub struct KindView {
    /// The stable code.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// What it means.
    pub title: &'static str,
    /// What the caller can do about it.
    pub remedy: &'static str,
}

impl From<Code> for KindView {
    fn from(code: Code) -> Self {
        Self { code: code.name(), status: code.status(), title: code.title(), remedy: code.remedy() }
    }
}

#[derive(Template)]
#[template(path = "problems.html")]
struct Page<'a> {
    title: &'a str,
    kinds: Vec<KindView>,
}

/// A page for a browser, which asks for one (RFC 9110, 12.5.1); none for whoever does not.
pub fn page<R>(
    headers: &HeaderMap,
    title: &str,
    kinds: impl FnOnce() -> Vec<KindView>,
) -> Result<Option<Outcome<R>>, Problem> {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !accepted.split(',').any(|one| one.trim().split(';').next() == Some("text/html")) {
        return Ok(None);
    }
    let content = Page { title, kinds: kinds() }.render().map_err(|error| {
        tracing::error!(%error, "a page cannot be made");
        Problem::new(problems::INTERNAL)
    })?;
    Ok(Some(Outcome::Content { media_type: "text/html; charset=utf-8", content }))
}
