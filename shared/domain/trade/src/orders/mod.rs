//! Orders (clauses 4.1, 4.5, 4.6): `placed → in_service → expired | closed`.
//!
//! The contract forms on payment (4.6); service begins with it. An order keeps a snapshot of all that was
//! agreed, which never changes (invariant 6). An order that nobody pays closes by itself.

mod commands;
mod deadlines;

use jiff::Timestamp;
use market_agreement::documents::Document;
use market_agreement::documents::acceptance::Acceptance;
use market_kernel::aggregate::{Aggregate, Due, Lane, Loaded};
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, DocumentId, EventId, ListingId, OrderId, PlanId, ProviderId};
use market_kernel::keys::{Key, ListEntry, ListName, Place};
use market_kernel::notices::{Notice, Notified, Validity, Words};
use market_kernel::stored::values::Named;
use market_parties::accounts::{AccountRefusal, MarketAccount};
use market_parties::providers::Provider;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::listings::{Description, Listing, Plan};
use crate::messages;

/// What was agreed, as it was on that day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The listing as the merchant read it.
    pub description: Description,
    /// The plan bought.
    pub plan: Plan,
    /// The version of the market agreement.
    pub market_agreement: u32,
    /// The provider's subscription agreement: its version and the hash of its text.
    pub subscription_agreement: (DocumentId, u32, Sha256Hash),
    /// Whether the merchant acknowledged the risk of a plan without bound (4.5).
    pub unbounded_risk_acknowledged: bool,
}

/// A payment, as the payment system reported it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The payment system's id.
    pub id: EventId,
    /// When it was made, as it was reported.
    pub paid_at: Timestamp,
    /// Whether it has a record ([`crate::payments`]); those from before payments had records have none.
    pub has_record: bool,
}

/// The order that a report names, and its parties.
#[derive(Debug, Clone, Copy)]
pub struct NamedOrder<'a> {
    /// The merchant.
    pub account: &'a Loaded<MarketAccount>,
    /// The order.
    pub order: &'a Loaded<Order>,
    /// The provider.
    pub provider: &'a Provider,
}

/// Who says that a payment was made in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeliness {
    /// Its reported instant does.
    Judged,
    /// A human does, whatever was reported.
    Vouched,
}

/// Where an order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderStatus {
    /// Waits for its payment.
    Placed {
        /// Until then.
        pay_by: Timestamp,
    },
    /// Paid; the service runs.
    InService {
        /// The payment that formed the contract; none where nothing was to be paid.
        payment: Option<Payment>,
        /// Until then, where the plan has a term.
        valid_until: Option<Timestamp>,
    },
    /// Its term has run out.
    Expired {
        /// The payment that formed the contract; none where nothing was to be paid.
        payment: Option<Payment>,
        /// When.
        at: Timestamp,
    },
    /// Closed before its time.
    Closed {
        /// When.
        at: Timestamp,
        /// Why.
        reason: CloseReason,
        /// The payment, where there was one: its unused part has to be settled (5.7).
        payment: Option<Payment>,
    },
}

/// Where an order stands, and no more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStanding {
    /// Waits for its payment.
    Placed,
    /// Paid; the service runs.
    InService,
    /// Its term has run out.
    Expired,
    /// Closed before its time.
    Closed,
}

const LISTS: &str = "orders#";

impl OrderStanding {
    /// The lists of the orders that stand so.
    #[must_use]
    pub fn lists(self) -> Vec<ListName> {
        ListName::parts(LISTS, self.name())
    }
}

impl OrderStatus {
    /// Where it stands.
    #[must_use]
    pub const fn standing(&self) -> OrderStanding {
        match self {
            Self::Placed { .. } => OrderStanding::Placed,
            Self::InService { .. } => OrderStanding::InService,
            Self::Expired { .. } => OrderStanding::Expired,
            Self::Closed { .. } => OrderStanding::Closed,
        }
    }
}

/// Why an order closed before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// Nobody paid.
    Unpaid,
    /// The market agreement ended.
    AgreementEnded,
}

impl CloseReason {
    const fn words(self) -> Words {
        match self {
            Self::Unpaid => Words { english: "it was not paid in time", chinese: "逾期未付款" },
            Self::AgreementEnded => {
                Words { english: "the market agreement ended", chinese: "服务市场协议已终止" }
            }
        }
    }
}

/// A merchant's purchase of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// The merchant.
    pub account_id: AccountId,
    /// The provider.
    pub provider_id: ProviderId,
    /// The listing.
    pub listing_id: ListingId,
    /// What was agreed.
    pub snapshot: Snapshot,
    /// Whether its term may be shortened so that it ends with the market agreement, by the merchant's consent (10.1.2).
    pub accepts_shorter_term: bool,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// Where it stands.
    pub status: OrderStatus,
}

/// Why an order was not placed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceRefusal {
    /// The account may not order.
    #[error(transparent)]
    Account(#[from] AccountRefusal),
    /// The listing is not for sale.
    #[error("the listing is not for sale")]
    NotListed,
    /// The listing has no such plan.
    #[error("the listing has no such plan")]
    NoSuchPlan,
    /// The provider's subscription agreement in force is not accepted (4.1).
    #[error("the provider's subscription agreement {document} has to be accepted{}", .version.map(|version| format!(" in version {version}")).unwrap_or_default())]
    SubscriptionNotAccepted {
        /// The listing's own document.
        document: DocumentId,
        /// Its version in force, where the request named the document.
        version: Option<u32>,
    },
    /// The plan has no bound, and its risk was not acknowledged (4.5).
    #[error("the plan has neither term nor count: its risk has to be acknowledged")]
    RiskNotAcknowledged,
    /// Its term would pass the end of the market agreement (10.1.2).
    #[error("its term would pass the end of the market agreement")]
    PassesTheEnd,
    /// A date cannot be reckoned.
    #[error("a date cannot be reckoned")]
    Unreckonable,
}

/// What stands behind an order that is being placed.
#[derive(Debug)]
pub struct Offer<'a> {
    /// The market agreement.
    pub agreement: Option<&'a Document>,
    /// The listing.
    pub listing: &'a Listing,
    /// The provider's subscription agreement.
    pub subscription: Option<&'a Document>,
    /// The merchant's acceptance of the subscription agreement's version in force.
    pub acceptance: Option<&'a Acceptance>,
    /// The provider, who is told where the contract is formed at once.
    pub provider: Option<&'a Provider>,
}

/// What the merchant consents to with its order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Consents {
    /// The risk of a plan with neither term nor count (4.5).
    pub unbounded_risk: bool,
    /// A term that is shortened so that it ends with the market agreement (10.1.2).
    pub shorter_term: bool,
}

/// What the merchant orders.
#[derive(Debug)]
pub struct Ordering<'a> {
    /// The order's id.
    pub id: OrderId,
    /// The plan of the listing.
    pub plan: &'a PlanId,
    /// What it consents to.
    pub consents: Consents,
}

impl Order {
    /// The list of a provider's orders.
    #[must_use]
    pub fn of_provider(provider: &ProviderId) -> ListName {
        ListName::of(provider, "orders")
    }

    /// Whether it is neither expired nor closed.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.status, OrderStatus::Placed { .. } | OrderStatus::InService { .. })
    }

    /// Whether its contract is formed and runs.
    #[must_use]
    pub const fn is_in_service(&self) -> bool {
        matches!(self.status, OrderStatus::InService { .. })
    }

    /// The payment that was taken.
    #[must_use]
    pub const fn payment(&self) -> Option<&Payment> {
        match &self.status {
            OrderStatus::Placed { .. } => None,
            OrderStatus::InService { payment, .. }
            | OrderStatus::Expired { payment, .. }
            | OrderStatus::Closed { payment, .. } => payment.as_ref(),
        }
    }

    pub(crate) fn name(&self) -> String {
        self.snapshot.description.name.to_string()
    }
}

impl Notified for Order {
    fn validity(&self, notice: &Notice, _: Timestamp) -> Validity {
        match notice.about.as_str() {
            messages::OrderInService::ABOUT => Validity::while_so(self.is_in_service()),
            _ => Validity::Stands,
        }
    }
}

impl Aggregate for Order {
    type Id = (AccountId, OrderId);
    const KIND: &'static str = "order";
    const PLACE: Place = Place::Within("order#");

    fn key_of((account, id): &Self::Id) -> Key {
        Self::PLACE.within(account, id)
    }

    fn key(&self) -> Key {
        Self::key_of(&(self.account_id.clone(), self.id.clone()))
    }

    fn next_due(&self) -> Option<Due> {
        let at = match &self.status {
            OrderStatus::Placed { pay_by } => *pay_by,
            OrderStatus::InService { valid_until, .. } => (*valid_until)?,
            OrderStatus::Expired { .. } | OrderStatus::Closed { .. } => return None,
        };
        Some(Due::new(at, Lane::AdvanceCase))
    }

    fn list_entry(&self) -> Option<ListEntry> {
        Some(ListEntry { list: Self::of_provider(&self.provider_id), place: self.id.to_string() })
    }

    fn desk_entry(&self) -> Option<ListEntry> {
        let list = ListName::part_of(LISTS, self.status.standing().name(), self.id.as_str());
        Some(ListEntry { list, place: self.id.to_string() })
    }
}
