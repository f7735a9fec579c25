//! `publish_version` – the operator publishes the agreement, its annexes and rules; a provider its own
//! subscription agreements.

use market_agreement::documents::Publishing;
use market_identity::Role;
use schemars::JsonSchema;
use serde::Serialize;

use super::to_publish::{Body, MAX_BODY_BYTES, publish};
use super::{DocumentView, OutlineView};
use crate::http::{Call, Code, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::DocumentPath;

/// The document with its new version, and the clauses that were recognised in it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VersionPublished {
    #[serde(flatten)]
    document: DocumentView,
    /// The clauses of the new version, and what was noticed in reading them.
    outline: OutlineView,
}

/// See the module.
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
            .clauses(&["1.2", "1.4", "4.1", "9.4"])
            .roles(&[Role::Operator, Role::Provider])
            .max_body_bytes(MAX_BODY_BYTES)
            .creates()
            .problems(&[
                Code::NotThePublisher,
                Code::ProviderNotApproved,
                Code::WrongDocumentId,
                Code::WrongDocumentKind,
                Code::InvalidText,
                Code::InvalidOutline,
                Code::NothingRecognised,
                Code::NoSuchClause,
                Code::SameText,
                Code::WrongEffectiveDate,
                Code::PublicityTooShort,
                Code::TooManyVersions,
            ])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<VersionPublished>, Problem> {
        let publication = call.body.clone().of(call.path.document_id.clone());
        let Publishing { document, outline, change } = publish(publication, &call.occasion, market).await??;
        let version = document.versions.last().map_or(1, |version| version.number);
        let location = format!("/documents/{}/versions/{version}", document.id);
        let reply = VersionPublished { document: document.into(), outline: outline.into() };
        Ok(Outcome::created((reply, change), location))
    }
}
