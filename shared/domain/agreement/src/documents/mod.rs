//! The registry of documents (clauses 1.1–1.4, 9.4): what was published, when it takes effect, what it says.
//!
//! A version's text is stored exactly and identified by its SHA-256. Its clauses are read off the text
//! ([`clauses`]) when it is published, and kept with it: what was accepted keeps its addresses. Which version is in
//! force is answered for any instant from the versions' dates: no job makes a version effective.

pub mod acceptance;
pub mod clauses;
pub mod comparison;
#[cfg(test)]
mod draws;
mod publishing;
pub mod withdrawal;

use jiff::Timestamp;
use market_kernel::aggregate::Aggregate;
use market_kernel::change::Change;
use market_kernel::citations::{Citations, Rules};
use market_kernel::clause::ClauseAddress;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{DocumentId, ProviderId};
use market_kernel::keys::{self, Key, ListEntry, ListName, Partition, Place, Sort};
use market_kernel::stored::form;
use market_kernel::stored::values::Named;
use market_kernel::text::Line;
use market_parties::providers::Provider;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::clauses::{Given, GivenRefusal, MAX_CLAUSES, Outline};
use crate::events::PublishedUnder;

/// The largest text, in bytes: it is one item of the table, whose limit is 400 KB with everything in it.
pub const MAX_TEXT_BYTES: usize = 300 * 1024;

/// The largest outline, in bytes as it is stored: one item of the table, and with it the reply that is kept.
pub const MAX_OUTLINE_BYTES: usize = 200 * 1024;

/// The most clauses of one version that are prominent.
pub const MAX_PROMINENT: usize = 256;
/// The most versions of one document that wait to take effect: they lie in the document's own item.
const MAX_TO_COME: usize = 20;

/// What the sort keys of versions begin with.
pub const VERSIONS: &str = "version#";

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// The agreement itself (协议正文).
    Body,
    /// An annex (附件).
    Annex,
    /// A platform rule (服务市场规则).
    Rule,
    /// A provider's own subscription agreement with its merchants (服务订购协议, clause 4.1).
    Subscription,
}

impl DocumentKind {
    /// The list of the documents of this kind.
    #[must_use]
    pub fn list(self) -> ListName {
        ListName::new("documents#", self.name())
    }
}

/// Who publishes a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publisher {
    /// The operator: bodies, annexes and rules.
    Operator,
    /// A provider: its own subscription agreements.
    Provider(ProviderId),
}

/// A document, and its versions in force or to come. Those that were superseded are in items of their own only, so
/// that a document does not grow without end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// What it is.
    pub kind: DocumentKind,
    /// Who publishes it.
    pub publisher: Publisher,
    /// Its title.
    pub title: Line,
    /// Its versions in force or to come, in the order of publication; the last one is the newest of those that stand.
    pub versions: Vec<Version>,
    /// The versions that were withdrawn before they took effect. They are in items of their own.
    pub withdrawn: Vec<Withdrawn>,
}

/// One published version; it never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// From 1.
    pub number: u32,
    /// Its title; the document has the newest one's. Versions that were published before 0.3.0 have none.
    pub title: Option<Line>,
    /// The hash of its exact text.
    pub sha256: Sha256Hash,
    /// The size of its text in bytes.
    pub size_bytes: u64,
    /// When it was published.
    pub published_at: Timestamp,
    /// From when on it is in force.
    pub effective_at: Timestamp,
    /// The clauses that limit or exclude liability, to be shown prominently (1.2).
    pub prominent: Vec<ClauseAddress>,
    /// The clauses that carry the market's rules. Older versions have none.
    pub rules: Rules,
    /// Why its publicity period was only just long enough, where it was.
    pub warning: Option<String>,
    /// The hash of its outline as it is stored. Versions that were published up to 0.3.0 have none; their clauses
    /// are read by the rule of their day ([`clauses::outline_by_decimals`]).
    pub outline_sha256: Option<Sha256Hash>,
}

/// A version that was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// Its number.
    pub number: u32,
    /// When it was withdrawn.
    pub at: Timestamp,
}

/// Who asks to publish.
#[derive(Debug, Clone, Copy)]
pub enum Author<'a> {
    /// The operator.
    Operator,
    /// A provider, if it has applied.
    Provider(Option<&'a Provider>),
}

/// What to publish.
#[derive(Debug, Clone)]
pub struct Publication {
    /// The document.
    pub id: DocumentId,
    /// What it is.
    pub kind: DocumentKind,
    /// Its title.
    pub title: Line,
    /// Its exact text.
    pub text: String,
    /// The clauses to be shown prominently.
    pub prominent: Vec<ClauseAddress>,
    /// The clauses that carry the market's rules.
    pub rules: Rules,
    /// When it takes effect; at once by default.
    pub effective_at: Option<Timestamp>,
    /// Whether it changes an earlier version in a major way (15 days of publicity in place of 7).
    pub major: bool,
    /// Its clauses, where its publisher says what they are; otherwise they are read off the text.
    pub given: Option<Given>,
    /// Whether its publisher says that it has no clauses.
    pub unnumbered: bool,
}

/// What was published.
#[derive(Debug)]
pub struct Publishing {
    /// The document, with its new version.
    pub document: Document,
    /// The clauses of the new version.
    pub outline: Outline,
    /// What is to be committed.
    pub change: Change,
}

/// Why a version was not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishRefusal {
    /// The document belongs to someone else.
    #[error("the document has another publisher")]
    NotThePublisher,
    /// The provider is not approved.
    #[error("the provider is not approved")]
    ProviderNotApproved,
    /// Providers publish subscription agreements, the operator everything else.
    #[error("this publisher does not publish documents of this kind")]
    WrongKind,
    /// A version of a document keeps the document's kind.
    #[error("the document is of another kind")]
    KindChanged,
    /// Nothing in the text shows, or it is larger than [`MAX_TEXT_BYTES`].
    #[error("the text must have 1 to {MAX_TEXT_BYTES} bytes, and something in it must show")]
    TextSize,
    /// The text has a character that would show another text than the one that is hashed.
    #[error("line {line} of the text has U+{:04X}, which turns, breaks or hides what is shown", u32::from(*.found))]
    TextCharacter {
        /// The number of the line.
        line: usize,
        /// The character.
        found: char,
    },
    /// The outline that was given is not one of the text.
    #[error("{0}")]
    WrongOutline(#[from] GivenRefusal),
    /// No clause is recognised in a body, and its publisher did not say that it has none.
    #[error("no clause is recognised in the text")]
    NothingRecognised,
    /// More clauses than a version can have, or too much of them.
    #[error("a text has at most {MAX_CLAUSES} clauses, and their outline {MAX_OUTLINE_BYTES} bytes")]
    OutlineSize,
    /// A prominent clause, or one that carries a rule, does not exist.
    #[error("clause {0} is not in the text")]
    NoSuchClause(ClauseAddress),
    /// More clauses are prominent than a version keeps.
    #[error("at most {MAX_PROMINENT} clauses can be prominent")]
    TooManyProminent,
    /// The document holds as many versions that are still to take effect as it can.
    #[error("{MAX_TO_COME} versions are still to take effect, and the document takes no more")]
    TooManyToCome,
    /// The text is the newest version's.
    #[error("version {0} has exactly this text")]
    SameText(u32),
    /// Later versions take effect later: otherwise "the later-published prevails" (1.4) would have two answers.
    #[error("takes effect before version {0} does")]
    BeforeEarlierVersion(u32),
    /// A version cannot take effect before it is published.
    #[error("takes effect before it is published")]
    Retroactive,
    /// An operator's document and a provider's could share the id.
    #[error(
        "an operator's document id has no dot; a provider's is its own id, a dot and a name without a dot"
    )]
    WrongId,
    /// The publicity period (9.4) is too short.
    #[error("the publicity period is too short: it may take effect at {earliest} or later")]
    PublicityTooShort {
        /// The earliest lawful instant.
        earliest: Timestamp,
    },
}

impl Version {
    /// How notices to those whom it binds cite it. `title` is the document's, for versions that have none of their own.
    fn citations(&self, title: &Line) -> Citations {
        let title = self.title.as_ref().unwrap_or(title).clone();
        Citations { title, version: self.number, rules: self.rules.clone() }
    }

    /// Its bytes, as stored in an item of its own.
    fn stored(&self) -> String {
        form::bytes(self.clone())
    }
}

impl Document {
    /// Whether it is the agreement between operator and merchants, which opens market accounts: by its id alone it
    /// could be a provider's, published before ids said whose they are.
    #[must_use]
    pub fn is_market_agreement(&self) -> bool {
        self.id == DocumentId::market_agreement()
            && self.publisher == Publisher::Operator
            && self.kind == DocumentKind::Body
    }

    /// The version in force at an instant (clause 1.4: of two, the later-published).
    #[must_use]
    pub fn in_force_at(&self, at: Timestamp) -> Option<&Version> {
        self.versions.iter().rev().find(|version| version.effective_at <= at)
    }

    /// The numbers of the versions that take effect after an instant.
    #[must_use]
    pub fn upcoming_at(&self, at: Timestamp) -> Vec<u32> {
        let upcoming = self.versions.iter().filter(|version| version.effective_at > at);
        upcoming.map(|version| version.number).collect()
    }

    /// A version in force or to come, by its number.
    #[must_use]
    pub fn version(&self, number: u32) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// What a version of this number carries out.
    const fn published_under(publisher: &Publisher, number: u32) -> PublishedUnder {
        match (publisher, number) {
            (Publisher::Provider(_), _) => PublishedUnder::ProvidersTerms,
            (Publisher::Operator, 1) => PublishedUnder::Registry,
            (Publisher::Operator, _) => PublishedUnder::Amendment,
        }
    }

    /// The partition of everything of a document.
    #[must_use]
    pub fn partition(id: &DocumentId) -> Partition {
        Self::key_of(id).partition
    }

    /// Where the exact text of a version lives.
    #[must_use]
    pub fn text_key(id: &DocumentId, version: u32) -> Key {
        Key::new(Self::partition(id), Sort::new("text#", format_args!("{version:06}")))
    }

    /// Where the outline of a version lives.
    #[must_use]
    pub fn outline_key(id: &DocumentId, version: u32) -> Key {
        Key::new(Self::partition(id), Sort::new("outline#", format_args!("{version:06}")))
    }

    /// Where a version lives.
    #[must_use]
    pub fn version_key(id: &DocumentId, version: u32) -> Key {
        Key::new(Self::partition(id), Sort::new(VERSIONS, format_args!("{version:06}")))
    }
}

impl Aggregate for Document {
    type Id = DocumentId;
    const KIND: &'static str = "document";
    const PLACE: Place = Place::Own("document#");

    fn key_of(id: &DocumentId) -> Key {
        Self::PLACE.own(id)
    }

    fn key(&self) -> Key {
        Self::key_of(&self.id)
    }

    /// In the list of its kind, by the instant at which a version was last published or withdrawn.
    fn list_entry(&self) -> Option<ListEntry> {
        let published = self.versions.iter().map(|version| version.published_at);
        let changed_at = published.chain(self.withdrawn.iter().map(|withdrawn| withdrawn.at)).max()?;
        let place = format!("{}#{}", keys::instant_place(changed_at), self.id);
        Some(ListEntry { list: self.kind.list(), place })
    }
}
