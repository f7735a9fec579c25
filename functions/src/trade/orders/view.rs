//! An order as the parties read it. A field is shown only if it is named here.

use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, DocumentId, EventId, ListingId, OrderId, ProviderId};
use market_kernel::money::Fen;
use market_trade::orders::{CloseReason, Order, OrderStatus, Payment, Snapshot};
use schemars::JsonSchema;
use serde::Serialize;

use crate::trade::listings::{DescriptionForm, PlanForm};
use crate::wire::time::Instant;

/// A version of a document, named by its text.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NamedVersion")]
struct NamedVersionView {
    /// The document.
    document_id: DocumentId,
    /// Its version.
    version: u32,
    /// The hash of its text.
    sha256: Sha256Hash,
}

/// What was agreed, as it was on that day.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Snapshot")]
struct SnapshotView {
    /// The listing as the merchant read it.
    description: DescriptionForm,
    /// The plan bought.
    plan: PlanForm,
    /// The version of the market agreement.
    market_agreement: u32,
    /// The provider's subscription agreement.
    subscription_agreement: NamedVersionView,
    /// Whether the merchant acknowledged the risk of a plan without bound (4.5).
    unbounded_risk_acknowledged: bool,
}

impl From<Snapshot> for SnapshotView {
    fn from(snapshot: Snapshot) -> Self {
        let Snapshot {
            description,
            plan,
            market_agreement,
            subscription_agreement: (document_id, version, sha256),
            unbounded_risk_acknowledged,
        } = snapshot;
        Self {
            description: description.into(),
            plan: plan.into(),
            market_agreement,
            subscription_agreement: NamedVersionView { document_id, version, sha256 },
            unbounded_risk_acknowledged,
        }
    }
}

/// A payment, as the payment system reported it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Payment")]
struct PaymentView {
    /// The payment system's id.
    id: EventId,
    /// When it was made, as it was reported.
    paid_at: Instant,
}

impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        let Payment { id, paid_at, has_record: _ } = payment;
        Self { id, paid_at: paid_at.into() }
    }
}

/// Where an order stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[schemars(rename = "OrderStatus")]
enum OrderStatusView {
    /// Waits for its payment.
    Placed {
        /// Until then.
        pay_by: Instant,
    },
    /// Paid; the service runs.
    InService {
        /// The payment that formed the contract; absent where nothing was to be paid.
        #[serde(skip_serializing_if = "Option::is_none")]
        payment: Option<PaymentView>,
        /// Until then, where the plan has a term.
        #[serde(skip_serializing_if = "Option::is_none")]
        valid_until: Option<Instant>,
    },
    /// Its term has run out.
    Expired {
        /// The payment that formed the contract; absent where nothing was to be paid.
        #[serde(skip_serializing_if = "Option::is_none")]
        payment: Option<PaymentView>,
        /// When.
        expired_at: Instant,
    },
    /// Closed before its time.
    Closed {
        /// When.
        closed_at: Instant,
        /// Why.
        reason: CloseReason,
        /// The payment, where there was one: its unused part has to be settled (5.7).
        #[serde(skip_serializing_if = "Option::is_none")]
        payment: Option<PaymentView>,
    },
}

impl From<OrderStatus> for OrderStatusView {
    fn from(status: OrderStatus) -> Self {
        match status {
            OrderStatus::Placed { pay_by } => Self::Placed { pay_by: pay_by.into() },
            OrderStatus::InService { payment, valid_until } => Self::InService {
                payment: payment.map(PaymentView::from),
                valid_until: valid_until.map(Instant),
            },
            OrderStatus::Expired { payment, at } => {
                Self::Expired { payment: payment.map(PaymentView::from), expired_at: at.into() }
            }
            OrderStatus::Closed { at, reason, payment } => {
                Self::Closed { closed_at: at.into(), reason, payment: payment.map(PaymentView::from) }
            }
        }
    }
}

/// A merchant's purchase of a plan.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Order")]
pub struct OrderView {
    /// Its id.
    id: OrderId,
    /// The merchant.
    account_id: AccountId,
    /// The provider.
    provider_id: ProviderId,
    /// The listing.
    listing_id: ListingId,
    /// What was agreed.
    snapshot: SnapshotView,
    /// What a payment of it has to name: the order's id.
    payment_reference: OrderId,
    /// What is to be paid, in fen: the plan's price.
    amount_fen: Fen,
    /// Whether its term may be shortened so that it ends with the market agreement.
    accepts_shorter_term: bool,
    /// When it was placed.
    placed_at: Instant,
    /// Where it stands.
    #[serde(flatten)]
    status: OrderStatusView,
}

impl From<Order> for OrderView {
    fn from(order: Order) -> Self {
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
            payment_reference: id.clone(),
            amount_fen: snapshot.plan.price_fen,
            id,
            account_id,
            provider_id,
            listing_id,
            snapshot: snapshot.into(),
            accepts_shorter_term,
            placed_at: placed_at.into(),
            status: status.into(),
        }
    }
}
