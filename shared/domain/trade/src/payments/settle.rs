//! How money that waits is settled: by a human with evidence, or by the payment system's report of its return.

use jiff::Timestamp;
use market_kernel::aggregate::Loaded;
use market_kernel::change::{Change, Event};
use market_kernel::money::Fen;
use market_kernel::notices::{Message, Reach};
use market_kernel::occasion::{CLOCK_SKEW, Occasion};
use market_kernel::periods::Calendar;
use market_kernel::stored::values::Named;
use market_kernel::text::Prose;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Arrival, HeldBecause, PaymentRecord, PaymentStatus, Report, ReportOutcome, ReturnProof, Taken, ToHold,
};
use crate::events;
use crate::messages;
use crate::orders::{NamedOrder, Order, Payment, Timeliness};
use crate::returns::ReturnBecause;

/// What a human decides of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// The payment counts: its order's contract is formed.
    Form,
    /// The money has to be returned.
    Return,
    /// The money was returned.
    Returned,
    /// Nothing is owed.
    Dismiss,
}

/// Why a record was not settled so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettleRefusal {
    /// It does not wait, or not for this.
    #[error("the payment does not wait for this")]
    NotWaiting,
    /// The order does not take the payment.
    #[error("the order does not take it: {}", .0.words().english)]
    NotTaken(ReturnBecause),
    /// Another amount than the order's price forms no contract.
    #[error("it is not the order's price of {} fen", .0.get())]
    WrongAmount(Fen),
    /// Its id was used for another payment, which forms the contract if one does.
    #[error("its id was used for another payment")]
    IdUsedBefore,
    /// It names no order of the market.
    #[error("it names no order of the market")]
    NoOrder,
}

/// A human's decision about a record, with what it rests on. Merchants do not read the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What was decided.
    pub settlement: Settlement,
    /// When.
    pub at: Timestamp,
    /// What was found, and where it is kept.
    pub evidence: Prose,
}

/// What a human decides of a record, and on what grounds.
#[derive(Debug)]
pub struct Settling {
    /// What is decided.
    pub settlement: Settlement,
    /// What was found, and where it is kept.
    pub evidence: Prose,
}

/// What a notice says of a payment.
pub(super) struct PaidFor {
    pub listing: String,
    pub order: String,
    pub payment: String,
    pub amount: Fen,
}

impl PaymentRecord {
    /// A human decides.
    ///
    /// # Errors
    /// See [`SettleRefusal`].
    pub fn settle(
        loaded: &Loaded<Self>,
        settling: Settling,
        named: Option<NamedOrder<'_>>,
        calendar: &Calendar,
        occasion: &Occasion,
    ) -> Result<(Self, Change), SettleRefusal> {
        let Settling { settlement, evidence } = settling;
        let waits_for = match settlement {
            Settlement::Returned => loaded.is_waiting() && loaded.amount().is_some(),
            Settlement::Dismiss => loaded.is_held(),
            Settlement::Form | Settlement::Return => loaded.is_held() && loaded.amount().is_some(),
        };
        if !waits_for {
            return Err(SettleRefusal::NotWaiting);
        }
        let (status, event, order) = match settlement {
            Settlement::Returned => {
                let status = PaymentStatus::Returned { at: occasion.at, proof: ReturnProof::Operator };
                (status, loaded.returned_by("the operator", named), None)
            }
            Settlement::Dismiss => {
                let event = Event::of(events::PaymentDismissed {});
                let told = |PaidFor { listing, order, payment, .. }| messages::PaymentDismissed {
                    listing,
                    order,
                    payment,
                };
                (PaymentStatus::Dismissed { at: occasion.at }, loaded.tell(event, named, told), None)
            }
            Settlement::Return => {
                let because = ReturnBecause::OperatorDecided;
                (PaymentStatus::ToReturn { because }, loaded.to_return(because, named), None)
            }
            Settlement::Form => {
                let (event, order) = loaded.form(named, calendar, occasion)?;
                (PaymentStatus::Formed, event, Some(order))
            }
        };
        let mut decisions = loaded.decisions.clone();
        decisions.push(Decision { settlement, at: occasion.at, evidence });
        let settled = Self { status, decisions, ..loaded.state.clone() };
        let change = Change::on(occasion).update(loaded, &settled, event);
        Ok((settled, order.into_iter().fold(change, Change::and)))
    }

    /// Takes a report of a return: it ends the duty to return its payment.
    ///
    /// `payment` is the record of the payment that it names.
    #[must_use]
    pub fn take_return(payment: Option<&Loaded<Self>>, arrival: Arrival<'_>, occasion: &Occasion) -> Taken {
        let Arrival { report, first, own, named } = arrival;
        if let Some(first) = first {
            // One that was held because it came before its payment ends the duty when it is told again.
            let may_count_now = first.is_held() && report == first.report;
            if !report.says_the_same_as(&first.report) {
                let (id, because) = (report.own_record_id(), HeldBecause::IdUsedBefore);
                return Self::hold(own, ToHold { id, report, because, named }, occasion);
            }
            if !may_count_now {
                return Taken::repeated(first, None);
            }
        }
        let (payment, proof) = match Self::ended_by(payment, &report, occasion) {
            Ok(ended) => ended,
            Err(because) => {
                let id = report.record_id();
                return Self::hold(first, ToHold { id, report, because, named }, occasion);
            }
        };
        let status = PaymentStatus::Returned { at: occasion.at, proof };
        let returned = Self { status: status.clone(), ..payment.state.clone() };
        let ended =
            Change::on(occasion).update(payment, &returned, payment.returned_by("the payment system", named));
        let event = Event::of(events::PaymentReturned { by: "the payment system" });
        let (record, change) = match first {
            Some(first) => {
                let record = Self { status, ..first.state.clone() };
                let change = Change::on(occasion).update(first, &record, event);
                (record, change)
            }
            None => {
                let id = report.record_id();
                let record = Self { id, report, received_at: occasion.at, status, decisions: Vec::new() };
                let change = Change::on(occasion).create(&record, event);
                (record, change)
            }
        };
        let change = Some(change.and(ended));
        Taken { outcome: ReportOutcome::Returned, record: Some(record), order: None, change }
    }

    /// The payment whose duty a report ends, and its proof; or why a human has to look at it.
    fn ended_by<'a>(
        payment: Option<&'a Loaded<Self>>,
        report: &Report,
        occasion: &Occasion,
    ) -> Result<(&'a Loaded<Self>, ReturnProof), HeldBecause> {
        let Report::Return { return_id, amount, returned_at, .. } = report else {
            return Err(HeldBecause::Unreadable);
        };
        let payment = payment.ok_or(HeldBecause::UnknownPayment)?;
        let Some(owed) = payment.amount().filter(|_| payment.is_waiting()) else {
            return Err(HeldBecause::NotToBeReturned);
        };
        if owed != *amount {
            return Err(HeldBecause::WrongAmount);
        }
        let around = |at: Timestamp, skew| at.saturating_add(skew).unwrap_or(at);
        let made = around(payment.received_at.min(payment.made_at()), -CLOCK_SKEW);
        if !(made..=around(occasion.at, CLOCK_SKEW)).contains(returned_at) {
            return Err(HeldBecause::ImpossibleDate);
        }
        Ok((payment, ReturnProof::Report { return_id: return_id.clone(), returned_at: *returned_at }))
    }

    /// The contract of its order, by the word of a human that it was paid in time.
    fn form<'a>(
        &'a self,
        named: Option<NamedOrder<'a>>,
        calendar: &Calendar,
        occasion: &Occasion,
    ) -> Result<(Event<'a>, Change), SettleRefusal> {
        let Report::Payment { payment_id, amount, paid_at, .. } = &self.report else {
            return Err(SettleRefusal::NotWaiting);
        };
        if self.id != payment_id.into() {
            return Err(SettleRefusal::IdUsedBefore);
        }
        let named = named.ok_or(SettleRefusal::NoOrder)?;
        let order = named.order;
        let price = order.snapshot.plan.price_fen;
        if *amount != price {
            return Err(SettleRefusal::WrongAmount(price));
        }
        let payment = Payment { id: payment_id.clone(), paid_at: *paid_at, has_record: true };
        let (_, paid) = Order::pay(named, payment, Timeliness::Vouched, calendar, occasion)
            .map_err(SettleRefusal::NotTaken)?;
        let event = Event::of(events::PaymentFormed { order: order.id.clone(), amount_fen: *amount });
        Ok((event, paid))
    }

    fn returned_by<'a>(&'a self, by: &'static str, named: Option<NamedOrder<'a>>) -> Event<'a> {
        let told = |PaidFor { listing, order, payment, amount }| messages::PaymentReturned {
            listing,
            order,
            payment,
            amount,
        };
        self.tell(Event::of(events::PaymentReturned { by }), named, told)
    }

    /// That it has to be returned, and why.
    pub(super) fn to_return<'a>(
        &'a self,
        because: ReturnBecause,
        named: Option<NamedOrder<'a>>,
    ) -> Event<'a> {
        let amount_fen = self.amount().unwrap_or_default();
        let told = |PaidFor { listing, order, payment, amount }| messages::PaymentToReturn {
            listing,
            order,
            payment,
            amount,
            reason: because.words(),
        };
        self.tell(Event::of(events::PaymentToReturn { because: because.name(), amount_fen }), named, told)
    }

    /// Tells the merchant whose order it names.
    pub(super) fn tell<'a, M: Message + 'static>(
        &self,
        event: Event<'a>,
        named: Option<NamedOrder<'a>>,
        message: impl FnOnce(PaidFor) -> M,
    ) -> Event<'a> {
        match (named, &self.report) {
            (Some(NamedOrder { account, order, .. }), Report::Payment { payment_id, amount, .. }) => {
                let paid_for = PaidFor {
                    listing: order.name(),
                    order: order.id.to_string(),
                    payment: payment_id.to_string(),
                    amount: *amount,
                };
                event.tell(Reach::Party(account), message(paid_for))
            }
            _ => event,
        }
    }

    /// When it was made, as reported.
    const fn made_at(&self) -> Timestamp {
        match &self.report {
            Report::Payment { paid_at, .. } => *paid_at,
            Report::Return { returned_at, .. } => *returned_at,
            Report::Unreadable { .. } => self.received_at,
        }
    }
}
