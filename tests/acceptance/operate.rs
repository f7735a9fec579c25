//! The operators' commands, on a market that trades: they go the same ways as on AWS, to another address.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use indicatif::ProgressBar;
use jiff::SignedDuration;
use market::client::Client;
use market::operate::OperateError;
use market::operate::dead_letters::{DeadLetterQueues, Queue};
use market::operate::late_jobs::{Late, late, parked, redrive};
use market::operate::publish::{ToPublish, preview, publish};
use market::operate::smoke::{Smoke, smoke};
use market::stage::Stage;
use market_agreement::documents::DocumentKind;
use market_identity::Role;
use market_kernel::aggregate::Lane;
use market_kernel::citations::Rules;
use market_kernel::hash::Sha256Hash;
use market_store::due::{Lease, MAX_TRIES, SHARDS, Shard};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::World;

impl World {
    fn operators_token(&self) -> String {
        self.running.issuer.token(Role::Operator, "ops", self.now())
    }
}

fn agreement(text: &str) -> ToPublish {
    ToPublish {
        document: "market-agreement".parse().unwrap(),
        kind: DocumentKind::Body,
        title: "服务市场服务协议".to_owned(),
        text: text.to_owned(),
        prominent: vec!["1.1".parse().unwrap()],
        rules: Rules::new(),
        effective_at: None,
        major: false,
        outline: None,
        unnumbered: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_how_a_text_is_read_and_publishes_nothing() {
    let world = World::new().await;
    let (url, token) = (&world.running.url, world.operators_token());
    let text = "1.甲\n1.1乙\n**1.2丙不赔。**\n1.4丁\n1.5万元以上的除外。\n";
    let before = world.table().await;
    let dry = preview(url, &token, &agreement(text)).await.unwrap();
    assert_eq!(dry.refused, None);
    let told = dry.to_string();
    for line in [
        "    1.2  丙不赔。",
        "bold          1.2",
        "line 4: 1.4 – missing 1.3",
        "line 5: no clause (amount): 1.5万元",
    ] {
        assert!(told.contains(line), "{line} in {told}");
    }
    let nothing = ToPublish { prominent: Vec::new(), ..agreement("甲\n乙\n") };
    assert_eq!(preview(url, &token, &nothing).await.unwrap().refused.unwrap().code, "nothing-recognised");
    assert!(world.table().await == before, "nothing was written");

    let published = publish(url, &token, &agreement(text)).await.unwrap();
    assert_eq!(published.outline, Some(dry.outline));
    assert!(published.to_string().contains("clauses       4"), "{published}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_published_twice_has_one_version() {
    let world = World::new().await;
    let (url, token) = (&world.running.url, world.operators_token());
    let text = "\u{feff}1.甲\r\n1.1乙\n";
    let first = publish(url, &token, &agreement(text)).await.unwrap();
    assert_eq!((first.version, first.repeated), (1, false));
    assert_eq!(first.sha256, Sha256Hash::of(text.as_bytes()));
    assert_eq!(first.effective_at, world.now());
    let again = publish(&format!("{url}/"), &token, &agreement(text)).await.unwrap();
    assert_eq!((again.version, again.repeated), (1, true));
    let anyone = Client::anonymous(&world.running);
    let document = anyone.get("/documents/market-agreement").await.unwrap();
    assert_eq!(document.body["versions"].as_array().map(|versions| versions.len()), Some(1));
    assert_eq!(anyone.get("/documents/market-agreement/versions/1/text").await.unwrap().text, text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_a_version_are_read_from_a_file_and_published_with_it() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let [text, rules] = ["agreement.txt", "rules.json"].map(|name| folder.path().join(name));
    std::fs::write(&text, "1.甲\n1.1乙\n").unwrap();
    let publish = async |content: &str| {
        std::fs::write(&rules, content).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_market"));
        command.args(["publish", "--document", "market-agreement", "--kind", "body", "--title", "协议"]);
        command.arg("--file").arg(&text).arg("--rules").arg(&rules).args(["--url", &world.running.url]);
        command.env("MARKET_TOKEN", world.operators_token());
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    };
    let unknown = publish("{\"99.1\": \"1.1\"}").await;
    let told = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(!unknown.status.success() && told.contains("rules.json"), "{told}");
    let published = publish("{\"10.1.2\": \"1.1\"}").await;
    assert!(published.status.success(), "{}", String::from_utf8_lossy(&published.stderr));
    let version = Client::anonymous(&world.running).get("/documents/market-agreement/versions/1").await;
    assert_eq!(version.unwrap().body["rules"], json!({ "10.1.2": "1.1" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_refused_is_told_why() {
    let world = World::new().await;
    let (url, token) = (&world.running.url, world.operators_token());
    publish(url, &token, &agreement("1.甲\n1.1乙\n")).await.unwrap();
    let early = publish(url, &token, &agreement("1.丙\n1.1丁\n")).await.unwrap_err().to_string();
    assert!(early.contains("publicity-too-short") && early.contains("2026-01-12T16:00:00Z"), "{early}");
    let stranger = world.running.issuer.token(Role::Merchant, "shop-1", world.now());
    let refused = publish(url, &stranger, &agreement("1.丙\n1.1丁\n")).await.unwrap_err().to_string();
    assert!(refused.contains("role-not-allowed"), "{refused}");
    let nobody = publish("http://127.0.0.1:1", &token, &agreement("1.丙\n1.1丁\n")).await;
    assert!(matches!(nobody, Err(OperateError::Unreachable { .. })), "{nobody:?}");
}

/// Hands an order's timer out until it is parked, as if no worker ever did anything about it.
async fn hand_out_until_parked(world: &World) {
    let store = &world.running.market.store;
    for try_number in 0..=MAX_TRIES {
        let now = world.now() + SignedDuration::from_hours(24 * (i64::from(try_number) + 2));
        let mut leases = Vec::new();
        for shard in 0..SHARDS {
            for entry in store.due(Lane::AdvanceCase, Shard::Due(shard), now, None, 10).await.unwrap() {
                leases.push(store.lease(&entry, now).await.unwrap());
            }
        }
        assert_eq!(leases, [if try_number < MAX_TRIES { Lease::Taken } else { Lease::Parked }]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn late_work_is_told_job_by_job_from_a_minute_on_handed_out_or_not() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    world.settle().await;
    let placed = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    let due_at = world.now() + SignedDuration::from_hours(24);
    let store = &world.running.market.store;
    let on_time = late(store, Lane::AdvanceCase, due_at + SignedDuration::from_secs(60)).await.unwrap();
    assert_eq!((on_time.late, on_time.more, on_time.oldest), (0, false, None));

    let now = due_at + SignedDuration::from_secs(61);
    let found = late(store, Lane::AdvanceCase, now).await.unwrap();
    assert_eq!((found.late, found.tried, found.more), (1, 0, false));
    let oldest = found.oldest.unwrap();
    assert_eq!((oldest.due_at, oldest.tries), (due_at, 0));
    assert!(oldest.item.ends_with(placed.text_at("/id")), "{oldest:?}");

    for shard in 0..SHARDS {
        for entry in store.due(Lane::AdvanceCase, Shard::Due(shard), now, None, 10).await.unwrap() {
            assert_eq!(store.lease(&entry, now).await.unwrap(), Lease::Taken);
        }
    }
    let handed_out = late(store, Lane::AdvanceCase, now).await.unwrap();
    assert_eq!((handed_out.late, handed_out.tried), (1, 1));
    let Late { late: others, .. } = late(store, Lane::RemindDeletion, now).await.unwrap();
    assert_eq!(others, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_work_is_shown_and_handed_back_and_then_done() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    world.settle().await;
    let placed = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    let path = placed.headers["location"].to_str().unwrap().to_owned();
    hand_out_until_parked(&world).await;
    let store = &world.running.market.store;
    let waiting = parked(store, Lane::AdvanceCase, 10).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert!(waiting[0].item.ends_with(placed.text_at("/id")), "{waiting:?}");
    assert_eq!(parked(store, Lane::Notify, 10).await.unwrap(), []);

    world.set_clock(world.now() + SignedDuration::from_hours(25));
    world.settle().await;
    assert_eq!(merchant.get(&path).await.unwrap().text_at("/status"), "placed", "given up on");
    let hidden = ProgressBar::hidden();
    let nothing = redrive(store, Lane::Notify, world.now(), &hidden).await.unwrap();
    assert_eq!((nothing.items, nothing.changed), (0, 0));
    let handed_back = redrive(store, Lane::AdvanceCase, world.now(), &hidden).await.unwrap();
    assert_eq!((handed_back.items, handed_back.changed), (1, 0));
    assert_eq!(parked(store, Lane::AdvanceCase, 10).await.unwrap(), []);
    world.settle().await;
    assert_eq!(merchant.get(&path).await.unwrap().text_at("/status"), "closed");
}

/// What does not hold, by what should.
fn failed(smoke: &Smoke) -> Vec<&str> {
    smoke.failures().map(|check| check.what).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_that_works_passes_the_smoke_test_and_nothing_is_written() {
    let world = World::new().await;
    Stage::set(&world.running).await;
    world.settle().await;
    let before = world.table().await;
    let without = smoke(&world.running.url, None).await;
    assert_eq!(failed(&without), [""; 0], "{without:?}");
    let with = smoke(&world.running.url, Some(&world.operators_token())).await;
    assert_eq!(failed(&with), [""; 0], "{with:?}");
    assert_eq!(with.checks.len(), without.checks.len() + 2);
    assert_eq!(world.table().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_market_fails_the_smoke_test_question_by_question() {
    let world = World::new().await;
    let merchant = world.running.issuer.token(Role::Merchant, "shop-1", world.now());
    let other_role = smoke(&world.running.url, Some(&merchant)).await;
    assert_eq!(failed(&other_role).len(), 2, "what only operators may: {other_role:?}");
    let elsewhere = smoke(&format!("{}/elsewhere", world.running.url), None).await;
    assert_eq!(elsewhere.checks.len() - failed(&elsewhere).len(), 1, "unknown paths are: {elsewhere:?}");
    let nowhere = smoke("http://127.0.0.1:1", None).await;
    assert_eq!(failed(&nowhere).len(), nowhere.checks.len());
}

/// A gateway as API Gateway is: it refuses by itself whoever has no good token, and what a function says of a challenge it
/// renames. One that was not told to refuse so hands everything on.
#[derive(Clone)]
struct Gateway {
    market: String,
    refuses: bool,
}

impl Gateway {
    async fn before(world: &World, refuses: bool) -> String {
        let gateway = Self { market: world.running.url.clone(), refuses };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(Self::answer).with_state(gateway);
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    async fn answer(
        State(gateway): State<Self>,
        method: Method,
        uri: Uri,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Response {
        headers.remove("host");
        let url = format!("{}{uri}", gateway.market);
        let asked = reqwest::Client::new().request(method, url).headers(headers).body(body);
        let answer = asked.send().await.unwrap();
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.unwrap();
        if status == 401 && gateway.refuses {
            let problem = json!({ "type": "/errors/invalid-token", "status": 401, "code": "invalid-token" });
            let own = [("content-type", "application/problem+json"), ("www-authenticate", "Bearer")];
            return (status, own, problem.to_string()).into_response();
        }
        if let Some(challenge) = headers.remove("www-authenticate") {
            headers.insert("x-amzn-remapped-www-authenticate", challenge);
        }
        (status, headers, body).into_response()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_leaves_refusals_to_functions_fails_the_smoke_test_where_it_renames_their_challenge() {
    let world = World::new().await;
    let told = smoke(&Gateway::before(&world, true).await, Some(&world.operators_token())).await;
    assert_eq!(failed(&told), [""; 0], "{told:?}");
    let untold = smoke(&Gateway::before(&world, false).await, None).await;
    let wrong: Vec<_> = untold.failures().map(|check| check.wrong.as_deref().unwrap()).collect();
    assert_eq!(wrong.len(), 3, "each that is refused for want of a token: {untold:?}");
    assert!(wrong.iter().all(|wrong| wrong.contains("x-amzn-remapped-www-authenticate")), "{wrong:?}");
}

/// As much of SQS as the commands use: it keeps messages, and hides what was received until it is told.
#[derive(Default)]
struct Sqs {
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
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sqs = Arc::new(Self::default());
        let router = Router::new().fallback(Self::answer).with_state(Arc::clone(&sqs));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = aws_sdk_sqs::Client::new(&market::sdk_at(&url).await);
        (sqs, DeadLetterQueues::new(client, "https://sqs.example.com/0/market-{job}"))
    }

    async fn answer(State(sqs): State<Arc<Self>>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
        let operation = headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
        let asked: Value = serde_json::from_slice(&body).unwrap();
        sqs.calls.lock().unwrap().push(operation.clone());
        let url = asked["QueueUrl"].as_str().unwrap();
        let name = url.strip_prefix("https://sqs.example.com/0/market-").unwrap();
        let mut queues = sqs.queues.lock().unwrap();
        let queue = queues.entry(name.to_owned()).or_default();
        let told = match operation.as_str() {
            "GetQueueAttributes" => {
                let held = queue.iter().filter(|letter| letter.is_held).count();
                json!({ "Attributes": {
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
        ([("content-type", "application/x-amz-json-1.0")], told.to_string())
    }

    fn put(&self, queue: &str, bodies: impl IntoIterator<Item = String>) {
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
    assert_eq!((count.queue, count.waiting, count.held), ("notify", 12, 0));
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
    for queue in [Queue::Lane(Lane::ExpireGrant), Queue::MailFeedback] {
        let (name, dead) = (queue.name(), format!("{}-dead", queue.name()));
        sqs.put(&dead, bodies(25));
        let some = queues.redrive(queue, 12, &ProgressBar::hidden()).await.unwrap();
        assert_eq!((some.moved, some.limited, some.stopped), (12, true, None));
        assert_eq!(sqs.look(&dead).0.len(), 13);
        let rest = queues.redrive(queue, 10_000, &ProgressBar::hidden()).await.unwrap();
        assert_eq!((rest.moved, rest.twice, rest.limited, rest.stopped), (13, 0, false, None));
        assert_eq!((sqs.look(name), sqs.look(&dead)), ((bodies(25), 0), (Vec::new(), 0)));
    }
    let none = queues.redrive(Queue::MailFeedback, 10_000, &ProgressBar::hidden()).await.unwrap();
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
async fn what_relay_and_sweep_gave_up_is_not_sent_again_and_the_command_says_why() {
    let (sqs, queues) = Sqs::start().await;
    for queue in [Queue::Relay, Queue::Sweep] {
        let refused = queues.redrive(queue, 10_000, &ProgressBar::hidden()).await.unwrap_err();
        assert!(refused.to_string().contains(queue.name()), "{refused}");
    }
    assert!(sqs.calls.lock().unwrap().is_empty());
}
