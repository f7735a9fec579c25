//! Grants (clause 4.4): a merchant lets a provider's application use named data for a named purpose until
//! a date. `active → expired | revoked | ended with the agreement`.
//!
//! Whether a grant is active is decided when it is read, from the grant's own end and the account's
//! (invariant 2): no sweep stands between the instant of expiry and the refusal. The job that runs
//! afterwards records the end, tells both parties and drafts the deletion demand, in one transaction.

pub mod access;
pub mod ledger;
pub mod token;

use jiff::Timestamp;
use market_agreement::documents::Document;
use market_kernel::aggregate::{Aggregate, Due, Lane, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, GrantId, ListingId, OrderId, ProviderId, ScopeName};
use market_kernel::keys::{Key, ListEntry, ListName, Place};
use market_kernel::notices::{Message, Notice, Reach, Standing, Told, Words};
use market_kernel::occasion::Occasion;
use market_kernel::party::Party;
use market_kernel::reminders::{Plan, Reminders, days_left};
use market_kernel::text::Line;
use market_parties::accounts::{AccountRefusal, MarketAccount};
use market_parties::providers::Provider;
use market_trade::listings::Scope;
use market_trade::orders::{Order, OrderStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::token::TokenDigest;
use crate::deletion::{DeletionDemand, Ended};
use crate::events;
use crate::messages;

/// Reminders before expiry.
pub const REMINDERS: Plan = Plan::Before(&[30, 7, 1]);

/// Why a grant ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndCause {
    /// Its term ran out.
    Expired,
    /// The merchant took it back.
    Revoked,
    /// The market agreement ended.
    AgreementEnded,
}

impl EndCause {
    const fn words(self) -> Words {
        match self {
            Self::Expired => Words { english: "its term ran out", chinese: "授权期限届满" },
            Self::Revoked => Words { english: "the merchant revoked it", chinese: "商户撤回授权" },
            Self::AgreementEnded => {
                Words { english: "the market agreement ended", chinese: "服务市场协议终止" }
            }
        }
    }
}

/// Where a grant stands. What is recorded; whether it is active is [`Grant::is_active_at`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantStatus {
    /// Given, and its end not recorded yet.
    Active,
    /// Over.
    Ended {
        /// Why.
        cause: EndCause,
        /// When it ended.
        ended_at: Timestamp,
    },
}

/// A merchant's permission to use named data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The merchant.
    pub account_id: AccountId,
    /// The order that it serves.
    pub order_id: OrderId,
    /// The provider.
    pub provider_id: ProviderId,
    /// The listing.
    pub listing_id: ListingId,
    /// The listing's name when it was granted.
    pub listing_name: Line,
    /// What is granted, with purpose and method, as it was shown.
    pub scopes: Vec<Scope>,
    /// The hash of the authorization page that was shown (4.4.2).
    pub page_sha256: Sha256Hash,
    /// When it was given.
    pub granted_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// A token's digest from before tokens lay beside their grant.
    pub token: Option<TokenDigest>,
    /// Reminders sent.
    pub reminders: Reminders,
    /// Where it stands.
    pub status: GrantStatus,
}

/// What a grant rests on.
#[derive(Debug)]
pub struct Basis<'a> {
    /// The merchant's account.
    pub account: &'a Loaded<MarketAccount>,
    /// The market agreement.
    pub agreement: Option<&'a Document>,
    /// The order that it serves.
    pub order: &'a Loaded<Order>,
    /// The order's provider.
    pub provider: &'a Provider,
}

/// What the merchant grants.
#[derive(Debug)]
pub struct Giving<'a> {
    /// The grant's id.
    pub id: GrantId,
    /// The scopes, out of those that the order's listing asks for.
    pub scopes: &'a [ScopeName],
    /// When it ends; at the end of the order's validity where nothing is said.
    pub expires_at: Option<Timestamp>,
    /// The hash of the authorization page that was shown (4.4.2).
    pub page_sha256: Sha256Hash,
}

/// How a grant comes to its end.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// Why.
    pub cause: EndCause,
    /// When.
    pub ended_at: Timestamp,
}

/// Why a grant was not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantRefusal {
    /// The account may not grant.
    #[error(transparent)]
    Account(#[from] AccountRefusal),
    /// The order is not in service.
    #[error("the order is not in service")]
    NotInService,
    /// No scope, or the same one twice.
    #[error("at least one scope, each once")]
    Scopes,
    /// The listing does not ask for this scope.
    #[error("the listing does not ask for the scope {0}")]
    NoSuchScope(ScopeName),
    /// It would end before it begins.
    #[error("it would end before it begins")]
    AlreadyOver,
    /// Its term would pass the order's validity, or 366 days where the order has no term.
    #[error("its term would pass the end of the order's validity ({latest})")]
    PassesTheOrder {
        /// The latest lawful end.
        latest: Timestamp,
    },
    /// Its term would pass the end of the market agreement.
    #[error("its term would pass the end of the market agreement")]
    PassesTheEnd,
}

/// Why something was not done with a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotActive {
    /// It is over.
    #[error("the grant is not active")]
    Ended,
}

/// The longest grant for an order without a term, in hours.
const LONGEST_HOURS: i64 = 366 * 24;

impl Grant {
    /// The list of a provider's grants.
    #[must_use]
    pub fn of_provider(provider: &ProviderId) -> ListName {
        ListName::of(provider, "grants")
    }

    /// Gives a grant.
    ///
    /// # Errors
    /// See [`GrantRefusal`].
    pub fn give(
        basis: &Basis<'_>,
        giving: Giving<'_>,
        occasion: &Occasion,
    ) -> Result<(Self, Change), GrantRefusal> {
        let Basis { account, agreement, order, provider } = *basis;
        let Giving { id, scopes, expires_at, page_sha256 } = giving;
        let now = occasion.at;
        let agreement = agreement.filter(|document| document.is_market_agreement());
        let in_force = agreement.and_then(|agreement| agreement.in_force_at(now));
        account.may_trade(in_force.map(|version| version.number), now)?;
        let OrderStatus::InService { valid_until, .. } = &order.status else {
            return Err(GrantRefusal::NotInService);
        };
        let latest = valid_until.unwrap_or_else(|| {
            now.saturating_add(jiff::SignedDuration::from_hours(LONGEST_HOURS)).unwrap_or(now)
        });
        if latest <= now {
            return Err(GrantRefusal::NotInService);
        }
        let expires_at = expires_at.unwrap_or(latest);
        if expires_at <= now {
            return Err(GrantRefusal::AlreadyOver);
        }
        if expires_at > latest {
            return Err(GrantRefusal::PassesTheOrder { latest });
        }
        if account.ends_before(expires_at) {
            return Err(GrantRefusal::PassesTheEnd);
        }
        let description = &order.snapshot.description;
        let mut granted: Vec<Scope> = Vec::with_capacity(scopes.len());
        for name in scopes {
            if granted.iter().any(|scope| scope.name == *name) {
                return Err(GrantRefusal::Scopes);
            }
            let offered = description.scopes.iter().find(|scope| scope.name == *name);
            granted.push(offered.ok_or_else(|| GrantRefusal::NoSuchScope(name.clone()))?.clone());
        }
        if granted.is_empty() {
            return Err(GrantRefusal::Scopes);
        }
        let names = scopes.iter().map(ScopeName::as_str).collect::<Vec<_>>().join(", ");
        let message = messages::GrantActivated {
            merchant: account.legal_name.to_string(),
            provider: provider.legal_name.to_string(),
            listing: description.name.to_string(),
            grant: id.to_string(),
            scopes: names.clone(),
            expires_at,
        };
        let event = Event::of(events::GrantActivated {
            order: order.id.clone(),
            scopes: names,
            page_sha256: page_sha256.clone(),
            expires_at,
        })
        .tell(Reach::Party(account), message.clone())
        .tell(Reach::ProviderOf(provider, account), message);
        let grant = Self {
            id,
            account_id: account.id.clone(),
            order_id: order.id.clone(),
            provider_id: order.provider_id.clone(),
            listing_id: order.listing_id.clone(),
            listing_name: description.name.clone(),
            scopes: granted,
            page_sha256,
            granted_at: now,
            expires_at,
            token: None,
            reminders: Reminders::beginning(REMINDERS, expires_at, now),
            status: GrantStatus::Active,
        };
        // Neither the account nor the order is named by the change: whoever ends one must not be held up by grants.
        // A grant that is given while its account ends is refused from then on, and its end is found by the cascade.
        let change = Change::on(occasion).create(&grant, event);
        Ok((grant, change))
    }

    /// What it grants, as a text says it.
    fn scope_names(&self) -> String {
        self.scopes.iter().map(|scope| scope.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Whether data may be used under it at an instant; the one place that decides it.
    #[must_use]
    pub fn is_active_at(&self, account: &MarketAccount, at: Timestamp) -> bool {
        self.status == GrantStatus::Active && at < self.expires_at && !account.has_ended_at(at)
    }

    /// The merchant takes it back, at once.
    ///
    /// # Errors
    /// Refused where the grant is over.
    pub fn revoke(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        occasion: &Occasion,
    ) -> Result<(Self, Change), NotActive> {
        if !loaded.is_active_at(account, occasion.at) {
            return Err(NotActive::Ended);
        }
        let ending = Ending { cause: EndCause::Revoked, ended_at: occasion.at };
        Self::end(loaded, account, provider, ending, occasion).ok_or(NotActive::Ended)
    }

    /// What is due of it: a reminder, or the recording of its end, which relies on the account's end that it weighs.
    #[must_use]
    pub fn advance(
        loaded: &Loaded<Self>,
        account: &Loaded<MarketAccount>,
        provider: &Provider,
        occasion: &Occasion,
    ) -> Option<Change> {
        if loaded.status != GrantStatus::Active {
            return None;
        }
        if loaded.expires_at <= occasion.at {
            let (cause, ended_at) = match account.ends_at {
                Some(end) if end < loaded.expires_at => (EndCause::AgreementEnded, end),
                _ => (EndCause::Expired, loaded.expires_at),
            };
            let end = Self::end(loaded, account, provider, Ending { cause, ended_at }, occasion);
            return end.map(|(_, change)| change.relying_on(account));
        }
        let reminders = loaded.reminders.due(REMINDERS, loaded.expires_at, occasion.at)?;
        let days = days_left(loaded.expires_at, occasion.at);
        let reminded = Self { reminders, ..loaded.state.clone() };
        let message = loaded.expiring(provider, occasion.at);
        let event = Event::of(events::GrantExpiryReminded { days }).tell(Reach::Party(account), message);
        Some(Change::on(occasion).update(loaded, &reminded, event))
    }

    /// That it expires soon.
    fn expiring(&self, provider: &dyn Party, now: Timestamp) -> messages::GrantExpiring {
        messages::GrantExpiring {
            provider: provider.legal_name().to_string(),
            listing: self.listing_name.to_string(),
            grant: self.id.to_string(),
            days: days_left(self.expires_at, now),
            expires_at: self.expires_at,
        }
    }

    /// The entrustment that it created, once it is over.
    fn ended(&self, ended_at: Timestamp) -> Ended {
        Ended {
            grant_id: self.id.clone(),
            account_id: self.account_id.clone(),
            provider_id: self.provider_id.clone(),
            listing_name: self.listing_name.clone(),
            scopes: self.scopes.iter().map(|scope| scope.name.clone()).collect(),
            ended_at,
        }
    }

    /// Ends it: tokens dead, both parties told, deletion demand drafted (4.4.5), in one change. `None`
    /// where it was over before.
    #[must_use]
    pub fn end(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        ending: Ending,
        occasion: &Occasion,
    ) -> Option<(Self, Change)> {
        let Ending { cause, ended_at } = ending;
        if loaded.status != GrantStatus::Active {
            return None;
        }
        // An agreement may have ended after the grant's own term did, or before it began.
        let ended_at = ended_at.min(loaded.expires_at).max(loaded.granted_at);
        let message = messages::GrantEnded {
            merchant: account.legal_name.to_string(),
            provider: provider.legal_name.to_string(),
            listing: loaded.listing_name.to_string(),
            grant: loaded.id.to_string(),
            scopes: loaded.scope_names(),
            ended_at,
            reason: cause.words(),
        };
        let event = match cause {
            EndCause::Expired => Event::of(events::GrantExpired { ended_at }),
            EndCause::Revoked => Event::of(events::GrantRevoked { ended_at }),
            EndCause::AgreementEnded => Event::of(events::GrantEnded { ended_at }),
        };
        let event = event
            .tell(Reach::Party(account), message.clone())
            .tell(Reach::ProviderOf(provider, account), message);
        let ended =
            Self { status: GrantStatus::Ended { cause, ended_at }, token: None, ..loaded.state.clone() };
        let change = Change::on(occasion)
            .update(loaded, &ended, event)
            .and(DeletionDemand::draft(ended.ended(ended_at), occasion));
        Some((ended, change))
    }
}

impl Grant {
    fn due_with(&self, next: fn(Reminders, Plan, Timestamp) -> Option<Timestamp>) -> Option<Due> {
        match self.status {
            GrantStatus::Active => {
                let at = next(self.reminders, REMINDERS, self.expires_at).unwrap_or(self.expires_at);
                Some(Due::new(at, Lane::ExpireGrant).by(self.expires_at))
            }
            GrantStatus::Ended { .. } => None,
        }
    }

    /// The timer that releases before 0.4.0 gave it.
    #[must_use]
    pub fn former_due(&self) -> Option<Due> {
        self.due_with(Reminders::next_at_any_hour)
    }
}

impl Told for Grant {
    fn standing(&self, notice: &Notice, now: Timestamp) -> Standing {
        let is_active = self.status == GrantStatus::Active && now < self.expires_at;
        match notice.about.as_str() {
            messages::GrantActivated::ABOUT => Standing::while_so(is_active),
            messages::GrantExpiring::ABOUT if is_active => {
                Standing::of_reminder(REMINDERS, self.expires_at, notice, now, days_left)
            }
            messages::GrantExpiring::ABOUT => Standing::Gone,
            _ => Standing::Stands,
        }
    }

    fn parties(&self) -> Option<(&AccountId, Option<&ProviderId>)> {
        Some((&self.account_id, Some(&self.provider_id)))
    }

    fn reminder(
        &self,
        _: &str,
        _: &dyn Party,
        provider: Option<&dyn Party>,
        now: Timestamp,
    ) -> Option<Box<dyn Message>> {
        Some(Box::new(self.expiring(provider?, now)))
    }
}

impl Aggregate for Grant {
    type Id = (AccountId, GrantId);
    const KIND: &'static str = "grant";
    const PLACE: Place = Place::Within("grant#");

    fn key_of((account, id): &Self::Id) -> Key {
        Self::PLACE.within(account, id)
    }

    fn key(&self) -> Key {
        Self::key_of(&(self.account_id.clone(), self.id.clone()))
    }

    fn next_due(&self) -> Option<Due> {
        self.due_with(Reminders::next)
    }

    fn list_entry(&self) -> Option<ListEntry> {
        Some(ListEntry { list: Self::of_provider(&self.provider_id), place: self.id.to_string() })
    }
}
