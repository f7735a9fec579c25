//! Every edge of a grant and of its tokens, and every non-edge.

use jiff::SignedDuration;
use jiff::Timestamp;
use market_entrustment::deletion::DeletionDemand;
use market_entrustment::grants::access::{CheckOutcome, Use, check};
use market_entrustment::grants::token::{GrantToken, GrantTokens, IssueRefusal, MAX_TOKENS, good};
use market_entrustment::grants::*;
use market_kernel::aggregate::{Aggregate, Due, Lane};
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{GrantId, ScopeName};
use market_kernel::reminders::Reminders;
use market_parties::accounts::AccountStatus;
use market_parties::accounts::{AccountRefusal, MarketAccount};
use market_tables::{
    Cell, When, account, account_until, agreement, at, begin, every, grant, hold, loaded, occasion, order,
    payment, provider, recorded,
};
use market_trade::orders::CloseReason;
use market_trade::orders::OrderStatus;

every! {
    Stand { Active, Expired, Revoked, EndedWithAgreement }
}

every! {
    Command { Revoke, Advance, EndWithAgreement }
}

use Command::{Advance, EndWithAgreement, Revoke};
use Stand::{Active, EndedWithAgreement, Expired, Revoked};
use When::{At, JustAfter, JustBefore};

fn expires_at() -> Timestamp {
    at("2026-04-01T00:00:00+08:00")
}

fn standing(stand: Stand) -> Grant {
    let ended = |cause| GrantStatus::Ended { cause, ended_at: expires_at() };
    grant(match stand {
        Active => GrantStatus::Active,
        Expired => ended(EndCause::Expired),
        Revoked => ended(EndCause::Revoked),
        EndedWithAgreement => ended(EndCause::AgreementEnded),
    })
}

fn stand_of(grant: &Grant) -> Stand {
    match grant.status {
        GrantStatus::Active => Active,
        GrantStatus::Ended { cause: EndCause::Expired, .. } => Expired,
        GrantStatus::Ended { cause: EndCause::Revoked, .. } => Revoked,
        GrantStatus::Ended { cause: EndCause::AgreementEnded, .. } => EndedWithAgreement,
    }
}

fn expected(stand: Stand, command: Command, when: When) -> Cell<Stand, NotActive> {
    match (stand, command, when) {
        (Active, Revoke, JustBefore) => Cell::To("GrantRevoked", Revoked),
        // It has expired, whether or not that is recorded.
        (Active, Revoke, At | JustAfter) => Cell::No(NotActive::Ended),
        (Active, Advance, JustBefore) => Cell::Nothing,
        (Active, Advance, At | JustAfter) => Cell::To("GrantExpired", Expired),
        (Active, EndWithAgreement, _) => Cell::To("GrantEnded", EndedWithAgreement),
        (Expired | Revoked | EndedWithAgreement, Revoke, _) => Cell::No(NotActive::Ended),
        (Expired | Revoked | EndedWithAgreement, Advance | EndWithAgreement, _) => Cell::Nothing,
    }
}

fn actual(stand: Stand, command: Command, when: When) -> Cell<Stand, NotActive> {
    let (grant, now) = (loaded(standing(stand)), when.of(expires_at()));
    let (account, provider, occasion) = (loaded(account()), provider(), occasion(now));
    match command {
        Revoke => Cell::answered(Grant::revoke(&grant, &account, &provider, &occasion), stand_of),
        Advance => Cell::due(Grant::advance(&grant, &account, &provider, &occasion), stand_of),
        EndWithAgreement => {
            let ending = Ending { cause: EndCause::AgreementEnded, ended_at: now };
            let ended = Grant::end(&grant, &account, &provider, ending, &occasion);
            Cell::due(ended.map(|(_, change)| change), stand_of)
        }
    }
}

#[test]
fn a_grant_goes_these_ways_and_no_others() {
    for stand in Stand::ALL {
        assert_eq!(stand_of(&standing(*stand)), *stand);
        let due = (*stand == Active).then(|| Due::new(expires_at(), Lane::ExpireGrant));
        assert_eq!(standing(*stand).next_due(), due, "{stand:?}");
    }
    hold(Stand::ALL, Command::ALL, expected, actual);
}

#[test]
fn a_grant_that_ends_leaves_one_demand_and_neither_token_nor_timer() {
    let digest = token(1).digest(begin());
    let held = loaded(Grant { token: Some(digest), ..standing(Active) });
    for cause in [EndCause::Expired, EndCause::Revoked, EndCause::AgreementEnded] {
        let ending = Ending { cause, ended_at: expires_at() };
        let ended = Grant::end(&held, &account(), &provider(), ending, &occasion(expires_at()));
        let (ended, change) = ended.unwrap();
        assert_eq!((ended.token.clone(), ended.next_due()), (None, None));
        let (event, demand) = recorded::<DeletionDemand>(&change);
        assert_eq!((event, demand.grant_id, demand.ended_at), ("DemandDrafted", ended.id, expires_at()));
    }
}

every! {
    /// When the agreement ends, seen from the grant's own end.
    AgreementEnd { Never, BeforeTheGrant, Before, With, After }
}

#[test]
fn a_grant_ended_with_whichever_end_came_first() {
    for end in AgreementEnd::ALL {
        let (ends_at, cause, ended_at) = match end {
            AgreementEnd::Never => (None, EndCause::Expired, expires_at()),
            AgreementEnd::BeforeTheGrant => (Some(JustBefore.of(begin())), EndCause::AgreementEnded, begin()),
            AgreementEnd::Before => {
                let end = JustBefore.of(expires_at());
                (Some(end), EndCause::AgreementEnded, end)
            }
            AgreementEnd::With => (Some(expires_at()), EndCause::Expired, expires_at()),
            AgreementEnd::After => (Some(JustAfter.of(expires_at())), EndCause::Expired, expires_at()),
        };
        let account = loaded(account_until(ends_at));
        let late = occasion(at("2026-05-01T00:00:00+08:00"));
        let change = Grant::advance(&loaded(standing(Active)), &account, &provider(), &late).unwrap();
        let status = recorded::<Grant>(&change).1.status;
        assert_eq!(status, GrantStatus::Ended { cause, ended_at }, "{end:?}");
        assert_eq!(change.relies_on.len(), 1, "the end of the account was weighed");
    }
}

#[test]
fn each_reminder_is_sent_at_its_time_in_the_daytime_and_once() {
    let account = loaded(account());
    let mut grant =
        Grant { reminders: Reminders::beginning(REMINDERS, expires_at(), begin()), ..standing(Active) };
    // 30 days before lies before the beginning.
    for due in ["2026-03-24T20:00:00+08:00", "2026-03-30T20:00:00+08:00"].map(at) {
        assert_eq!(grant.next_due(), Some(Due::new(due, Lane::ExpireGrant).by(expires_at())));
        for when in [JustBefore, At, JustAfter] {
            let change =
                Grant::advance(&loaded(grant.clone()), &account, &provider(), &occasion(when.of(due)));
            let expected = match when {
                JustBefore => Cell::<_, NotActive>::Nothing,
                At | JustAfter => Cell::To("GrantExpiryReminded", Active),
            };
            assert_eq!(Cell::due(change, stand_of), expected, "{due} {when:?}");
        }
        let change = Grant::advance(&loaded(grant), &account, &provider(), &occasion(due)).unwrap();
        grant = recorded::<Grant>(&change).1;
        assert!(Grant::advance(&loaded(grant.clone()), &account, &provider(), &occasion(due)).is_none());
    }
    assert_eq!(grant.next_due(), Some(Due::new(expires_at(), Lane::ExpireGrant)));
}

fn token(secret: u8) -> GrantToken {
    let Grant { account_id, id, .. } = standing(Active);
    GrantToken::new(account_id, id, [secret; 32])
}

fn tokens(digests: &[(u8, Timestamp)]) -> GrantTokens {
    let Grant { account_id, id, .. } = standing(Active);
    let digests = digests.iter().map(|(secret, issued_at)| token(*secret).digest(*issued_at)).collect();
    GrantTokens { account_id, grant_id: id, digests }
}

#[test]
fn what_has_ended_is_of_no_use_from_its_very_end_on_whatever_is_recorded() {
    let orders = "orders.read".parse().unwrap();
    for stand in Stand::ALL {
        for when in When::ALL {
            for agreement_ends in [None, Some(expires_at()), Some(JustBefore.of(expires_at()))] {
                let (grant, now) = (standing(*stand), when.of(expires_at()));
                let account = account_until(agreement_ends);
                let is_active = match (stand, when) {
                    (Active, JustBefore) => agreement_ends != Some(now),
                    (Active, At | JustAfter) | (Expired | Revoked | EndedWithAgreement, _) => false,
                };
                let case = format!("{stand:?} {when:?}, agreement ends {agreement_ends:?}");
                assert_eq!(grant.is_active_at(&account, now), is_active, "{case}");
                let asked = Use { token: &token(1), scope: &orders };
                let beside = tokens(&[(1, begin())]);
                let outcome = check(asked, &grant, Some(&beside), &account, now);
                let allowed = if is_active { CheckOutcome::Allowed } else { CheckOutcome::Ended };
                assert_eq!(outcome, allowed, "{case}");
                let occasion = occasion(now);
                let digest = token(2).digest(now);
                let issued = GrantTokens::issue(Some(&loaded(beside)), &grant, &account, digest, &occasion);
                assert_eq!(issued.err(), (!is_active).then_some(IssueRefusal::Ended), "{case}");
                let revoked = Grant::revoke(&loaded(grant), &account, &provider(), &occasion);
                assert_eq!(revoked.err(), (!is_active).then_some(NotActive::Ended), "{case}");
            }
        }
    }
}

every! {
    /// What a token is to the grant that it is shown for.
    Shown { Newest, Replaced, OfTheGrantItself, Strange }
}

#[test]
fn a_replaced_token_is_good_for_a_minute_and_a_scope_only_where_it_was_granted() {
    let replaced_at = at("2026-03-10T12:00:00+08:00");
    let until = at("2026-03-10T12:01:00+08:00");
    let held = token(1).digest(begin());
    let grant = Grant { token: Some(held), ..standing(Active) };
    let beside = tokens(&[(2, at("2026-03-10T11:59:30+08:00")), (3, replaced_at)]);
    let [granted, other] = ["orders.read", "stock.read"].map(|scope| scope.parse().unwrap());
    for shown in Shown::ALL {
        for when in When::ALL {
            let (secret, is_good) = match (shown, when) {
                (Shown::Newest, _) => (3, true),
                (Shown::Replaced, JustBefore) => (2, true),
                (Shown::Replaced, At | JustAfter) => (2, false),
                // It was replaced half a minute before the other one was.
                (Shown::OfTheGrantItself, _) => (1, false),
                (Shown::Strange, _) => (9, false),
            };
            let outcome = |scope| {
                let asked = Use { token: &token(secret), scope };
                check(asked, &grant, Some(&beside), &account(), when.of(until))
            };
            let expected = if is_good {
                [CheckOutcome::Allowed, CheckOutcome::WrongScope]
            } else {
                [CheckOutcome::WrongToken, CheckOutcome::WrongToken]
            };
            assert_eq!([outcome(&granted), outcome(&other)], expected, "{shown:?} {when:?}");
        }
    }
    let itself = |when: When| good(&grant, Some(&beside), when.of(at("2026-03-10T12:00:30+08:00"))).len();
    assert_eq!([itself(JustBefore), itself(At)], [3, 2], "a grant's own is replaced like any other");
}

#[test]
fn sixteen_tokens_are_good_at_once_and_no_more() {
    let issued: Vec<_> = (0..16).map(|n| (n, begin() + SignedDuration::from_secs(n.into()))).collect();
    let issue = |digests: &[(u8, Timestamp)], now| {
        let beside = (!digests.is_empty()).then(|| loaded(tokens(digests)));
        let digest = token(99).digest(now);
        let issued =
            GrantTokens::issue(beside.as_ref(), &standing(Active), &account(), digest, &occasion(now));
        Cell::answered(issued, |tokens: &GrantTokens| tokens.digests.len())
    };
    let now = at("2026-03-02T10:00:15+08:00");
    assert_eq!(MAX_TOKENS, issued.len());
    assert_eq!(issue(&[], now), Cell::To("TokenIssued", 1));
    assert_eq!(issue(&issued[..15], now), Cell::To("TokenIssued", 16));
    assert_eq!(issue(&issued, now), Cell::No(IssueRefusal::TooMany));
    // The first was replaced a second after it was issued, and is good for a minute from then on.
    let first_is_over = at("2026-03-02T10:01:01+08:00");
    assert_eq!(issue(&issued, JustBefore.of(first_is_over)), Cell::No(IssueRefusal::TooMany));
    assert_eq!(issue(&issued, first_is_over), Cell::To("TokenIssued", 16));
}

/// What a merchant grants, and what of it may be wrong.
struct Wanted {
    account: MarketAccount,
    order: OrderStatus,
    scopes: &'static [&'static str],
    expires_at: Option<Timestamp>,
}

impl Wanted {
    fn lawful() -> Self {
        let in_service = OrderStatus::InService { payment: Some(payment()), valid_until: Some(expires_at()) };
        Self { account: account(), order: in_service, scopes: &["orders.read"], expires_at: None }
    }

    fn without_term() -> Self {
        let order = OrderStatus::InService { payment: Some(payment()), valid_until: None };
        Self { order, ..Self::lawful() }
    }

    fn until(expires_at: Timestamp) -> Self {
        Self { expires_at: Some(expires_at), ..Self::lawful() }
    }

    fn of(order: OrderStatus) -> Self {
        Self { order, ..Self::lawful() }
    }

    fn give(self) -> Cell<Timestamp, GrantRefusal> {
        let scopes: Vec<ScopeName> = self.scopes.iter().map(|scope| scope.parse().unwrap()).collect();
        let basis = Basis {
            account: &loaded(self.account),
            agreement: Some(&agreement()),
            order: &loaded(order("month", self.order)),
            provider: &provider(),
        };
        let giving = Giving {
            id: GrantId::new(begin(), [5; 10]),
            scopes: &scopes,
            expires_at: self.expires_at,
            page_sha256: Sha256Hash::of(b"page"),
        };
        let given = Grant::give(&basis, giving, &occasion(begin()));
        Cell::answered(given, |grant: &Grant| {
            assert_eq!(stand_of(grant), Active);
            grant.expires_at
        })
    }
}

every! {
    Wish {
        Lawful,
        ForAMoment,
        Over,
        UntilTheOrderEnds,
        PastTheOrder,
        WithoutTerm,
        WithoutTermForAYear,
        WithoutTermForLonger,
        UntilTheAgreementEnds,
        PastTheAgreement,
        OfAPlacedOrder,
        OfAnExpiredOrder,
        OfAnOrderWhoseTermIsOver,
        OfAClosedOrder,
        BeforeTheAccountIsOpen,
        AfterTheAgreementEnded,
        OnAnOlderAgreement,
        OfNothing,
        OfOneScopeTwice,
        OfAnUnknownScope,
    }
}

#[test]
fn a_grant_is_given_so_and_not_otherwise() {
    let given = |until| Cell::To("GrantActivated", until);
    let year = at("2027-03-03T10:00:00+08:00");
    let ending = |ends_at| Wanted { account: account_until(Some(ends_at)), ..Wanted::lawful() };
    for wish in Wish::ALL {
        let (wanted, expected) = match wish {
            Wish::Lawful => (Wanted::lawful(), given(expires_at())),
            Wish::ForAMoment => (Wanted::until(JustAfter.of(begin())), given(JustAfter.of(begin()))),
            Wish::Over => (Wanted::until(begin()), Cell::No(GrantRefusal::AlreadyOver)),
            Wish::UntilTheOrderEnds => (Wanted::until(expires_at()), given(expires_at())),
            Wish::PastTheOrder => (
                Wanted::until(JustAfter.of(expires_at())),
                Cell::No(GrantRefusal::PassesTheOrder { latest: expires_at() }),
            ),
            // 366 days.
            Wish::WithoutTerm => (Wanted::without_term(), given(year)),
            Wish::WithoutTermForAYear => {
                (Wanted { expires_at: Some(year), ..Wanted::without_term() }, given(year))
            }
            Wish::WithoutTermForLonger => (
                Wanted { expires_at: Some(JustAfter.of(year)), ..Wanted::without_term() },
                Cell::No(GrantRefusal::PassesTheOrder { latest: year }),
            ),
            Wish::UntilTheAgreementEnds => (ending(expires_at()), given(expires_at())),
            Wish::PastTheAgreement => {
                (ending(JustBefore.of(expires_at())), Cell::No(GrantRefusal::PassesTheEnd))
            }
            Wish::OfAPlacedOrder => (
                Wanted::of(OrderStatus::Placed { pay_by: expires_at() }),
                Cell::No(GrantRefusal::NotInService),
            ),
            Wish::OfAnExpiredOrder => (
                Wanted::of(OrderStatus::Expired { payment: Some(payment()), at: begin() }),
                Cell::No(GrantRefusal::NotInService),
            ),
            // Nobody has recorded it yet.
            Wish::OfAnOrderWhoseTermIsOver => (
                Wanted::of(OrderStatus::InService { payment: Some(payment()), valid_until: Some(begin()) }),
                Cell::No(GrantRefusal::NotInService),
            ),
            Wish::OfAClosedOrder => (
                Wanted::of(OrderStatus::Closed {
                    at: begin(),
                    reason: CloseReason::AgreementEnded,
                    payment: Some(payment()),
                }),
                Cell::No(GrantRefusal::NotInService),
            ),
            Wish::BeforeTheAccountIsOpen => (
                Wanted {
                    account: MarketAccount { status: AccountStatus::Applied, ..account() },
                    ..Wanted::lawful()
                },
                Cell::No(AccountRefusal::NotOpen.into()),
            ),
            Wish::AfterTheAgreementEnded => (ending(begin()), Cell::No(AccountRefusal::Ended.into())),
            Wish::OnAnOlderAgreement => (
                Wanted {
                    account: MarketAccount { agreement_version: None, ..account() },
                    ..Wanted::lawful()
                },
                Cell::No(AccountRefusal::AgreementOutdated { in_force: 1 }.into()),
            ),
            Wish::OfNothing => (Wanted { scopes: &[], ..Wanted::lawful() }, Cell::No(GrantRefusal::Scopes)),
            Wish::OfOneScopeTwice => (
                Wanted { scopes: &["orders.read", "orders.read"], ..Wanted::lawful() },
                Cell::No(GrantRefusal::Scopes),
            ),
            Wish::OfAnUnknownScope => (
                Wanted { scopes: &["orders.read", "wages.read"], ..Wanted::lawful() },
                Cell::No(GrantRefusal::NoSuchScope("wages.read".parse().unwrap())),
            ),
        };
        assert_eq!(wanted.give(), expected, "{wish:?}");
    }
}
