//! Orders (clauses 4.1, 4.5, 4.6): `placed → in_service → expired | closed`.
//!
//! The contract forms on payment (4.6); service begins with it. An order keeps a snapshot of all that was
//! agreed, which never changes (invariant 6). An order that nobody pays closes by itself.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::accounts::{AccountRefusal, MarketAccount};
use crate::aggregate::{Aggregate, Due, Job, Key, Loaded, View};
use crate::change::{Change, Event, Occasion};
use crate::documents::Document;
use crate::documents::acceptance::Acceptance;
use crate::events::{self, ClosedUnder};
use crate::hash::Sha256Hash;
use crate::ids::{AccountId, DocumentId, EventId, ListingId, OrderId, PlanId, ProviderId};
use crate::listings::{Bound, Description, Listing, ListingStatus, Plan};
use crate::money::Fen;
use crate::notices::{Message, Reach};
use crate::periods::{self, Calendar, Length};
use crate::providers::Provider;

/// How long an order waits for its payment.
const PAYMENT: Length = Length::Hours(24);

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
    /// When it was made.
    pub paid_at: Timestamp,
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
        /// The payment that formed the contract.
        payment: Payment,
        /// Until then, where the plan has a term.
        valid_until: Option<Timestamp>,
    },
    /// Its term has run out.
    Expired {
        /// The payment that formed the contract.
        payment: Payment,
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
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Unpaid => ("it was not paid in time", "逾期未付款"),
            Self::AgreementEnded => ("the market agreement ended", "服务市场协议已终止"),
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

/// Why a payment was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayRefusal {
    /// The amount is not the price.
    #[error("the amount is not the price of {price} fen")]
    WrongAmount {
        /// The price in fen.
        price: u64,
    },
    /// Another payment was taken, or the order is closed.
    #[error("the order does not wait for a payment")]
    NotPayable,
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
}

impl Order {
    /// Places an order.
    ///
    /// # Errors
    /// See [`PlaceRefusal`].
    pub fn place(
        id: OrderId,
        account: &Loaded<MarketAccount>,
        offer: &Offer<'_>,
        plan: &PlanId,
        risk_acknowledged: bool,
        calendar: &Calendar,
        occasion: &Occasion,
    ) -> Result<(Self, Change), PlaceRefusal> {
        let now = occasion.at;
        let agreement = offer.agreement.filter(|document| document.is_market_agreement());
        let in_force = agreement.and_then(|agreement| agreement.in_force_at(now));
        account.may_trade(in_force.map(|version| version.number), now)?;
        let listing = offer.listing;
        if listing.status != ListingStatus::Listed {
            return Err(PlaceRefusal::NotListed);
        }
        let plan = listing
            .description
            .plans
            .iter()
            .find(|offered| offered.id == *plan)
            .ok_or(PlaceRefusal::NoSuchPlan)?;
        // The document that the caller named must be the listing's own, not just any that was accepted.
        let document = &listing.description.subscription_agreement;
        let not_accepted =
            |version| PlaceRefusal::SubscriptionNotAccepted { document: document.clone(), version };
        let subscription = offer
            .subscription
            .filter(|offered| offered.id == *document)
            .and_then(|offered| offered.in_force_at(now))
            .ok_or_else(|| not_accepted(None))?;
        if offer.acceptance.is_none_or(|accepted| accepted.version != subscription.number) {
            return Err(not_accepted(Some(subscription.number)));
        }
        if plan.bound == Bound::Unbounded && !risk_acknowledged {
            return Err(PlaceRefusal::RiskNotAcknowledged);
        }
        if term_end(plan, now, calendar)
            .map_err(|_| PlaceRefusal::Unreckonable)?
            .is_some_and(|end| account.ends_before(end))
        {
            return Err(PlaceRefusal::PassesTheEnd);
        }
        let pay_by = periods::reckon(now, PAYMENT, calendar).map_err(|_| PlaceRefusal::Unreckonable)?.ends_at;
        let order = Self {
            id,
            account_id: account.id.clone(),
            provider_id: listing.provider_id.clone(),
            listing_id: listing.id.clone(),
            snapshot: Snapshot {
                description: listing.description.clone(),
                plan: plan.clone(),
                market_agreement: account.agreement_version.unwrap_or_default(),
                subscription_agreement: (
                    listing.description.subscription_agreement.clone(),
                    subscription.number,
                    subscription.sha256.clone(),
                ),
                unbounded_risk_acknowledged: risk_acknowledged,
            },
            placed_at: now,
            status: OrderStatus::Placed { pay_by },
        };
        let event = Event::of(events::OrderPlaced {
            listing: listing.id.clone(),
            plan: plan.id.clone(),
            price_fen: plan.price_fen,
            pay_by,
        });
        // The account is not named: whoever ends it must not be held up by orders. Its end is weighed again when the
        // order is paid.
        let change = Change::on(occasion).create(&order, event);
        Ok((order, change))
    }

    /// Takes the payment: the contract is formed (4.6) and service begins. The same payment again is no
    /// change at all (`None`).
    ///
    /// # Errors
    /// See [`PayRefusal`].
    pub fn pay(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        payment: Payment,
        amount: Fen,
        calendar: &Calendar,
        occasion: &Occasion,
    ) -> Result<(Self, Option<Change>), PayRefusal> {
        let plan = &loaded.snapshot.plan;
        if amount != plan.price_fen {
            return Err(PayRefusal::WrongAmount { price: plan.price_fen.get() });
        }
        if loaded.payment().is_some_and(|taken| taken.id == payment.id) {
            return Ok((loaded.state.clone(), None));
        }
        // Paid in time counts, however late we hear of it, as long as order and agreement stand.
        match loaded.status {
            OrderStatus::Placed { pay_by }
                if payment.paid_at < pay_by && !account.has_ended_at(occasion.at) => {}
            _ => return Err(PayRefusal::NotPayable),
        }
        let valid_until = term_end(plan, occasion.at, calendar).map_err(|_| PayRefusal::Unreckonable)?;
        let message = Message::OrderInService { listing: loaded.name(), paid: amount, valid_until };
        let event =
            Event::of(events::OrderPaid { payment: payment.id.clone(), amount_fen: amount, valid_until })
                .tell(Reach::Merchant(&account.id, &account.contacts), message.clone())
                .tell(Reach::Provider(&provider.id, &provider.contacts), message);
        let paid = Self { status: OrderStatus::InService { payment, valid_until }, ..loaded.state.clone() };
        let change = Change::on(occasion).update(loaded, &paid, event);
        Ok((paid, Some(change)))
    }

    /// What is due of it: closing unpaid, or expiring.
    #[must_use]
    pub fn advance(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        occasion: &Occasion,
    ) -> Option<Change> {
        match &loaded.status {
            OrderStatus::Placed { pay_by } if *pay_by <= occasion.at => {
                Self::close(loaded, account, provider, CloseReason::Unpaid, occasion)
            }
            OrderStatus::InService { payment, valid_until: Some(end) } if *end <= occasion.at => {
                let expired = Self {
                    status: OrderStatus::Expired { payment: payment.clone(), at: *end },
                    ..loaded.state.clone()
                };
                let message = Message::OrderExpired { listing: loaded.name() };
                let event = Event::of(events::OrderExpired {})
                    .tell(Reach::Merchant(&account.id, &account.contacts), message.clone())
                    .tell(Reach::Provider(&provider.id, &provider.contacts), message);
                Some(Change::on(occasion).update(loaded, &expired, event))
            }
            _ => None,
        }
    }

    /// Closes it before its time; `None` where it is over already. The merchant is told always, the
    /// provider where a contract was formed.
    #[must_use]
    pub fn close(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        reason: CloseReason,
        occasion: &Occasion,
    ) -> Option<Change> {
        if !loaded.is_open() {
            return None;
        }
        let payment = loaded.payment().cloned();
        let (words, words_zh) = reason.words();
        let message = Message::OrderClosed { listing: loaded.name(), reason: words, reason_zh: words_zh };
        let under = match reason {
            CloseReason::Unpaid => ClosedUnder::Payment,
            CloseReason::AgreementEnded => ClosedUnder::Termination,
        };
        let mut event = Event::of(events::OrderClosed { under, reason: words })
            .tell(Reach::Merchant(&account.id, &account.contacts), message.clone());
        if payment.is_some() {
            event = event.tell(Reach::Provider(&provider.id, &provider.contacts), message);
        }
        let closed =
            Self { status: OrderStatus::Closed { at: occasion.at, reason, payment }, ..loaded.state.clone() };
        Some(Change::on(occasion).update(loaded, &closed, event))
    }

    /// Whether it is neither expired nor closed.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.status, OrderStatus::Placed { .. } | OrderStatus::InService { .. })
    }

    /// The payment that was taken.
    #[must_use]
    pub const fn payment(&self) -> Option<&Payment> {
        match &self.status {
            OrderStatus::Placed { .. } => None,
            OrderStatus::InService { payment, .. } | OrderStatus::Expired { payment, .. } => Some(payment),
            OrderStatus::Closed { payment, .. } => payment.as_ref(),
        }
    }

    fn name(&self) -> String {
        self.snapshot.description.name.to_string()
    }
}

/// The end of a plan's term: whole days, agreed between the parties and so not moved by rest days
/// (Civil Code 204).
fn term_end(
    plan: &Plan,
    from: Timestamp,
    calendar: &Calendar,
) -> Result<Option<Timestamp>, periods::PeriodError> {
    match plan.bound {
        Bound::Term { days } => {
            Ok(Some(periods::reckon(from, Length::CalendarDays(days), calendar)?.ends_at))
        }
        Bound::Count { .. } | Bound::Unbounded => Ok(None),
    }
}

impl Aggregate for Order {
    type Id = (AccountId, OrderId);
    const KIND: &'static str = "order";

    fn key_of((account, id): &Self::Id) -> Key {
        Key::new(format!("account#{account}"), format!("order#{id}"))
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
        Some(Due { at, job: Job::AdvanceCase })
    }

    fn view(&self) -> Option<View> {
        Some(View { list: format!("provider#{}#orders", self.provider_id), place: self.id.to_string() })
    }
}
