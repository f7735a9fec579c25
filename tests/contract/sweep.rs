//! The sweep over the due index: each entry is handed out once for each of its leases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use market_jobs::sweep::{BrokenPass, SweepError, sweep};
use market_jobs::{Outgoing, QueueError, Queues};

use crate::tables::on_each_table;
use crate::thing::{JOB, at, thing};

/// Queues that remember what they took; they take no batch in which they refuse a wake-up.
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
    async fn send(&self, outgoing: Vec<Outgoing>) -> Result<(), QueueError> {
        if outgoing.iter().any(self.refuses) {
            return Err(QueueError("down".to_owned()));
        }
        self.taken.lock().unwrap().extend(outgoing);
        Ok(())
    }
}

impl Taken {
    /// What was taken since the last call: each item, and the delay in milliseconds.
    fn take(&self) -> Vec<(String, u128)> {
        let taken = std::mem::take(&mut *self.taken.lock().unwrap());
        let mut taken: Vec<_> = taken
            .into_iter()
            .map(|outgoing| {
                assert_eq!(outgoing.wake_up.job, JOB);
                (outgoing.wake_up.key.sort, outgoing.delay.as_millis())
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
        let (queues, minute) = (Taken::default(), Duration::from_secs(60));
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
        let (queues, horizon) = (Taken::default(), Duration::from_secs(120));
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
        let swept = sweep(&table.store, &one, at(21), Duration::from_secs(60)).await.unwrap();
        assert_eq!((swept.sent, one.take()), (1, sent(&[("behind", 54_000)])));
    })
    .await;
}

#[tokio::test]
async fn what_a_queue_did_not_take_comes_back_when_its_lease_ends() {
    on_each_table(async |table| {
        table.create(at(0), &[thing("a").due(at(10))]).await;
        let (down, up) = (Taken { refuses: |_| true, ..Taken::default() }, Taken::default());
        let outcome = sweep(&table.store, &down, at(10), Duration::ZERO).await;
        assert!(matches!(outcome, Err(BrokenPass { first: SweepError::Queue(_), .. })), "{outcome:?}");
        assert_eq!(sweep(&table.store, &up, at(69), Duration::ZERO).await.unwrap().sent, 0);
        assert_eq!(sweep(&table.store, &up, at(70), Duration::ZERO).await.unwrap().sent, 1);
        assert_eq!(up.take(), sent(&[("a", 0)]));
    })
    .await;
}

#[tokio::test]
async fn the_trouble_of_one_shard_leaves_the_others_alone() {
    on_each_table(async |table| {
        let things: Vec<_> = (0..80).map(|n| thing(&format!("{n:02}")).due(at(10))).collect();
        table.create(at(0), &things).await;
        let queues =
            Taken { refuses: |outgoing| outgoing.wake_up.key.sort == "thing#07", ..Taken::default() };
        let outcome = sweep(&table.store, &queues, at(10), Duration::ZERO).await;
        let Err(BrokenPass { swept, failed: 1, first: SweepError::Queue(_) }) = outcome else {
            panic!("{outcome:?}");
        };
        let taken = queues.take();
        assert_eq!(taken.len(), swept.sent);
        assert!(swept.sent > 40, "{swept:?}");
        // What the shard had leased comes back.
        let up = Taken::default();
        sweep(&table.store, &up, at(70), Duration::ZERO).await.unwrap();
        let names: BTreeSet<_> = taken.into_iter().chain(up.take()).map(|(name, _)| name).collect();
        assert_eq!(names.len(), 80);
    })
    .await;
}
