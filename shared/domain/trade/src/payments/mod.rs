//! Money that arrives (clause 4.6). Whatever the payment system reports, rightly signed, is kept: it forms the contract
//! of its order, or opens a duty to return it (`to_return → returned`), or is held for a human (`held`).
//!
//! Payment ids are unique in the whole market: a record's key is the payment's id. A report that uses an id again for
//! something else is kept as a record of its own, held. Payments that wait are in one list, and an alarm counts them.

mod report;
mod settle;

use jiff::Timestamp;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::ids::{AccountId, EventId, OrderId, PaymentRecordId};
use market_kernel::keys::{Key, ListEntry, ListName, Place};
use market_kernel::money::Fen;
use market_kernel::notices::{Notice, Notified, Validity};
use market_kernel::occasion::{CLOCK_SKEW, Occasion};
use market_kernel::periods::Calendar;
use market_kernel::stored::values::Named;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events;
use crate::messages;
use crate::orders::{NamedOrder, Order, Payment, Timeliness};
use crate::returns::ReturnBecause;

pub use report::Report;
use settle::PaidFor;
pub use settle::{Decision, SettleRefusal, Settlement, Settling};

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
    /// The operator: see the record's decisions.
    Operator,
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
    /// What humans decided of it, in their order.
    pub decisions: Vec<Decision>,
}

/// What came of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportOutcome {
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

/// A report that arrived, with what it is held against.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// What was reported.
    pub report: Report,
    /// The record under the id that it names ([`Report::record_id`]).
    pub first: Option<&'a Loaded<PaymentRecord>>,
    /// The record of this very report ([`Report::own_record_id`]), where another stands in its way.
    pub own: Option<&'a Loaded<PaymentRecord>>,
    /// The order that it names, or whose payment it says was returned.
    pub named: Option<NamedOrder<'a>>,
}

/// A report that a human has to look at, and under which id it is kept.
struct ToHold<'a> {
    id: PaymentRecordId,
    report: Report,
    because: HeldBecause,
    named: Option<NamedOrder<'a>>,
}

/// What came of a report, and what to write of it.
#[derive(Debug)]
pub struct Taken {
    /// What came of it.
    pub outcome: ReportOutcome,
    /// The record; none of a payment that was taken before payments had records.
    pub record: Option<PaymentRecord>,
    /// The order, where its contract was formed now or before.
    pub order: Option<Order>,
    /// What to write, if anything.
    pub change: Option<Change>,
}

impl PaymentRecord {
    /// Takes a report of a payment.
    #[must_use]
    pub fn take(arrival: Arrival<'_>, calendar: &Calendar, occasion: &Occasion) -> Taken {
        let Arrival { report, first, own, named } = arrival;
        if let Some(first) = first {
            if first.is_repeated_by(&report) {
                return Taken::repeated(first, named);
            }
            let (id, because) = (report.own_record_id(), HeldBecause::IdUsedBefore);
            return Self::hold(own, ToHold { id, report, because, named }, occasion);
        }
        let id = report.record_id();
        let hold = |report, because| {
            let id = id.clone();
            Self::hold(None, ToHold { id, report, because, named }, occasion)
        };
        let Report::Payment { payment_id, amount, paid_at, .. } = &report else {
            return hold(report, HeldBecause::Unreadable);
        };
        let Some(of_the_order @ NamedOrder { order, .. }) = named else {
            return hold(report, HeldBecause::UnknownOrder);
        };
        let is_the_price = *amount == order.snapshot.plan.price_fen;
        // Taken before payments had records.
        if order.payment().is_some_and(|taken| taken.id == *payment_id) {
            if !is_the_price {
                return hold(report, HeldBecause::IdUsedBefore);
            }
            let order = Some(order.state.clone());
            return Taken { outcome: ReportOutcome::Repeated, record: None, order, change: None };
        }
        if !is_the_price {
            return hold(report, HeldBecause::WrongAmount);
        }
        // Nothing was to be paid, and nothing was: there is nothing to return.
        if *amount == Fen::default() && order.is_in_service() && order.payment().is_none() {
            let event = Event::of(events::PaymentFormed { order: order.id.clone(), amount_fen: *amount });
            let status = PaymentStatus::Formed;
            let record = Self { id, report, received_at: occasion.at, status, decisions: Vec::new() };
            let change = Change::on(occasion).create(&record, event);
            let order = Some(order.state.clone());
            let outcome = ReportOutcome::Formed;
            return Taken { outcome, record: Some(record), order, change: Some(change) };
        }
        let after = |at: Timestamp| at.saturating_add(CLOCK_SKEW).unwrap_or(at);
        if after(*paid_at) < order.placed_at || *paid_at > after(occasion.at) {
            return hold(report, HeldBecause::ImpossibleDate);
        }
        let payment = Payment { id: payment_id.clone(), paid_at: *paid_at, has_record: true };
        let paid = Order::pay(of_the_order, payment, Timeliness::Judged, calendar, occasion);
        let amount_fen = *amount;
        let record =
            |status| Self { id: id.clone(), report, received_at: occasion.at, status, decisions: Vec::new() };
        match paid {
            Ok((paid, change)) => {
                let event = Event::of(events::PaymentFormed { order: order.id.clone(), amount_fen });
                let record = record(PaymentStatus::Formed);
                let change = Change::on(occasion).create(&record, event).and(change);
                Taken {
                    outcome: ReportOutcome::Formed,
                    record: Some(record),
                    order: Some(paid),
                    change: Some(change),
                }
            }
            Err(because) => {
                let record = record(PaymentStatus::ToReturn { because });
                let change = Change::on(occasion).create(&record, record.to_return(because, named));
                Taken {
                    outcome: ReportOutcome::ToReturn,
                    record: Some(record),
                    order: None,
                    change: Some(change),
                }
            }
        }
    }

    /// Whether a report says once more what it is of. What is held and told again with another date is news.
    #[must_use]
    pub fn is_repeated_by(&self, report: &Report) -> bool {
        *report == self.report || !self.is_held() && report.says_the_same_as(&self.report)
    }

    /// Whether somebody has to do something about it.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        matches!(self.status, PaymentStatus::Held { .. } | PaymentStatus::ToReturn { .. })
    }

    /// Whether a human has to look at it.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        matches!(self.status, PaymentStatus::Held { .. })
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
    pub const WAITING: ListName = ListName::of_market("payments#waiting");

    /// What sorts, in that list, before every report that was received then or later.
    #[must_use]
    pub fn first_place(received_at: Timestamp) -> String {
        format!("{:020}", received_at.as_millisecond())
    }

    /// Holds a report for a human. Nothing changes where there is a record of it already.
    fn hold(before: Option<&Loaded<Self>>, held: ToHold<'_>, occasion: &Occasion) -> Taken {
        if let Some(before) = before {
            return Taken::repeated(before, None);
        }
        let ToHold { id, report, because, named } = held;
        let status = PaymentStatus::Held { because };
        let record = Self { id, report, received_at: occasion.at, status, decisions: Vec::new() };
        let told = |PaidFor { listing, order, payment, amount }| messages::PaymentHeld {
            listing,
            order,
            payment,
            amount,
        };
        let event = record.tell(Event::of(events::PaymentHeld { because: because.name() }), named, told);
        let change = Change::on(occasion).create(&record, event);
        Taken { outcome: ReportOutcome::Held, record: Some(record), order: None, change: Some(change) }
    }
}

impl Taken {
    fn repeated(record: &Loaded<PaymentRecord>, named: Option<NamedOrder<'_>>) -> Self {
        let named = named.filter(|_| record.status == PaymentStatus::Formed);
        Self {
            outcome: ReportOutcome::Repeated,
            record: Some(record.state.clone()),
            order: named.map(|named| named.order.state.clone()),
            change: None,
        }
    }
}

impl Notified for PaymentRecord {
    fn validity(&self, notice: &Notice, _: Timestamp) -> Validity {
        match notice.about.as_str() {
            messages::PaymentHeld::ABOUT => {
                Validity::while_so(matches!(self.status, PaymentStatus::Held { .. }))
            }
            messages::PaymentToReturn::ABOUT => {
                Validity::while_so(matches!(self.status, PaymentStatus::ToReturn { .. }))
            }
            _ => Validity::Stands,
        }
    }
}

impl Aggregate for PaymentRecord {
    type Id = PaymentRecordId;
    const KIND: &'static str = "payment";
    const PLACE: Place = Place::Own("payment#");

    fn key_of(id: &PaymentRecordId) -> Key {
        Self::PLACE.own(id)
    }

    fn key(&self) -> Key {
        Self::key_of(&self.id)
    }

    /// Payments that wait are in one list, the oldest first.
    fn list_entry(&self) -> Option<ListEntry> {
        let place = || format!("{}#{}", Self::first_place(self.received_at), self.id);
        self.is_waiting().then(|| ListEntry { list: Self::WAITING, place: place() })
    }
}
