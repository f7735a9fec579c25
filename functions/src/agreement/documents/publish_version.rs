//! `publish_version` – the operator publishes the agreement, its annexes and rules; a provider its own
//! subscription agreements.

use market_agreement::documents::Publishing;
use market_identity::Role;
use schemars::JsonSchema;
use serde::Serialize;

use super::to_publish::{Body, MAX_BODY_BYTES, publish};
use super::{DocumentView, OutlineView};
use crate::agreement::problems;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::DocumentPath;

/// The document with its new version, and the clauses that were recognised in it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VersionPublished {
    #[serde(flatten)]
    document: DocumentView,
    /// The clauses of the new version, and what was noticed in reading them.
    outline: OutlineView,
}

#[derive(Debug)]
pub struct PublishVersion;

impl Endpoint for PublishVersion {
    type Path = DocumentPath;
    type Query = Nothing;
    type Body = Body;
    type Reply = VersionPublished;

    fn route() -> Route {
        Route::post("publish_version", "documents", "/documents/{document_id}/versions")
            .summary("Publish the first or the next version of a document.")
            .about(
                "Publishes a text that is kept to the byte (1.4). A change of the market \
                    agreement or a rule needs a publicity period before it takes effect, 7 days or, \
                    where it is major, 15 (9.4); merchants are told by announcement and notice. A \
                    provider publishes only subscription agreements under its own id (4.1). Refused \
                    where the text is the one in force, the period is too short, the outline does \
                    not fit the text, or a body has no clauses that are recognised.",
            )
            .clauses(&["1.2", "1.4", "4.1", "9.4"])
            .roles(&[Role::Operator, Role::Provider])
            .max_body_bytes(MAX_BODY_BYTES)
            .creates()
            .problems(&[
                problems::NOT_THE_PUBLISHER,
                problems::PROVIDER_NOT_APPROVED,
                problems::WRONG_DOCUMENT_ID,
                problems::WRONG_DOCUMENT_KIND,
                problems::INVALID_TEXT,
                problems::INVALID_OUTLINE,
                problems::NOTHING_RECOGNISED,
                problems::NO_SUCH_CLAUSE,
                problems::SAME_TEXT,
                problems::WRONG_EFFECTIVE_DATE,
                problems::PUBLICITY_TOO_SHORT,
                problems::TOO_MANY_VERSIONS,
            ])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<VersionPublished>, Problem> {
        let publication = call.body.clone().of(call.path.document_id.clone());
        let Publishing { document, outline, change } = publish(publication, &call.occasion, market).await??;
        let version = document.versions.last().map_or(1, |version| version.number);
        let location = format!("/documents/{}/versions/{version}", document.id);
        let document = DocumentView::at(call.occasion.at, document);
        let reply = VersionPublished { document, outline: outline.into() };
        Ok(Outcome::created((reply, change), location))
    }
}
