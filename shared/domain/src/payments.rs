//! Money that arrives (clause 4.6). Whatever the payment system reports, rightly signed, is kept: it forms the contract
//! of its order, or opens a duty to return it (`to_return → returned`), or is held for a human (`held`).
//!
//! Payment ids are unique in the whole market: a record's key is the payment's id. A report that uses an id again for
//! something else is kept beside it, held. What has waited long enough for nobody to know is the point of failure of
//! every market: so what waits stands in one list, and an alarm counts it.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::accounts::MarketAccount;
use crate::aggregate::{Aggregate, Key, Loaded, View};
use crate::change::{Change, Event, Occasion};
use crate::events;
use crate::hash::Sha256Hash;
use crate::ids::{AccountId, EventId, OrderId, PaymentRecordId};
use crate::money::Fen;
use crate::notices::{Message, Reach};
use crate::orders::{Order, Payment};
use crate::periods::Calendar;
use crate::providers::Provider;
use crate::stored::values::Named;
use crate::text::Prose;

/// How far the payment system's clock may be from ours.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);
/// The most characters that are kept of a report that cannot be read.
const KEPT_CHARS: usize = 4000;

/// What the payment system reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// A payment of an order.
    Payment {
        /// The payment system's id of it.
        payment_id: EventId,
        /// The merchant that it names.
        account_id: AccountId,
        /// The order that it names.
        order_id: OrderId,
        /// What was paid.
        amount: Fen,
        /// When.
        paid_at: Timestamp,
    },
    /// The return of a payment.
    Return {
        /// The payment system's id of the return.
        return_id: EventId,
        /// The payment that it names.
        payment_id: EventId,
        /// What was returned.
        amount: Fen,
        /// When.
        returned_at: Timestamp,
    },
    /// Signed, and not to be understood: as it came, as far as it fits.
    Unreadable {
        /// Its beginning.
        text: String,
    },
}

impl Report {
    /// A report that cannot be read.
    #[must_use]
    pub fn unreadable(text: &str) -> Self {
        Self::Unreadable { text: text.chars().take(KEPT_CHARS).collect() }
    }

    /// The record of the payment or return that it names.
    #[must_use]
    pub fn record_id(&self) -> PaymentRecordId {
        match self {
            Self::Payment { payment_id, .. } | Self::Return { payment_id, .. } => payment_id.into(),
            Self::Unreadable { .. } => self.own_record_id(),
        }
    }

    /// The record of this very report, for what cannot stand in the payment's.
    #[must_use]
    pub fn own_record_id(&self) -> PaymentRecordId {
        match self {
            Self::Payment { payment_id, account_id, order_id, amount, paid_at } => {
                let said = format!("payment\n{account_id}\n{order_id}\n{}\n{paid_at}", amount.get());
                PaymentRecordId::beside(payment_id, &Sha256Hash::of(said.as_bytes()))
            }
            Self::Return { return_id, payment_id, amount, returned_at } => {
                let said = format!("return\n{return_id}\n{}\n{returned_at}", amount.get());
                PaymentRecordId::beside(payment_id, &Sha256Hash::of(said.as_bytes()))
            }
            Self::Unreadable { text } => PaymentRecordId::of_text(&Sha256Hash::of(text.as_bytes())),
        }
    }

    /// Whether another report says the same. A payment system that repeats itself may tell another instant.
    fn says_the_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Payment { payment_id, account_id, order_id, amount, .. },
                Self::Payment { payment_id: id, account_id: account, order_id: order, amount: paid, .. },
            ) => (payment_id, account_id, order_id, amount) == (id, account, order, paid),
            _ => self == other,
        }
    }
}

/// Why a human has to look at a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeldBecause {
    /// It cannot be read.
    Unreadable,
    /// The market has no such order.
    UnknownOrder,
    /// The amount is not the order's price, or not the payment's.
    WrongAmount,
    /// It was not made between the order's placing and now.
    ImpossibleDate,
    /// Another report used the same payment id for something else.
    IdUsedBefore,
    /// A return of a payment that the market does not know.
    UnknownPayment,
    /// A return of a payment that did not wait to be returned.
    NotToBeReturned,
}

/// Why money has to be returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnBecause {
    /// The order was paid before, or needs no payment.
    AlreadyPaid,
    /// It was made after the order's time to pay.
    TooLate,
    /// The market agreement has ended.
    AgreementEnded,
    /// The order's term would pass the end of the market agreement (10.1.2).
    PassesTheEnd,
    /// The operator decided so.
    OperatorDecided,
}

impl ReturnBecause {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::AlreadyPaid => ("the order was paid before", "该订单此前已付款"),
            Self::TooLate => ("it was made after the time to pay", "付款晚于订单的付款期限"),
            Self::AgreementEnded => ("the market agreement has ended", "服务市场协议已终止"),
            Self::PassesTheEnd => (
                "the term would pass the end of the market agreement",
                "服务期限将超过服务市场协议的终止时间",
            ),
            Self::OperatorDecided => ("the operator decided so after looking at it", "运营方核实后决定退回"),
        }
    }
}

/// Who says that money was returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReturnProof {
    /// The payment system, by its signed report.
    Report {
        /// Its id of the return.
        return_id: EventId,
        /// When it was made.
        returned_at: Timestamp,
    },
    /// The operator, with evidence.
    Operator {
        /// The evidence.
        evidence: Prose,
    },
}

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentStatus {
    /// The contract of its order was formed.
    Formed,
    /// It waits for a human.
    Held {
        /// Why.
        because: HeldBecause,
    },
    /// It has to be returned.
    ToReturn {
        /// Why.
        because: ReturnBecause,
    },
    /// It was returned.
    Returned {
        /// When that was recorded.
        at: Timestamp,
        /// By whose word.
        proof: ReturnProof,
    },
    /// A human looked at it, and nothing is owed.
    Dismissed {
        /// When.
        at: Timestamp,
        /// The evidence.
        evidence: Prose,
    },
}

/// A report of the payment system, and what became of the money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRecord {
    /// What names it.
    pub id: PaymentRecordId,
    /// What was reported.
    pub report: Report,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Where it stands.
    pub status: PaymentStatus,
}

/// What came of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The contract was formed: the order is in service.
    Formed,
    /// It was reported before; nothing changed.
    Repeated,
    /// The money has to be returned.
    ToReturn,
    /// The money was returned: the duty ended.
    Returned,
    /// It waits for a human.
    Held,
}

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
    #[error("the order does not take it: {}", .0.words().0)]
    NotTaken(ReturnBecause),
    /// It names no order of the market.
    #[error("it names no order of the market")]
    NoOrder,
}

/// The order that a report names, and its parties.
#[derive(Debug, Clone, Copy)]
pub struct NamedOrder<'a> {
    /// The merchant.
    pub account: &'a MarketAccount,
    /// The order.
    pub order: &'a Loaded<Order>,
    /// The provider.
    pub provider: &'a Provider,
}

/// What came of a report, and what to write of it.
#[derive(Debug)]
pub struct Taken {
    /// What came of it.
    pub outcome: Outcome,
    /// The record; none of a payment that was taken before payments had records.
    pub record: Option<PaymentRecord>,
    /// The order, where its contract was formed now or before.
    pub order: Option<Order>,
    /// What to write, if anything.
    pub change: Option<Change>,
}

impl PaymentRecord {
    /// Takes a report of a payment.
    ///
    /// `first` is the record under the payment's id, `own` that of this very report.
    #[must_use]
    pub fn take(
        first: Option<&Loaded<Self>>,
        own: Option<&Loaded<Self>>,
        report: Report,
        named: Option<NamedOrder<'_>>,
        calendar: &Calendar,
        occasion: &Occasion,
    ) -> Taken {
        if let Some(first) = first {
            if first.is_repeated_by(&report) {
                return Taken::repeated(first, named);
            }
            let id = report.own_record_id();
            return Self::keep(own, id, report, HeldBecause::IdUsedBefore, named, occasion);
        }
        let id = report.record_id();
        let Report::Payment { payment_id, amount, paid_at, .. } = &report else {
            return Self::keep(None, id, report, HeldBecause::Unreadable, named, occasion);
        };
        let Some(NamedOrder { account, order, provider }) = named else {
            return Self::keep(None, id, report, HeldBecause::UnknownOrder, None, occasion);
        };
        // Taken before payments had records.
        if order.payment().is_some_and(|taken| taken.id == *payment_id) {
            return Taken {
                outcome: Outcome::Repeated,
                record: None,
                order: Some(order.state.clone()),
                change: None,
            };
        }
        if *amount != order.snapshot.plan.price_fen {
            return Self::keep(None, id, report, HeldBecause::WrongAmount, named, occasion);
        }
        let after = |at: Timestamp| at.saturating_add(CLOCK_SKEW).unwrap_or(at);
        if after(*paid_at) < order.placed_at || *paid_at > after(occasion.at) {
            return Self::keep(None, id, report, HeldBecause::ImpossibleDate, named, occasion);
        }
        let payment = Payment { id: payment_id.clone(), paid_at: *paid_at };
        match Order::pay(order, account, provider, payment, calendar, occasion) {
            Ok((paid, change)) => {
                let event = Event::of(events::PaymentFormed { order: order.id.clone(), amount_fen: *amount });
                let record = Self { id, report, received_at: occasion.at, status: PaymentStatus::Formed };
                let change = Change::on(occasion).create(&record, event).and(change);
                Taken {
                    outcome: Outcome::Formed,
                    record: Some(record),
                    order: Some(paid),
                    change: Some(change),
                }
            }
            Err(because) => {
                let event =
                    Event::of(events::PaymentToReturn { because: because.name(), amount_fen: *amount }).tell(
                        Reach::Merchant(&account.id, &account.contacts),
                        to_return(order, payment_id, *amount, because),
                    );
                let record = Self {
                    id,
                    report,
                    received_at: occasion.at,
                    status: PaymentStatus::ToReturn { because },
                };
                let change = Change::on(occasion).create(&record, event);
                Taken { outcome: Outcome::ToReturn, record: Some(record), order: None, change: Some(change) }
            }
        }
    }

    /// Takes a report of a return: it ends the duty to return its payment.
    #[must_use]
    pub fn take_return(
        payment: Option<&Loaded<Self>>,
        own: Option<&Loaded<Self>>,
        report: Report,
        named: Option<NamedOrder<'_>>,
        occasion: &Occasion,
    ) -> Taken {
        let id = report.own_record_id();
        let Report::Return { return_id, amount, returned_at, .. } = &report else {
            return Self::keep(own, id, report, HeldBecause::Unreadable, None, occasion);
        };
        let Some(payment) = payment else {
            return Self::keep(own, id, report, HeldBecause::UnknownPayment, None, occasion);
        };
        let is_this = matches!(&payment.status, PaymentStatus::Returned {
            proof: ReturnProof::Report { return_id: returned_by, .. }, .. } if returned_by == return_id);
        if is_this {
            return Taken::repeated(payment, None);
        }
        if !payment.is_waiting() || payment.amount().is_none() {
            return Self::keep(own, id, report, HeldBecause::NotToBeReturned, named, occasion);
        }
        if payment.amount() != Some(*amount) {
            return Self::keep(own, id, report, HeldBecause::WrongAmount, named, occasion);
        }
        let proof = ReturnProof::Report { return_id: return_id.clone(), returned_at: *returned_at };
        let (record, change) = Self::returned(payment, proof, named, occasion);
        Taken { outcome: Outcome::Returned, record: Some(record), order: None, change: Some(change) }
    }

    /// A human decides.
    ///
    /// # Errors
    /// See [`SettleRefusal`].
    pub fn settle(
        loaded: &Loaded<Self>,
        settlement: Settlement,
        evidence: Prose,
        named: Option<NamedOrder<'_>>,
        calendar: &Calendar,
        occasion: &Occasion,
    ) -> Result<(Self, Change), SettleRefusal> {
        let is_held = matches!(loaded.status, PaymentStatus::Held { .. });
        let record = |status| Self { status, ..loaded.state.clone() };
        match settlement {
            Settlement::Returned if loaded.is_waiting() => {
                Ok(Self::returned(loaded, ReturnProof::Operator { evidence }, named, occasion))
            }
            Settlement::Dismiss if is_held => {
                let dismissed = record(PaymentStatus::Dismissed { at: occasion.at, evidence });
                let event = Event::of(events::PaymentDismissed {});
                let change = Change::on(occasion).update(loaded, &dismissed, event);
                Ok((dismissed, change))
            }
            Settlement::Return if is_held => {
                let Report::Payment { payment_id, amount, .. } = &loaded.report else {
                    return Err(SettleRefusal::NotWaiting);
                };
                let because = ReturnBecause::OperatorDecided;
                let mut event =
                    Event::of(events::PaymentToReturn { because: because.name(), amount_fen: *amount });
                if let Some(NamedOrder { account, order, .. }) = named {
                    let message = to_return(order, payment_id, *amount, because);
                    event = event.tell(Reach::Merchant(&account.id, &account.contacts), message);
                }
                let owed = record(PaymentStatus::ToReturn { because });
                let change = Change::on(occasion).update(loaded, &owed, event);
                Ok((owed, change))
            }
            Settlement::Form if is_held => {
                let Report::Payment { payment_id, amount, .. } = &loaded.report else {
                    return Err(SettleRefusal::NotWaiting);
                };
                let NamedOrder { account, order, provider } = named.ok_or(SettleRefusal::NoOrder)?;
                // The human vouches for its time: it counts as made when the order was placed.
                let payment = Payment { id: payment_id.clone(), paid_at: order.placed_at };
                let (_, paid) = Order::pay(order, account, provider, payment, calendar, occasion)
                    .map_err(SettleRefusal::NotTaken)?;
                let event = Event::of(events::PaymentFormed { order: order.id.clone(), amount_fen: *amount });
                let formed = record(PaymentStatus::Formed);
                let change = Change::on(occasion).update(loaded, &formed, event).and(paid);
                Ok((formed, change))
            }
            _ => Err(SettleRefusal::NotWaiting),
        }
    }

    /// Whether a report says once more what it is of. What is held and told again with another date is news.
    #[must_use]
    pub fn is_repeated_by(&self, report: &Report) -> bool {
        let is_held = matches!(self.status, PaymentStatus::Held { .. });
        *report == self.report || !is_held && report.says_the_same_as(&self.report)
    }

    /// Whether somebody has to do something about it.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        matches!(self.status, PaymentStatus::Held { .. } | PaymentStatus::ToReturn { .. })
    }

    /// What was paid; none where it is not the report of a payment.
    #[must_use]
    pub const fn amount(&self) -> Option<Fen> {
        match &self.report {
            Report::Payment { amount, .. } => Some(*amount),
            Report::Return { .. } | Report::Unreadable { .. } => None,
        }
    }

    /// The merchant and the order that it names.
    #[must_use]
    pub fn names(&self) -> Option<(AccountId, OrderId)> {
        match &self.report {
            Report::Payment { account_id, order_id, .. } => Some((account_id.clone(), order_id.clone())),
            Report::Return { .. } | Report::Unreadable { .. } => None,
        }
    }

    /// The list of what waits for a human.
    pub const WAITING: &str = "payments#waiting";

    /// Holds a report for a human. Nothing changes where it was kept before.
    fn keep(
        own: Option<&Loaded<Self>>,
        id: PaymentRecordId,
        report: Report,
        because: HeldBecause,
        named: Option<NamedOrder<'_>>,
        occasion: &Occasion,
    ) -> Taken {
        if let Some(own) = own {
            return Taken::repeated(own, None);
        }
        let mut event = Event::of(events::PaymentHeld { because: because.name() });
        if let (Some(NamedOrder { account, order, .. }), Report::Payment { payment_id, amount, .. }) =
            (named, &report)
        {
            let message = Message::PaymentHeld {
                listing: order.name(),
                payment: payment_id.to_string(),
                amount: *amount,
            };
            event = event.tell(Reach::Merchant(&account.id, &account.contacts), message);
        }
        let record = Self { id, report, received_at: occasion.at, status: PaymentStatus::Held { because } };
        let change = Change::on(occasion).create(&record, event);
        Taken { outcome: Outcome::Held, record: Some(record), order: None, change: Some(change) }
    }

    fn returned(
        loaded: &Loaded<Self>,
        proof: ReturnProof,
        named: Option<NamedOrder<'_>>,
        occasion: &Occasion,
    ) -> (Self, Change) {
        let by = match proof {
            ReturnProof::Report { .. } => "the payment system",
            ReturnProof::Operator { .. } => "the operator",
        };
        let mut event = Event::of(events::PaymentReturned { by });
        if let (Some(NamedOrder { account, order, .. }), Report::Payment { payment_id, amount, .. }) =
            (named, &loaded.report)
        {
            let message = Message::PaymentReturned {
                listing: order.name(),
                payment: payment_id.to_string(),
                amount: *amount,
            };
            event = event.tell(Reach::Merchant(&account.id, &account.contacts), message);
        }
        let record =
            Self { status: PaymentStatus::Returned { at: occasion.at, proof }, ..loaded.state.clone() };
        let change = Change::on(occasion).update(loaded, &record, event);
        (record, change)
    }
}

/// Tells the merchant that its money comes back, and why.
fn to_return(order: &Order, payment_id: &EventId, amount: Fen, because: ReturnBecause) -> Message {
    let (reason, reason_zh) = because.words();
    Message::PaymentToReturn {
        listing: order.name(),
        payment: payment_id.to_string(),
        amount,
        reason,
        reason_zh,
    }
}

impl Taken {
    fn repeated(record: &Loaded<PaymentRecord>, named: Option<NamedOrder<'_>>) -> Self {
        let order =
            named.filter(|_| record.status == PaymentStatus::Formed).map(|named| named.order.state.clone());
        Self { outcome: Outcome::Repeated, record: Some(record.state.clone()), order, change: None }
    }
}

impl Aggregate for PaymentRecord {
    type Id = PaymentRecordId;
    const KIND: &'static str = "payment";

    fn key_of(id: &PaymentRecordId) -> Key {
        Key::new(format!("payment#{id}"), "state")
    }

    fn key(&self) -> Key {
        Self::key_of(&self.id)
    }

    /// What waits stands in one list, the oldest first.
    fn view(&self) -> Option<View> {
        let place = || format!("{}#{}", self.received_at, self.id);
        self.is_waiting().then(|| View { list: Self::WAITING.to_owned(), place: place() })
    }
}
