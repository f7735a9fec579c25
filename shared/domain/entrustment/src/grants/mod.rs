//! Grants (clause 4.4): a merchant lets a provider's application use named data for a named purpose until
//! a date. `active → expired | revoked | ended with the agreement`.
//!
//! Whether a grant is active is decided when it is read, from the grant's own end and the account's
//! (invariant 2): no sweep stands between the instant of expiry and the refusal. The job that runs
//! afterwards records the end, tells both parties and drafts the deletion demand, in one transaction.

pub mod access;
mod commands;
mod deadlines;
pub mod ledger;
mod notices;
pub mod token;

use jiff::Timestamp;
use market_agreement::documents::Document;
use market_kernel::aggregate::{Aggregate, Due, Lane, Loaded};
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, GrantId, ListingId, OrderId, ProviderId, ScopeName};
use market_kernel::keys::{Key, ListEntry, ListName, Place};
use market_kernel::notices::Words;
use market_kernel::reminders::{Reminders, Rhythm};
use market_kernel::text::Line;
use market_parties::accounts::{AccountRefusal, MarketAccount};
use market_parties::providers::Provider;
use market_trade::listings::Scope;
use market_trade::orders::Order;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::token::{GrantTokens, TokenDigest};

/// Reminders before expiry.
pub const REMINDERS: Rhythm = Rhythm::Before(&[30, 7, 1]);

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
    #[error("a grant names at least one scope, and each once")]
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

impl Grant {
    /// Whether its provider holds a token that may still open something; `tokens` are those beside it.
    #[must_use]
    pub fn has_token(&self, tokens: Option<&GrantTokens>) -> bool {
        self.status == GrantStatus::Active
            && (self.token.is_some() || tokens.is_some_and(|tokens| !tokens.digests.is_empty()))
    }

    /// The list of a provider's grants.
    #[must_use]
    pub fn of_provider(provider: &ProviderId) -> ListName {
        ListName::of(provider, "grants")
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

    fn due_with(&self, next: fn(Reminders, Rhythm, Timestamp) -> Option<Timestamp>) -> Option<Due> {
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
