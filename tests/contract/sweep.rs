//! The sweep over the due index: each entry is handed out once for each of its leases.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use market_jobs::sweep::{BrokenPass, Sweep, SweepError, sweep};
use market_jobs::{Outgoing, Queues, Unsent};
use market_kernel::Timestamp;
use market_kernel::aggregate::Lane;
use market_store::due::SHARDS;

use crate::due::waiting;
use crate::tables::on_each_table;
use crate::thing::{LANE, at, thing};

/// Queues that remember what they took, and refuse some.
#[derive(Clone)]
struct Taken {
    taken: Arc<Mutex<Vec<Outgoing>>>,
    refuses: fn(&Outgoing) -> bool,
}

impl Default for Taken {
    fn default() -> Self {
        Self { taken: Arc::default(), refuses: |_| false }
    }
}

impl Queues for Taken {
    async fn send(&self, outgoing: Vec<Outgoing>) -> Vec<Unsent> {
        let (refused, taken): (Vec<_>, Vec<_>) =
            outgoing.into_iter().enumerate().partition(|(_, outgoing)| (self.refuses)(outgoing));
        self.taken.lock().unwrap().extend(taken.into_iter().map(|(_, outgoing)| outgoing));
        refused.into_iter().map(|(place, _)| Unsent { place, reason: "down".to_owned() }).collect()
    }
}

impl Taken {
    /// What was taken since the last call: each item, and the delay in milliseconds.
    fn take(&self) -> Vec<(String, u128)> {
        let taken = std::mem::take(&mut *self.taken.lock().unwrap());
        let mut taken: Vec<_> = taken
            .into_iter()
            .map(|outgoing| {
                assert_eq!(outgoing.wake_up.lane, LANE);
                (outgoing.wake_up.key.sort.to_string(), outgoing.delay.as_millis())
            })
            .collect();
        taken.sort();
        taken
    }
}

fn sent(expected: &[(&str, u128)]) -> Vec<(String, u128)> {
    expected.iter().map(|(id, delay)| (format!("thing#{id}"), *delay)).collect()
}

#[tokio::test]
async fn within_its_horizon_a_sweep_sends_ahead_and_leaves_what_is_leased_alone() {
    on_each_table(async |table| {
        let (queues, minute) = (Taken::default(), Duration::from_mins(1));
        let things = [
            thing("past").due(at(-1)),
            thing("now").due(at(30)),
            thing("soon").due(at(80)),
            thing("late").due(at(90)),
        ];
        table.create(at(-100), &things).await;
        let swept = sweep(&table.store, &queues, at(30), minute).await.unwrap();
        assert_eq!((swept.sent, swept.lateness), (4, Some(SignedDuration::from_secs(31))));
        assert_eq!(queues.take(), sent(&[("late", 60_000), ("now", 0), ("past", 0), ("soon", 50_000)]));

        // Whatever the horizon reaches now, it is on its way. A lease of what is due later begins then.
        for now in [30, 31, 60, 89] {
            let swept = sweep(&table.store, &queues, at(now), minute).await.unwrap();
            assert_eq!((swept.sent, queues.take()), (0, vec![]), "at {now}");
        }
        for (now, ended) in [(90, &["now", "past"][..]), (139, &[]), (140, &["soon"]), (150, &["late"])] {
            sweep(&table.store, &queues, at(now), minute).await.unwrap();
            let expected: Vec<_> = ended.iter().map(|id| (*id, 0)).collect();
            assert_eq!(queues.take(), sent(&expected), "at {now}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_sweep_leaves_to_the_relay_what_has_just_become_due() {
    on_each_table(async |table| {
        let (queues, horizon) = (Taken::default(), Duration::from_mins(2));
        table.create(at(0), &[thing("a").due(at(0))]).await;
        assert_eq!(sweep(&table.store, &queues, at(1), horizon).await.unwrap().sent, 0);
        assert_eq!(sweep(&table.store, &queues, at(60), horizon).await.unwrap().sent, 1);
        assert_eq!(queues.take(), sent(&[("a", 0)]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_any_page_holds_is_handed_out_once_by_sweeps_at_the_same_time() {
    on_each_table(async |table| {
        let things: Vec<_> = (0..900).map(|n| thing(&format!("{n:03}")).due(at(10 + n % 7))).collect();
        table.create(at(0), &things).await;
        let (one, other) = (Taken::default(), Taken::default());
        let sweeps = tokio::join!(
            sweep(&table.store, &one, at(20), Duration::ZERO),
            sweep(&table.store, &other, at(20), Duration::ZERO),
        );
        assert_eq!(sweeps.0.unwrap().sent + sweeps.1.unwrap().sent, 900);
        let mut times = BTreeMap::<_, u32>::new();
        for (id, _) in one.take().into_iter().chain(other.take()) {
            *times.entry(id).or_default() += 1;
        }
        assert_eq!(times.len(), 900);
        // Full pages of leased entries do not hide what lies behind them.
        table.create(at(20), &[thing("behind").due(at(75))]).await;
        let swept = sweep(&table.store, &one, at(21), Duration::from_mins(1)).await.unwrap();
        assert_eq!((swept.sent, one.take()), (1, sent(&[("behind", 54_000)])));
    })
    .await;
}

#[tokio::test]
async fn what_a_queue_did_not_take_is_given_back_and_counts_as_no_try() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("a").due(at(10)), thing("b").due(at(10))]).await;
        let (down, up) = (Taken { refuses: |_| true, ..Taken::default() }, Taken::default());
        // Much longer than it would take to park what fails.
        for hour in 0..12 {
            let outcome = sweep(&table.store, &down, at(10 + hour * 3_600), Duration::ZERO).await;
            assert!(matches!(outcome, Err(BrokenPass { first: SweepError::Queue(_), .. })), "{outcome:?}");
        }
        assert_eq!(sweep(&table.store, &up, at(86_400), Duration::ZERO).await.unwrap().sent, 2);
        assert_eq!(up.take(), sent(&[("a", 0), ("b", 0)]));
        assert_eq!(
            sweep(&table.store, &up, at(86_459), Duration::ZERO).await.unwrap().sent,
            0,
            "its first lease"
        );
        assert_eq!(sweep(&table.store, &up, at(86_460), Duration::ZERO).await.unwrap().sent, 2);
    })
    .await;
}

#[tokio::test]
async fn one_wake_up_that_is_not_taken_leaves_its_neighbours_and_the_other_shards_alone() {
    on_each_table(async |table| {
        let things: Vec<_> = (0..80).map(|n| thing(&format!("{n:02}")).due(at(10))).collect();
        table.create(at(0), &things).await;
        let queues =
            Taken { refuses: |outgoing| *outgoing.wake_up.key.sort == *"thing#07", ..Taken::default() };
        let outcome = sweep(&table.store, &queues, at(10), Duration::ZERO).await;
        let Err(BrokenPass { swept, failed: 1, first: SweepError::Queue(_) }) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!((swept.sent, queues.take().len()), (79, 79));
        let up = Taken::default();
        sweep(&table.store, &up, at(11), Duration::ZERO).await.unwrap();
        assert_eq!(up.take(), sent(&[("07", 0)]));
    })
    .await;
}

#[tokio::test]
async fn parked_work_is_handed_out_again_once_a_day() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("a").due(at(10))]).await;
        let queues = Taken::default();
        let mut now = at(10);
        let parked_at = loop {
            let swept = sweep(&table.store, &queues, now, Duration::ZERO).await.unwrap();
            if swept.parked > 0 {
                assert_eq!(swept.sent, 0, "given up on");
                break now;
            }
            now = table.store.next_wake().await.unwrap().unwrap();
        };
        queues.take();
        for day in 1..=3 {
            let look = parked_at + SignedDuration::from_hours(24 * day);
            assert_eq!(table.store.next_wake().await.unwrap(), Some(look));
            let early =
                sweep(&table.store, &queues, look - SignedDuration::from_secs(1), Duration::ZERO).await;
            assert_eq!(early.unwrap().sent, 0);
            let swept = sweep(&table.store, &queues, look, Duration::ZERO).await.unwrap();
            assert_eq!((swept.sent, swept.parked), (1, 1), "it waits for a human all the same");
            assert_eq!(table.store.parked(LANE, 10).await.unwrap().len(), 1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_reminder_that_keeps_failing_is_handed_out_when_its_end_is_due() {
    on_each_table(async |table| {
        // The end lies within the leases of one, and within the parked day of the other.
        let (soon, later) = (at(1_000), at(60_000));
        let things = [thing("later").due(at(10)).ends(later), thing("soon").due(at(10)).ends(soon)];
        table.create(at(0), &things).await;
        let queues = Taken::default();
        let mut handed_out: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
        while let Some(now) = table.store.next_wake().await.unwrap().filter(|now| *now <= later) {
            drop(sweep(&table.store, &queues, now, Duration::ZERO).await);
            for (id, _) in queues.take() {
                handed_out.entry(id).or_default().push(now);
            }
        }
        assert!(handed_out["thing#soon"].contains(&soon), "{handed_out:?}");
        assert_eq!(handed_out["thing#later"].last(), Some(&later), "{handed_out:?}");
    })
    .await;
}

#[tokio::test]
async fn a_pass_looks_at_the_clock_for_each_page_and_stops_in_time() {
    on_each_table(async |table| {
        let things: Vec<_> = (0..900).map(|n| thing(&format!("{n:03}")).due(at(10))).collect();
        table.create(at(0), &things).await;
        let queues = Taken::default();
        // Each look at the clock is a second later than the one before.
        let ticks = AtomicI64::new(100);
        let now = || at(ticks.fetch_add(1, Ordering::SeqCst));
        let horizon = Duration::ZERO;
        let pass = Sweep { store: &table.store, queues: &queues, now, horizon, stops_at: Some(at(100)) };
        let swept = pass.pass().await.unwrap();
        assert_eq!((swept.sent, swept.left), (0, Lane::ALL.len() * (usize::from(SHARDS) + 1)));

        let swept = Sweep { stops_at: None, ..pass }.pass().await.unwrap();
        assert_eq!((swept.sent, swept.left), (900, 0));
        let first_ends = table.store.next_wake().await.unwrap().unwrap();
        assert!(
            first_ends >= at(160),
            "no lease is shorter than it would be at the end of the pass: {first_ends}"
        );
        let all = waiting(&table.store, at(10_000)).await;
        assert!(all.iter().any(|entry| entry.is_leased_at(first_ends)), "leases begin with their page");
    })
    .await;
}
