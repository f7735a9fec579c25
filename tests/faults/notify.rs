//! The job `notify`, when the table or the channel fails in the middle: how often a legal e-mail leaves.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use market::logging::{LogFormat, OF_A_MARKET, subscriber, targets};
use market_ambient::{Clock, SystemEntropy};
use market_functions::kinds;
use market_functions::metrics::{Metric, Metrics};
use market_functions::workers::{JobError, WorkerContext};
use market_jobs::WakeUp;
use market_kernel::Timestamp;
use market_kernel::aggregate::Lane;
use market_kernel::notices::{Hindrance, MAX_ATTEMPTS, Notice, NoticeStatus, Sending, samples};
use market_kernel::stored::values::Named;
use market_notices::{Gateway, Gateways, NoGateway, Pace};
use market_store::CommitError;

use crate::server::{Fault, error};
use crate::table::{Table, at, occasion};

/// A channel that counts what it takes, and answers so.
struct Counting {
    taken: AtomicUsize,
    answer: Sending,
}

impl Gateway for Counting {
    fn send<'a>(&'a self, _: &'a Notice) -> BoxFuture<'a, Sending> {
        self.taken.fetch_add(1, Ordering::SeqCst);
        // Whoever else is at it has its turn first.
        async {
            tokio::task::yield_now().await;
            self.answer.clone()
        }
        .boxed()
    }
}

/// A clock that is set by hand, in seconds of the tests.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        at(self.0.load(Ordering::SeqCst))
    }
}

struct World {
    table: Table,
    channel: Arc<Counting>,
    clock: Arc<Hand>,
    jobs: WorkerContext,
    wake_up: WakeUp,
    counted: Arc<Mutex<Vec<Metric>>>,
}

impl World {
    async fn new(answer: Sending) -> Self {
        let table = Table::new().await;
        let channel = Arc::new(Counting { taken: AtomicUsize::new(0), answer });
        let clock = Arc::new(Hand(AtomicI64::new(100)));
        let counted = Arc::<Mutex<Vec<Metric>>>::default();
        let jobs = WorkerContext {
            store: table.store.clone(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(SystemEntropy),
            gateways: Gateways { email: Arc::clone(&channel) as Arc<dyn Gateway>, sms: Arc::new(NoGateway) },
            pace: None,
            operator: Arc::new(samples::operator()),
            metrics: {
                let counted = Arc::clone(&counted);
                Metrics::told(move |metric, _| counted.lock().unwrap().push(metric))
            },
            corruption_alarm: Arc::new(|_| {}),
            drill: None,
        };
        let wake_up = WakeUp { lane: Lane::Notify, key: table.entry.key.clone() };
        Self { table, channel, clock, jobs, wake_up, counted }
    }

    fn taken(&self) -> usize {
        self.channel.taken.load(Ordering::SeqCst)
    }

    async fn status(&self) -> NoticeStatus {
        self.table.store.get_at::<Notice>(&self.wake_up.key).await.unwrap().unwrap().state.status
    }
}

fn failed(by: Hindrance) -> Sending {
    Sending::Failed { by, reason: "550 shop@example.com is unknown".to_owned() }
}

/// What is logged on this thread from now on.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn begin(&self) -> tracing::subscriber::DefaultGuard {
        let (log, usual) = (self.clone(), targets(None, OF_A_MARKET).unwrap());
        tracing::subscriber::set_default(subscriber(LogFormat::Text, false, usual, move || log.clone()))
    }

    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

fn taken() -> Sending {
    Sending::Accepted { gateway_id: Some("g-1".to_owned()) }
}

#[tokio::test]
async fn nothing_leaves_while_the_attempt_cannot_be_claimed() {
    let world = World::new(taken()).await;
    for fault in [error(400, "ThrottlingException"), error(500, "InternalServerError"), Fault::BreakOff] {
        world.table.faulty.fail_at("TransactWriteItems", fault);
        for _ in 0..8 {
            assert!(kinds::run(&world.jobs, &world.wake_up).await.is_err(), "its message comes again");
        }
    }
    assert_eq!(world.taken(), 0);
    world.table.faulty.heal();
    kinds::run(&world.jobs, &world.wake_up).await.unwrap();
    assert_eq!(world.taken(), 1);
    assert!(matches!(world.status().await, NoticeStatus::Sent { .. }));
}

#[tokio::test]
async fn of_workers_that_are_woken_at_once_one_sends() {
    let world = World::new(taken()).await;
    world.table.faulty.contend();
    let outcomes = join_all((0..8).map(|_| kinds::run(&world.jobs, &world.wake_up))).await;
    assert_eq!(world.taken(), 1, "{outcomes:?}");
    assert!(matches!(world.status().await, NoticeStatus::Sent { .. }));
}

#[tokio::test]
async fn a_record_that_is_lost_sends_nothing_again_for_an_hour() {
    let world = World::new(taken()).await;
    // The claim is taken, and nothing after it.
    let mut commits = 0;
    world.table.faulty.fail(move |operation, _| {
        commits += usize::from(operation == "TransactWriteItems");
        (commits > 1 && operation == "TransactWriteItems").then(|| error(400, "ThrottlingException"))
    });
    assert!(kinds::run(&world.jobs, &world.wake_up).await.is_err());
    world.table.faulty.heal();
    for second in [101, 160, 1_000, 3_699] {
        world.clock.0.store(second, Ordering::SeqCst);
        kinds::run(&world.jobs, &world.wake_up).await.unwrap();
    }
    assert_eq!(world.taken(), 1);
    assert!(matches!(world.status().await, NoticeStatus::Queued { attempts: 1, .. }));
    // Nobody has told what became of it.
    world.clock.0.store(3_700, Ordering::SeqCst);
    kinds::run(&world.jobs, &world.wake_up).await.unwrap();
    assert_eq!(world.taken(), 2);
    assert!(matches!(world.status().await, NoticeStatus::Sent { .. }));
}

#[tokio::test]
async fn a_notice_of_which_nobody_knows_whether_it_left_is_sent_again_an_hour_later_and_one_that_failed_a_minute_later()
 {
    for (answer, waits) in [(Sending::Unknown, 3_600), (failed(Hindrance::Failing), 60)] {
        let world = World::new(answer).await;
        kinds::run(&world.jobs, &world.wake_up).await.unwrap();
        let NoticeStatus::Queued { attempts: 1, next_attempt_at, .. } = world.status().await else {
            panic!("it waits");
        };
        assert_eq!(next_attempt_at, at(100 + waits));
    }
}

#[tokio::test]
async fn each_failed_try_is_told_in_a_line_that_names_no_party_and_from_the_third_on_it_is_counted_by_its_reason()
 {
    for &by in Hindrance::ALL {
        let log = Log::default();
        let _logs = log.begin();
        let world = World::new(if by == Hindrance::Unanswered { Sending::Unknown } else { failed(by) }).await;
        for tries in 1..=5 {
            kinds::run(&world.jobs, &world.wake_up).await.unwrap();
            let NoticeStatus::Queued { attempts, next_attempt_at, trouble } = world.status().await else {
                panic!("it waits");
            };
            assert_eq!(attempts, if by.is_excused() { 0 } else { tries }, "{by:?}");
            assert_eq!(trouble.map(|trouble| (trouble.tries, trouble.by)), Some((tries, by)));
            let counted = std::mem::take(&mut *world.counted.lock().unwrap());
            let expected = if tries < 3 { vec![] } else { vec![Metric::NoticesDelayed(by)] };
            assert_eq!(counted, expected, "try {tries}");
            let lines = log.lines();
            assert_eq!(lines.len(), tries as usize, "{lines:#?}");
            let line = lines.last().unwrap();
            for said in [
                " WARN ",
                "a notice is delayed",
                "account#…/notice#ntc_",
                by.name(),
                &next_attempt_at.to_string(),
            ] {
                assert!(line.contains(said), "{said}: {line}");
            }
            for party in ["shop-1", "shop@", "550"] {
                assert!(!line.contains(party), "{line}");
            }
            let seconds = next_attempt_at.duration_since(at(0)).as_secs();
            world.clock.0.store(seconds, Ordering::SeqCst);
        }
    }
}

#[tokio::test]
async fn what_is_given_up_is_told_and_counted_once_and_its_line_names_no_party() {
    let log = Log::default();
    let _logs = log.begin();
    let world = World::new(failed(Hindrance::Unreachable)).await;
    loop {
        kinds::run(&world.jobs, &world.wake_up).await.unwrap();
        let NoticeStatus::Queued { next_attempt_at, .. } = world.status().await else { break };
        world.clock.0.store(next_attempt_at.duration_since(at(0)).as_secs(), Ordering::SeqCst);
    }
    let counted = world.counted.lock().unwrap();
    let delayed =
        counted.iter().filter(|metric| **metric == Metric::NoticesDelayed(Hindrance::Unreachable)).count();
    assert_eq!(delayed, MAX_ATTEMPTS as usize - 3, "of the third to the last but one");
    assert_eq!(counted.iter().filter(|metric| **metric == Metric::NoticesUndeliverable).count(), 1);
    let lines = log.lines();
    assert!(lines.last().unwrap().contains("a notice cannot be delivered"), "{lines:#?}");
    assert!(lines.iter().all(|line| !line.contains("shop-1")), "{lines:#?}");
}

#[tokio::test]
async fn what_a_notice_rests_on_is_asked_when_its_turn_has_come_and_not_before_it_waits_for_that() {
    let world = World::new(taken()).await;
    let pace = Pace::shared(1, 1).unwrap();
    while pace.turn(at(100)) < at(10_000) {}
    let waiting = WorkerContext { pace: Some(Arc::new(pace)), ..world.jobs };
    let faulty = &world.table.faulty;
    faulty.heal();
    let begins = async {
        while faulty.calls("GetItem") == 0 {
            tokio::task::yield_now().await;
        }
        // It has its answer, and goes as far as it can.
        for _ in 0..30 {
            waiting.store.get_at::<Notice>(&world.wake_up.key).await.unwrap();
        }
    };
    tokio::select! {
        outcome = kinds::run(&waiting, &world.wake_up) => panic!("it did not wait: {outcome:?}"),
        () = begins => {}
    }
    assert_eq!(faulty.calls("GetItem"), 1 + 30, "the notice, and nothing of what it rests on");
    assert_eq!(faulty.calls("TransactWriteItems"), 0);
    faulty.heal();
    let free = WorkerContext { pace: Some(Arc::new(Pace::shared(1, 1).unwrap())), ..waiting };
    kinds::run(&free, &world.wake_up).await.unwrap();
    let calls = ["GetItem", "TransactWriteItems"].map(|operation| faulty.calls(operation));
    assert_eq!(calls, [2, 2], "the notice and its cause; the claim and the record");
}

#[tokio::test]
async fn a_notice_that_changed_while_it_waited_for_its_turn_does_not_leave_as_it_was_read() {
    let world = World::new(taken()).await;
    let faulty = &world.table.faulty;
    let pace = Pace::shared(1, 1).unwrap();
    let turn = std::time::Duration::from_secs(9_900);
    while pace.turn(at(100)) < at(9_999) {}
    let waiting = WorkerContext { pace: Some(Arc::new(pace)), ..world.jobs };
    faulty.heal();
    let meanwhile = async {
        while faulty.calls("GetItem") == 0 {
            tokio::task::yield_now().await;
        }
        let notice = waiting.store.get_at::<Notice>(&world.wake_up.key).await.unwrap().unwrap();
        let withdrawn = Notice::supersede(&notice, None, &occasion()).unwrap();
        waiting.store.commit(&withdrawn, None).await.unwrap();
        tokio::time::pause();
        tokio::time::advance(turn).await;
        tokio::time::resume();
    };
    let (outcome, ()) = tokio::join!(kinds::run(&waiting, &world.wake_up), meanwhile);
    assert!(matches!(outcome, Err(JobError::Commit(CommitError::Conflict))), "its message comes again");
    assert_eq!(world.channel.taken.load(Ordering::SeqCst), 0);
    kinds::run(&waiting, &world.wake_up).await.unwrap();
    assert_eq!(world.channel.taken.load(Ordering::SeqCst), 0, "and finds nothing to send");
}

#[tokio::test]
async fn a_worker_whose_turn_has_not_come_claims_nothing_and_sends_nothing() {
    let world = World::new(taken()).await;
    let pace = Pace::shared(1, 1).unwrap();
    // Others have the turns of the next hours.
    while pace.turn(at(100)) < at(10_000) {}
    let waiting = WorkerContext { pace: Some(Arc::new(pace)), ..world.jobs };
    let looks = async {
        // Each takes as long as one of the worker's own reads, of which it makes few before its claim.
        for _ in 0..30 {
            let key = &world.wake_up.key;
            let status = world.table.store.get_at::<Notice>(key).await.unwrap().unwrap().state.status;
            assert!(matches!(status, NoticeStatus::Queued { attempts: 0, .. }), "{status:?}");
        }
    };
    tokio::select! {
        outcome = kinds::run(&waiting, &world.wake_up) => panic!("it did not wait: {outcome:?}"),
        () = looks => {}
    }
    assert_eq!(world.channel.taken.load(Ordering::SeqCst), 0);
    let free = WorkerContext { pace: Some(Arc::new(Pace::shared(1, 1).unwrap())), ..waiting };
    kinds::run(&free, &world.wake_up).await.unwrap();
    assert_eq!(world.channel.taken.load(Ordering::SeqCst), 1);
}
