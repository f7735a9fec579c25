//! The sweep over the due index: each entry is handed out once for each of its leases.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use market_jobs::sweep::{BrokenPass, Paced, Sweep, SweepError, sweep};
use market_jobs::{Outgoing, Queues, Unsent};
use market_kernel::Timestamp;
use market_kernel::aggregate::{Due, Lane};
use market_kernel::keys::Key;
use market_store::due::{SHARDS, bare_item};

use crate::due::waiting;
use crate::tables::{Table, on_each_table};
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
        let pass = Sweep {
            store: &table.store,
            queues: &queues,
            now,
            horizon,
            stops_at: Some(at(100)),
            paced: None,
        };
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

/// So many of one lane that are due at one instant, with nothing but what the index is made of.
async fn wave(table: &Table, lane: Lane, count: u32, due_at: Timestamp) {
    let items = (0..count).map(|n| {
        let key = Key::stored(format!("account#shop-{n}"), format!("thing#{n:05}"));
        bare_item(&key, Due::new(due_at, lane))
    });
    stream::iter(items).for_each_concurrent(16, |item| table.put(item)).await;
}

/// How often each item was handed out.
#[derive(Default)]
struct HandedOut(BTreeMap<String, u32>);

impl HandedOut {
    fn note(&mut self, taken: &[(String, u128)]) {
        for (id, _) in taken {
            *self.0.entry(id.clone()).or_default() += 1;
        }
    }

    fn is_each_once_of(&self, count: usize) -> bool {
        self.0.len() == count && self.0.values().all(|times| *times == 1)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wave_is_worked_off_over_passes_that_stop_in_time_and_each_tells_what_is_left_and_how_late_it_is() {
    on_each_table(async |table| {
        const WAVE: u32 = 3_000;
        wave(&table, LANE, WAVE, at(0)).await;
        let (queues, mut handed_out) = (Taken::default(), HandedOut::default());
        let shards = Lane::ALL.len() * (usize::from(SHARDS) + 1);
        let mut passes = 0;
        loop {
            // Each look at the clock is a millisecond later; there is time for a page of each shard, and ten more.
            let begins_at_ms = 1_000 + passes * 5_000;
            let ticks = AtomicI64::new(begins_at_ms);
            let now =
                || Timestamp::from_millisecond(ms_of_tests() + ticks.fetch_add(1, Ordering::SeqCst)).unwrap();
            let looks = i64::try_from(shards).unwrap() + 10;
            let stops_at = Timestamp::from_millisecond(ms_of_tests() + begins_at_ms + looks).ok();
            let pass = Sweep {
                store: &table.store,
                queues: &queues,
                now,
                horizon: Duration::ZERO,
                stops_at,
                paced: None,
            };
            let swept = pass.pass().await.unwrap();
            passes += 1;
            let taken = queues.take();
            assert_eq!(swept.sent, taken.len(), "what it did is what it tells");
            handed_out.note(&taken);
            let is_over = handed_out.0.len() == WAVE as usize;
            assert_eq!(swept.left == 0, is_over, "pass {passes}: {swept:?}");
            assert!(swept.sent > 0 && swept.left <= usize::from(SHARDS), "no other lane waits: {swept:?}");
            // The wave is as late as the pass, for as long as there is some of it. Its last is late by itself.
            let (late, other) = (swept.wave, swept.lateness);
            let (late, other) = if is_over { (other, late) } else { (late, other) };
            assert_eq!(other, None, "pass {passes}: {swept:?}");
            let late_ms = late.unwrap().as_millis();
            let ran = i128::from(begins_at_ms)..=i128::from(begins_at_ms + looks);
            assert!(ran.contains(&late_ms), "pass {passes}: {late_ms}");
            if is_over {
                break;
            }
        }
        assert!(passes >= 2, "{passes}");
        assert!(handed_out.is_each_once_of(WAVE as usize), "none is lost or handed out twice");
        let after = at(20);
        assert_eq!(sweep(&table.store, &queues, after, Duration::ZERO).await.unwrap().lateness, None);
    })
    .await;
}

/// The tests' second 0, in milliseconds.
fn ms_of_tests() -> i64 {
    at(0).as_millisecond()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_is_cut_off_tells_what_it_did_and_what_it_had_in_hand_comes_back_with_its_lease() {
    on_each_table(async |table| {
        wave(&table, LANE, 1_200, at(0)).await;
        let queues = Taken::default();
        let enough = async {
            while queues.taken.lock().unwrap().len() < 300 {
                tokio::task::yield_now().await;
            }
        };
        let now = || at(10);
        let pass = Sweep {
            store: &table.store,
            queues: &queues,
            now,
            horizon: Duration::ZERO,
            stops_at: None,
            paced: None,
        };
        let swept = pass.pass_until(enough).await.unwrap();
        let mut handed_out = HandedOut::default();
        let taken = queues.take();
        handed_out.note(&taken);
        assert!(swept.sent <= taken.len() && taken.len() < 1_200, "{swept:?}");
        assert!(swept.left > 0, "{swept:?}");
        assert_eq!((swept.lateness, swept.wave), (None, Some(SignedDuration::from_secs(10))));
        for second in [11, 70] {
            sweep(&table.store, &queues, at(second), Duration::ZERO).await.unwrap();
            let again = queues.take();
            // What was sent comes again with its lease alone.
            handed_out.note(&again);
            if second == 11 {
                assert!(handed_out.0.values().all(|times| *times == 1), "no lease has ended");
            }
        }
        assert_eq!(handed_out.0.len(), 1_200, "nothing is lost");
        // Cut off before it begins, it has done nothing and says so.
        let swept = pass.pass_until(std::future::ready(())).await.unwrap();
        assert_eq!(swept.sent, 0);
        assert_eq!(swept.left, Lane::ALL.len() * (usize::from(SHARDS) + 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_has_a_pace_is_handed_out_at_that_and_no_other_waits_for_it() {
    on_each_table(async |table| {
        let (paced, other) = (Lane::Notify, LANE);
        assert_ne!(paced, other);
        let things: Vec<_> = (0..300).map(|n| thing(&format!("{n:03}")).due(at(0))).collect();
        table.create(at(-100), &things).await;
        wave(&table, paced, 1_000, at(0)).await;
        let queues = Taken::default();
        let per_pass = 160;
        let (mut of_other, mut of_paced) = (0, HandedOut::default());
        for pass in 0..40 {
            let now = || at(1 + pass);
            let paced = Some(Paced { lane: paced, per_pass });
            let sweep = Sweep {
                store: &table.store,
                queues: &queues,
                now,
                horizon: Duration::ZERO,
                stops_at: None,
                paced,
            };
            let swept = sweep.pass().await.unwrap();
            let taken = std::mem::take(&mut *queues.taken.lock().unwrap());
            let (mine, others): (Vec<_>, Vec<_>) =
                taken.into_iter().partition(|outgoing| outgoing.wake_up.lane == Lane::Notify);
            assert!(mine.len() <= per_pass, "{}", mine.len());
            of_other += others.len();
            let mine: Vec<_> = mine.iter().map(|outgoing| (outgoing.wake_up.key.to_string(), 0)).collect();
            of_paced.note(&mine);
            assert_eq!(swept.left == 0, of_paced.0.len() == 1_000, "what a pace leaves is told: {swept:?}");
            if pass == 0 {
                assert_eq!((of_other, of_paced.0.len()), (300, per_pass));
            }
            // How late what waits for its pace is, is how old the wave is; it hides neither that the other lane is late, nor a wave
            // of that.
            let (late, is_left) = (SignedDuration::from_secs(1 + pass), of_paced.0.len() < 1_000);
            assert_eq!((swept.wave, swept.paced_wave), (None, is_left.then_some(late)), "{swept:?}");
            assert_eq!(swept.lateness.is_some(), pass == 0 || !is_left, "{swept:?}");
            if of_paced.0.len() == 1_000 {
                break;
            }
        }
        assert!(of_paced.is_each_once_of(1_000));
    })
    .await;
}
