//! Dead letters, at a queue that answers as SQS does.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use indicatif::ProgressBar;
use market::operate::dead_letters::{DeadLetterQueues, Queue};
use market::{Options, Running};
use market_kernel::aggregate::Lane;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::command::market;
use crate::harness::options;

/// As much of SQS as the commands use: it keeps messages, and hides what was received until it is told.
#[derive(Default)]
pub struct Sqs {
    queues: Mutex<BTreeMap<String, Vec<Letter>>>,
    /// A body that no queue takes.
    refused: Mutex<Option<String>>,
    calls: Mutex<Vec<String>>,
}

#[derive(Debug, Clone)]
struct Letter {
    id: String,
    body: String,
    received: u32,
    is_held: bool,
}

/// 2026-01-05T09:00:00+08:00.
const SENT_MS: &str = "1767574800000";

impl Sqs {
    async fn start() -> (Arc<Self>, DeadLetterQueues) {
        let (sqs, url) = Self::listen().await;
        let client = aws_sdk_sqs::Client::new(&market::sdk_at(&url).await);
        (sqs, DeadLetterQueues::new(client, "https://sqs.example.com/0/market-{job}"))
    }

    async fn listen() -> (Arc<Self>, String) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sqs = Arc::new(Self::default());
        let router = Router::new().fallback(Self::answer).with_state(Arc::clone(&sqs));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (sqs, url)
    }

    pub async fn answer(State(sqs): State<Arc<Self>>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
        let operation = headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
        let asked: Value = serde_json::from_slice(&body).unwrap();
        sqs.calls.lock().unwrap().push(operation.clone());
        let json = [("content-type", "application/x-amz-json-1.0")];
        if operation == "CreateQueue" {
            let name = asked["QueueName"].as_str().unwrap();
            let made = json!({ "QueueUrl": format!("https://sqs.example.com/0/{name}") });
            return (json, made.to_string());
        }
        let url = asked["QueueUrl"].as_str().unwrap();
        let name = url.strip_prefix("https://sqs.example.com/0/market-").unwrap();
        if operation == "ReceiveMessage" && !name.ends_with("-dead") {
            // What goes back to a queue stays there: no worker gets it.
            std::future::pending::<()>().await;
        }
        let mut queues = sqs.queues.lock().unwrap();
        let queue = queues.entry(name.to_owned()).or_default();
        let told = match operation.as_str() {
            "GetQueueAttributes" => {
                let held = queue.iter().filter(|letter| letter.is_held).count();
                json!({ "Attributes": {
                    "QueueArn": format!("arn:aws:sqs:local:0:market-{name}"),
                    "ApproximateNumberOfMessages": (queue.len() - held).to_string(),
                    "ApproximateNumberOfMessagesNotVisible": held.to_string(),
                } })
            }
            "ReceiveMessage" => {
                let at_most = asked["MaxNumberOfMessages"].as_u64().unwrap() as usize;
                let given = queue.iter_mut().filter(|letter| !letter.is_held).take(at_most);
                json!({ "Messages": given.map(Letter::give).collect::<Vec<_>>() })
            }
            batch => {
                let refused = sqs.refused.lock().unwrap().clone();
                let (mut done, mut failed) = (Vec::new(), Vec::new());
                let entries = asked["Entries"].as_array().unwrap();
                assert!((1..=10).contains(&entries.len()), "{batch} of {}", entries.len());
                for entry in entries {
                    if batch == "SendMessageBatch" && entry["MessageBody"].as_str() == refused.as_deref() {
                        failed.push(json!({ "Id": entry["Id"], "Code": "Refused", "SenderFault": true }));
                        continue;
                    }
                    let handle = &entry["ReceiptHandle"];
                    match batch {
                        "SendMessageBatch" => queue.push(Letter::new(entry["MessageBody"].as_str().unwrap())),
                        "DeleteMessageBatch" => queue.retain(|letter| *handle != letter.id),
                        "ChangeMessageVisibilityBatch" => {
                            assert_eq!(entry["VisibilityTimeout"], 0);
                            queue.iter_mut().filter(|letter| *handle == letter.id).for_each(Letter::release);
                        }
                        other => panic!("{other} is not among what the commands use"),
                    }
                    done.push(json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "" }));
                }
                json!({ "Successful": done, "Failed": failed })
            }
        };
        (json, told.to_string())
    }

    pub fn put(&self, queue: &str, bodies: impl IntoIterator<Item = String>) {
        let letters = bodies.into_iter().map(|body| Letter::new(&body));
        self.queues.lock().unwrap().entry(queue.to_owned()).or_default().extend(letters);
    }

    /// The bodies in a queue, in their order, and how many of them are held by someone.
    fn look(&self, queue: &str) -> (Vec<String>, usize) {
        let letters = self.queues.lock().unwrap().get(queue).cloned().unwrap_or_default();
        let held = letters.iter().filter(|letter| letter.is_held).count();
        let mut bodies: Vec<String> = letters.into_iter().map(|letter| letter.body).collect();
        bodies.sort();
        (bodies, held)
    }

    fn calls(&self, operation: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|called| *called == operation).count()
    }
}

impl Letter {
    /// Its body is its id too: tests put no two alike into a queue.
    fn new(body: &str) -> Self {
        Self { id: body.to_owned(), body: body.to_owned(), received: 0, is_held: false }
    }

    fn give(&mut self) -> Value {
        self.received += 1;
        self.is_held = true;
        json!({
            "MessageId": self.id, "ReceiptHandle": self.id, "Body": self.body,
            "Attributes": { "ApproximateReceiveCount": self.received.to_string(), "SentTimestamp": SENT_MS },
        })
    }

    fn release(&mut self) {
        self.is_held = false;
    }
}

fn bodies(count: u32) -> Vec<String> {
    (0..count).map(|n| json!({ "letter": format!("{n:02}") }).to_string()).collect()
}

#[tokio::test]
async fn dead_letters_are_counted_and_shown_and_stay_where_they_are() {
    let (sqs, queues) = Sqs::start().await;
    sqs.put("notify-dead", bodies(12));
    sqs.put("relay-dead", ["it is not JSON".to_owned()]);
    let notify = Queue::Lane(Lane::Notify);
    let count = queues.count(notify).await.unwrap();
    assert_eq!((count.queue, count.waiting, count.held), (notify, 12, 0));
    assert_eq!(queues.count(Queue::Sweep).await.unwrap().waiting, 0);

    let shown = queues.inspect(notify, 11).await.unwrap();
    assert_eq!(shown.messages.len(), 11);
    let first = &shown.messages[0];
    assert_eq!((first.received, &first.body), (1, &json!({ "letter": "00" })));
    assert_eq!(first.first_sent, Some("2026-01-05T09:00:00+08:00".parse().unwrap()));
    let relay = queues.inspect(Queue::Relay, 10).await.unwrap();
    assert_eq!(relay.messages[0].body, "it is not JSON");
    assert_eq!(sqs.look("notify-dead"), (bodies(12), 0), "none is held back");
    assert_eq!(queues.inspect(notify, 100).await.unwrap().messages.len(), 12);
    assert_eq!(sqs.calls("DeleteMessageBatch") + sqs.calls("SendMessageBatch"), 0);
}

#[tokio::test]
async fn dead_letters_go_back_to_their_queue_and_none_is_left_or_lost() {
    let (sqs, queues) = Sqs::start().await;
    for queue in [Queue::Lane(Lane::ExpireGrant), Queue::Lane(Lane::Notify)] {
        let (name, dead) = (queue.name(), format!("{}-dead", queue.name()));
        sqs.put(&dead, bodies(25));
        let some = queues.redrive(queue, 12, &ProgressBar::hidden()).await.unwrap();
        assert_eq!((some.moved, some.limited, some.stopped), (12, true, None));
        assert_eq!(sqs.look(&dead).0.len(), 13);
        let rest = queues.redrive(queue, 10_000, &ProgressBar::hidden()).await.unwrap();
        assert_eq!((rest.moved, rest.twice, rest.limited, rest.stopped), (13, 0, false, None));
        assert_eq!((sqs.look(name), sqs.look(&dead)), ((bodies(25), 0), (Vec::new(), 0)));
    }
    let none = queues.redrive(Queue::Lane(Lane::Notify), 10_000, &ProgressBar::hidden()).await.unwrap();
    assert_eq!((none.moved, none.stopped), (0, None));
}

#[tokio::test]
async fn a_dead_letter_that_its_queue_does_not_take_stays_and_stops_the_command() {
    let (sqs, queues) = Sqs::start().await;
    let notify = Queue::Lane(Lane::Notify);
    sqs.put("notify-dead", bodies(25));
    *sqs.refused.lock().unwrap() = Some(bodies(25)[13].clone());
    let stopped = queues.redrive(notify, 10_000, &ProgressBar::hidden()).await.unwrap();
    assert_eq!((stopped.moved, stopped.twice), (19, 0), "the rest of its batch went");
    assert!(stopped.stopped.unwrap().contains("Refused"));
    let (left, held) = sqs.look("notify-dead");
    assert!(left.contains(&bodies(25)[13]), "{left:?}");
    assert_eq!((left.len(), held), (6, 0), "and others see it at once");

    *sqs.refused.lock().unwrap() = None;
    let moved = queues.redrive(notify, 10_000, &ProgressBar::hidden()).await.unwrap();
    assert_eq!((moved.moved, moved.stopped), (6, None));
    assert_eq!(sqs.look("notify"), (bodies(25), 0));
}

#[tokio::test]
async fn what_proves_something_and_what_relay_and_sweep_gave_up_is_not_sent_again_and_the_command_says_why() {
    let (sqs, queues) = Sqs::start().await;
    for queue in [Queue::MailFeedback, Queue::Relay, Queue::Sweep] {
        let refused = queues.redrive(queue, 10_000, &ProgressBar::hidden()).await.unwrap_err();
        assert!(refused.to_string().contains(queue.name()), "{refused}");
    }
    assert!(sqs.calls.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_on_one_machine_shows_what_its_queues_gave_up_on_and_sends_it_back() {
    let (sqs, endpoint) = Sqs::listen().await;
    let folder = tempfile::tempdir().unwrap();
    let options = Options { sqs_endpoint: Some(endpoint), ..options(folder.path().to_owned()) };
    let running = Running::start(options).await.unwrap();
    sqs.put("notify-dead", bodies(12));
    let told = async |line: &str| {
        let words: Vec<&str> = line.split(' ').chain(["--url", &running.url, "--json"]).collect();
        let said = market(&[&["dead-letters"], &words[..]].concat(), &[]).await;
        assert_eq!(said.exit, 0, "{said:?}");
        said.json()
    };
    let counts = told("list").await;
    assert_eq!(*counts.at("/items/0"), json!({ "queue": "notify", "waiting": 12, "held": 0 }));
    assert_eq!(told("redrive notify --dry-run --limit 5").await["would_move"], 5);
    let shown = told("inspect notify --limit 11").await;
    assert_eq!(shown["messages"].as_array().map(|all| all.len()), Some(11));
    assert_eq!(*shown.at("/messages/0/body"), json!({ "letter": "00" }));
    assert_eq!(*shown.at("/messages/0/first_sent"), json!("2026-01-05T01:00:00Z"));
    assert_eq!(sqs.look("notify-dead"), (bodies(12), 0), "none is held back");
    let some = told("redrive notify --limit 5").await;
    assert_eq!((&some["moved"], &some["limited"]), (&json!(5).into(), &json!(true).into()));
    assert_eq!(told("redrive notify").await["moved"], 7);
    assert_eq!((sqs.look("notify"), sqs.look("notify-dead")), ((bodies(12), 0), (Vec::new(), 0)));
}
