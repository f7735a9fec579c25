//! The due index: what waits, in the order of its time, and how it is handed out.

use futures_util::future::join_all;
use jiff::SignedDuration;
use market_kernel::Timestamp;
use market_store::Store;
use market_store::due::{DueEntry, LEASE, Lease, MAX_TRIES, SHARDS, Shard};

use crate::tables::{Table, on_each_table};
use crate::thing::{LANE, Thing, at, thing};

/// Everything that waits by an instant, leased or not, shard by shard and page by page.
pub async fn waiting(store: &Store, until: Timestamp) -> Vec<DueEntry> {
    let mut all = Vec::new();
    for shard in 0..SHARDS {
        let mut last: Option<DueEntry> = None;
        loop {
            let page = store.due(LANE, Shard::Due(shard), until, last.as_ref(), 3).await.unwrap();
            all.extend(page.iter().cloned());
            if page.len() < 3 {
                break;
            }
            last = page.last().cloned();
        }
    }
    all
}

impl Table {
    /// The one entry that waits by an instant, if any.
    async fn entry(&self, until: Timestamp) -> Option<DueEntry> {
        let mut entries = waiting(&self.store, until).await;
        assert!(entries.len() <= 1, "{entries:?}");
        entries.pop()
    }

    /// Hands out the one entry that is due until it is parked; the instants at which it was handed out.
    async fn hand_out_until_parked(&self) -> Vec<Timestamp> {
        let mut handed_out = Vec::new();
        loop {
            let now = self.store.next_wake().await.unwrap().unwrap();
            let entry = self.entry(now).await.unwrap();
            match self.store.lease(&entry, now).await.unwrap() {
                Lease::Taken => handed_out.push(now),
                Lease::Parked => return handed_out,
                Lease::Lost => panic!("nobody else is here"),
            }
        }
    }
}

#[tokio::test]
async fn entries_come_in_the_order_of_their_time_and_only_up_to_the_instant() {
    on_each_table(async |table| {
        // In no order; two of a kind at most instants.
        let things: Vec<_> =
            (0..60).map(|n| thing(&format!("{n}-of-sixty")).due(at(100 + (n * 37 % 60) / 2))).collect();
        table.create(at(0), &things).await;
        for (until, expected) in [(99, 0), (100, 2), (110, 22), (129, 60), (1_000, 60)] {
            let entries = waiting(&table.store, at(until)).await;
            assert_eq!(entries.len(), expected, "by {until}");
            assert!(entries.iter().all(|entry| entry.due_at <= at(until)), "by {until}");
        }
        let mut shards = 0;
        for shard in 0..SHARDS {
            let entries = table.store.due(LANE, Shard::Due(shard), at(1_000), None, 100).await.unwrap();
            assert!(entries.is_sorted_by_key(|entry| entry.due_at), "{entries:?}");
            shards += usize::from(!entries.is_empty());
        }
        assert!(shards > 4, "spread over {shards} shards");
        assert_eq!(table.store.next_wake().await.unwrap(), Some(at(100)));
    })
    .await;
}

#[tokio::test]
async fn an_entry_is_never_found_before_its_time_not_by_a_nanosecond() {
    on_each_table(async |table| {
        let due_at = at(100) + SignedDuration::from_nanos(1);
        table.create(at(0), &[thing("a").due(due_at)]).await;
        assert_eq!(table.entry(at(100)).await, None);
        let found = at(100) + SignedDuration::from_millis(1);
        assert_eq!(table.store.next_wake().await.unwrap(), Some(found));
        assert!(table.entry(found).await.is_some());
    })
    .await;
}

#[tokio::test]
async fn what_has_nothing_due_is_not_in_the_index_and_what_has_no_longer_leaves_it() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("never"), thing("once").due(at(10))]).await;
        let entry = table.entry(at(1_000)).await.unwrap();
        assert_eq!(&*entry.key.sort, "thing#once");
        table.update(at(1), "once", |once| Thing { due_at: None, ..once }).await;
        assert_eq!(table.entry(at(1_000)).await, None);
        assert_eq!(table.store.next_wake().await.unwrap(), None);
        assert_eq!(table.store.lease(&entry, at(10)).await.unwrap(), Lease::Lost, "an old entry");
        assert_eq!(table.entry(at(1_000)).await, None, "and brings nothing back");
    })
    .await;
}

#[tokio::test]
async fn a_lease_hides_an_entry_until_it_ends_and_each_is_longer_up_to_an_hour() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("a").due(at(10))]).await;
        let mut now = at(10);
        for (tries, seconds) in (0..).zip([60, 120, 240, 480, 960, 1_920, 3_600, 3_600]) {
            let entry = table.entry(now).await.unwrap();
            assert_eq!((entry.tries, entry.is_leased_at(now)), (tries, false));
            assert_eq!(table.store.lease(&entry, now).await.unwrap(), Lease::Taken);
            let again = table.store.lease(&entry, now).await.unwrap();
            assert_eq!(again, Lease::Lost, "it has been handed out");
            let ends = now + SignedDuration::from_secs(seconds);
            assert_eq!(table.entry(ends - SignedDuration::from_millis(1)).await, None);
            let leased = table.entry(ends).await.unwrap();
            assert!(leased.is_leased_at(ends - SignedDuration::from_millis(1)));
            assert_eq!(leased.due_at, at(10));
            now = ends;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_hand_out_an_entry_at_once_one_gets_it() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("a").due(at(10))]).await;
        let entry = table.entry(at(10)).await.unwrap();
        let leases = join_all((0..16).map(|_| table.store.lease(&entry, at(10)))).await;
        let leases: Vec<Lease> = leases.into_iter().map(Result::unwrap).collect();
        assert_eq!(leases.iter().filter(|lease| **lease == Lease::Taken).count(), 1, "{leases:?}");
    })
    .await;
}

#[tokio::test]
async fn what_was_handed_out_too_often_is_parked_and_can_be_handed_back() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("a").due(at(10))]).await;
        let handed_out = table.hand_out_until_parked().await;
        assert_eq!(handed_out.len(), MAX_TRIES as usize);
        assert!(handed_out.is_sorted());
        assert_eq!(waiting(&table.store, Timestamp::MAX - LEASE).await, []);
        let parked = table.store.parked(LANE, 10).await.unwrap();
        assert_eq!(parked.len(), 1);
        assert_eq!((parked[0].key.sort.as_str(), parked[0].due_at), ("thing#a", at(10)));
        assert_eq!(table.load("a").await.state, thing("a").due(at(10)), "the thing itself is as it was");

        let now = at(100_000);
        assert!(table.store.redrive(&parked[0], now).await.unwrap());
        assert!(!table.store.redrive(&parked[0], now).await.unwrap(), "once");
        assert_eq!(table.store.parked(LANE, 10).await.unwrap(), []);
        assert_eq!(table.store.next_wake().await.unwrap(), Some(now));
        let entry = table.entry(now).await.unwrap();
        assert_eq!((entry.tries, entry.is_leased_at(now)), (0, false), "as if for the first time");
        assert_eq!(table.hand_out_until_parked().await.len(), MAX_TRIES as usize);
    })
    .await;
}

#[tokio::test]
async fn a_commit_writes_the_entry_anew_even_of_what_was_leased_or_parked() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("a").due(at(10))]).await;
        let entry = table.entry(at(10)).await.unwrap();
        assert_eq!(table.store.lease(&entry, at(10)).await.unwrap(), Lease::Taken);
        table.update(at(20), "a", |a| a.due(at(500))).await;
        assert_eq!(table.entry(at(499)).await, None);
        let anew = table.entry(at(500)).await.unwrap();
        assert_eq!((anew.tries, anew.due_at), (0, at(500)));

        assert_eq!(table.hand_out_until_parked().await.len(), MAX_TRIES as usize);
        table.update(at(100_000), "a", |a| a.due(at(200_000))).await;
        assert_eq!(table.store.parked(LANE, 10).await.unwrap(), []);
        assert_eq!(table.entry(at(200_000)).await.map(|entry| entry.tries), Some(0));
    })
    .await;
}

#[tokio::test]
async fn what_is_due_at_once_when_it_is_written_waits_a_lease_for_the_relay() {
    on_each_table(async |table| {
        table.create(at(10), &[thing("a").due(at(10))]).await;
        let ends = at(10) + LEASE;
        assert_eq!(table.entry(ends - SignedDuration::from_millis(1)).await, None);
        let entry = table.entry(ends).await.unwrap();
        assert_eq!((entry.tries, entry.is_leased_at(ends)), (0, false), "the sweep's, if nobody did it");
        assert!(entry.is_leased_at(at(10)));
    })
    .await;
}
