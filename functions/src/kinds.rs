//! Every kind of thing that has a place of its own, context by context, and the job for each wake-up. A deadline that is
//! new to a thing adds its `next_due`, its job, and that job to the context's list; no queue, no worker, no template.

use std::sync::Arc;

use futures_util::FutureExt;
use market_jobs::WakeUp;
use market_jobs::worker::WakeUpHandler;
use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;
use market_kernel::notices::Notice;
use market_store::StoreError;

use crate::market::workers::notify;
use crate::workers::{Ask, JobError, Kind, Work, WorkerContext};
use crate::{agreement, entrustment, parties, trade};

/// Notices are asked about whatever all the others know.
const NOTICES: &[Kind] =
    &[Kind::of::<Notice>().due(&[Lane::Notify], |jobs, key| notify::notify(jobs, key, ask).boxed())];

const CONTEXTS: [&[Kind]; 5] = [NOTICES, agreement::KINDS, parties::KINDS, trade::KINDS, entrustment::KINDS];

fn kinds() -> impl Iterator<Item = &'static Kind> {
    CONTEXTS.into_iter().flatten()
}

/// The job that a wake-up of this lane is for, by the kind of the thing that it names.
fn work(lane: Lane, key: &Key) -> Option<Work> {
    kinds().find(|kind| kind.place.holds(key))?.work(lane)
}

/// Whom to ask about a notice whose cause is of this kind; nobody where what it says stays so.
fn ask(kind: &str) -> Option<Ask> {
    kinds().find(|known| known.name == kind)?.ask()
}

/// Works off one wake-up.
///
/// # Errors
/// See [`JobError`].
///
/// # Panics
/// In a drill.
pub async fn run(jobs: &WorkerContext, wake_up: &WakeUp) -> Result<(), JobError> {
    let key = &wake_up.key;
    assert!(jobs.drill.as_deref() != Some(&key.sort), "a drill");
    let outcome = match work(wake_up.lane, key) {
        Some(work) => work(jobs, key).await,
        None => Err(JobError::Unhandled(wake_up.lane, key.clone())),
    };
    if let Err(error @ (JobError::Store(StoreError::Corrupt { .. }) | JobError::Unhandled(..))) = &outcome {
        tracing::error!(%error, "an item cannot be read");
        (jobs.corruption_alarm)(jobs.clock.now());
    }
    outcome
}

/// The same as a worker's handler.
#[must_use]
pub fn handler(jobs: Arc<WorkerContext>) -> WakeUpHandler {
    Arc::new(move |wake_up: WakeUp| {
        let jobs = Arc::clone(&jobs);
        async move { run(&jobs, &wake_up).await.map_err(Into::into) }.boxed()
    })
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
            |item: Value| Some((Key::stored(text(&item, "pk")?, text(&item, "sk")?), text(&item, "kind")?));
        items.flatten().filter_map(known).collect()
    }

    #[test]
    fn a_key_tells_the_kind_that_its_item_names_and_no_other() {
        let mut seen = BTreeMap::new();
        for (key, kind) in stored() {
            let found: Vec<_> = kinds().filter(|kind| kind.place.holds(&key)).map(|kind| kind.name).collect();
            assert_eq!(found, [kind.as_str()], "{key}");
            *seen.entry(kind).or_insert(0) += 1;
        }
        // What came later than the last corpus has its keys checked with the next.
        assert!(seen.len() >= 12 && kinds().all(|kind| !kind.name.is_empty()), "{seen:?}");
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
            let key = Key::stored(partition, sort);
            assert!(kinds().all(|kind| !kind.place.holds(&key)), "{key}");
        }
    }

    #[test]
    fn every_lane_has_a_job_and_no_other_lane_brings_a_thing_to_it() {
        for lane in Lane::ALL {
            let of_lane = |kind: &&Kind| kind.work(lane).is_some();
            assert!(kinds().any(|kind| of_lane(&kind)), "{lane}");
        }
        let grant = Key::stored("account#shop-1", "grant#g-1");
        let lanes: Vec<_> = Lane::ALL.into_iter().filter(|lane| work(*lane, &grant).is_some()).collect();
        assert_eq!(lanes, [Lane::ExpireGrant]);
    }

    #[test]
    fn a_ledger_is_sealed_by_whichever_of_its_lanes_wakes_it() {
        let ledger = Key::stored("account#shop-1", "ledger#g-1");
        let lanes: Vec<_> = Lane::ALL.into_iter().filter(|lane| work(*lane, &ledger).is_some()).collect();
        assert_eq!(lanes, [Lane::AdvanceCase, Lane::SealLedger]);
    }
}
