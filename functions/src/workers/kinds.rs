//! What the jobs know of each kind of thing: which of them works off what is due of it, on which lane, and whether it
//! answers for the notices that were drafted of it. This is the one list of both. A deadline that is new to a thing adds
//! its `next_due` and its job here; no queue, no worker, no template.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use market_agreement::documents::Document;
use market_agreement::documents::acceptance::Acceptance;
use market_agreement::holidays::Holidays;
use market_agreement::terminations::Termination;
use market_entrustment::deletion::DeletionDemand;
use market_entrustment::grants::Grant;
use market_entrustment::grants::ledger::Ledger;
use market_entrustment::grants::token::GrantTokens;
use market_kernel::Timestamp;
use market_kernel::aggregate::{Aggregate, Key, Lane, Place};
use market_kernel::notices::{Notice, Told};
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;
use market_parties::vouching::Vouching;
use market_trade::listings::Listing;
use market_trade::orders::Order;
use market_trade::payments::PaymentRecord;

use super::notify::{Verdict, asked};
use super::{
    JobError, Jobs, advance_case, expire_grant, notify, remind_deletion, seal_ledger, terminate_account,
};

/// Every kind of thing that has a place of its own.
const KINDS: &[Kind] = &[
    Kind::of::<Notice>().due(&[Lane::Notify], |jobs, key| notify::notify(jobs, key).boxed()),
    Kind::told::<Termination>()
        .due(&[Lane::TerminateAccount], |jobs, key| terminate_account::terminate_account(jobs, key).boxed()),
    Kind::told::<DeletionDemand>()
        .due(&[Lane::RemindDeletion], |jobs, key| remind_deletion::remind_deletion(jobs, key).boxed()),
    Kind::told::<Grant>()
        .due(&[Lane::ExpireGrant], |jobs, key| expire_grant::expire_grant(jobs, key).boxed()),
    // The former lane too: 0.3.0 wakes by it, and does not know the other.
    Kind::of::<Ledger>()
        .due(&[Lane::AdvanceCase, Lane::SealLedger], |jobs, key| seal_ledger::seal_ledger(jobs, key).boxed()),
    Kind::told::<Order>()
        .due(&[Lane::AdvanceCase], |jobs, key| advance_case::advance_case(jobs, key).boxed()),
    Kind::told::<PaymentRecord>(),
    Kind::told::<Listing>(),
    // What is said of these happened, and stays so.
    Kind::of::<MarketAccount>(),
    Kind::of::<Acceptance>(),
    Kind::of::<GrantTokens>(),
    Kind::of::<Provider>(),
    Kind::of::<Vouching>(),
    Kind::of::<Document>(),
    Kind::of::<Holidays>(),
];

/// Works off what is due of the thing under a key.
pub(super) type Work = for<'a> fn(&'a Jobs, &'a Key) -> BoxFuture<'a, Result<(), JobError>>;

/// Asks the thing under a key whether a notice of it still stands.
pub(super) type Ask =
    for<'a> fn(&'a Jobs, &'a Key, &'a Notice, Timestamp) -> BoxFuture<'a, Result<Verdict, JobError>>;

/// One kind.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    place: Place,
    due: Option<(&'static [Lane], Work)>,
    ask: Option<Ask>,
}

impl Kind {
    const fn of<A: Aggregate>() -> Self {
        Self { name: A::KIND, place: A::PLACE, due: None, ask: None }
    }

    /// One whose notices speak of what may have moved on since.
    const fn told<A: Told + 'static>() -> Self {
        let ask: Ask = |jobs, key, notice, now| asked::<A>(jobs, key, notice, now).boxed();
        Self { ask: Some(ask), ..Self::of::<A>() }
    }

    /// One of which something becomes due: the lanes that its wake-ups come by, and the job.
    const fn due(self, lanes: &'static [Lane], work: Work) -> Self {
        Self { due: Some((lanes, work)), ..self }
    }
}

/// The job that a wake-up of this lane is for, by the kind of the thing that it names.
pub(super) fn work(lane: Lane, key: &Key) -> Option<Work> {
    let kind = KINDS.iter().find(|kind| kind.place.holds(key))?;
    let (lanes, work) = kind.due?;
    lanes.contains(&lane).then_some(work)
}

/// Whom to ask about a notice whose cause is of this kind; nobody where what it says stays so.
pub(super) fn ask(kind: &str) -> Option<Ask> {
    KINDS.iter().find(|known| known.name == kind)?.ask
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use serde_json::Value;

    use super::*;

    /// Everything with a kind that the releases before have left: its key, and the kind that the item names.
    fn stored() -> Vec<(Key, String)> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/stored");
        let releases = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = releases.filter(|path| path.is_dir()).flat_map(|folder| fs::read_dir(folder).unwrap());
        let items = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
        let items = items.filter_map(|text| match serde_json::from_str(&text).unwrap() {
            Value::Array(items) => Some(items),
            _ => None,
        });
        let text = |item: &Value, name: &str| item[name]["S"].as_str().map(str::to_owned);
        let known =
            |item: Value| Some((Key::new(text(&item, "pk")?, text(&item, "sk")?), text(&item, "kind")?));
        items.flatten().filter_map(known).collect()
    }

    #[test]
    fn a_key_tells_the_kind_that_its_item_names_and_no_other() {
        let mut seen = BTreeMap::new();
        for (key, kind) in stored() {
            let found: Vec<_> =
                KINDS.iter().filter(|kind| kind.place.holds(&key)).map(|kind| kind.name).collect();
            assert_eq!(found, [kind.as_str()], "{key}");
            *seen.entry(kind).or_insert(0) += 1;
        }
        // What came later than the last corpus has its keys checked with the next.
        assert!(seen.len() >= 12 && KINDS.iter().all(|kind| !kind.name.is_empty()), "{seen:?}");
    }

    #[test]
    fn evidence_and_contents_beside_a_thing_are_of_no_kind() {
        let places = [
            ("account#shop-1", "evidence#grant#g-1#0000000001"),
            ("account#shop-1", "evidence#state#0000000001"),
            ("document#terms", "text#000001"),
            ("document#terms", "version#000001"),
            ("reply#merchant#shop-1", "key#k"),
            ("ledger#shop-1#g-1#0", "2026-01-01T00#x#allowed"),
            ("shop-1", "state"),
        ];
        for (partition, sort) in places {
            let key = Key::new(partition, sort);
            assert!(KINDS.iter().all(|kind| !kind.place.holds(&key)), "{key}");
        }
    }

    #[test]
    fn every_lane_has_a_job_and_no_other_lane_brings_a_thing_to_it() {
        for lane in Lane::ALL {
            let of_lane = |kind: &&Kind| kind.due.is_some_and(|(lanes, _)| lanes.contains(&lane));
            assert!(KINDS.iter().any(|kind| of_lane(&kind)), "{lane}");
        }
        let grant = Key::new("account#shop-1", "grant#g-1");
        let lanes: Vec<_> = Lane::ALL.into_iter().filter(|lane| work(*lane, &grant).is_some()).collect();
        assert_eq!(lanes, [Lane::ExpireGrant]);
    }

    #[test]
    fn a_ledger_is_sealed_by_whichever_of_its_lanes_wakes_it() {
        let ledger = Key::new("account#shop-1", "ledger#g-1");
        let lanes: Vec<_> = Lane::ALL.into_iter().filter(|lane| work(*lane, &ledger).is_some()).collect();
        assert_eq!(lanes, [Lane::AdvanceCase, Lane::SealLedger]);
    }
}
