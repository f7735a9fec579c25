//! An order as stored, with its snapshot of what was agreed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::form::{Storable, StoredForm, Upcaster};
use super::listing::{StoredDescription, StoredPlan};
use super::values::{Name, Trusted};
use crate::hash::Sha256Hash;
use crate::ids::{AccountId, DocumentId, EventId, ListingId, OrderId, ProviderId};
use crate::orders::{CloseReason, Order, OrderStatus, Payment, Snapshot};

#[derive(Debug, Serialize, Deserialize)]
struct StoredSnapshot {
    description: StoredDescription,
    plan: StoredPlan,
    market_agreement: u32,
    subscription_agreement: (Trusted<DocumentId>, u32, Trusted<Sha256Hash>),
    unbounded_risk_acknowledged: bool,
}

impl StoredSnapshot {
    fn of(snapshot: Snapshot) -> Self {
        let Snapshot {
            description,
            plan,
            market_agreement,
            subscription_agreement: (document, version, sha256),
            unbounded_risk_acknowledged,
        } = snapshot;
        Self {
            description: StoredDescription::of(description),
            plan: StoredPlan::of(plan),
            market_agreement,
            subscription_agreement: (Trusted(document), version, Trusted(sha256)),
            unbounded_risk_acknowledged,
        }
    }

    fn restore(self) -> Snapshot {
        let (document, version, sha256) = self.subscription_agreement;
        Snapshot {
            description: self.description.restore(),
            plan: self.plan.restore(),
            market_agreement: self.market_agreement,
            subscription_agreement: (document.0, version, sha256.0),
            unbounded_risk_acknowledged: self.unbounded_risk_acknowledged,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredPayment {
    id: Trusted<EventId>,
    paid_at: Timestamp,
}

impl StoredPayment {
    fn of(Payment { id, paid_at }: Payment) -> Self {
        Self { id: Trusted(id), paid_at }
    }

    fn restore(self) -> Payment {
        Payment { id: self.id.0, paid_at: self.paid_at }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum StoredStatus {
    Placed { pay_by: Timestamp },
    InService { payment: StoredPayment, valid_until: Option<Timestamp> },
    Expired { payment: StoredPayment, at: Timestamp },
    Closed { at: Timestamp, reason: Name<CloseReason>, payment: Option<StoredPayment> },
}

impl StoredStatus {
    fn of(status: OrderStatus) -> Self {
        match status {
            OrderStatus::Placed { pay_by } => Self::Placed { pay_by },
            OrderStatus::InService { payment, valid_until } => {
                Self::InService { payment: StoredPayment::of(payment), valid_until }
            }
            OrderStatus::Expired { payment, at } => Self::Expired { payment: StoredPayment::of(payment), at },
            OrderStatus::Closed { at, reason, payment } => {
                Self::Closed { at, reason: Name(reason), payment: payment.map(StoredPayment::of) }
            }
        }
    }

    fn restore(self) -> OrderStatus {
        match self {
            Self::Placed { pay_by } => OrderStatus::Placed { pay_by },
            Self::InService { payment, valid_until } => {
                OrderStatus::InService { payment: payment.restore(), valid_until }
            }
            Self::Expired { payment, at } => OrderStatus::Expired { payment: payment.restore(), at },
            Self::Closed { at, reason, payment } => {
                OrderStatus::Closed { at, reason: reason.0, payment: payment.map(StoredPayment::restore) }
            }
        }
    }
}

/// See [`Order`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredOrder {
    id: Trusted<OrderId>,
    account_id: Trusted<AccountId>,
    provider_id: Trusted<ProviderId>,
    listing_id: Trusted<ListingId>,
    snapshot: StoredSnapshot,
    placed_at: Timestamp,
    #[serde(flatten)]
    status: StoredStatus,
}

impl Storable for Order {
    type Form = StoredOrder;
}

impl StoredForm for StoredOrder {
    type State = Order;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = false;

    fn of(order: Order) -> Self {
        let Order { id, account_id, provider_id, listing_id, snapshot, placed_at, status } = order;
        Self {
            id: Trusted(id),
            account_id: Trusted(account_id),
            provider_id: Trusted(provider_id),
            listing_id: Trusted(listing_id),
            snapshot: StoredSnapshot::of(snapshot),
            placed_at,
            status: StoredStatus::of(status),
        }
    }

    fn restore(self) -> Order {
        Order {
            id: self.id.0,
            account_id: self.account_id.0,
            provider_id: self.provider_id.0,
            listing_id: self.listing_id.0,
            snapshot: self.snapshot.restore(),
            placed_at: self.placed_at,
            status: self.status.restore(),
        }
    }
}
