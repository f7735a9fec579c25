//! Acceptance of a document's version (clauses 1.2, 1.3, 4.1): who, with what authority, what was shown.
//!
//! An acceptance is of one version, by the hash of its text; accepting version 1 never satisfies a need
//! for version 2. It is kept under the merchant's account and never changes.

use std::collections::HashSet;

use jiff::Timestamp;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::clause::ClauseAddress;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, DocumentId};
use market_kernel::keys::{Key, Place};
use market_kernel::notices::Reach;
use market_kernel::occasion::Occasion;
use market_kernel::text::{Line, Text};
use market_parties::accounts::{AccountStatus, FIRST_PERIOD, MarketAccount};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::clauses::Outline;
use super::{Document, Publisher};
use crate::events::{self, AcceptedUnder};

/// How a version was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// By an explicit act on a page.
    Click,
    /// By signature.
    Signed,
}

/// The person who accepted for the merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Name.
    pub name: Line,
    /// By what authority: legal representative, holder of a power of attorney.
    pub authority: Line,
}

/// One merchant's acceptance of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The merchant.
    pub account_id: AccountId,
    /// The agreement period of the account that it belongs to.
    pub agreement_period: u32,
    /// The document.
    pub document_id: DocumentId,
    /// Its version.
    pub version: u32,
    /// The hash of the text accepted.
    pub sha256: Sha256Hash,
    /// How.
    pub method: Method,
    /// Who.
    pub signer: Signer,
    /// The prominent clauses that were shown.
    pub prominent_shown: Vec<ClauseAddress>,
    /// The hash of the page as it was rendered.
    pub rendered_sha256: Sha256Hash,
    /// The network address that it came from, as the gateway saw it (before 0.3.0: what the client claimed).
    pub address: Option<Text<64>>,
    /// The user agent that it came from.
    pub user_agent: Option<Text<400>>,
    /// When.
    pub accepted_at: Timestamp,
}

/// What names an acceptance: whose, in which agreement period, of which version.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the acceptance")]
pub struct AcceptanceId {
    pub account_id: AccountId,
    pub agreement_period: u32,
    pub document_id: DocumentId,
    pub version: u32,
}

impl AcceptanceId {
    /// One of an account's first agreement period.
    #[must_use]
    pub const fn in_first_period(account_id: AccountId, document_id: DocumentId, version: u32) -> Self {
        Self { account_id, agreement_period: FIRST_PERIOD, document_id, version }
    }
}

/// What the market serves of a version: a party that accepts it was shown one of these.
#[derive(Debug, Clone, Copy)]
pub struct Served<'a> {
    /// The document that it is a version of.
    pub document: &'a Document,
    /// Its exact text.
    pub text: &'a str,
    /// Its clauses.
    pub outline: &'a Outline,
    /// The hashes of its pages.
    pub pages: &'a [Sha256Hash],
}

/// Why an acceptance was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcceptRefusal {
    /// The document has no such version.
    #[error("the document has no such version")]
    NoSuchVersion,
    /// The version is not in force yet, or not any more.
    #[error("version {in_force} is in force")]
    NotInForce {
        /// The one that is.
        in_force: u32,
    },
    /// The hash is not that of the version's text.
    #[error("the hash is not that of the version's text")]
    OtherText,
    /// Prominent clauses were not shown.
    #[error("prominent clauses were not shown: {}", .0.iter().map(ClauseAddress::as_str).collect::<Vec<_>>().join(", "))]
    ProminentNotShown(Vec<ClauseAddress>),
    /// A clause that was shown is not one of the version's.
    #[error("clause {0} is not in the text")]
    NoSuchClause(ClauseAddress),
    /// What was shown is nothing that the market serves of the version.
    #[error("the hash is neither that of the version's text nor that of a page of it")]
    OtherRendering,
    /// This version was accepted before.
    #[error("this version was accepted before")]
    AlreadyAccepted,
    /// The account has ended.
    #[error("the account has ended")]
    AccountEnded,
    /// The market account has to be opened with the market agreement first.
    #[error("the market agreement has to be accepted first")]
    AgreementFirst,
}

impl Acceptance {
    /// Accepts a version for a merchant, with what the market serves of it; `existing` is the acceptance of before,
    /// where there is one. Accepting the market agreement opens the market account.
    ///
    /// # Errors
    /// See [`AcceptRefusal`].
    pub fn accept(
        self,
        account: &Loaded<MarketAccount>,
        served: &Served<'_>,
        existing: Option<&Loaded<Self>>,
        occasion: &Occasion,
    ) -> Result<Change, AcceptRefusal> {
        let document = served.document;
        let version = document.in_force_at(occasion.at).ok_or(AcceptRefusal::NoSuchVersion)?;
        if self.version != version.number {
            let newest = document.versions.last().map_or(0, |newest| newest.number);
            return Err(if (1..=newest).contains(&self.version) {
                AcceptRefusal::NotInForce { in_force: version.number }
            } else {
                AcceptRefusal::NoSuchVersion
            });
        }
        if self.sha256 != version.sha256 {
            return Err(AcceptRefusal::OtherText);
        }
        let shown: HashSet<_> = self.prominent_shown.iter().collect();
        let not_shown: Vec<_> =
            version.prominent.iter().filter(|clause| !shown.contains(clause)).cloned().collect();
        if !not_shown.is_empty() {
            return Err(AcceptRefusal::ProminentNotShown(not_shown));
        }
        if let Some(unknown) = served.outline.first_unknown(&self.prominent_shown) {
            return Err(AcceptRefusal::NoSuchClause(unknown.clone()));
        }
        if self.rendered_sha256 != version.sha256 && !served.pages.contains(&self.rendered_sha256) {
            return Err(AcceptRefusal::OtherRendering);
        }
        if existing.is_some() {
            return Err(AcceptRefusal::AlreadyAccepted);
        }
        if account.has_ended_at(occasion.at) {
            return Err(AcceptRefusal::AccountEnded);
        }
        let is_agreement = document.is_market_agreement();
        if !is_agreement && account.status == AccountStatus::Applied {
            return Err(AcceptRefusal::AgreementFirst);
        }
        let under = match document.publisher {
            Publisher::Operator => AcceptedUnder::Agreement,
            Publisher::Provider(_) => AcceptedUnder::ProvidersTerms,
        };
        let event = Event::of(events::DocumentAccepted {
            under,
            document: self.document_id.clone(),
            version: self.version,
            sha256: self.sha256.clone(),
            rendered_sha256: self.rendered_sha256.clone(),
        });
        let change = Change::on(occasion).create(&self, event);
        if !is_agreement {
            return Ok(change);
        }
        let agreement_version = self.version;
        let citations = version.citations(&document.title);
        let title = citations.title.to_string();
        let opened = account.bound_by(citations);
        let event = if account.status == AccountStatus::Applied {
            let message = market_parties::messages::AccountOpened { title, version: self.version };
            Event::of(events::AccountOpened { agreement_version }).tell(Reach::Party(&opened), message)
        } else {
            Event::of(events::AgreementRenewed { agreement_version })
        };
        Ok(change.update(account, &opened, event))
    }
}

impl Aggregate for Acceptance {
    type Id = AcceptanceId;
    const KIND: &'static str = "acceptance";
    const PLACE: Place = Place::Within("acceptance#");

    /// A merchant that comes back accepts again. Keys of the first period have no number: they were there before
    /// periods had one.
    fn key_of(id: &AcceptanceId) -> Key {
        let AcceptanceId { account_id, agreement_period, document_id, version } = id;
        let mut id = format!("{document_id}#{version:06}");
        if *agreement_period > FIRST_PERIOD {
            id.push_str(&format!("#{agreement_period:04}"));
        }
        Self::PLACE.within(account_id, id)
    }

    fn key(&self) -> Key {
        Self::key_of(&AcceptanceId {
            account_id: self.account_id.clone(),
            agreement_period: self.agreement_period,
            document_id: self.document_id.clone(),
            version: self.version,
        })
    }
}
