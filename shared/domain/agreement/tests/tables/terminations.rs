//! Every edge of a termination, and every non-edge, with what it means for the account.

use jiff::Timestamp;
use market_agreement::terminations::*;
use market_kernel::aggregate::{Aggregate, Due, Lane};
use market_kernel::ids::TerminationId;
use market_kernel::periods::{self, Calendar};
use market_kernel::reminders::Reminders;
use market_kernel::stored::form::read;
use market_parties::accounts::{AccountStatus, MarketAccount};
use market_tables::{Cell, When, account, at, begin, every, hold, loaded, occasion, recorded};

every! {
    Stand {
        Served,
        Withdrawn,
        /// Another one ended the agreement earlier.
        Superseded,
        Ending,
        /// The cascade looks a second time.
        EndingAgain,
        Completed,
    }
}

every! {
    Command {
        Withdraw,
        Advance,
        Step,
        Pass,
        Complete,
        /// Notice is served on its account.
        ServeAgain,
        /// The upstream agreement ended, just before this one did.
        EndEarlier,
        /// The upstream agreement ended at the very instant.
        EndThen,
    }
}

use Command::{Advance, Complete, EndEarlier, EndThen, Pass, ServeAgain, Step, Withdraw};
use Stand::{Completed, Ending, EndingAgain, Served, Superseded, Withdrawn};
use When::{At, JustAfter, JustBefore};

/// 24:00 of Tuesday, the fifteenth day after the second of March.
fn ends_at() -> Timestamp {
    at("2026-03-18T00:00:00+08:00")
}

/// Two minutes later: no request that was decided before the end is under way any more.
fn settled_at() -> Timestamp {
    at("2026-03-18T00:02:00+08:00")
}

fn id() -> TerminationId {
    TerminationId::new(begin(), [1; 10])
}

fn standing(stand: Stand) -> Termination {
    let period = periods::reckon(begin(), NOTICE, Calendar::published()).unwrap();
    assert_eq!(period.ends_at, ends_at());
    let cascade = |again| Cascade { since: ends_at(), again, ..Cascade::default() };
    let status = match stand {
        Served => TerminationStatus::Served { reminders: Reminders { passed: 3 } },
        Withdrawn => TerminationStatus::Withdrawn { at: begin() },
        Superseded => TerminationStatus::Superseded { at: begin() },
        Ending => TerminationStatus::Ending(cascade(false)),
        EndingAgain => TerminationStatus::Ending(cascade(true)),
        Completed => TerminationStatus::Completed { at: settled_at() },
    };
    Termination {
        id: id(),
        account_id: account().id,
        agreement_period: 1,
        cause: Cause::ByNotice { reason: "违约".try_into().unwrap(), period },
        recorded_at: begin(),
        ends_at: ends_at(),
        status,
    }
}

fn stand_of(termination: &Termination) -> Stand {
    match &termination.status {
        TerminationStatus::Served { .. } => Served,
        TerminationStatus::Withdrawn { .. } => Withdrawn,
        TerminationStatus::Superseded { .. } => Superseded,
        TerminationStatus::Ending(Cascade { again: false, .. }) => Ending,
        TerminationStatus::Ending(Cascade { again: true, .. }) => EndingAgain,
        TerminationStatus::Completed { .. } => Completed,
    }
}

/// Its account, as each of these leaves it.
fn account_of(stand: Stand) -> MarketAccount {
    let (status, ends_at, termination_id) = match stand {
        Served => (AccountStatus::Active, Some(ends_at()), Some(id())),
        Withdrawn => (AccountStatus::Active, None, None),
        Superseded => {
            let other = TerminationId::new(begin(), [2; 10]);
            (AccountStatus::Terminated, Some(at("2026-03-10T00:00:00+08:00")), Some(other))
        }
        Ending | EndingAgain | Completed => (AccountStatus::Terminated, Some(ends_at()), Some(id())),
    };
    MarketAccount { status, ends_at, termination_id, applied_at: begin(), ..account() }
}

/// The instant that matters to it.
fn boundary(stand: Stand) -> Timestamp {
    match stand {
        Served | Withdrawn | Superseded => ends_at(),
        Ending | EndingAgain | Completed => settled_at(),
    }
}

fn expected(stand: Stand, command: Command, when: When) -> Cell<Stand, TerminateRefusal> {
    match (stand, command) {
        (Served, Withdraw) => match when {
            JustBefore => Cell::To("TerminationWithdrawn", Withdrawn),
            // It has ended, whether or not that is recorded.
            At | JustAfter => Cell::No(TerminateRefusal::NotRunning),
        },
        (Withdrawn | Superseded | Ending | EndingAgain | Completed, Withdraw) => {
            Cell::No(TerminateRefusal::NotRunning)
        }

        (Served, Advance) => match when {
            JustBefore => Cell::Nothing,
            At | JustAfter => Cell::To("TerminationEffective", Ending),
        },
        (Withdrawn | Superseded | Ending | EndingAgain | Completed, Advance) => Cell::Nothing,

        (Ending | EndingAgain, Step) => Cell::To("CascadeStepped", stand),
        (Ending | EndingAgain, Pass) => Cell::To("CascadePassed", stand),
        (Ending | EndingAgain, Complete) => match when {
            JustBefore => Cell::To("CascadeLooksAgain", EndingAgain),
            At | JustAfter => Cell::To("TerminationCompleted", Completed),
        },
        (Served | Withdrawn | Superseded | Completed, Step | Pass | Complete) => Cell::Nothing,

        (Withdrawn, ServeAgain) => Cell::To("TerminationServed", Served),
        (Served, ServeAgain) => Cell::No(match when {
            JustBefore => TerminateRefusal::AlreadyServed(id()),
            At | JustAfter => TerminateRefusal::AlreadyEnded,
        }),
        (Superseded | Ending | EndingAgain | Completed, ServeAgain) => {
            Cell::No(TerminateRefusal::AlreadyEnded)
        }

        // Instants decide, and not the order in which we hear. What is told is what becomes of this one.
        (Served | Ending | EndingAgain | Completed, EndEarlier) => {
            Cell::To("UpstreamAgreementEnded", Superseded)
        }
        (Withdrawn, EndEarlier | EndThen) => Cell::To("UpstreamAgreementEnded", Withdrawn),
        (Superseded, EndEarlier | EndThen) | (Served | Ending | EndingAgain | Completed, EndThen) => {
            Cell::No(TerminateRefusal::AlreadyEnded)
        }
    }
}

fn upstream(ended_at: Timestamp) -> UpstreamEnd {
    UpstreamEnd {
        id: TerminationId::new(ended_at, [7; 10]),
        event_id: "event-1".parse().unwrap(),
        agreement: "软件许可及服务协议".try_into().unwrap(),
        ended_at,
    }
}

fn actual(stand: Stand, command: Command, when: When) -> Cell<Stand, TerminateRefusal> {
    let (termination, account) = (loaded(standing(stand)), loaded(account_of(stand)));
    let occasion = occasion(when.of(boundary(stand)));
    let place = (Some("grant#1".to_owned()), Vec::new());
    let end = |ended_at| {
        let ended = Termination::upstream_ended(&account, Some(&termination), upstream(ended_at), &occasion);
        match ended {
            Ok((new, change)) => {
                assert_eq!(stand_of(&new), Ending);
                let of_this = change.writes.iter().find(|write| write.key == termination.key());
                let after = of_this.map(|write| read(&write.body, write.schema).unwrap().0);
                Cell::To("UpstreamAgreementEnded", stand_of(after.as_ref().unwrap_or(&termination)))
            }
            Err(refusal) => Cell::No(refusal),
        }
    };
    match command {
        Withdraw => Cell::answered(Termination::withdraw(&termination, &account, &occasion), stand_of),
        Advance => Cell::due(Termination::advance(&termination, &account, &occasion), stand_of),
        Step => {
            let target = account.key();
            Cell::due(Termination::step(&termination, &target, place, Next::Same, &occasion), stand_of)
        }
        Pass => Cell::due(Termination::pass(&termination, place, Next::Anyone, &occasion), stand_of),
        Complete => Cell::due(Termination::complete(&termination, &occasion), stand_of),
        ServeAgain => {
            let (id, reason) = (TerminationId::new(occasion.at, [3; 10]), "违约".try_into().unwrap());
            let calendar = Calendar::published();
            Cell::answered(Termination::serve(id, &account, reason, calendar, &occasion), stand_of)
        }
        EndEarlier => end(JustBefore.of(ends_at())),
        EndThen => end(ends_at()),
    }
}

#[test]
fn a_termination_goes_these_ways_and_no_others() {
    for stand in Stand::ALL {
        assert_eq!(stand_of(&standing(*stand)), *stand);
    }
    hold(Stand::ALL, Command::ALL, expected, actual);
}

#[test]
fn a_termination_waits_for_its_end_or_its_cascade_and_one_that_is_over_for_nothing() {
    for stand in Stand::ALL {
        let due = match stand {
            Served | Ending | EndingAgain => Some(Due::new(ends_at(), Lane::TerminateAccount)),
            Withdrawn | Superseded | Completed => None,
        };
        assert_eq!(standing(*stand).next_due(), due, "{stand:?}");
    }
}

#[test]
fn the_account_ends_when_the_notice_says_and_is_free_when_that_is_withdrawn() {
    let reason = "违约".try_into().unwrap();
    let free = loaded(account_of(Withdrawn));
    let (_, change) =
        Termination::serve(id(), &free, reason, Calendar::published(), &occasion(begin())).unwrap();
    assert_eq!(recorded::<MarketAccount>(&change), ("EndSet", account_of(Served)));
    let (served, bound) = (loaded(standing(Served)), loaded(account_of(Served)));
    let (_, change) = Termination::withdraw(&served, &bound, &occasion(begin())).unwrap();
    assert_eq!(recorded::<MarketAccount>(&change), ("EndLifted", account_of(Withdrawn)));
    let late = occasion(at("2026-03-20T00:00:00+08:00"));
    let change = Termination::advance(&served, &bound, &late).unwrap();
    assert_eq!(recorded::<MarketAccount>(&change), ("AgreementEnded", account_of(Ending)));
}

every! {
    /// When the upstream agreement ended, seen from the account's beginning and from now.
    UpstreamEnded { BeforeTheAccount, Long, JustNow, ByAnotherClock, InTheFuture }
}

#[test]
fn the_agreement_ended_with_the_upstream_one_and_never_before_it_began() {
    let now = at("2026-03-10T12:00:00+08:00");
    let in_five_minutes = at("2026-03-10T12:05:00+08:00");
    for upstream_ended in UpstreamEnded::ALL {
        let (ended_at, ended_as) = match upstream_ended {
            UpstreamEnded::BeforeTheAccount => (JustBefore.of(begin()), Ok(begin())),
            UpstreamEnded::Long => (JustAfter.of(begin()), Ok(JustAfter.of(begin()))),
            UpstreamEnded::JustNow => (now, Ok(now)),
            UpstreamEnded::ByAnotherClock => (in_five_minutes, Ok(in_five_minutes)),
            UpstreamEnded::InTheFuture => (JustAfter.of(in_five_minutes), Err(TerminateRefusal::InTheFuture)),
        };
        let account = loaded(account_of(Withdrawn));
        let ended = Termination::upstream_ended(&account, None, upstream(ended_at), &occasion(now));
        let ends = ended.map(|(termination, change)| {
            let account = recorded::<MarketAccount>(&change).1;
            assert_eq!(account.status, AccountStatus::Terminated);
            assert_eq!(account.ends_at, Some(termination.ends_at));
            termination.ends_at
        });
        assert_eq!(ends, ended_as, "{upstream_ended:?}");
    }
}

#[test]
fn each_reminder_is_sent_at_its_time_in_the_daytime_and_once() {
    let account = loaded(account_of(Served));
    let mut termination = standing(Served);
    termination.status = TerminationStatus::Served { reminders: Reminders::default() };
    let due = ["2026-03-10T20:00:00+08:00", "2026-03-14T20:00:00+08:00", "2026-03-16T20:00:00+08:00"];
    for due in due.map(at) {
        assert_eq!(termination.next_due().unwrap().at, due);
        let advance = |termination: &Termination, now| {
            Termination::advance(&loaded(termination.clone()), &account, &occasion(now))
        };
        assert!(advance(&termination, JustBefore.of(due)).is_none(), "{due}");
        let change = advance(&termination, due).unwrap();
        let cell = Cell::<_, TerminateRefusal>::decided(&change, stand_of);
        assert_eq!(cell, Cell::To("TerminationReminded", Served));
        termination = recorded::<Termination>(&change).1;
        assert!(advance(&termination, due).is_none(), "once: {due}");
    }
    assert_eq!(termination.next_due().unwrap().at, ends_at());
}

every! {
    /// Who asks for the cascade's next step, and when.
    Asks { TheSameAtOnce, AnotherJustBeforeAMinute, AnotherAfterAMinute, AnotherWhereItIsAnyones }
}

#[test]
fn a_step_that_was_taken_leaves_the_next_to_its_taker_for_a_minute() {
    let ending = loaded(standing(Ending));
    for asks in Asks::ALL {
        let (next, now, took_the_last, is_theirs) = match asks {
            Asks::TheSameAtOnce => (Next::Same, ends_at(), true, true),
            Asks::AnotherJustBeforeAMinute => {
                (Next::Same, JustBefore.of(at("2026-03-18T00:01:00+08:00")), false, false)
            }
            Asks::AnotherAfterAMinute => (Next::Same, at("2026-03-18T00:01:00+08:00"), false, true),
            Asks::AnotherWhereItIsAnyones => (Next::Anyone, ends_at(), false, true),
        };
        let place = (Some("order#1".to_owned()), vec!["grant#9".to_owned()]);
        let change = Termination::pass(&ending, place, next, &occasion(ends_at())).unwrap();
        let passed = recorded::<Termination>(&change).1;
        let cascade = passed.cascade(now, took_the_last);
        assert_eq!(cascade.is_some(), is_theirs, "{asks:?}");
        let TerminationStatus::Ending(kept) = &passed.status else { panic!() };
        assert_eq!((kept.cursor.as_deref(), kept.aside.len()), (Some("order#1"), 1));
    }
    for stand in [Served, Withdrawn, Superseded, Completed] {
        assert_eq!(standing(stand).cascade(settled_at(), true), None, "{stand:?}");
    }
}
