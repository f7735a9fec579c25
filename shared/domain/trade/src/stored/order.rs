//! An order as stored, with its snapshot of what was agreed.

use jiff::Timestamp;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, DocumentId, EventId, ListingId, OrderId, ProviderId};
use market_kernel::stored::form::{Storable, StoredForm, Upcaster};
use market_kernel::stored::values::{Name, Trust, Trusted};
use serde::{Deserialize, Serialize};

use super::listing::{StoredDescription, StoredPlan};
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
    #[serde(default, skip_serializing_if = "is_false")]
    has_record: bool,
}

/// The value in place of the payment's id for an order that costs nothing. No payment can have it. Releases before
/// 0.3.0 know no order in service without a payment; they read this one.
const NOTHING_TO_PAY: &str = "-";

impl StoredPayment {
    fn of(Payment { id, paid_at, has_record }: Payment) -> Self {
        Self { id: Trusted(id), paid_at, has_record }
    }

    fn or_nothing(payment: Option<Payment>, placed_at: Timestamp) -> Self {
        payment.map_or_else(
            || Self {
                id: Trusted(EventId::trust(NOTHING_TO_PAY.to_owned())),
                paid_at: placed_at,
                has_record: false,
            },
            Self::of,
        )
    }

    fn restore(self) -> Option<Payment> {
        let id = self.id.0;
        (id.as_str() != NOTHING_TO_PAY).then_some(Payment {
            id,
            paid_at: self.paid_at,
            has_record: self.has_record,
        })
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
    fn of(status: OrderStatus, placed_at: Timestamp) -> Self {
        match status {
            OrderStatus::Placed { pay_by } => Self::Placed { pay_by },
            OrderStatus::InService { payment, valid_until } => {
                Self::InService { payment: StoredPayment::or_nothing(payment, placed_at), valid_until }
            }
            OrderStatus::Expired { payment, at } => {
                Self::Expired { payment: StoredPayment::or_nothing(payment, placed_at), at }
            }
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
            Self::Closed { at, reason, payment } => OrderStatus::Closed {
                at,
                reason: reason.0,
                payment: payment.and_then(StoredPayment::restore),
            },
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands it so")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// See [`Order`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredOrder {
    id: Trusted<OrderId>,
    account_id: Trusted<AccountId>,
    provider_id: Trusted<ProviderId>,
    listing_id: Trusted<ListingId>,
    snapshot: StoredSnapshot,
    #[serde(default, skip_serializing_if = "is_false")]
    accepts_shorter_term: bool,
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
        let Order {
            id,
            account_id,
            provider_id,
            listing_id,
            snapshot,
            accepts_shorter_term,
            placed_at,
            status,
        } = order;
        Self {
            id: Trusted(id),
            account_id: Trusted(account_id),
            provider_id: Trusted(provider_id),
            listing_id: Trusted(listing_id),
            snapshot: StoredSnapshot::of(snapshot),
            accepts_shorter_term,
            placed_at,
            status: StoredStatus::of(status, placed_at),
        }
    }

    fn restore(self) -> Order {
        Order {
            id: self.id.0,
            account_id: self.account_id.0,
            provider_id: self.provider_id.0,
            listing_id: self.listing_id.0,
            snapshot: self.snapshot.restore(),
            accepts_shorter_term: self.accepts_shorter_term,
            placed_at: self.placed_at,
            status: self.status.restore(),
        }
    }
}
