//! Orders (clauses 4.1, 4.5, 4.6): `placed → in_service → expired | closed`.
//!
//! The contract forms on payment (4.6); service begins with it. An order keeps a snapshot of all that was
//! agreed, which never changes (invariant 6). An order that nobody pays closes by itself.

use jiff::Timestamp;
use market_agreement::documents::Document;
use market_agreement::documents::acceptance::Acceptance;
use market_kernel::aggregate::{Aggregate, Due, Lane, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, DocumentId, EventId, ListingId, OrderId, PlanId, ProviderId};
use market_kernel::keys::{Key, ListEntry, ListName, Place};
use market_kernel::money::Fen;
use market_kernel::notices::{Notice, Reach, Standing, Told, Words};
use market_kernel::occasion::Occasion;
use market_kernel::periods::{self, Calendar, Length};
use market_parties::accounts::{AccountRefusal, MarketAccount};
use market_parties::providers::Provider;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events::{self, ClosedUnder};
use crate::listings::{Bound, Description, Listing, ListingStatus, Plan};
use crate::messages;
use crate::returns::ReturnBecause;

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

    /// Places an order.
    ///
    /// # Errors
    /// See [`PlaceRefusal`].
    pub fn place(
        account: &Loaded<MarketAccount>,
        offer: &Offer<'_>,
        ordering: Ordering<'_>,
        calendar: &Calendar,
        occasion: &Occasion,
    ) -> Result<(Self, Change), PlaceRefusal> {
        let Ordering { id, plan, consents } = ordering;
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
        if plan.bound == Bound::Unbounded && !consents.unbounded_risk {
            return Err(PlaceRefusal::RiskNotAcknowledged);
        }
        let term = within_the_agreement(plan, account, consents.shorter_term, now, calendar)
            .ok_or(PlaceRefusal::PassesTheEnd)?;
        // Where nothing is to be paid the contract forms at once.
        let is_free = plan.price_fen == Fen::default();
        let (pay_by, status) = if is_free {
            (now, OrderStatus::InService { payment: None, valid_until: term })
        } else {
            let pay_by = pay_by(now, calendar).ok_or(PlaceRefusal::Unreckonable)?;
            (pay_by, OrderStatus::Placed { pay_by })
        };
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
                unbounded_risk_acknowledged: consents.unbounded_risk,
            },
            accepts_shorter_term: consents.shorter_term,
            placed_at: now,
            status,
        };
        let mut event = Event::of(events::OrderPlaced {
            listing: listing.id.clone(),
            plan: plan.id.clone(),
            price_fen: plan.price_fen,
            pay_by,
        });
        if is_free {
            event = in_service(event, &order, account, offer.provider, term);
        }
        // The account is not named: whoever ends it must not be held up by orders. Its end is weighed again when the
        // order is paid.
        let change = Change::on(occasion).create(&order, event);
        Ok((order, change))
    }

    /// Takes a payment of its price: the contract is formed (4.6) and service begins.
    ///
    /// Made in time counts, however late we hear of it: an order that closed unpaid by itself is taken up again. Then,
    /// and only then, the change relies on the account: no cascade would find such an order a second time.
    ///
    /// # Errors
    /// Why the money has to be returned.
    pub fn pay(
        named: NamedOrder<'_>,
        payment: Payment,
        timeliness: Timeliness,
        calendar: &Calendar,
        occasion: &Occasion,
    ) -> Result<(Self, Change), ReturnBecause> {
        let NamedOrder { account, order: loaded, provider } = named;
        let (pay_by, is_taken_up_again) = match &loaded.status {
            OrderStatus::Placed { pay_by } => (Some(*pay_by), false),
            OrderStatus::Closed { reason: CloseReason::Unpaid, payment: None, .. } => {
                (pay_by(loaded.placed_at, calendar), true)
            }
            OrderStatus::Closed { reason: CloseReason::AgreementEnded, payment: None, .. } => {
                return Err(ReturnBecause::AgreementEnded);
            }
            _ => return Err(ReturnBecause::AlreadyPaid),
        };
        let is_in_time = pay_by.is_some_and(|pay_by| payment.paid_at < pay_by);
        if timeliness == Timeliness::Judged && !is_in_time {
            return Err(ReturnBecause::TooLate);
        }
        if account.has_ended_at(occasion.at) {
            return Err(ReturnBecause::AgreementEnded);
        }
        let plan = &loaded.snapshot.plan;
        let valid_until =
            within_the_agreement(plan, account, loaded.accepts_shorter_term, occasion.at, calendar)
                .ok_or(ReturnBecause::PassesTheEnd)?;
        let event = Event::of(events::OrderPaid {
            payment: payment.id.clone(),
            amount_fen: plan.price_fen,
            valid_until,
        });
        let paid = Self {
            status: OrderStatus::InService { payment: Some(payment), valid_until },
            ..loaded.state.clone()
        };
        let event = in_service(event, &paid, account, Some(provider), valid_until);
        let change = Change::on(occasion).update(loaded, &paid, event);
        let change = if is_taken_up_again { change.relying_on(account) } else { change };
        Ok((paid, change))
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
                let message = messages::OrderExpired {
                    merchant: account.legal_name.to_string(),
                    provider: provider.legal_name.to_string(),
                    listing: loaded.name(),
                    order: loaded.id.to_string(),
                    ended_at: *end,
                };
                let event = Event::of(events::OrderExpired {})
                    .tell(Reach::Party(account), message.clone())
                    .tell(Reach::ProviderOf(provider, account), message);
                Some(Change::on(occasion).update(loaded, &expired, event))
            }
            _ => None,
        }
    }

    /// Closes it before its time; `None` where it is over already, or is to be closed as unpaid and its contract is formed.
    /// The merchant is told always, the provider where a contract was formed.
    #[must_use]
    pub fn close(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        reason: CloseReason,
        occasion: &Occasion,
    ) -> Option<Change> {
        let (payment, was_formed) = (loaded.payment().cloned(), loaded.is_in_service());
        if !loaded.is_open() || was_formed && reason == CloseReason::Unpaid {
            return None;
        }
        let words = reason.words();
        let message = messages::OrderClosed {
            merchant: account.legal_name.to_string(),
            provider: provider.legal_name.to_string(),
            listing: loaded.name(),
            order: loaded.id.to_string(),
            was_paid: payment.is_some(),
            reason: words,
        };
        let under = match reason {
            CloseReason::Unpaid => ClosedUnder::Payment,
            CloseReason::AgreementEnded => ClosedUnder::Termination,
        };
        let mut event = Event::of(events::OrderClosed { under, reason: words.english })
            .tell(Reach::Party(account), message.clone());
        if was_formed {
            event = event.tell(Reach::ProviderOf(provider, account), message);
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

/// Until when an order that was placed at an instant can be paid.
fn pay_by(placed_at: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
    periods::reckon(placed_at, PAYMENT, calendar).ok().map(|period| period.ends_at)
}

/// The end of a term that begins now, where the plan has one: no order runs past the end of the agreement. The outer
/// `None` where it would, and may not be shortened.
fn within_the_agreement(
    plan: &Plan,
    account: &MarketAccount,
    may_be_shortened: bool,
    now: Timestamp,
    calendar: &Calendar,
) -> Option<Option<Timestamp>> {
    let Ok(term) = term_end(plan, now, calendar) else { return None };
    match term {
        Some(end) if account.ends_before(end) => may_be_shortened.then_some(account.ends_at),
        _ => Some(term),
    }
}

/// Tells both parties that the service runs; of a plan without term that it ends with the agreement, where that has an
/// end.
fn in_service<'a>(
    event: Event<'a>,
    order: &Order,
    account: &'a MarketAccount,
    provider: Option<&'a Provider>,
    valid_until: Option<Timestamp>,
) -> Event<'a> {
    let seller =
        provider.map_or_else(|| order.provider_id.to_string(), |provider| provider.legal_name.to_string());
    let message = messages::OrderInService {
        merchant: account.legal_name.to_string(),
        provider: seller,
        listing: order.name(),
        order: order.id.to_string(),
        paid: order.snapshot.plan.price_fen,
        term: messages::Term::of(valid_until, account.ends_at),
    };
    let event = event.tell(Reach::Party(account), message.clone());
    match provider {
        Some(provider) => event.tell(Reach::ProviderOf(provider, account), message),
        None => event,
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

impl Told for Order {
    fn standing(&self, notice: &Notice, _: Timestamp) -> Standing {
        match notice.about.as_str() {
            messages::OrderInService::ABOUT => Standing::while_so(self.is_in_service()),
            _ => Standing::Stands,
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
}
