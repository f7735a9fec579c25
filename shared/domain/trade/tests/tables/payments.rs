//! Every edge of a record of money, and every non-edge.

use jiff::Timestamp;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::money::Fen;
use market_kernel::periods::Calendar;
use market_kernel::stored::form::read;
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;
use market_tables::{
    Cell, PRICE_FEN, When, account, at, begin, every, hold, loaded, occasion, order, payment, provider,
};
use market_trade::orders::{CloseReason, OrderStatus};
use market_trade::orders::{NamedOrder, Order, Payment};
use market_trade::payments::Report;
use market_trade::payments::*;
use market_trade::payments::{SettleRefusal, Settlement, Settling};
use market_trade::returns::ReturnBecause;

every! {
    Stand {
        Formed,
        /// Held for its date: all else is right.
        Held,
        HeldForItsAmount,
        HeldForItsOrder,
        /// Beside the record of another payment of the same id.
        HeldBeside,
        HeldReturn,
        HeldUnreadable,
        ToReturn,
        Returned,
        Dismissed,
    }
}

every! {
    Command {
        Form,
        Return,
        SayReturned,
        Dismiss,
        /// The payment system says the same again.
        TellAgain,
        /// It says something else under the same id.
        TellOtherwise,
        /// It says that the payment was returned.
        TellReturn,
        /// It says that another amount was.
        TellWrongReturn,
    }
}

use Command::{Dismiss, Form, Return, SayReturned, TellAgain, TellOtherwise, TellReturn, TellWrongReturn};
use Stand::{
    Dismissed, Formed, Held, HeldBeside, HeldForItsAmount, HeldForItsOrder, HeldReturn, HeldUnreadable,
    Returned, ToReturn,
};

fn received_at() -> Timestamp {
    at("2026-03-02T12:00:00+08:00")
}

fn fen(amount: u64) -> Fen {
    amount.try_into().unwrap()
}

fn pays(amount: u64, paid_at: Timestamp) -> Report {
    let order = order("month", OrderStatus::Placed { pay_by: begin() });
    let (account_id, order_id) = (order.account_id, order.id);
    Report::Payment { payment_id: payment().id, account_id, order_id, amount: fen(amount), paid_at }
}

fn returns(amount: u64, returned_at: Timestamp) -> Report {
    let (return_id, payment_id) = ("ret-1".parse().unwrap(), payment().id);
    Report::Return { return_id, payment_id, amount: fen(amount), returned_at }
}

fn record(report: Report, status: PaymentStatus) -> PaymentRecord {
    let id = match status {
        PaymentStatus::Held { because: HeldBecause::IdUsedBefore } => report.own_record_id(),
        _ => report.record_id(),
    };
    PaymentRecord { id, report, received_at: received_at(), status, decisions: Vec::new() }
}

fn standing(stand: Stand) -> PaymentRecord {
    let held = |because| PaymentStatus::Held { because };
    let (paid, at) = (pays(PRICE_FEN, payment().paid_at), received_at());
    match stand {
        Formed => record(paid, PaymentStatus::Formed),
        Held => record(paid, held(HeldBecause::ImpossibleDate)),
        HeldForItsAmount => record(pays(1, payment().paid_at), held(HeldBecause::WrongAmount)),
        HeldForItsOrder => record(paid, held(HeldBecause::UnknownOrder)),
        HeldBeside => record(pays(2, payment().paid_at), held(HeldBecause::IdUsedBefore)),
        HeldReturn => record(returns(PRICE_FEN, at), held(HeldBecause::UnknownPayment)),
        HeldUnreadable => record(Report::unreadable("m-1", "{"), held(HeldBecause::Unreadable)),
        ToReturn => record(paid, PaymentStatus::ToReturn { because: ReturnBecause::TooLate }),
        Returned => record(paid, PaymentStatus::Returned { at, proof: ReturnProof::Operator }),
        Dismissed => record(paid, PaymentStatus::Dismissed { at }),
    }
}

fn stand_of(record: &PaymentRecord) -> Stand {
    let because = match record.status {
        PaymentStatus::Formed => return Formed,
        PaymentStatus::ToReturn { .. } => return ToReturn,
        PaymentStatus::Returned { .. } => return Returned,
        PaymentStatus::Dismissed { .. } => return Dismissed,
        PaymentStatus::Held { because } => because,
    };
    match (&record.report, because) {
        (Report::Payment { .. }, HeldBecause::ImpossibleDate) => Held,
        (Report::Payment { .. }, HeldBecause::WrongAmount) => HeldForItsAmount,
        (Report::Payment { .. }, HeldBecause::UnknownOrder) => HeldForItsOrder,
        (Report::Payment { .. }, HeldBecause::IdUsedBefore) => HeldBeside,
        (Report::Return { .. }, _) => HeldReturn,
        (Report::Unreadable { .. }, _) => HeldUnreadable,
        (
            Report::Payment { .. },
            HeldBecause::Unreadable | HeldBecause::UnknownPayment | HeldBecause::NotToBeReturned,
        ) => panic!("{record:?}"),
    }
}

fn expected(stand: Stand, command: Command, _: When) -> Cell<Stand, SettleRefusal> {
    match (stand, command) {
        (Held, Form) => Cell::To("PaymentFormed", Formed),
        (HeldForItsAmount, Form) => Cell::No(SettleRefusal::WrongAmount(fen(PRICE_FEN))),
        (HeldForItsOrder, Form) => Cell::No(SettleRefusal::NoOrder),
        (HeldBeside, Form) => Cell::No(SettleRefusal::IdUsedBefore),
        (Held | HeldForItsAmount | HeldForItsOrder | HeldBeside, Return) => {
            Cell::To("PaymentToReturn", ToReturn)
        }
        (Held | HeldForItsAmount | HeldForItsOrder | HeldBeside | ToReturn, SayReturned) => {
            Cell::To("PaymentReturned", Returned)
        }
        (Held | HeldForItsAmount | HeldForItsOrder | HeldBeside | HeldReturn | HeldUnreadable, Dismiss) => {
            Cell::To("PaymentDismissed", Dismissed)
        }
        // There is no money in these.
        (HeldReturn | HeldUnreadable, Form | Return | SayReturned) => Cell::No(SettleRefusal::NotWaiting),
        (ToReturn, Form | Return | Dismiss) => Cell::No(SettleRefusal::NotWaiting),
        (Formed | Returned | Dismissed, Form | Return | SayReturned | Dismiss) => {
            Cell::No(SettleRefusal::NotWaiting)
        }

        (
            Formed | Held | HeldForItsAmount | HeldForItsOrder | HeldBeside | HeldReturn | HeldUnreadable
            | ToReturn | Returned | Dismissed,
            TellAgain,
        ) => Cell::Nothing,
        // It is kept beside the first, which stays as it is.
        (
            Formed | Held | HeldForItsAmount | HeldForItsOrder | HeldBeside | ToReturn | Returned | Dismissed,
            TellOtherwise,
        ) => Cell::To("PaymentHeld", HeldBeside),
        (HeldReturn, TellOtherwise) => Cell::To("PaymentHeld", HeldReturn),
        // What cannot be read says nothing that could differ.
        (HeldUnreadable, TellOtherwise) => Cell::Nothing,

        (Held | HeldForItsAmount | HeldForItsOrder | ToReturn, TellReturn) => {
            Cell::To("PaymentReturned", Returned)
        }
        // Nothing was owed, or no such payment is known: the return waits for a human.
        (Formed | Returned | Dismissed | HeldBeside | HeldReturn | HeldUnreadable, TellReturn)
        | (
            Formed | Held | HeldForItsAmount | HeldForItsOrder | HeldBeside | HeldReturn | HeldUnreadable
            | ToReturn | Returned | Dismissed,
            TellWrongReturn,
        ) => Cell::To("PaymentHeld", HeldReturn),
    }
}

/// An order, with the parties that stand behind it.
struct Behind {
    account: Loaded<MarketAccount>,
    order: Loaded<Order>,
    provider: Provider,
}

impl Behind {
    fn new(order: Order) -> Self {
        Self { account: loaded(account()), order: loaded(order), provider: provider() }
    }

    fn named(&self) -> NamedOrder<'_> {
        NamedOrder { account: &self.account, order: &self.order, provider: &self.provider }
    }
}

/// The cell of a record that is written or that another one is written beside.
fn cell_of(taken: &Taken, record: &PaymentRecord) -> Cell<Stand, SettleRefusal> {
    let Some(change) = &taken.change else { return Cell::Nothing };
    let own = change.writes.iter().find(|write| write.key == record.key());
    match own {
        Some(write) => {
            assert_eq!(taken.outcome, ReportOutcome::Returned);
            Cell::To("PaymentReturned", stand_of(&read(&write.body, write.schema).unwrap().0))
        }
        None => Cell::decided(change, stand_of),
    }
}

fn actual(stand: Stand, command: Command, when: When) -> Cell<Stand, SettleRefusal> {
    let (record, now) = (standing(stand), when.of(at("2026-03-03T09:00:00+08:00")));
    let behind = Behind::new(order("month", OrderStatus::Placed { pay_by: at("2026-03-03T10:00:00+08:00") }));
    let named = (stand != HeldForItsOrder).then(|| behind.named());
    let (this, occasion, calendar) = (loaded(record.clone()), occasion(now), Calendar::published());
    let settle = |settlement| {
        let settling = Settling { settlement, evidence: "对账单".try_into().unwrap() };
        Cell::answered(PaymentRecord::settle(&this, settling, named, calendar, &occasion), stand_of)
    };
    // The record under the id that a report names: another one's, where this stands beside it.
    let other = loaded(standing(Formed));
    let first = if stand == HeldBeside { &other } else { &this };
    let tell = |report: Report, own| {
        let is_return = matches!(report, Report::Return { .. });
        let arrival = Arrival { report, first: Some(first), own, named };
        if is_return {
            PaymentRecord::take_return(None, arrival, &occasion)
        } else {
            PaymentRecord::take(arrival, calendar, &occasion)
        }
    };
    let tell_return = |amount: Fen| {
        let return_id = "ret-2".parse().unwrap();
        let report = Report::Return { return_id, payment_id: payment().id, amount, returned_at: now };
        // No return can name what is no payment, or not the one of its id.
        let of = (!matches!(stand, HeldBeside | HeldReturn | HeldUnreadable)).then_some(&this);
        let arrival = Arrival { report, first: None, own: None, named };
        cell_of(&PaymentRecord::take_return(of, arrival, &occasion), &record)
    };
    let amount = record.amount().unwrap_or(fen(PRICE_FEN));
    match command {
        Form => settle(Settlement::Form),
        Return => settle(Settlement::Return),
        SayReturned => settle(Settlement::Returned),
        Dismiss => settle(Settlement::Dismiss),
        TellAgain => {
            let own = (stand == HeldBeside).then_some(&this);
            let taken = tell(record.report.clone(), own);
            assert_eq!(taken.outcome, ReportOutcome::Repeated, "{stand:?}");
            cell_of(&taken, &record)
        }
        TellOtherwise => match &record.report {
            Report::Payment { paid_at, .. } => cell_of(&tell(pays(3, *paid_at), None), &record),
            Report::Return { returned_at, .. } => cell_of(&tell(returns(3, *returned_at), None), &record),
            Report::Unreadable { message_id, .. } => {
                cell_of(&tell(Report::unreadable(message_id, "["), Some(&this)), &record)
            }
        },
        TellReturn => tell_return(amount),
        TellWrongReturn => tell_return(fen(amount.get() + 1)),
    }
}

#[test]
fn a_record_of_money_goes_these_ways_and_no_others() {
    for stand in Stand::ALL {
        assert_eq!(stand_of(&standing(*stand)), *stand);
        let waits = match stand {
            Held | HeldForItsAmount | HeldForItsOrder | HeldBeside | HeldReturn | HeldUnreadable
            | ToReturn => true,
            Formed | Returned | Dismissed => false,
        };
        assert_eq!(standing(*stand).list_entry().is_some(), waits, "{stand:?}");
    }
    hold(Stand::ALL, Command::ALL, expected, actual);
}

every! {
    /// The order that a payment is told of for the first time.
    Of {
        Placed,
        PaidByAnother,
        Expired,
        ClosedUnpaid,
        ClosedWithAgreement,
        ClosedPaid,
    }
}

every! {
    /// When it was made: the order can be paid for 24 hours, and clocks differ by five minutes.
    Made { TooEarly, AtTheEarliest, JustInTime, JustTooLate, ByAClockAhead, InTheFuture }
}

fn pay_by() -> Timestamp {
    at("2026-03-03T10:00:00+08:00")
}

#[test]
fn money_forms_the_contract_or_is_to_be_returned_or_held_and_always_leaves_a_record() {
    let now = at("2026-03-03T11:00:00+08:00");
    for of in Of::ALL {
        for made in Made::ALL {
            let paid_at = match made {
                Made::TooEarly => When::JustBefore.of(at("2026-03-02T09:55:00+08:00")),
                Made::AtTheEarliest => at("2026-03-02T09:55:00+08:00"),
                Made::JustInTime => When::JustBefore.of(pay_by()),
                Made::JustTooLate => pay_by(),
                Made::ByAClockAhead => at("2026-03-03T11:05:00+08:00"),
                Made::InTheFuture => When::JustAfter.of(at("2026-03-03T11:05:00+08:00")),
            };
            let to_return = |because| (ReportOutcome::ToReturn, PaymentStatus::ToReturn { because });
            let expected = match (of, made) {
                (_, Made::TooEarly | Made::InTheFuture) => {
                    let because = HeldBecause::ImpossibleDate;
                    (ReportOutcome::Held, PaymentStatus::Held { because })
                }
                (Of::Placed | Of::ClosedUnpaid, Made::AtTheEarliest | Made::JustInTime) => {
                    (ReportOutcome::Formed, PaymentStatus::Formed)
                }
                (Of::Placed | Of::ClosedUnpaid, Made::JustTooLate | Made::ByAClockAhead) => {
                    to_return(ReturnBecause::TooLate)
                }
                (Of::ClosedWithAgreement, _) => to_return(ReturnBecause::AgreementEnded),
                (Of::PaidByAnother | Of::Expired | Of::ClosedPaid, _) => {
                    to_return(ReturnBecause::AlreadyPaid)
                }
            };
            let another = Some(Payment { id: "pay-0".parse().unwrap(), ..payment() });
            let closed = |reason, payment| OrderStatus::Closed { at: pay_by(), reason, payment };
            let status = match of {
                Of::Placed => OrderStatus::Placed { pay_by: pay_by() },
                Of::PaidByAnother => OrderStatus::InService { payment: another, valid_until: None },
                Of::Expired => OrderStatus::Expired { payment: another, at: pay_by() },
                Of::ClosedUnpaid => closed(CloseReason::Unpaid, None),
                Of::ClosedWithAgreement => closed(CloseReason::AgreementEnded, None),
                Of::ClosedPaid => closed(CloseReason::AgreementEnded, another),
            };
            let behind = Behind::new(order("month", status));
            let arrival = Arrival {
                report: pays(PRICE_FEN, paid_at),
                first: None,
                own: None,
                named: Some(behind.named()),
            };
            let taken = PaymentRecord::take(arrival, Calendar::published(), &occasion(now));
            let case = format!("{of:?} × {made:?}");
            assert_eq!((taken.outcome, taken.record.unwrap().status), expected, "{case}");
            let change = taken.change.unwrap();
            let pays_the_order = change.writes.iter().any(|write| write.kind == Order::KIND);
            assert_eq!(pays_the_order, taken.outcome == ReportOutcome::Formed, "{case}");
        }
    }
}

every! {
    /// What is told of an order whose payment has no record, or that needs none.
    Told {
        TheSamePayment,
        TheSameIdWithAnotherAmount,
        NothingForNothing,
        SomethingForNothing,
        ForNoOrder,
        AnotherAmount,
        Unreadable,
    }
}

#[test]
fn what_is_no_plain_payment_of_its_order_is_told_apart() {
    let in_service = |payment| OrderStatus::InService { payment, valid_until: None };
    let former = Some(Payment { has_record: false, ..payment() });
    for told in Told::ALL {
        let of_former = Behind::new(order("month", in_service(former.clone())));
        let free = Behind::new(order("trial", in_service(None)));
        let placed = Behind::new(order("month", OrderStatus::Placed { pay_by: pay_by() }));
        let (named, report) = match told {
            Told::TheSamePayment => (Some(of_former.named()), pays(PRICE_FEN, begin())),
            Told::TheSameIdWithAnotherAmount => (Some(of_former.named()), pays(1, begin())),
            Told::NothingForNothing => (Some(free.named()), pays(0, begin())),
            Told::SomethingForNothing => (Some(free.named()), pays(1, begin())),
            Told::ForNoOrder => (None, pays(PRICE_FEN, begin())),
            Told::AnotherAmount => (Some(placed.named()), pays(PRICE_FEN - 1, begin())),
            Told::Unreadable => (None, Report::unreadable("m-1", "{")),
        };
        let held = |because| (ReportOutcome::Held, Some(PaymentStatus::Held { because }));
        let expected = match told {
            Told::TheSamePayment => (ReportOutcome::Repeated, None),
            Told::TheSameIdWithAnotherAmount => held(HeldBecause::IdUsedBefore),
            Told::NothingForNothing => (ReportOutcome::Formed, Some(PaymentStatus::Formed)),
            Told::SomethingForNothing | Told::AnotherAmount => held(HeldBecause::WrongAmount),
            Told::ForNoOrder => held(HeldBecause::UnknownOrder),
            Told::Unreadable => held(HeldBecause::Unreadable),
        };
        let arrival = Arrival { report, first: None, own: None, named };
        let taken = PaymentRecord::take(arrival, Calendar::published(), &occasion(received_at()));
        let status = taken.record.map(|record| record.status);
        assert_eq!((taken.outcome, status), expected, "{told:?}");
        assert_eq!(taken.change.is_some(), taken.outcome != ReportOutcome::Repeated, "{told:?}");
    }
}

#[test]
fn a_return_lies_between_its_payment_and_now_within_five_minutes() {
    let now = at("2026-03-05T12:00:00+08:00");
    let (earliest, latest) = (at("2026-03-02T10:55:00+08:00"), at("2026-03-05T12:05:00+08:00"));
    for (returned_at, is_taken) in [
        (When::JustBefore.of(earliest), false),
        (earliest, true),
        (latest, true),
        (When::JustAfter.of(latest), false),
    ] {
        let payment = loaded(standing(ToReturn));
        let report = returns(PRICE_FEN, returned_at);
        let arrival = Arrival { report, first: None, own: None, named: None };
        let taken = PaymentRecord::take_return(Some(&payment), arrival, &occasion(now));
        let (outcome, status) = if is_taken {
            let proof = ReturnProof::Report { return_id: "ret-1".parse().unwrap(), returned_at };
            (ReportOutcome::Returned, PaymentStatus::Returned { at: now, proof })
        } else {
            (ReportOutcome::Held, PaymentStatus::Held { because: HeldBecause::ImpossibleDate })
        };
        assert_eq!((taken.outcome, taken.record.unwrap().status), (outcome, status), "{returned_at}");
    }
}

#[test]
fn a_return_that_came_before_its_payment_ends_the_duty_when_it_is_told_again() {
    let (first, payment) = (loaded(standing(HeldReturn)), loaded(standing(ToReturn)));
    let again = || Arrival { report: first.report.clone(), first: Some(&first), own: None, named: None };
    let now = occasion(at("2026-03-05T12:00:00+08:00"));
    let taken = PaymentRecord::take_return(Some(&payment), again(), &now);
    assert_eq!(taken.outcome, ReportOutcome::Returned);
    assert_eq!(stand_of(&taken.record.unwrap()), Returned);
    assert_eq!(taken.change.unwrap().writes.len(), 2, "both records end");
}
