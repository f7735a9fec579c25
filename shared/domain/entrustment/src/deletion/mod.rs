//! Deletion demands (clause 4.4.5): after an entrustment ends, the merchant demands that the data be deleted,
//! and the provider attests what it did. `draft → served → acknowledged → attested → closed`, or `waived`.
//!
//! A demand has its grant's id: an ended grant has exactly one (invariant 3). The merchant is reminded at
//! the end (by the notice of the end itself), after 3, 7, 15 and 30 days and then every 30, of what is still
//! open by then: to serve it, to follow it up, to confirm the answer; until it is closed or waived. The provider is
//! reminded 7, 3 and 1 days before its answer is due, and when it is overdue.

mod reckoned_again;

use jiff::Timestamp;
use market_kernel::aggregate::{Aggregate, Due, Lane, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::ids::{AccountId, GrantId, ProviderId, ScopeName};
use market_kernel::keys::{Key, ListEntry, ListName, Place};
use market_kernel::notices::{Message, Notice, Reach, Standing, Told, Words};
use market_kernel::occasion::Occasion;
use market_kernel::party::Party;
use market_kernel::periods::{self, Calendar, Length, Trace};
use market_kernel::reminders::{Plan, Reminders, days_left, days_since};
use market_kernel::text::{Line, Prose};
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events;
use crate::messages;

/// The most datasets, and the most sub-processors, that an attestation names.
pub const MAX_NAMED: usize = 32;
/// The provider's time to answer, from service: a configurable default, not statute.
pub const ANSWER: Length = Length::Days(15);
/// To the merchant; the reminder at the end itself is the notice of the end.
const TO_MERCHANT: Plan = Plan::After { days: &[3, 7, 15, 30], then_every: 30 };
/// To the provider.
pub(crate) const TO_PROVIDER: Plan = Plan::Before(&[7, 3, 1]);

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

    /// Drafts the demand that follows an entrustment that ended.
    #[must_use]
    pub fn draft(ended: Ended, occasion: &Occasion) -> Change {
        let Ended { grant_id, account_id, provider_id, listing_name, scopes, ended_at } = ended;
        let demand = Self {
            grant_id,
            account_id,
            provider_id,
            listing_name,
            scopes,
            ended_at,
            to_merchant: Reminders::beginning(TO_MERCHANT, ended_at, occasion.at),
            to_provider: Reminders::default(),
            status: DemandStatus::Draft,
        };
        let event = Event::of(events::DemandDrafted { ended_at });
        Change::on(occasion).create(&demand, event)
    }

    /// The merchant serves it, in one action.
    ///
    /// # Errors
    /// See [`DemandRefusal`].
    pub fn serve(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        calendar: &Calendar,
        occasion: &Occasion,
    ) -> Result<(Self, Change), DemandRefusal> {
        if loaded.status != DemandStatus::Draft {
            return Err(DemandRefusal::AlreadyServed);
        }
        let period =
            periods::reckon(occasion.at, ANSWER, calendar).map_err(|_| DemandRefusal::Unreckonable)?;
        let due = period.ends_at;
        let event = Event::of(events::DemandServed { due, period: period.to_string() }).tell(
            Reach::ProviderOf(provider, account),
            messages::DemandServed {
                merchant: account.legal_name.to_string(),
                listing: loaded.listing_name.to_string(),
                grant: loaded.grant_id.to_string(),
                scopes: loaded.scope_names(),
                ended_at: loaded.ended_at,
                due,
            },
        );
        Ok(Self::step(
            loaded,
            Self {
                to_provider: Reminders::beginning(TO_PROVIDER, due, occasion.at),
                status: DemandStatus::Served { period, acknowledged: false, overdue: false },
                ..loaded.state.clone()
            },
            event,
            occasion,
        ))
    }

    /// The provider confirms that it has the demand.
    ///
    /// # Errors
    /// See [`DemandRefusal`].
    pub fn acknowledge(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        occasion: &Occasion,
    ) -> Result<(Self, Change), DemandRefusal> {
        let DemandStatus::Served { period, acknowledged, overdue } = &loaded.status else {
            return Err(DemandRefusal::NotWaiting);
        };
        if *acknowledged {
            return Err(DemandRefusal::AlreadyAcknowledged);
        }
        let event = Event::of(events::DemandAcknowledged {}).tell(
            Reach::Party(account),
            messages::DemandAcknowledged {
                provider: provider.legal_name.to_string(),
                listing: loaded.listing_name.to_string(),
                grant: loaded.grant_id.to_string(),
                due: period.ends_at,
            },
        );
        let status = DemandStatus::Served { period: period.clone(), acknowledged: true, overdue: *overdue };
        Ok(Self::step(loaded, Self { status, ..loaded.state.clone() }, event, occasion))
    }

    /// The provider declares what it did.
    ///
    /// # Errors
    /// See [`DemandRefusal`].
    pub fn attest(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        attestation: Attestation,
        occasion: &Occasion,
    ) -> Result<(Self, Change), DemandRefusal> {
        if !matches!(loaded.status, DemandStatus::Served { .. }) {
            return Err(DemandRefusal::NotWaiting);
        }
        let lawful = (1..=MAX_NAMED).contains(&attestation.datasets.len())
            && attestation.sub_processors.len() <= MAX_NAMED
            && (loaded.ended_at..=occasion.at).contains(&attestation.done_at);
        if !lawful {
            return Err(DemandRefusal::Attestation);
        }
        let answer = attestation.answer.words();
        let event = Event::of(events::DemandAttested { answer: answer.english }).tell(
            Reach::Party(account),
            messages::DemandAttested {
                provider: provider.legal_name.to_string(),
                listing: loaded.listing_name.to_string(),
                grant: loaded.grant_id.to_string(),
                answer,
            },
        );
        let status = DemandStatus::Attested { attestation, attested_at: occasion.at };
        Ok(Self::step(loaded, Self { status, ..loaded.state.clone() }, event, occasion))
    }

    /// The merchant confirms the attestation.
    ///
    /// # Errors
    /// See [`DemandRefusal`].
    pub fn close(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        occasion: &Occasion,
    ) -> Result<(Self, Change), DemandRefusal> {
        let DemandStatus::Attested { attestation, .. } = &loaded.status else {
            return Err(DemandRefusal::NotAttested);
        };
        let event = Event::of(events::DemandClosed {}).tell(
            Reach::ProviderOf(provider, account),
            messages::DemandClosed {
                merchant: account.legal_name.to_string(),
                listing: loaded.listing_name.to_string(),
                grant: loaded.grant_id.to_string(),
                scopes: loaded.scope_names(),
            },
        );
        let status = DemandStatus::Closed { attestation: attestation.clone(), closed_at: occasion.at };
        Ok(Self::step(loaded, Self { status, ..loaded.state.clone() }, event, occasion))
    }

    /// The merchant records that the parties agreed otherwise.
    ///
    /// # Errors
    /// See [`DemandRefusal`].
    pub fn waive(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        agreement: Prose,
        occasion: &Occasion,
    ) -> Result<(Self, Change), DemandRefusal> {
        if matches!(loaded.status, DemandStatus::Closed { .. } | DemandStatus::Waived { .. }) {
            return Err(DemandRefusal::Over);
        }
        let event = Event::of(events::DemandWaived {}).tell(
            Reach::ProviderOf(provider, account),
            messages::DemandWaived {
                merchant: account.legal_name.to_string(),
                listing: loaded.listing_name.to_string(),
                grant: loaded.grant_id.to_string(),
                scopes: loaded.scope_names(),
            },
        );
        let status = DemandStatus::Waived { agreement, waived_at: occasion.at };
        Ok(Self::step(loaded, Self { status, ..loaded.state.clone() }, event, occasion))
    }

    /// What is due of it: reminders to either side, and marking it overdue.
    #[must_use]
    pub fn advance(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        occasion: &Occasion,
    ) -> Option<Change> {
        if loaded.is_over() {
            return None;
        }
        let now = occasion.at;
        let listing = || loaded.listing_name.to_string();
        let merchant = Reach::Party(account);
        let to_provider = Reach::ProviderOf(provider, account);
        let mut demand = loaded.state.clone();
        let (mut is_overdue, mut provider_days, mut merchant_days) = (false, None, None);
        let mut told: Vec<(Reach<'_>, Box<dyn Message>)> = Vec::new();
        if let DemandStatus::Served { period, acknowledged, overdue: false } = &loaded.status {
            let due = period.ends_at;
            if due <= now {
                let message = messages::DemandOverdue {
                    merchant: account.legal_name.to_string(),
                    provider: provider.legal_name.to_string(),
                    listing: listing(),
                    grant: loaded.grant_id.to_string(),
                    scopes: loaded.scope_names(),
                    due,
                };
                is_overdue = true;
                told.push((merchant.clone(), Box::new(message.clone())));
                told.push((to_provider, Box::new(message)));
                demand.status = DemandStatus::Served {
                    period: period.clone(),
                    acknowledged: *acknowledged,
                    overdue: true,
                };
            } else if let Some(reminders) = loaded.to_provider.due(TO_PROVIDER, due, now) {
                let days = days_left(due, now);
                demand.to_provider = reminders;
                provider_days = Some(days);
                let message = loaded.answer_due(account, due, now);
                told.push((to_provider, Box::new(message)));
            }
        }
        if let Some(reminders) = loaded.to_merchant.due(TO_MERCHANT, loaded.ended_at, now) {
            demand.to_merchant = reminders;
            merchant_days = Some(days_since(loaded.ended_at, now));
            told.extend(demand.asks_of_the_merchant(provider, now).map(|message| (merchant, message)));
        }
        if demand == loaded.state {
            return None;
        }
        let event = if is_overdue {
            Event::of(events::DemandOverdue { merchant_days })
        } else {
            Event::of(events::DemandReminded { provider_days, merchant_days })
        };
        let event = told.into_iter().fold(event, |event, (reach, message)| event.tell(reach, message));
        Some(Change::on(occasion).update(loaded, &demand, event))
    }

    /// That the provider's answer is due soon.
    fn answer_due(&self, account: &dyn Party, due: Timestamp, now: Timestamp) -> messages::DemandDue {
        messages::DemandDue {
            merchant: account.legal_name().to_string(),
            listing: self.listing_name.to_string(),
            grant: self.grant_id.to_string(),
            scopes: self.scope_names(),
            days: days_left(due, now),
            due,
        }
    }

    /// What had been granted, as a text says it.
    fn scope_names(&self) -> String {
        self.scopes.iter().map(ScopeName::as_str).collect::<Vec<_>>().join(", ")
    }

    /// What is still open on the merchant's side, as a reminder is about it.
    const fn open_for_the_merchant(&self) -> Option<&'static str> {
        match &self.status {
            DemandStatus::Draft => Some(messages::DeletionReminder::ABOUT),
            DemandStatus::Served { .. } => Some(messages::DemandUnanswered::ABOUT),
            DemandStatus::Attested { .. } => Some(messages::DemandUnconfirmed::ABOUT),
            DemandStatus::Closed { .. } | DemandStatus::Waived { .. } => None,
        }
    }

    /// The reminder of what is still open on the merchant's side.
    fn asks_of_the_merchant(&self, provider: &dyn Party, now: Timestamp) -> Option<Box<dyn Message>> {
        let (provider, listing) = (provider.legal_name().to_string(), self.listing_name.to_string());
        let (grant, scopes) = (self.grant_id.to_string(), self.scope_names());
        let (ended_at, days) = (self.ended_at, days_since(self.ended_at, now));
        match &self.status {
            DemandStatus::Draft => Some(Box::new(messages::DeletionReminder {
                provider,
                listing,
                grant,
                scopes,
                days,
                ended_at,
            })),
            DemandStatus::Served { period, overdue, .. } => Some(Box::new(messages::DemandUnanswered {
                provider,
                listing,
                grant,
                scopes,
                days,
                ended_at,
                due: period.ends_at,
                is_overdue: *overdue,
            })),
            DemandStatus::Attested { attestation, .. } => Some(Box::new(messages::DemandUnconfirmed {
                provider,
                listing,
                grant,
                scopes,
                days,
                ended_at,
                answer: attestation.answer.words(),
            })),
            DemandStatus::Closed { .. } | DemandStatus::Waived { .. } => None,
        }
    }

    /// Whether nothing is left to do: the answer is confirmed, or the parties agreed otherwise.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.status, DemandStatus::Closed { .. } | DemandStatus::Waived { .. })
    }

    fn due_with(
        &self,
        next: fn(Reminders, Plan, Timestamp) -> Option<Timestamp>,
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

    fn step(loaded: &Loaded<Self>, demand: Self, event: Event<'_>, occasion: &Occasion) -> (Self, Change) {
        let change = Change::on(occasion).update(loaded, &demand, event);
        (demand, change)
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
}

impl Told for DeletionDemand {
    fn standing(&self, notice: &Notice, now: Timestamp) -> Standing {
        let is_served = matches!(self.status, DemandStatus::Served { .. });
        match (notice.about.as_str(), &self.status) {
            (asked, _) if self.open_for_the_merchant() == Some(asked) => {
                Standing::of_reminder(TO_MERCHANT, self.ended_at, notice, now, days_since)
            }
            (
                messages::DeletionReminder::ABOUT
                | messages::DemandUnanswered::ABOUT
                | messages::DemandUnconfirmed::ABOUT,
                _,
            ) => Standing::Gone,
            (messages::DemandDue::ABOUT, DemandStatus::Served { period, overdue: false, .. })
                if now < period.ends_at =>
            {
                Standing::of_reminder(TO_PROVIDER, period.ends_at, notice, now, days_left)
            }
            (messages::DemandDue::ABOUT, _) => Standing::Gone,
            (
                messages::DemandServed::ABOUT | messages::DemandMoved::ABOUT | messages::DemandOverdue::ABOUT,
                _,
            ) => Standing::while_so(is_served),
            // It asks for a confirmation.
            (messages::DemandAttested::ABOUT, status) => {
                Standing::while_so(matches!(status, DemandStatus::Attested { .. }))
            }
            _ => Standing::Stands,
        }
    }

    fn parties(&self) -> Option<(&AccountId, Option<&ProviderId>)> {
        Some((&self.account_id, Some(&self.provider_id)))
    }

    fn reminder(
        &self,
        about: &str,
        account: &dyn Party,
        provider: Option<&dyn Party>,
        now: Timestamp,
    ) -> Option<Box<dyn Message>> {
        match &self.status {
            DemandStatus::Served { period, .. } if about == messages::DemandDue::ABOUT => {
                Some(Box::new(self.answer_due(account, period.ends_at, now)))
            }
            _ => self.asks_of_the_merchant(provider?, now),
        }
    }
}
