//! The job `notify`, when the table or the channel fails in the middle: how often a legal e-mail leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use market_ambient::{Clock, SystemEntropy};
use market_functions::kinds;
use market_functions::metrics::Metrics;
use market_functions::workers::WorkerContext;
use market_jobs::WakeUp;
use market_kernel::Timestamp;
use market_kernel::aggregate::Lane;
use market_kernel::notices::{Notice, NoticeStatus, Sending, samples};
use market_notices::{Gateway, Gateways, NoGateway};

use crate::server::{Fault, error};
use crate::table::{Table, at};

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
}

impl World {
    async fn new(answer: Sending) -> Self {
        let table = Table::new().await;
        let channel = Arc::new(Counting { taken: AtomicUsize::new(0), answer });
        let clock = Arc::new(Hand(AtomicI64::new(100)));
        let jobs = WorkerContext {
            store: table.store.clone(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(SystemEntropy),
            gateways: Gateways { email: Arc::clone(&channel) as Arc<dyn Gateway>, sms: Arc::new(NoGateway) },
            operator: Arc::new(samples::operator()),
            metrics: Metrics::default(),
            corruption_alarm: Arc::new(|_| {}),
            drill: None,
        };
        let wake_up = WakeUp { lane: Lane::Notify, key: table.entry.key.clone() };
        Self { table, channel, clock, jobs, wake_up }
    }

    fn taken(&self) -> usize {
        self.channel.taken.load(Ordering::SeqCst)
    }

    async fn status(&self) -> NoticeStatus {
        self.table.store.get_at::<Notice>(&self.wake_up.key).await.unwrap().unwrap().state.status
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
    for (answer, waits) in [(Sending::Unknown, 3_600), (Sending::Failed { reason: "down".to_owned() }, 60)] {
        let world = World::new(answer).await;
        kinds::run(&world.jobs, &world.wake_up).await.unwrap();
        let NoticeStatus::Queued { attempts: 1, next_attempt_at } = world.status().await else {
            panic!("it waits");
        };
        assert_eq!(next_attempt_at, at(100 + waits));
    }
}
