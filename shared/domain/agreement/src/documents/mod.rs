//! The registry of documents (clauses 1.1–1.4, 9.4): what was published, when it takes effect, what it says.
//!
//! A version's text is stored exactly and identified by its SHA-256. Its clauses are read off the text
//! ([`clauses`]) when it is published, and kept with it: what was accepted keeps its addresses. Which version is in force is answered for any
//! instant from the versions' dates: no job makes a version effective.

pub mod acceptance;
pub mod clauses;
pub mod withdrawal;

use jiff::Timestamp;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::characters::{show, unfit_in_document};
use market_kernel::citations::{Citations, Rules};
use market_kernel::clause::ClauseAddress;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{DocumentId, ProviderId};
use market_kernel::keys::{Key, Partition, Place, Sort};
use market_kernel::notices::Reach;
use market_kernel::occasion::Occasion;
use market_kernel::party::Language;
use market_kernel::periods::{self, PublicityMode};
use market_kernel::stored::form::{self, FIRST_SCHEMA};
use market_kernel::text::Line;
use market_parties::providers::{Provider, ProviderStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::clauses::{Given, GivenRefusal, MAX_CLAUSES, Outline};
use self::withdrawal::Withdrawn;
use crate::events::{self, PublishedUnder};
use crate::messages;

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
/// The most versions that one change takes out of a document, well within a transaction.
const MOST_MOVED: usize = 50;

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
    /// When it takes effect; at once where nothing is said.
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

impl Publication {
    /// The clauses of its text: those that its publisher gives, or those that are read off it.
    ///
    /// # Errors
    /// Where the outline that was given is not one of the text.
    pub fn outline(&self) -> Result<Outline, PublishRefusal> {
        match &self.given {
            Some(given) => Ok(given.outline(&self.text)?),
            None => Ok(Outline::read(&self.text)),
        }
    }
}

impl Publisher {
    /// Whether a new document of this publisher's may have this id. The ids of the operator and of each provider
    /// cannot meet: neither can take a name before the other.
    fn may_name(&self, id: &DocumentId) -> bool {
        match self {
            Self::Operator => !id.as_str().contains('.'),
            Self::Provider(provider) => {
                let name =
                    id.as_str().strip_prefix(provider.as_str()).and_then(|rest| rest.strip_prefix('.'));
                name.is_some_and(|name| !name.is_empty() && !name.contains('.'))
            }
        }
    }
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

    /// A version in force or to come, by its number.
    #[must_use]
    pub fn version(&self, number: u32) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// Publishes the first or the next version.
    ///
    /// # Errors
    /// See [`PublishRefusal`].
    pub fn publish(
        existing: Option<&Loaded<Self>>,
        author: Author<'_>,
        publication: Publication,
        mode: PublicityMode,
        occasion: &Occasion,
    ) -> Result<Publishing, PublishRefusal> {
        let provider = match author {
            Author::Operator => None,
            Author::Provider(provider) => Some(
                provider
                    .filter(|provider| provider.status == ProviderStatus::Approved)
                    .ok_or(PublishRefusal::ProviderNotApproved)?,
            ),
        };
        let publisher =
            provider.map_or(Publisher::Operator, |provider| Publisher::Provider(provider.id.clone()));
        if matches!(publisher, Publisher::Provider(_)) != (publication.kind == DocumentKind::Subscription) {
            return Err(PublishRefusal::WrongKind);
        }
        if !show(&publication.text) || publication.text.len() > MAX_TEXT_BYTES {
            return Err(PublishRefusal::TextSize);
        }
        if publication.prominent.len() > MAX_PROMINENT {
            return Err(PublishRefusal::TooManyProminent);
        }
        if let Some((line, found)) = unfit_in_document(&publication.text) {
            return Err(PublishRefusal::TextCharacter { line, found });
        }
        let outline = publication.outline()?;
        let Publication {
            id,
            kind,
            title,
            text,
            prominent,
            rules,
            effective_at,
            major,
            given: _,
            unnumbered,
        } = publication;
        if outline.count() == 0 && kind == DocumentKind::Body && !unnumbered {
            return Err(PublishRefusal::NothingRecognised);
        }
        let stored_outline = form::bytes(outline.clone());
        if outline.count() > MAX_CLAUSES || stored_outline.len() > MAX_OUTLINE_BYTES {
            return Err(PublishRefusal::OutlineSize);
        }
        if let Some(missing) = outline.first_unknown(&prominent) {
            return Err(PublishRefusal::NoSuchClause(missing.clone()));
        }
        let cited: Vec<_> = rules.values().cloned().collect();
        if let Some(missing) = outline.first_unknown(&cited) {
            return Err(PublishRefusal::NoSuchClause(missing.clone()));
        }
        let effective_at = effective_at.unwrap_or(occasion.at);
        if effective_at < occasion.at {
            return Err(PublishRefusal::Retroactive);
        }
        // What has its id already keeps it.
        if existing.is_none() && !publisher.may_name(&id) {
            return Err(PublishRefusal::WrongId);
        }
        let mut document = match existing {
            Some(loaded) if loaded.publisher != publisher => return Err(PublishRefusal::NotThePublisher),
            Some(loaded) if loaded.kind != kind => return Err(PublishRefusal::KindChanged),
            Some(loaded) => Self { title, ..loaded.state.clone() },
            None => Self { id, kind, publisher, title, versions: Vec::new(), withdrawn: Vec::new() },
        };
        let to_come = document.versions.iter().filter(|version| version.effective_at > occasion.at).count();
        if to_come >= MAX_TO_COME {
            return Err(PublishRefusal::TooManyToCome);
        }
        let sha256 = Sha256Hash::of(text.as_bytes());
        let mut warning = None;
        if let Some(last) = document.versions.last() {
            if last.sha256 == sha256 {
                return Err(PublishRefusal::SameText(last.number));
            }
            if effective_at < last.effective_at {
                return Err(PublishRefusal::BeforeEarlierVersion(last.number));
            }
            // A provider's new terms bind only who accepts them; the operator's bind by use (9.4).
            if document.publisher == Publisher::Operator {
                warning = periods::check_publicity(occasion.at, effective_at, major, mode)
                    .map_err(|short| PublishRefusal::PublicityTooShort { earliest: short.earliest })?
                    .map(|warning| warning.to_string());
            }
        }
        let version = Version {
            number: document.newest().map_or(1, |newest| newest.saturating_add(1)),
            title: Some(document.title.clone()),
            sha256,
            size_bytes: text.len() as u64,
            published_at: occasion.at,
            effective_at,
            prominent,
            rules,
            warning,
            outline_sha256: Some(Sha256Hash::of(stored_outline.as_bytes())),
        };
        let under = Self::published_under(&document.publisher, version.number);
        let stored_version = version.stored();
        let mut event = Event::of(events::DocumentPublished {
            under,
            version: version.number,
            sha256: version.sha256.clone(),
            effective_at,
            // Its dates, prominent clauses and outline: of its text alone they do not follow.
            version_sha256: Some(Sha256Hash::of(stored_version.as_bytes())),
        });
        if document.publisher == Publisher::Operator {
            let message = messages::DocumentPublished {
                title: document.title.to_string(),
                version: version.number,
                effective_at,
            };
            event = event.tell(Reach::Everyone(Language::Chinese), message);
        }
        let text_key = Self::text_key(&document.id, version.number);
        let version_key = Self::version_key(&document.id, version.number);
        let outline_key = Self::outline_key(&document.id, version.number);
        document.versions.push(version);
        let superseded = document.leave_superseded(occasion.at);
        let change = match existing {
            Some(loaded) => Change::on(occasion).update(loaded, &document, event),
            None => Change::on(occasion).create(&document, event),
        };
        let change = change
            .store(text_key, text, FIRST_SCHEMA)
            .store(outline_key, stored_outline, form::schema::<Outline>())
            .store(version_key, stored_version, form::schema::<Version>());
        // Those that were published before versions had items of their own get them now.
        let change = superseded.iter().fold(change, |change, version| {
            let key = Self::version_key(&document.id, version.number);
            change.store_again(key, version.stored(), form::schema::<Version>())
        });
        Ok(Publishing { document, outline, change })
    }

    /// What a version of this number carries out.
    const fn published_under(publisher: &Publisher, number: u32) -> PublishedUnder {
        match (publisher, number) {
            (Publisher::Provider(_), _) => PublishedUnder::ProvidersTerms,
            (Publisher::Operator, 1) => PublishedUnder::Registry,
            (Publisher::Operator, _) => PublishedUnder::Amendment,
        }
    }

    /// Takes out the versions before the one in force, as many as one change can carry; the rest goes with the next.
    fn leave_superseded(&mut self, now: Timestamp) -> Vec<Version> {
        let before = self.versions.iter().rposition(|version| version.effective_at <= now).unwrap_or(0);
        self.versions.drain(..before.min(MOST_MOVED)).collect()
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
}

#[cfg(test)]
mod tests {
    use market_kernel::notices::samples;
    use market_kernel::party::Actor;

    use super::*;

    fn occasion(at: &str) -> Occasion {
        samples::occasion(at.parse().unwrap(), Actor::Operator("op".into()))
    }

    fn publication(text: &str, effective_at: Option<&str>) -> Publication {
        Publication {
            id: DocumentId::market_agreement(),
            kind: DocumentKind::Body,
            title: Line::try_from("协议").unwrap(),
            text: text.to_owned(),
            prominent: Vec::new(),
            rules: Rules::new(),
            effective_at: effective_at.map(|at| at.parse().unwrap()),
            major: false,
            given: None,
            unnumbered: false,
        }
    }

    fn publish(
        existing: Option<&Loaded<Document>>,
        text: &str,
        at: &str,
        effective_at: Option<&str>,
        mode: PublicityMode,
    ) -> Result<Document, PublishRefusal> {
        Document::publish(existing, Author::Operator, publication(text, effective_at), mode, &occasion(at))
            .map(|publishing| publishing.document)
    }

    fn first() -> Loaded<Document> {
        let state = publish(None, "1.甲\n", "2024-01-01T00:00:00Z", None, PublicityMode::Strict).unwrap();
        Loaded::new(state, 1, Sha256Hash::origin())
    }

    #[test]
    fn an_amendment_needs_seven_full_days_of_publicity() {
        let first = first();
        let published = "2024-04-12T11:06:59+08:00";
        let strict = |at| publish(Some(&first), "1.乙\n", published, Some(at), PublicityMode::Strict);
        assert_eq!(
            strict("2024-04-19T00:00:00+08:00"),
            Err(PublishRefusal::PublicityTooShort { earliest: "2024-04-20T00:00:00+08:00".parse().unwrap() })
        );
        assert!(strict("2024-04-20T00:00:00+08:00").is_ok());
        let lenient = publish(
            Some(&first),
            "1.乙\n",
            published,
            Some("2024-04-19T00:00:00+08:00"),
            PublicityMode::Lenient,
        );
        assert!(lenient.unwrap().versions[1].warning.is_some());
    }

    #[test]
    fn the_version_in_force_is_answered_for_any_instant() {
        let first = first();
        let both = publish(
            Some(&first),
            "1.乙\n",
            "2024-04-12T11:06:59+08:00",
            Some("2024-04-20T00:00:00+08:00"),
            PublicityMode::Strict,
        )
        .unwrap();
        let at = |at: &str| both.in_force_at(at.parse().unwrap()).map(|version| version.number);
        assert_eq!(at("2023-12-31T23:59:59Z"), None);
        assert_eq!(at("2024-04-19T15:59:59Z"), Some(1));
        assert_eq!(at("2024-04-19T16:00:00Z"), Some(2));
    }

    #[test]
    fn a_prominent_clause_must_exist_and_a_text_must_be_new() {
        let mut wrong = publication("1.甲\n1.1乙\n", None);
        wrong.prominent = vec!["4.4.5".to_owned().try_into().unwrap()];
        let at = occasion("2024-01-01T00:00:00Z");
        assert!(matches!(
            Document::publish(None, Author::Operator, wrong, PublicityMode::Strict, &at),
            Err(PublishRefusal::NoSuchClause(_))
        ));
        assert_eq!(
            publish(Some(&first()), "1.甲\n", "2024-02-01T00:00:00Z", None, PublicityMode::Strict),
            Err(PublishRefusal::SameText(1))
        );
    }
}
