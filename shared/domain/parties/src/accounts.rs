//! Market accounts (clauses 2.3, 5.1, 10): who the merchant is, and until when the agreement holds.
//!
//! `applied → active → terminated`. The instant at which the agreement ends is part of the account
//! (`ends_at`), and everything that depends on it compares it with the present when it is read: at that
//! very instant the account has ended, whether or not a worker has run.

use jiff::Timestamp;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::citations::Citations;
use market_kernel::ids::{AccountId, TerminationId};
use market_kernel::keys::{self, Key, ListEntry, ListName, Place};
use market_kernel::notices::Reach;
use market_kernel::occasion::Occasion;
use market_kernel::party::{Contacts, Language, Party, PartyId};
use market_kernel::stored::values::Named;
use market_kernel::text::Line;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::applications::Application;
use crate::contacts::{self, ContactsRefusal};
use crate::credit_code::CreditCode;
use crate::events;

/// The number of an account's first agreement period.
pub const FIRST_PERIOD: u32 = 1;

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// Has applied; the market agreement is not accepted yet.
    Applied,
    /// Open.
    Active,
    /// The agreement has ended.
    Terminated,
}

const LISTS: &str = "accounts#";

impl AccountStatus {
    /// The lists of the accounts that stand so; together they have each once. An account only goes from a status to a
    /// later one, so whoever goes through all lists, status after status, meets every account.
    #[must_use]
    pub fn lists(self) -> Vec<ListName> {
        ListName::parts(LISTS, self.name())
    }
}

/// A merchant's market account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketAccount {
    /// The platform account that has opened the market.
    pub id: AccountId,
    /// The legal entity's name.
    pub legal_name: Line,
    /// Its unified social credit code.
    pub credit_code: CreditCode,
    /// How to reach it.
    pub contacts: Contacts,
    /// When that was changed last.
    pub contacts_changed_at: Option<Timestamp>,
    /// Where it stands.
    pub status: AccountStatus,
    /// When it applied.
    pub applied_at: Timestamp,
    /// Its agreement periods are numbered, from 1. Acceptances and terminations belong to the one they were made in.
    pub agreement_period: u32,
    /// The newest version of the market agreement that it accepted.
    pub agreement_version: Option<u32>,
    /// How notices cite that version; none where it maps no rule, or was accepted before versions did.
    pub citations: Option<Citations>,
    /// When the agreement ends or ended, once that is known.
    pub ends_at: Option<Timestamp>,
    /// The termination that set `ends_at`.
    pub termination_id: Option<TerminationId>,
}

/// Why an application was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApplyRefusal {
    /// The platform account has opened the market before; it is one to one.
    #[error("this platform account has applied before")]
    AlreadyApplied,
}

/// Why an account cannot order or grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountRefusal {
    /// The market agreement is not accepted.
    #[error("the market agreement is not accepted")]
    NotOpen,
    /// The version in force is not the one accepted.
    #[error("version {in_force} of the market agreement has to be accepted")]
    AgreementOutdated {
        /// The version in force.
        in_force: u32,
    },
    /// The agreement has ended.
    #[error("the agreement has ended")]
    Ended,
}

impl MarketAccount {
    /// Applies for a market account.
    ///
    /// # Errors
    /// See [`ApplyRefusal`].
    pub fn apply(
        existing: Option<&Loaded<Self>>,
        application: Application<'_, AccountId>,
        occasion: &Occasion,
    ) -> Result<(Self, Change), ApplyRefusal> {
        if existing.is_some() {
            return Err(ApplyRefusal::AlreadyApplied);
        }
        let Application { id, legal_name, credit_code, vouching, contacts } = application;
        let account = Self {
            id,
            legal_name,
            credit_code,
            contacts,
            contacts_changed_at: None,
            status: AccountStatus::Applied,
            applied_at: occasion.at,
            agreement_period: FIRST_PERIOD,
            agreement_version: None,
            citations: None,
            ends_at: None,
            termination_id: None,
        };
        let event =
            Event::of(events::AccountApplied { vouched: vouching.map(|vouching| vouching.head.clone()) });
        let change = Change::on(occasion).create(&account, event);
        Ok((account, change))
    }

    /// Changes how to reach it, whatever has become of its agreement; `None` where that is how it is reached
    /// already.
    ///
    /// # Errors
    /// See [`ContactsRefusal`].
    pub fn change_contacts(
        loaded: &Loaded<Self>,
        contacts: Contacts,
        occasion: &Occasion,
    ) -> Result<Option<(Self, Change)>, ContactsRefusal> {
        let state = loaded.state.clone();
        let account = Self { contacts, contacts_changed_at: Some(occasion.at), ..state };
        let (before, after) = (Reach::Party(loaded), Reach::Party(&account));
        let (before, after) = ((before, &loaded.contacts), (after, &account.contacts));
        let Some(event) = contacts::changed(before, after, loaded.contacts_changed_at, occasion)? else {
            return Ok(None);
        };
        let change = Change::on(occasion).update(loaded, &account, event);
        Ok(Some((account, change)))
    }

    /// Whether the agreement has ended at an instant.
    #[must_use]
    pub fn has_ended_at(&self, at: Timestamp) -> bool {
        self.status == AccountStatus::Terminated || self.ends_at.is_some_and(|end| end <= at)
    }

    /// Whether the account may order and grant: open, on the agreement in force, not ended.
    ///
    /// # Errors
    /// See [`AccountRefusal`].
    pub fn may_trade(&self, in_force: Option<u32>, at: Timestamp) -> Result<(), AccountRefusal> {
        if self.has_ended_at(at) {
            return Err(AccountRefusal::Ended);
        }
        if self.status != AccountStatus::Active {
            return Err(AccountRefusal::NotOpen);
        }
        match in_force {
            Some(in_force) if self.agreement_version < Some(in_force) => {
                Err(AccountRefusal::AgreementOutdated { in_force })
            }
            _ => Ok(()),
        }
    }

    /// Whether a term would pass the end of the agreement (10.1.2).
    #[must_use]
    pub fn ends_before(&self, term_end: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| end < term_end)
    }

    /// The account once a version of the market agreement binds it.
    #[must_use]
    pub fn bound_by(&self, citations: Citations) -> Self {
        Self {
            status: AccountStatus::Active,
            agreement_version: Some(citations.version),
            citations: (!citations.rules.is_empty()).then_some(citations),
            ..self.clone()
        }
    }
}

impl Party for MarketAccount {
    fn party_id(&self) -> PartyId {
        PartyId::Merchant(self.id.clone())
    }

    fn legal_name(&self) -> &Line {
        &self.legal_name
    }

    fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    /// Where a release that knew of no citations renewed the agreement, those of the version before are not its own.
    fn cite(&self, rule: &str, language: Language) -> Option<String> {
        let citations = self.citations.as_ref();
        let binding = citations.filter(|citations| self.agreement_version == Some(citations.version));
        binding?.cite(rule, language)
    }
}

impl Aggregate for MarketAccount {
    type Id = AccountId;
    const KIND: &'static str = "account";
    const PLACE: Place = Place::Own(keys::ACCOUNT);

    fn key_of(id: &AccountId) -> Key {
        Self::PLACE.own(id)
    }

    fn key(&self) -> Key {
        Self::key_of(&self.id)
    }

    /// In the list of its status, by the instant of its application.
    fn list_entry(&self) -> Option<ListEntry> {
        let list = ListName::part_of(LISTS, self.status.name(), self.id.as_str());
        Some(ListEntry { list, place: format!("{}#{}", keys::instant_place(self.applied_at), self.id) })
    }
}
