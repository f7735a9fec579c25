//! Every edge of an order, and every non-edge.

use jiff::Timestamp;
use market_agreement::documents::Document;
use market_kernel::aggregate::{Aggregate, Due, Lane};
use market_kernel::change::Change;
use market_kernel::ids::OrderId;
use market_kernel::periods::Calendar;
use market_parties::accounts::AccountStatus;
use market_parties::accounts::{AccountRefusal, MarketAccount};
use market_tables::{
    Cell, When, acceptance, account, account_until, agreement, at, begin, every, hold, listing, loaded,
    occasion, order, payment, provider, recorded, terms,
};
use market_trade::listings::ListingStatus;
use market_trade::orders::*;
use market_trade::returns::ReturnBecause;

every! {
    Stand {
        Placed,
        InService,
        InServiceWithoutTerm,
        Expired,
        ClosedUnpaid,
        /// The agreement ended before it was paid.
        ClosedWithAgreement,
        /// The agreement ended while its service ran.
        ClosedPaid,
    }
}

every! {
    Command {
        PayInTime,
        PayTooLate,
        /// Paid too late, and a human says that it was in time.
        Vouch,
        Advance,
        CloseUnpaid,
        CloseWithAgreement,
    }
}

use Command::{Advance, CloseUnpaid, CloseWithAgreement, PayInTime, PayTooLate, Vouch};
use Stand::{
    ClosedPaid, ClosedUnpaid, ClosedWithAgreement, Expired, InService, InServiceWithoutTerm, Placed,
};
use When::{At, JustAfter, JustBefore};

/// 24 hours after it was placed.
fn pay_by() -> Timestamp {
    at("2026-03-03T10:00:00+08:00")
}

/// 24:00 of the thirtieth day after the one on which it was paid.
fn valid_until() -> Timestamp {
    at("2026-04-02T00:00:00+08:00")
}

fn closed(reason: CloseReason, payment: Option<Payment>) -> OrderStatus {
    OrderStatus::Closed { at: pay_by(), reason, payment }
}

fn standing(stand: Stand) -> Order {
    let (payment, valid_until) = (Some(payment()), Some(valid_until()));
    match stand {
        Placed => order("month", OrderStatus::Placed { pay_by: pay_by() }),
        InService => order("month", OrderStatus::InService { payment, valid_until }),
        InServiceWithoutTerm => order("uses", OrderStatus::InService { payment, valid_until: None }),
        Expired => order("month", OrderStatus::Expired { payment, at: self::valid_until() }),
        ClosedUnpaid => order("month", closed(CloseReason::Unpaid, None)),
        ClosedWithAgreement => order("month", closed(CloseReason::AgreementEnded, None)),
        ClosedPaid => order("month", closed(CloseReason::AgreementEnded, payment)),
    }
}

fn stand_of(order: &Order) -> Stand {
    match &order.status {
        OrderStatus::Placed { .. } => Placed,
        OrderStatus::InService { valid_until: Some(_), .. } => InService,
        OrderStatus::InService { valid_until: None, .. } => InServiceWithoutTerm,
        OrderStatus::Expired { .. } => Expired,
        OrderStatus::Closed { reason: CloseReason::Unpaid, payment, .. } => {
            assert_eq!(*payment, None, "what was paid is not closed as unpaid");
            ClosedUnpaid
        }
        OrderStatus::Closed { reason: CloseReason::AgreementEnded, payment: None, .. } => ClosedWithAgreement,
        OrderStatus::Closed { reason: CloseReason::AgreementEnded, payment: Some(_), .. } => ClosedPaid,
    }
}

/// The instant at which something is due of it, or was.
fn boundary(stand: Stand) -> Timestamp {
    match stand {
        Placed | ClosedUnpaid | ClosedWithAgreement => pay_by(),
        InService | InServiceWithoutTerm | Expired | ClosedPaid => valid_until(),
    }
}

fn expected(stand: Stand, command: Command, when: When) -> Cell<Stand, ReturnBecause> {
    match (stand, command) {
        // What was made in time counts, however late we hear of it.
        (Placed | ClosedUnpaid, PayInTime | Vouch) => Cell::To("OrderPaid", InService),
        (Placed | ClosedUnpaid, PayTooLate) => Cell::No(ReturnBecause::TooLate),
        (ClosedWithAgreement, PayInTime | PayTooLate | Vouch) => Cell::No(ReturnBecause::AgreementEnded),
        (InService | InServiceWithoutTerm | Expired | ClosedPaid, PayInTime | PayTooLate | Vouch) => {
            Cell::No(ReturnBecause::AlreadyPaid)
        }

        (Placed, Advance) => match when {
            JustBefore => Cell::Nothing,
            At | JustAfter => Cell::To("OrderClosed", ClosedUnpaid),
        },
        (InService, Advance) => match when {
            JustBefore => Cell::Nothing,
            At | JustAfter => Cell::To("OrderExpired", Expired),
        },
        (InServiceWithoutTerm | Expired | ClosedUnpaid | ClosedWithAgreement | ClosedPaid, Advance) => {
            Cell::Nothing
        }

        (Placed, CloseUnpaid) => Cell::To("OrderClosed", ClosedUnpaid),
        (Placed, CloseWithAgreement) => Cell::To("OrderClosed", ClosedWithAgreement),
        (InService | InServiceWithoutTerm, CloseUnpaid) => Cell::Nothing,
        (InService | InServiceWithoutTerm, CloseWithAgreement) => Cell::To("OrderClosed", ClosedPaid),
        (Expired | ClosedUnpaid | ClosedWithAgreement | ClosedPaid, CloseUnpaid | CloseWithAgreement) => {
            Cell::Nothing
        }
    }
}

fn pay(
    order: &Order,
    account: &MarketAccount,
    paid_at: Timestamp,
    how: Timeliness,
    now: Timestamp,
) -> Result<(Order, Change), ReturnBecause> {
    let named = NamedOrder {
        account: &loaded(account.clone()),
        order: &loaded(order.clone()),
        provider: &provider(),
    };
    let payment = Payment { paid_at, ..payment() };
    Order::pay(named, payment, how, Calendar::published(), &occasion(now))
}

fn actual(stand: Stand, command: Command, when: When) -> Cell<Stand, ReturnBecause> {
    let (order, now) = (standing(stand), when.of(boundary(stand)));
    let (account, provider) = (account(), provider());
    let just_in_time = JustBefore.of(pay_by());
    match command {
        PayInTime => Cell::answered(pay(&order, &account, just_in_time, Timeliness::Judged, now), stand_of),
        PayTooLate => Cell::answered(pay(&order, &account, pay_by(), Timeliness::Judged, now), stand_of),
        Vouch => Cell::answered(pay(&order, &account, pay_by(), Timeliness::Vouched, now), stand_of),
        Advance => Cell::due(Order::advance(&loaded(order), &account, &provider, &occasion(now)), stand_of),
        CloseUnpaid | CloseWithAgreement => {
            let reason = match command {
                CloseUnpaid => CloseReason::Unpaid,
                _ => CloseReason::AgreementEnded,
            };
            Cell::due(Order::close(&loaded(order), &account, &provider, reason, &occasion(now)), stand_of)
        }
    }
}

#[test]
fn an_order_goes_these_ways_and_no_others() {
    for stand in Stand::ALL {
        assert_eq!(stand_of(&standing(*stand)), *stand);
    }
    hold(Stand::ALL, Command::ALL, expected, actual);
}

#[test]
fn operators_find_an_order_by_where_it_stands_at_the_same_place_as_its_provider() {
    for stand in Stand::ALL {
        let order = standing(*stand);
        let (listed, desk) = (order.list_entry().unwrap(), order.desk_entry().unwrap());
        assert_eq!(listed.place, desk.place, "an item has one place");
        let standing = order.status.standing();
        assert!(standing.lists().contains(&desk.list), "one of the lists that are read: {desk:?}");
        let others =
            [OrderStanding::Placed, OrderStanding::InService, OrderStanding::Expired, OrderStanding::Closed];
        let elsewhere = others.into_iter().filter(|other| *other != standing);
        assert!(elsewhere.flat_map(OrderStanding::lists).all(|list| list != desk.list), "and in no other");
    }
}

#[test]
fn each_order_waits_for_its_own_date_and_one_that_is_over_for_none() {
    for stand in Stand::ALL {
        let due = match stand {
            Placed => Some(pay_by()),
            InService => Some(valid_until()),
            InServiceWithoutTerm | Expired | ClosedUnpaid | ClosedWithAgreement | ClosedPaid => None,
        };
        let due = due.map(|at| Due::new(at, Lane::AdvanceCase));
        assert_eq!(standing(*stand).next_due(), due, "{stand:?}");
    }
}

#[test]
fn an_order_that_expires_late_expired_at_its_date_and_one_that_closes_keeps_its_payment() {
    let (account, provider, late) = (account(), provider(), occasion(at("2026-06-01T00:00:00Z")));
    let change = Order::advance(&loaded(standing(InService)), &account, &provider, &late).unwrap();
    let status = recorded::<Order>(&change).1.status;
    assert_eq!(status, OrderStatus::Expired { payment: Some(payment()), at: valid_until() });
    let reason = CloseReason::AgreementEnded;
    let change = Order::close(&loaded(standing(InService)), &account, &provider, reason, &late).unwrap();
    let status = recorded::<Order>(&change).1.status;
    assert_eq!(status, OrderStatus::Closed { at: late.at, reason, payment: Some(payment()) });
}

every! {
    /// When the agreement ends, seen from a term that would end at a date.
    AgreementEnd { Never, Before, AtThatInstant, JustBeforeTheTerm, WithTheTerm, AfterTheTerm }
}

impl AgreementEnd {
    fn account(self, now: Timestamp, term: Timestamp) -> MarketAccount {
        account_until(match self {
            Self::Never => None,
            Self::Before => Some(JustBefore.of(now)),
            Self::AtThatInstant => Some(now),
            Self::JustBeforeTheTerm => Some(JustBefore.of(term)),
            Self::WithTheTerm => Some(term),
            Self::AfterTheTerm => Some(JustAfter.of(term)),
        })
    }
}

/// Whether and until when a term of 30 days runs, by when the agreement ends and whether it may be shortened: the same
/// where it is ordered and where it is paid.
enum Term {
    Whole,
    Shortened,
    PassesTheEnd,
    Ended,
}

fn term(end: AgreementEnd, may_be_shortened: bool) -> Term {
    match (end, may_be_shortened) {
        (AgreementEnd::Before | AgreementEnd::AtThatInstant, _) => Term::Ended,
        (AgreementEnd::JustBeforeTheTerm, false) => Term::PassesTheEnd,
        (AgreementEnd::JustBeforeTheTerm, true) => Term::Shortened,
        (AgreementEnd::Never | AgreementEnd::WithTheTerm | AgreementEnd::AfterTheTerm, _) => Term::Whole,
    }
}

#[test]
fn no_order_runs_past_the_end_of_the_agreement() {
    let now = at("2026-03-03T09:00:00+08:00");
    // 24:00 of the thirtieth day after the third of March.
    let whole = at("2026-04-03T00:00:00+08:00");
    for end in AgreementEnd::ALL {
        for may_be_shortened in [false, true] {
            let case = format!("{end:?}, may be shortened: {may_be_shortened}");
            let account = end.account(now, whole);
            let until = |order: Order| match order.status {
                OrderStatus::InService { valid_until, .. } => valid_until,
                other => panic!("{other:?}"),
            };
            let placed = Order { accepts_shorter_term: may_be_shortened, ..standing(Placed) };
            let paid = pay(&placed, &account, now, Timeliness::Judged, now).map(|(order, _)| until(order));
            let free = Wanted { plan: "trial", shorter_term: may_be_shortened, ..Wanted::default() };
            let free = free.place(&account, now).map(|(order, _)| until(order));
            let (paid_as, free_as) = match term(*end, may_be_shortened) {
                Term::Whole => (Ok(Some(whole)), Ok(Some(whole))),
                Term::Shortened => (Ok(account.ends_at), Ok(account.ends_at)),
                Term::PassesTheEnd => (Err(ReturnBecause::PassesTheEnd), Err(PlaceRefusal::PassesTheEnd)),
                Term::Ended => {
                    (Err(ReturnBecause::AgreementEnded), Err(PlaceRefusal::Account(AccountRefusal::Ended)))
                }
            };
            assert_eq!((paid, free), (paid_as, free_as), "{case}");
        }
    }
}

#[test]
fn only_an_order_that_is_taken_up_again_is_held_up_by_its_account() {
    for (stand, relies) in [(Placed, false), (ClosedUnpaid, true)] {
        let paid = pay(&standing(stand), &account(), begin(), Timeliness::Judged, pay_by());
        let (_, change) = paid.unwrap();
        assert_eq!(!change.relies_on.is_empty(), relies, "{stand:?}");
    }
}

/// What a merchant orders, and what of it may be wrong.
struct Wanted {
    account: AccountStatus,
    agreement_version: Option<u32>,
    listing: ListingStatus,
    plan: &'static str,
    subscription: Option<Document>,
    accepted: Option<u32>,
    unbounded_risk: bool,
    shorter_term: bool,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            account: AccountStatus::Active,
            agreement_version: Some(1),
            listing: ListingStatus::Listed,
            plan: "month",
            subscription: Some(terms()),
            accepted: Some(2),
            unbounded_risk: false,
            shorter_term: false,
        }
    }
}

impl Wanted {
    fn place(self, account: &MarketAccount, now: Timestamp) -> Result<(Order, Change), PlaceRefusal> {
        let Self { account: status, agreement_version, listing: listed, plan, .. } = self;
        let account = loaded(MarketAccount { status, agreement_version, ..account.clone() });
        let (agreement, listing, provider) = (agreement(), listing(listed), provider());
        let acceptance = self.accepted.map(acceptance);
        let offer = Offer {
            agreement: Some(&agreement),
            listing: &listing,
            subscription: self.subscription.as_ref(),
            acceptance: acceptance.as_ref(),
            provider: Some(&provider),
        };
        let consents = Consents { unbounded_risk: self.unbounded_risk, shorter_term: self.shorter_term };
        let ordering = Ordering { id: OrderId::new(now, [4; 10]), plan: &plan.parse().unwrap(), consents };
        Order::place(&account, &offer, ordering, Calendar::published(), &occasion(now))
    }
}

every! {
    Wish {
        Lawful,
        OfNothing,
        WithoutBound,
        WithoutBoundAcknowledged,
        BeforeTheAccountIsOpen,
        AfterTheAgreementEnded,
        OnAnOlderAgreement,
        OfADraft,
        OfWhatIsReviewed,
        OfAnUnknownPlan,
        WithoutNamingTheTerms,
        NamingOtherTerms,
        BeforeTheTermsAreInForce,
        WithoutAcceptingTheTerms,
        OnOlderTerms,
    }
}

#[test]
fn an_order_is_placed_so_and_not_otherwise() {
    let base = Wanted::default;
    let not_accepted =
        |version| Cell::No(PlaceRefusal::SubscriptionNotAccepted { document: terms().id, version });
    for wish in Wish::ALL {
        let (wanted, expected) = match wish {
            Wish::Lawful => (base(), Cell::To("OrderPlaced", Placed)),
            Wish::OfNothing => (Wanted { plan: "trial", ..base() }, Cell::To("OrderPlaced", InService)),
            Wish::WithoutBound => {
                (Wanted { plan: "forever", ..base() }, Cell::No(PlaceRefusal::RiskNotAcknowledged))
            }
            Wish::WithoutBoundAcknowledged => {
                (Wanted { plan: "forever", unbounded_risk: true, ..base() }, Cell::To("OrderPlaced", Placed))
            }
            Wish::BeforeTheAccountIsOpen => (
                Wanted { account: AccountStatus::Applied, ..base() },
                Cell::No(AccountRefusal::NotOpen.into()),
            ),
            Wish::AfterTheAgreementEnded => (
                Wanted { account: AccountStatus::Terminated, ..base() },
                Cell::No(AccountRefusal::Ended.into()),
            ),
            Wish::OnAnOlderAgreement => (
                Wanted { agreement_version: None, ..base() },
                Cell::No(AccountRefusal::AgreementOutdated { in_force: 1 }.into()),
            ),
            Wish::OfADraft => {
                (Wanted { listing: ListingStatus::Draft, ..base() }, Cell::No(PlaceRefusal::NotListed))
            }
            Wish::OfWhatIsReviewed => {
                (Wanted { listing: ListingStatus::InReview, ..base() }, Cell::No(PlaceRefusal::NotListed))
            }
            Wish::OfAnUnknownPlan => {
                (Wanted { plan: "century", ..base() }, Cell::No(PlaceRefusal::NoSuchPlan))
            }
            Wish::WithoutNamingTheTerms => (Wanted { subscription: None, ..base() }, not_accepted(None)),
            Wish::NamingOtherTerms => {
                (Wanted { subscription: Some(agreement()), ..base() }, not_accepted(None))
            }
            Wish::BeforeTheTermsAreInForce => {
                let mut terms = terms();
                terms.versions[0].effective_at = JustAfter.of(begin());
                (Wanted { subscription: Some(terms), ..base() }, not_accepted(None))
            }
            Wish::WithoutAcceptingTheTerms => (Wanted { accepted: None, ..base() }, not_accepted(Some(2))),
            Wish::OnOlderTerms => (Wanted { accepted: Some(1), ..base() }, not_accepted(Some(2))),
        };
        assert_eq!(Cell::answered(wanted.place(&account(), begin()), stand_of), expected, "{wish:?}");
    }
}
