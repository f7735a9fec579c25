//! The queues: in memory always, and on an SQS where one is at hand.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName::{
    ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed, ApproximateNumberOfMessagesNotVisible,
    QueueArn, RedrivePolicy, VisibilityTimeout,
};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use futures_util::{FutureExt, StreamExt};
use market_jobs::memory::{MemoryQueue, MemoryQueues};
use market_jobs::sqs::SqsQueues;
use market_jobs::worker::{Limits, ReceivedWakeUp, WakeUpHandler, work};
use market_jobs::{Outgoing, Queues, WakeUp};
use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;
use serde_json::{Value, json};

use crate::{awaited, endpoint, fresh};

fn outgoing(job: Lane, name: &str, delay: Duration) -> Outgoing {
    Outgoing { wake_up: WakeUp { lane: job, key: Key::stored("p", name) }, delay }
}

/// The queues of one test, on one implementation.
enum TestQueues {
    Memory(MemoryQueues, Mutex<BTreeMap<Lane, MemoryQueue>>),
    Sqs(SqsQueues, Client),
}

/// Runs a test on each implementation, one after the other.
async fn on_each_queue(test: impl AsyncFn(TestQueues)) {
    let (memory, ends) = MemoryQueues::open();
    test(TestQueues::Memory(memory, Mutex::new(ends.into_iter().collect()))).await;
    if let Some((queues, client)) = sqs("5", "30").await {
        test(TestQueues::Sqs(queues, client)).await;
    }
}

/// New queues, each with its dead-letter queue, where there is an SQS to test.
async fn sqs(max_receives: &str, visibility_seconds: &str) -> Option<(SqsQueues, Client)> {
    let server = endpoint("MARKET_TEST_SQS_ENDPOINT")?;
    println!("on {server}");
    let client = Client::new(&market::sdk_at(&server).await);
    let name = fresh("contract");
    let mut pattern = String::new();
    for job in Lane::ALL {
        let dead = client.create_queue().queue_name(format!("{name}-{job}-dead")).send().await.unwrap();
        let attributes =
            client.get_queue_attributes().queue_url(dead.queue_url.unwrap()).attribute_names(QueueArn);
        let arn = attributes.send().await.unwrap().attributes.unwrap()[&QueueArn].clone();
        let redrive = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": max_receives });
        let queue = client
            .create_queue()
            .queue_name(format!("{name}-{job}"))
            .attributes(VisibilityTimeout, visibility_seconds)
            .attributes(RedrivePolicy, redrive.to_string());
        pattern = queue.send().await.unwrap().queue_url.unwrap().replace(job.name(), "{job}");
    }
    Some((SqsQueues::new(client.clone(), pattern), client))
}

impl TestQueues {
    async fn send(&self, outgoing: Vec<Outgoing>) {
        match self {
            Self::Memory(queues, _) => assert_eq!(queues.send(outgoing).await, []),
            Self::Sqs(queues, _) => assert_eq!(queues.send(outgoing).await, []),
        }
    }

    /// Works off so many deliveries of a job, and settles them; each item, and how often it was received,
    /// in the order of their arrival. Those fail of which `fails` says so.
    async fn work_off(&self, job: Lane, count: usize, fails: fn(&str, u32) -> bool) -> Vec<(String, u32)> {
        let seen = Arc::<Mutex<Vec<(String, u32)>>>::default();
        let (received, handled) = (Arc::clone(&seen), Arc::clone(&seen));
        let handler: WakeUpHandler = Arc::new(move |wake_up: WakeUp| {
            // The latest delivery of this item, since one is not delivered again before it is settled.
            let handled = handled.lock().unwrap();
            let times = handled.iter().rev().find(|(name, _)| **name == *wake_up.key.sort).unwrap().1;
            let failed = fails(&wake_up.key.sort, times);
            async move { if failed { Err("on purpose".into()) } else { Ok(()) } }.boxed()
        });
        let note = move |delivery: &ReceivedWakeUp| {
            received.lock().unwrap().push((delivery.wake_up.key.sort.to_string(), delivery.received));
        };
        let limits = Limits::default();
        let worker = match self {
            Self::Memory(_, ends) => {
                let end = ends.lock().unwrap().remove(&job).expect("a queue is worked off once in a test");
                let deliveries = end.deliveries(std::future::pending()).inspect(note).take(count);
                work("test", deliveries, handler, limits)
            }
            Self::Sqs(queues, _) => {
                let deliveries = queues.poll(job, std::future::pending()).inspect(note).take(count);
                work("test", deliveries, handler, limits)
            }
        };
        awaited("the worker", worker).await.unwrap();
        std::mem::take(&mut *seen.lock().unwrap())
    }

    /// That nothing is left: not waiting, not delayed and not in anyone's hand.
    async fn assert_empty(&self) {
        match self {
            Self::Memory(queues, _) => awaited("the queues in memory to be idle", queues.idle()).await,
            Self::Sqs(queues, client) => {
                for job in Lane::ALL {
                    assert_eq!(counts(client, &queues.url(job)).await, (0, 0, 0), "{job}");
                }
            }
        }
    }
}

/// Messages that wait, that someone has in hand, and that are delayed.
pub async fn counts(client: &Client, url: &str) -> (u32, u32, u32) {
    let names = [
        ApproximateNumberOfMessages,
        ApproximateNumberOfMessagesNotVisible,
        ApproximateNumberOfMessagesDelayed,
    ];
    let wanted = client.get_queue_attributes().queue_url(url).set_attribute_names(Some(names.to_vec()));
    let attributes = wanted.send().await.unwrap().attributes.unwrap_or_default();
    let [waiting, in_hand, delayed] =
        names.map(|name| attributes.get(&name).map_or(0, |count| count.parse().unwrap()));
    (waiting, in_hand, delayed)
}

#[tokio::test]
async fn every_wake_up_reaches_its_jobs_queue_and_one_that_is_done_is_settled_for_good() {
    on_each_queue(async |queues| {
        // More than SQS takes in one request.
        let names: Vec<_> = (0..23).map(|n| format!("{n:02}")).collect();
        let mut all: Vec<_> = names.iter().map(|n| outgoing(Lane::Notify, n, Duration::ZERO)).collect();
        all.push(outgoing(Lane::AdvanceCase, "case 訂單", Duration::ZERO));
        queues.send(all).await;
        queues.send(Vec::new()).await;
        let mut seen = queues.work_off(Lane::Notify, 23, |_, _| false).await;
        seen.sort();
        assert_eq!(seen, names.iter().map(|name| (name.clone(), 1)).collect::<Vec<_>>());
        let seen = queues.work_off(Lane::AdvanceCase, 1, |_, _| false).await;
        assert_eq!(seen, [("case 訂單".to_owned(), 1)]);
        queues.assert_empty().await;
    })
    .await;
}

#[tokio::test]
async fn a_wake_up_that_fails_comes_again_and_its_neighbours_do_not() {
    on_each_queue(async |queues| {
        let all = ["bad", "good"].map(|name| outgoing(Lane::Notify, name, Duration::ZERO));
        queues.send(all.to_vec()).await;
        let fails = |name: &str, received| name == "bad" && received == 1;
        let mut seen = queues.work_off(Lane::Notify, 3, fails).await;
        seen.sort();
        let expected = [("bad", 1), ("bad", 2), ("good", 1)];
        assert_eq!(seen, expected.map(|(name, received)| (name.to_owned(), received)));
        queues.assert_empty().await;
    })
    .await;
}

#[tokio::test]
async fn a_delayed_wake_up_lets_one_that_is_not_go_first() {
    on_each_queue(async |queues| {
        let delay = Duration::from_millis(20);
        queues.send(vec![outgoing(Lane::Notify, "later", delay)]).await;
        if let TestQueues::Sqs(queues, client) = &queues {
            assert_eq!(counts(client, &queues.url(Lane::Notify)).await, (0, 0, 1), "a whole second is kept");
        }
        queues.send(vec![outgoing(Lane::Notify, "now", Duration::ZERO)]).await;
        let seen = queues.work_off(Lane::Notify, 2, |_, _| false).await;
        assert_eq!(seen, ["now", "later"].map(|name| (name.to_owned(), 1)));
        queues.assert_empty().await;
    })
    .await;
}

#[tokio::test]
async fn sqs_is_asked_for_whole_seconds_rounded_up_and_never_for_more_than_it_keeps() {
    type Asked = Arc<Mutex<Vec<(String, i64)>>>;
    let asked = Asked::default();
    async fn take(State(asked): State<Asked>, body: String) -> axum::Json<Value> {
        let body: Value = serde_json::from_str(&body).unwrap();
        let entries = body["Entries"].as_array().unwrap();
        for entry in entries {
            let wake_up: WakeUp = serde_json::from_str(entry["MessageBody"].as_str().unwrap()).unwrap();
            asked
                .lock()
                .unwrap()
                .push((wake_up.key.sort.to_string(), entry["DelaySeconds"].as_i64().unwrap_or(0)));
        }
        let taken = entries
            .iter()
            .map(|entry| json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "" }));
        axum::Json(json!({ "Successful": taken.collect::<Vec<_>>(), "Failed": [] }))
    }
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(post(take)).with_state(Arc::clone(&asked));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let queues = SqsQueues::new(Client::new(&market::sdk_at(&url).await), format!("{url}/0/market-{{job}}"));
    let cases = [(0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (900_000, 900), (3_600_000, 900)];
    let sent = cases.map(|(ms, _)| outgoing(Lane::Notify, &ms.to_string(), Duration::from_millis(ms)));
    assert_eq!(queues.send(sent.to_vec()).await, []);
    let expected = cases.map(|(ms, seconds): (u64, i64)| (ms.to_string(), seconds));
    assert_eq!(*asked.lock().unwrap(), expected);
}

#[tokio::test]
async fn what_cannot_be_read_or_never_succeeds_ends_in_the_dead_letter_queue() {
    let Some((queues, client)) = sqs("2", "1").await else { return };
    let url = queues.url(Lane::Notify);
    client.send_message().queue_url(&url).message_body("not a wake-up").send().await.unwrap();
    assert_eq!(queues.send(vec![outgoing(Lane::Notify, "hopeless", Duration::ZERO)]).await, []);
    let seen = Arc::<Mutex<Vec<(String, u32)>>>::default();
    let noted = Arc::clone(&seen);
    let deliveries = queues.poll(Lane::Notify, std::future::pending()).inspect(move |delivery| {
        noted.lock().unwrap().push((delivery.wake_up.key.sort.to_string(), delivery.received));
    });
    let handler: WakeUpHandler = Arc::new(|_| async { Err("on purpose".into()) }.boxed());
    let worker = tokio::spawn(work("test", deliveries, handler, Limits::default()));
    // As the market names it: beside the job's own.
    let dead = url.clone() + "-dead";
    let mut bodies = Vec::new();
    awaited("two dead letters", async {
        while bodies.len() < 2 {
            let receive = client.receive_message().queue_url(&dead).wait_time_seconds(1);
            for message in receive.send().await.unwrap().messages.unwrap_or_default() {
                bodies.push(message.body.unwrap());
                let delete = client.delete_message().queue_url(&dead);
                delete.receipt_handle(message.receipt_handle.unwrap()).send().await.unwrap();
            }
        }
    })
    .await;
    worker.abort();
    bodies.sort();
    assert_eq!(bodies[0], "not a wake-up");
    assert!(bodies[1].contains("hopeless"), "{bodies:?}");
    assert_eq!(*seen.lock().unwrap(), [("hopeless".to_owned(), 1), ("hopeless".to_owned(), 2)]);
    assert_eq!(counts(&client, &url).await, (0, 0, 0));
}
