//! Every edge of a ledger's days, and every non-edge.

use jiff::Timestamp;
use jiff::civil::Date;
use market_entrustment::grants::Grant;
use market_entrustment::grants::GrantStatus;
use market_entrustment::grants::access::AccessEntry;
use market_entrustment::grants::access::{Check, CheckOutcome, hour_of, sum_up};
use market_entrustment::grants::ledger::*;
use market_kernel::aggregate::{Aggregate, Due, Lane, Loaded};
use market_kernel::change::Change;
use market_tables::{Cell, When, at, every, grant, hold, loaded, occasion, recorded};

every! {
    /// What is noted of the tenth and the eleventh of March.
    Stand {
        None,
        /// The ninth is sealed, and nothing waits.
        Sealed,
        TenthWaits,
        EleventhWaits,
        BothWait,
        /// The tenth is sealed, and nothing waits.
        TenthSealed,
        EleventhSealed,
    }
}

every! {
    Command {
        /// A check begins a line.
        Open,
        Seal,
    }
}

use Command::{Open, Seal};
use Stand::{BothWait, EleventhSealed, EleventhWaits, Sealed, TenthSealed, TenthWaits};
use When::{At, JustAfter, JustBefore};

fn day(n: i8) -> Date {
    jiff::civil::date(2026, 3, n)
}

/// Where the tenth ends and the eleventh begins.
fn midnight() -> Timestamp {
    at("2026-03-11T00:00:00+08:00")
}

/// When what was decided on the tenth has been counted.
fn settled() -> Timestamp {
    at("2026-03-11T00:10:00+08:00")
}

fn standing(stand: Stand) -> Option<Ledger> {
    let (sealed_through, waiting) = match stand {
        Stand::None => return None,
        Sealed => (Some(day(9)), vec![]),
        TenthWaits => (Some(day(9)), vec![day(10)]),
        EleventhWaits => (Some(day(10)), vec![day(11)]),
        BothWait => (Some(day(9)), vec![day(10), day(11)]),
        TenthSealed => (Some(day(10)), vec![]),
        EleventhSealed => (Some(day(11)), vec![]),
    };
    let ledger = Ledger::new(&grant(GrantStatus::Active));
    Some(Ledger { sealed_through, waiting, ..ledger })
}

fn stand_of(ledger: &Ledger) -> Stand {
    let Ledger { account_id: _, grant_id: _, sealed_through, waiting, is_spread: _ } = ledger;
    let waits = |n| waiting.contains(&day(n));
    match (waits(10), waits(11)) {
        (true, true) => BothWait,
        (true, false) => TenthWaits,
        (false, true) => EleventhWaits,
        (false, false) if *sealed_through == Some(day(11)) => EleventhSealed,
        (false, false) if *sealed_through == Some(day(10)) => TenthSealed,
        (false, false) => Sealed,
    }
}

fn expected(stand: Stand, command: Command, when: When) -> Cell<Stand, ()> {
    match (stand, command, when) {
        // A check just before midnight is of the tenth, and from midnight on of the eleventh.
        (Stand::None | Sealed, Open, JustBefore) => Cell::To("LedgerDayOpened", TenthWaits),
        (Stand::None | Sealed | TenthSealed, Open, At | JustAfter) => {
            Cell::To("LedgerDayOpened", EleventhWaits)
        }
        (TenthWaits, Open, At | JustAfter) => Cell::To("LedgerDayOpened", BothWait),
        (TenthWaits | BothWait, Open, JustBefore) | (EleventhWaits | BothWait, Open, At | JustAfter) => {
            Cell::Nothing
        }
        // A clock that runs behind does not open a day again that is sealed.
        (EleventhWaits | TenthSealed, Open, JustBefore) | (EleventhSealed, Open, _) => Cell::Nothing,

        (TenthWaits, Seal, At | JustAfter) => Cell::To("LedgerDayClosed", TenthSealed),
        (BothWait, Seal, At | JustAfter) => Cell::To("LedgerDayClosed", EleventhWaits),
        (TenthWaits | BothWait, Seal, JustBefore) => Cell::Nothing,
        (Stand::None | Sealed | EleventhWaits | TenthSealed | EleventhSealed, Seal, _) => Cell::Nothing,
    }
}

fn line(first_at: Timestamp) -> AccessEntry {
    let grant = grant(GrantStatus::Active);
    AccessEntry {
        grant_id: grant.id,
        provider_id: grant.provider_id,
        hour: hour_of(first_at),
        scope: "orders.read".parse().unwrap(),
        outcome: CheckOutcome::Allowed,
        count: 1,
        first_at,
        last_at: first_at,
    }
}

/// Seals what is due, as the job does: the lines of the span that is to be sealed now.
fn seal(ledger: &Loaded<Ledger>, lines: &[AccessEntry], now: Timestamp) -> Option<Change> {
    let (from, until) = ledger.span_to_seal(now)?;
    let lines: Vec<_> = lines.iter().filter(|line| (from..until).contains(&line.hour)).cloned().collect();
    Ledger::seal(ledger, &loaded(grant(GrantStatus::Active)), &lines, &occasion(now))
}

fn actual(stand: Stand, command: Command, when: When) -> Cell<Stand, ()> {
    let ledger = standing(stand).map(loaded);
    let grant = grant(GrantStatus::Active);
    match (command, ledger) {
        (Open, ledger) => {
            let occasion = occasion(when.of(midnight()));
            Cell::due(Ledger::open_day(ledger.as_ref(), &grant, &occasion), stand_of)
        }
        (Seal, Some(ledger)) => {
            let lines = [line(JustBefore.of(midnight())), line(midnight())];
            Cell::due(seal(&ledger, &lines, when.of(settled())), stand_of)
        }
        (Seal, None) => Cell::Nothing,
    }
}

#[test]
fn a_day_of_a_ledger_goes_these_ways_and_no_others() {
    for stand in Stand::ALL {
        let Some(ledger) = standing(*stand) else { continue };
        assert_eq!(stand_of(&ledger), *stand);
        let due = match stand {
            TenthWaits | BothWait => Some(settled()),
            EleventhWaits => Some(at("2026-03-12T00:10:00+08:00")),
            Stand::None | Sealed | TenthSealed | EleventhSealed => None,
        };
        assert_eq!(ledger.next_due(), due.map(|at| Due::new(at, Lane::SealLedger)), "{stand:?}");
    }
    hold(Stand::ALL, Command::ALL, expected, actual);
}

#[test]
fn what_is_sealed_is_of_the_day_alone_and_stands_in_the_chain_of_the_grant() {
    let ledger = loaded(standing(BothWait).unwrap());
    let lines = [line(JustBefore.of(midnight())), line(midnight())];
    let change = seal(&ledger, &lines, settled()).unwrap();
    assert_eq!(recorded::<Grant>(&change), ("LedgerSealed", grant(GrantStatus::Active)));
    let record = change.writes[0].record.as_ref().unwrap();
    let facts = market_kernel::evidence::Evidence::read(record).unwrap().facts;
    assert_eq!(facts["lines"], 1);
    assert_eq!(facts["sha256"], DaySeal::of(day(10), &lines[..1]).sha256.as_str());
}

#[test]
fn a_day_that_nobody_noted_is_sealed_before_the_one_that_waits() {
    let ledger = loaded(
        standing(EleventhWaits).map(|ledger| Ledger { sealed_through: Some(day(8)), ..ledger }).unwrap(),
    );
    let lines = [line(JustBefore.of(midnight()))];
    let change = seal(&ledger, &lines, at("2026-03-12T00:10:00+08:00")).unwrap();
    let after = recorded::<Ledger>(&change).1;
    assert_eq!((after.sealed_through, after.waiting), (Some(day(10)), vec![day(11)]));
}

#[test]
fn a_ledger_is_spread_once_and_stays_so_whatever_waits() {
    let grant = grant(GrantStatus::Active);
    for stand in Stand::ALL {
        let ledger = standing(*stand).map(loaded);
        let change = Ledger::spread(ledger.as_ref(), &grant, &occasion(midnight())).unwrap();
        let (event, spread) = recorded::<Ledger>(&change);
        assert_eq!((event, spread.partitions()), ("LedgerSpread", 8), "{stand:?}");
        assert_eq!(ledger.map(|ledger| ledger.waiting.clone()).unwrap_or_default(), spread.waiting);
        let spread = loaded(spread);
        assert!(Ledger::spread(Some(&spread), &grant, &occasion(midnight())).is_none(), "{stand:?}");
        if let Some(opened) = Ledger::open_day(Some(&spread), &grant, &occasion(midnight())) {
            assert!(recorded::<Ledger>(&opened).1.is_spread, "{stand:?}");
        }
    }
}

#[test]
fn checks_of_one_instant_are_one_where_they_are_counted_in_one_line_and_none_is_lost() {
    let (one, mut other) = (grant(GrantStatus::Active), grant(GrantStatus::Active));
    other.id = market_kernel::ids::GrantId::new(midnight(), [9; 10]);
    let (orders, stock) = ("orders.read".parse().unwrap(), "stock.read".parse().unwrap());
    let check = |grant, scope, outcome| Check { grant, scope, outcome, at: midnight(), times: 1 };
    let made = [
        check(&one, &orders, CheckOutcome::Allowed),
        check(&other, &orders, CheckOutcome::Allowed),
        check(&one, &stock, CheckOutcome::Allowed),
        check(&one, &orders, CheckOutcome::Allowed),
        check(&one, &orders, CheckOutcome::Ended),
        check(&one, &orders, CheckOutcome::Allowed),
    ];
    let sums = sum_up(made);
    let times = |check: &Check<'_>| sums.iter().find(|sum| sum.line() == check.line()).unwrap().times;
    assert_eq!(made.each_ref().map(times), [3, 1, 1, 3, 1, 3]);
    assert_eq!((sums.len(), sums.iter().map(|sum| sum.times).sum::<u64>()), (4, 6));
    let places = |checks: &[Check<'_>]| {
        checks.iter().map(|check| check.entry_key(0)).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(places(&sums), places(&made), "a line is written at one key");
}
