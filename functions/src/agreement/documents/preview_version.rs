//! `preview_version` – what `publish_version` would answer to the same body, with nothing published: which clauses are
//! recognised, what is not, and why it would be refused.

use market_agreement::documents::clauses::Outline;
use market_identity::Role;
use schemars::JsonSchema;
use serde::Serialize;

use super::OutlineView;
use super::to_publish::{Body, MAX_BODY_BYTES, publish};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Repeats, Route};
use crate::wire::paths::DocumentPath;

/// A version as it would be published.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VersionPreview {
    /// Its clauses. Where the outline that was given is not one of the text, those that are read off it.
    outline: OutlineView,
    /// Why it would be refused now, if it would.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<RefusalView>,
}

/// Why a version would be refused.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PublishRefusal")]
struct RefusalView {
    /// The code of the problem that `publish_version` would answer with.
    code: &'static str,
    /// What it means.
    title: &'static str,
    /// More about this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl From<Problem> for RefusalView {
    fn from(problem: Problem) -> Self {
        Self { code: problem.code.name(), title: problem.code.title(), detail: problem.detail }
    }
}

#[derive(Debug)]
pub struct PreviewVersion;

impl Endpoint for PreviewVersion {
    type Path = DocumentPath;
    type Query = Nothing;
    type Body = Body;
    type Reply = VersionPreview;

    fn route() -> Route {
        Route::post("preview_version", "documents", "/documents/{document_id}/preview")
            .summary("Read the clauses of a text as publishing would, and publish nothing.")
            .about(
                "What `publish_version` would answer to the same body, with nothing published: \
                    which clauses are found, gaps in their numbers, lines that were not taken for \
                    clauses, and why it would be refused now, if it would. It needs no idempotency \
                    key.",
            )
            .clauses(&["1.2", "1.4"])
            .roles(&[Role::Operator, Role::Provider])
            .max_body_bytes(MAX_BODY_BYTES)
            .repeats(Repeats::Harmless)
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<VersionPreview>, Problem> {
        let publication = call.body.clone().of(call.path.document_id.clone());
        let (outline, refused) = match publish(publication.clone(), &call.occasion, market).await? {
            Ok(publishing) => (publishing.outline, None),
            Err(refusal) => {
                let outline = publication.outline().unwrap_or_else(|_| Outline::read(&publication.text));
                (outline, Some(Problem::from(refusal).into()))
            }
        };
        Ok(Outcome::Reply(VersionPreview { outline: outline.shortened().into(), refused }))
    }
}
