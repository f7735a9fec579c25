//! Placing an order, paying it, closing it.

use jiff::Timestamp;
use market_kernel::aggregate::Loaded;
use market_kernel::change::{Change, Event};
use market_kernel::money::Fen;
use market_kernel::notices::Reach;
use market_kernel::occasion::Occasion;
use market_kernel::periods::{self, Calendar, Length};
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;

use super::{
    CloseReason, NamedOrder, Offer, Order, OrderStatus, Ordering, Payment, PlaceRefusal, Snapshot, Timeliness,
};
use crate::events::{self, ClosedUnder};
use crate::listings::{Bound, ListingStatus, Plan};
use crate::messages;
use crate::returns::ReturnBecause;

/// How long an order waits for its payment.
const PAYMENT: Length = Length::Hours(24);

impl Order {
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
        // The account is not named: orders must not delay a transaction that ends it. Its end is checked again when the
        // order is paid.
        let change = Change::on(occasion).create(&order, event);
        Ok((order, change))
    }

    /// Takes a payment of its price: the contract is formed (4.6) and service begins.
    ///
    /// Made in time counts, however late the report arrives: an order that closed unpaid by itself is taken up again.
    /// Then, and only then, the change relies on the account: no cascade would find such an order a second time.
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

    /// Closes it before its time; `None` where it is over already, or is to be closed as unpaid and its contract is
    /// formed. The merchant is told always, the provider where a contract was formed.
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
