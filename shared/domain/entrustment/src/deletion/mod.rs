//! Deletion demands (clause 4.4.5): after an entrustment ends, the merchant demands that the data be deleted,
//! and the provider attests what it did. `draft → served → acknowledged → attested → closed`, or `waived`.
//!
//! A demand has its grant's id: an ended grant has exactly one (invariant 3). The merchant is reminded at
//! the end (by the notice of the end itself), after 3, 7, 15 and 30 days and then every 30, of what is still
//! open by then: to serve it, to follow it up, to confirm the answer; until it is closed or waived. The provider is
//! reminded 7, 3 and 1 days before its answer is due, and when it is overdue.

mod commands;
mod deadlines;
mod notices;
mod reckoned_again;

use jiff::Timestamp;
use market_kernel::aggregate::{Aggregate, Due, Lane};
use market_kernel::ids::{AccountId, GrantId, ProviderId, ScopeName};
use market_kernel::keys::{Key, ListEntry, ListName, Place};
use market_kernel::notices::Words;
use market_kernel::periods::{Length, Trace};
use market_kernel::reminders::{Reminders, Rhythm};
use market_kernel::stored::values::Named;
use market_kernel::text::{Line, Prose};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most datasets, and the most sub-processors, that an attestation names.
pub const MAX_NAMED: usize = 32;

/// The provider's time to answer, from service: a configurable default, not statute.
pub const ANSWER: Length = Length::Days(15);

/// To the merchant; the reminder at the end itself is the notice of the end.
const TO_MERCHANT: Rhythm = Rhythm::After { days: &[3, 7, 15, 30], then_every: 30 };

/// To the provider.
pub(crate) const TO_PROVIDER: Rhythm = Rhythm::Before(&[7, 3, 1]);

/// What the provider did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Deleted the data.
    Deleted,
    /// Gave the data back.
    Returned,
    /// Keeps it because a law demands so.
    LegallyRetained,
}

impl Answer {
    const fn words(self) -> Words {
        match self {
            Self::Deleted => Words { english: "deleted", chinese: "已删除" },
            Self::Returned => Words { english: "returned", chinese: "已返还" },
            Self::LegallyRetained => Words { english: "legally retained", chinese: "依法留存" },
        }
    }
}

/// The provider's declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// What was done.
    pub answer: Answer,
    /// The datasets concerned.
    pub datasets: Vec<Line>,
    /// Copies and backups, and what happened to them.
    pub copies: Prose,
    /// Sub-processors that had the data.
    pub sub_processors: Vec<Line>,
    /// When it was done.
    pub done_at: Timestamp,
    /// How it was done.
    pub method: Line,
    /// Who declares it.
    pub signer: Line,
    /// By what authority; declarations from before 0.5.0 do not say.
    pub authority: Option<Line>,
}

/// Where a demand stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DemandStatus {
    /// Waits for the merchant to serve it.
    Draft,
    /// The provider has it.
    Served {
        /// When it was served, and by when it has to be answered.
        period: Trace,
        /// Whether the provider has acknowledged it.
        acknowledged: bool,
        /// Whether the answer is overdue.
        overdue: bool,
    },
    /// The provider has answered.
    Attested {
        /// Its declaration.
        attestation: Attestation,
        /// When it arrived.
        attested_at: Timestamp,
    },
    /// The merchant has confirmed the answer.
    Closed {
        /// The provider's declaration.
        attestation: Attestation,
        /// When it was confirmed.
        closed_at: Timestamp,
    },
    /// The parties agreed otherwise.
    Waived {
        /// What they agreed.
        agreement: Prose,
        /// When it was recorded.
        waived_at: Timestamp,
    },
}

/// Where a demand stands, and no more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DemandStanding {
    /// Waits for the merchant to serve it.
    Draft,
    /// The provider has it, and has time to answer.
    Served,
    /// The provider has it, and its answer is overdue.
    Overdue,
    /// The provider has answered; the merchant has to confirm it.
    Attested,
    /// The merchant has confirmed the answer.
    Closed,
    /// The parties agreed otherwise.
    Waived,
}

const LISTS: &str = "demands#";

impl DemandStanding {
    /// The lists of the demands that stand so.
    #[must_use]
    pub fn lists(self) -> Vec<ListName> {
        ListName::parts(LISTS, self.name())
    }
}

impl DemandStatus {
    /// Where it stands.
    #[must_use]
    pub const fn standing(&self) -> DemandStanding {
        match self {
            Self::Draft => DemandStanding::Draft,
            Self::Served { overdue: false, .. } => DemandStanding::Served,
            Self::Served { overdue: true, .. } => DemandStanding::Overdue,
            Self::Attested { .. } => DemandStanding::Attested,
            Self::Closed { .. } => DemandStanding::Closed,
            Self::Waived { .. } => DemandStanding::Waived,
        }
    }
}

/// The demand that follows an ended grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionDemand {
    /// The grant that ended; also the demand's own id.
    pub grant_id: GrantId,
    /// The merchant, who demands.
    pub account_id: AccountId,
    /// The provider, who answers.
    pub provider_id: ProviderId,
    /// The listing's name.
    pub listing_name: Line,
    /// What had been granted.
    pub scopes: Vec<ScopeName>,
    /// When the entrustment ended.
    pub ended_at: Timestamp,
    /// Reminders sent to the merchant.
    pub to_merchant: Reminders,
    /// Reminders sent to the provider.
    pub to_provider: Reminders,
    /// Where it stands.
    pub status: DemandStatus,
}

/// Why something was not done with a demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DemandRefusal {
    /// It was served before, or is over.
    #[error("the demand was served before")]
    AlreadyServed,
    /// It is not waiting for the provider.
    #[error("the demand does not wait for the provider")]
    NotWaiting,
    /// It was acknowledged before.
    #[error("the demand was acknowledged before")]
    AlreadyAcknowledged,
    /// There is no attestation to confirm.
    #[error("there is no attestation to confirm")]
    NotAttested,
    /// It is over.
    #[error("the demand is over")]
    Over,
    /// The attestation names no dataset or too many things, or lies in the future or before the end.
    #[error(
        "the attestation must name 1 to {MAX_NAMED} datasets, at most {MAX_NAMED} sub-processors, and a time between the end of the entrustment and now"
    )]
    Attestation,
    /// A date cannot be reckoned.
    #[error("a date cannot be reckoned")]
    Unreckonable,
}

/// An entrustment that ended, as far as the demand that follows it has to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The grant that created it.
    pub grant_id: GrantId,
    /// The merchant.
    pub account_id: AccountId,
    /// The provider.
    pub provider_id: ProviderId,
    /// What the data was granted for.
    pub listing_name: Line,
    /// What was granted.
    pub scopes: Vec<ScopeName>,
    /// When it ended.
    pub ended_at: Timestamp,
}

impl DeletionDemand {
    /// The list of a provider's demands.
    #[must_use]
    pub fn of_provider(provider: &ProviderId) -> ListName {
        ListName::of(provider, "demands")
    }

    /// What had been granted, as a text says it.
    fn scope_names(&self) -> String {
        self.scopes.iter().map(ScopeName::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Whether nothing is left to do: the answer is confirmed, or the parties agreed otherwise.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.status, DemandStatus::Closed { .. } | DemandStatus::Waived { .. })
    }

    fn due_with(
        &self,
        next: fn(Reminders, Rhythm, Timestamp) -> Option<Timestamp>,
        look: Option<Timestamp>,
    ) -> Option<Due> {
        if self.is_over() {
            return None;
        }
        let at = next(self.to_merchant, TO_MERCHANT, self.ended_at)?;
        let DemandStatus::Served { period, overdue: false, .. } = &self.status else {
            return Some(Due::new(at, Lane::RemindDeletion));
        };
        let to_provider = next(self.to_provider, TO_PROVIDER, period.ends_at);
        let at = [to_provider, look].into_iter().flatten().fold(at, Timestamp::min);
        Some(Due::new(at, Lane::RemindDeletion).by(period.ends_at))
    }

    /// The timer that releases before 0.4.0 gave it: they kept to no daytime, looked for no holiday schedule, and let an
    /// answered demand be.
    #[must_use]
    pub fn former_due(&self) -> Option<Due> {
        let was_waiting = matches!(self.status, DemandStatus::Draft | DemandStatus::Served { .. });
        self.due_with(Reminders::next_at_any_hour, None).filter(|_| was_waiting)
    }

    /// Whether the provider has ever received it.
    #[must_use]
    pub fn was_served(&self) -> bool {
        self.status != DemandStatus::Draft
    }
}

impl Aggregate for DeletionDemand {
    type Id = (AccountId, GrantId);
    const KIND: &'static str = "demand";
    const PLACE: Place = Place::Within("demand#");

    fn key_of((account, grant): &Self::Id) -> Key {
        Self::PLACE.within(account, grant)
    }

    fn key(&self) -> Key {
        Self::key_of(&(self.account_id.clone(), self.grant_id.clone()))
    }

    fn next_due(&self) -> Option<Due> {
        self.due_with(Reminders::next, self.open_period().and_then(Trace::next_look))
    }

    /// The provider sees it once it is served.
    fn list_entry(&self) -> Option<ListEntry> {
        self.was_served().then(|| ListEntry {
            list: Self::of_provider(&self.provider_id),
            place: self.grant_id.to_string(),
        })
    }

    fn desk_entry(&self) -> Option<ListEntry> {
        let list = ListName::part_of(LISTS, self.status.standing().name(), self.grant_id.as_str());
        Some(ListEntry { list, place: self.grant_id.to_string() })
    }
}
