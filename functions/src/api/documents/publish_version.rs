//! `publish_version` – the operator publishes the agreement, its annexes and rules; a provider its own
//! subscription agreements.

use market_domain::Timestamp;
use market_domain::documents::clauses::ClauseNumber;
use market_domain::documents::rules::Rules;
use market_domain::documents::{Author, Document, DocumentKind, MAX_PROMINENT, Publication};
use market_domain::party::Actor;
use market_domain::providers::Provider;
use market_domain::text::Line;
use market_http::{Call, Code, Endpoint, Market, Nothing, Outcome, Problem, Route};
use market_identity::Role;
use market_store::of;
use schemars::JsonSchema;
use serde::Deserialize;

use super::DocumentView;
use crate::api::lists::Distinct;
use crate::api::paths::DocumentPath;

/// A version to publish.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "VersionToPublish")]
pub struct Body {
    kind: DocumentKind,
    title: Line,
    /// The exact text, 1 to 307,200 bytes of UTF-8.
    #[schemars(length(min = 1, max = 307_200))]
    text: String,
    /// The clauses that limit or exclude liability (1.2).
    #[serde(default)]
    prominent: Distinct<ClauseNumber, MAX_PROMINENT>,
    /// The clauses that carry the market's rules, by the rules' numbers (`clause` of the events): notices
    /// cite them.
    #[serde(default)]
    rules: Rules,
    /// When it takes effect; at once where nothing is said.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    effective_at: Option<Timestamp>,
    /// Whether it changes an earlier version in a major way: 15 days of publicity in place of 7.
    #[serde(default)]
    major: bool,
}

/// See the module.
#[derive(Debug)]
pub struct PublishVersion;

impl Endpoint for PublishVersion {
    type Path = DocumentPath;
    type Query = Nothing;
    type Body = Body;
    type Reply = DocumentView;

    fn route() -> Route {
        Route::post("publish_version", "/documents/{document_id}/versions")
            .summary("Publish the first or the next version of a document.")
            .clauses(&["1.4", "9.4", "4.1"])
            .roles(&[Role::Operator, Role::Provider])
            .creates()
            .problems(&[
                Code::NotThePublisher,
                Code::ProviderNotApproved,
                Code::WrongDocumentId,
                Code::WrongDocumentKind,
                Code::InvalidText,
                Code::NoSuchClause,
                Code::SameText,
                Code::WrongEffectiveDate,
                Code::PublicityTooShort,
                Code::TooManyVersions,
            ])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<DocumentView>, Problem> {
        let id = call.path.document_id.clone();
        let (existing, provider) = match &call.occasion.actor {
            Actor::Provider(provider) => {
                market.store.load((of::<Document>(id), of::<Provider>(provider.clone()))).await?
            }
            _ => (market.store.get::<Document>(&id).await?, None),
        };
        let author = match &call.occasion.actor {
            Actor::Provider(_) => Author::Provider(provider.as_deref()),
            _ => Author::Operator,
        };
        let body = call.body.clone();
        let publication = Publication {
            id: call.path.document_id.clone(),
            kind: body.kind,
            title: body.title,
            text: body.text,
            prominent: body.prominent.into_vec(),
            rules: body.rules,
            effective_at: body.effective_at,
            major: body.major,
        };
        let (document, change) =
            Document::publish(existing.as_ref(), author, publication, market.publicity, &call.occasion)?;
        let version = document.versions.last().map_or(1, |version| version.number);
        let location = format!("/documents/{}/versions/{version}", document.id);
        Ok(Outcome::created((document, change), location).map(DocumentView::from))
    }
}
