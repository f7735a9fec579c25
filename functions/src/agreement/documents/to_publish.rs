//! What `publish_version` and `preview_version` are asked for, and what the domain says of it.

use market_agreement::documents::clauses::{Given, GivenClause, MAX_CLAUSES};
use market_agreement::documents::{
    Author, Document, DocumentKind, MAX_PROMINENT, Publication, PublishRefusal, Publishing,
};
use market_kernel::Timestamp;
use market_kernel::clause::ClauseAddress;
use market_kernel::ids::DocumentId;
use market_kernel::occasion::Occasion;
use market_kernel::party::{Actor, PartyId};
use market_kernel::text::Line;
use market_parties::providers::Provider;
use market_store::of;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::http::{Market, Problem};
use crate::register::KnownRules;
use crate::wire::lists::{AtMost, Distinct};
use crate::wire::time::Instant;

/// The largest body: the longest text, each of its characters escaped (`\\u4e00`, or 6 bytes for one), and an outline.
pub const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// A version to publish.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "VersionToPublish")]
pub struct Body {
    kind: DocumentKind,
    title: Line,
    /// The exact text, 1 to 307,200 bytes of UTF-8; another is refused (`invalid-text`), or previewed as one that would be.
    text: String,
    /// The clauses that limit or exclude liability (1.2).
    #[serde(default)]
    prominent: Distinct<ClauseAddress, MAX_PROMINENT>,
    /// The clauses that carry the market's rules, by the rules' numbers (`clause` of the events): notices
    /// cite them.
    #[serde(default)]
    rules: KnownRules,
    /// When it takes effect; at once by default.
    #[serde(default)]
    effective_at: Option<Instant>,
    /// Whether it changes an earlier version in a major way: 15 days of publicity in place of 7.
    #[serde(default)]
    major: bool,
    /// Its clauses in the order of their lines, where they are not to be read off the text: the publisher knows better.
    #[serde(default)]
    outline: Option<AtMost<ClauseForm, MAX_CLAUSES>>,
    /// That a body has no clauses. Without it, one in which none is recognised is refused.
    #[serde(default)]
    unnumbered: bool,
}

/// A clause of an outline that is given.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClauseGiven")]
struct ClauseForm {
    /// The line that it begins with, from 1. A line ends at LF, at CRLF or at a CR alone.
    line: u32,
    /// 1, and 1 more for each clause around it, at most 12; 1 by default.
    #[serde(default = "outermost")]
    depth: u8,
    /// Its address, unique in the version.
    address: ClauseAddress,
}

const fn outermost() -> u8 {
    1
}

impl From<ClauseForm> for GivenClause {
    fn from(form: ClauseForm) -> Self {
        let ClauseForm { line, depth, address } = form;
        Self { line, depth, address }
    }
}

impl Body {
    /// The publication of a document that it asks for.
    pub fn of(self, id: DocumentId) -> Publication {
        let given = |outline: AtMost<ClauseForm, MAX_CLAUSES>| {
            Given(outline.into_vec().into_iter().map(GivenClause::from).collect())
        };
        Publication {
            id,
            kind: self.kind,
            title: self.title,
            text: self.text,
            prominent: self.prominent.into_vec(),
            rules: self.rules.0,
            effective_at: self.effective_at.map(Timestamp::from),
            major: self.major,
            given: self.outline.map(given),
            unnumbered: self.unnumbered,
        }
    }
}

/// What the domain says of a publication.
pub async fn publish(
    publication: Publication,
    occasion: &Occasion,
    market: &Market,
) -> Result<Result<Publishing, PublishRefusal>, Problem> {
    let id = publication.id.clone();
    let (existing, provider) = match &occasion.actor {
        Actor::Party(PartyId::Provider(provider)) => {
            market.store.load((of::<Document>(id), of::<Provider>(provider.clone()))).await?
        }
        _ => (market.store.get::<Document>(&id).await?, None),
    };
    let author = match &occasion.actor {
        Actor::Party(PartyId::Provider(_)) => Author::Provider(provider.as_deref()),
        _ => Author::Operator,
    };
    Ok(Document::publish(existing.as_ref(), author, publication, market.publicity, occasion))
}
