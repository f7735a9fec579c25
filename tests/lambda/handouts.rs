//! The handlers `sweep` and `relay`: what is due reaches its job's queue.

use market_agreement::terminations::{Termination, UpstreamEnd};
use market_jobs::WakeUp;
use market_kernel::aggregate::{Aggregate, Lane, Loaded};
use market_kernel::ids::TerminationId;
use market_kernel::keys::Key;
use market_kernel::periods::Calendar;
use market_parties::accounts::MarketAccount;
use market_parties::applications::Application;
use market_parties::credit_code::CreditCode;
use market_store::due::{Lease, SHARDS, Shard};
use serde_json::{Map, Value, json};

use crate::function::Function;
use crate::surroundings::{Surroundings, Trouble, contacts, far_ahead, long_ago, occasion};

/// A message as the queues remember it: at once, to the job's queue.
fn message(job: Lane, key: &Key) -> (String, Value, i64) {
    let wake_up = serde_json::to_value(WakeUp { lane: job, key: key.clone() }).expect("a wake-up is JSON");
    (format!("market-{job}"), wake_up, 0)
}

/// A merchant who applied long ago.
async fn applied(around: &Surroundings) -> Loaded<MarketAccount> {
    let occasion = occasion(long_ago());
    let application = Application {
        id: "shop-1".parse().expect("an id"),
        legal_name: "成都示例商贸有限公司".try_into().expect("a line"),
        credit_code: CreditCode::with_check_characters("91510100MA6C0QLJ").expect("a code"),
        vouching: None,
        contacts: contacts("shop-1"),
    };
    let (account, applied) =
        MarketAccount::apply(None, application, &occasion).expect("it has not applied yet");
    around.commit(&applied).await;
    let account = around.store.get::<MarketAccount>(&account.id).await.expect("the engine answers");
    account.expect("it has applied")
}

/// A termination by notice: its first reminder is due a week after its commit.
async fn termination_served(around: &Surroundings) -> Key {
    let id = TerminationId::new(long_ago(), [2; 10]);
    let reason = "违反平台规则。".try_into().expect("prose");
    let occasion = occasion(long_ago());
    let (served, change) =
        Termination::serve(id, &applied(around).await, reason, Calendar::published(), &occasion)
            .expect("it has not ended yet");
    around.commit(&change).await;
    served.key()
}

/// The upstream platform ended its agreement with a merchant: what is due since then.
async fn termination_due(around: &Surroundings) -> Vec<(Lane, Key)> {
    let occasion = occasion(long_ago());
    let end = UpstreamEnd {
        id: TerminationId::new(long_ago(), [1; 10]),
        event_id: "event-1".parse().expect("an id"),
        agreement: "Platform agreement".try_into().expect("a line"),
        ended_at: long_ago(),
    };
    let (_, ended) = Termination::upstream_ended(&applied(around).await, None, end, &occasion)
        .expect("it has not ended yet");
    around.commit(&ended).await;
    ended.writes.into_iter().filter_map(|write| Some((write.due?.lane, write.key))).collect()
}

/// What makes the sweep run, every minute.
pub fn tick() -> Value {
    json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": {} })
}

#[tokio::test]
async fn the_sweep_sends_what_is_due_once_to_its_jobs_queue_and_leaves_what_is_not() {
    let around = Surroundings::start().await;
    let mut due = termination_due(&around).await;
    due.push((Lane::Notify, around.notice_due("northwind", long_ago()).await));
    around.notice_due("southwind", far_ahead()).await;
    let mut expected: Vec<_> = due.iter().map(|(job, key)| message(*job, key)).collect();
    expected.sort_by_key(|(queue, wake_up, _)| (queue.clone(), wake_up.to_string()));
    let queues: Vec<_> = expected.iter().map(|(queue, ..)| queue.as_str()).collect();
    assert_eq!(queues, ["market-notify", "market-notify", "market-terminate_account"]);

    let mut sweep = Function::start("sweep", around.settings()).await;
    assert_eq!(sweep.invoke(tick()).await, Ok(json!({ "sent": 3, "left": 0 }).into()));
    assert_eq!(around.services.sent(), expected);
}

#[tokio::test]
async fn a_sweep_leaves_alone_what_another_has_just_handed_out() {
    let around = Surroundings::start().await;
    around.notice_due("northwind", long_ago()).await;
    let mut sweep = Function::start("sweep", around.settings()).await;
    assert_eq!(sweep.invoke(tick()).await, Ok(json!({ "sent": 1, "left": 0 }).into()));
    assert_eq!(
        sweep.invoke(tick()).await,
        Ok(json!({ "sent": 0, "left": 0 }).into()),
        "its lease has just begun"
    );
}

#[tokio::test]
async fn a_sweep_whose_queue_does_not_answer_fails_aloud() {
    let around = Surroundings::start().await;
    around.notice_due("northwind", long_ago()).await;
    around.services.fall_into(Trouble::Down);
    let mut sweep = Function::start("sweep", around.settings()).await;
    let error = sweep.invoke(json!({})).await.expect_err("Lambda counts it, and the alarm rings");
    assert!(error["errorMessage"].as_str().is_some_and(|text| text.contains("queue")), "{error}");
}

/// The figures of the last pass that a sweep logged, by their names.
fn figures(log: &str) -> Map<String, Value> {
    let mut lines =
        log.lines().rev().filter_map(|line| serde_json::from_str::<Map<String, Value>>(line).ok());
    lines.find(|line| line.contains_key("_aws")).expect("a pass writes its figures")
}

/// What the gateway of an API answers that is ready, or is not, and whether it was asked for that.
async fn api(status: u16) -> String {
    let answer = move |uri: axum::http::Uri| async move {
        let is_asked = uri.path() == "/prod/readyz";
        axum::http::StatusCode::from_u16(if is_asked { status } else { 404 }).expect("a status")
    };
    format!("http://{}/prod", crate::serve(axum::Router::new().fallback(answer)).await)
}

#[tokio::test]
async fn a_sweep_tells_what_waits_for_a_human_and_whether_the_api_is_ready() {
    let around = Surroundings::start().await;
    let key = around.notice_due("northwind", long_ago()).await;
    let parked = around.notice_due("southwind", long_ago()).await;
    around.park(Lane::Notify, &parked).await;
    around.give_up(&key).await;
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("loopback has ports");
    let nobody = format!("http://{}", listener.local_addr().expect("a listener has an address"));
    drop(listener);
    for (url, ready) in [(api(200).await, 1.0), (api(503).await, 0.0), (nobody, 0.0)] {
        let settings = around.settings().with("MARKET_NAMESPACE", "market").with("MARKET_API_URL", &url);
        let mut sweep = Function::start("sweep", settings).await;
        assert!(sweep.invoke(tick()).await.is_ok(), "{url}: it is no failure of the pass");
        let figures = figures(&sweep.end().await);
        assert_eq!(figures["ApiReady"], ready, "{url}");
        for (name, value) in
            [("NoticesWaitingForAHuman", 1.0), ("WorkParkedNow", 1.0), ("Sweeps", 1.0), ("Left", 0.0)]
        {
            assert_eq!(figures[name], value, "{name}");
        }
    }
    let mut sweep = Function::start("sweep", around.settings().with("MARKET_NAMESPACE", "market")).await;
    assert!(sweep.invoke(tick()).await.is_ok());
    assert!(!figures(&sweep.end().await).contains_key("ApiReady"), "nobody was asked");
}

#[tokio::test]
async fn a_sweep_that_runs_out_of_time_writes_its_figures_all_the_same() {
    let around = Surroundings::start().await;
    around.notice_due("northwind", long_ago()).await;
    let mut sweep = Function::start("sweep", around.settings().with("MARKET_NAMESPACE", "market")).await;
    let shards = Lane::ALL.len() * (usize::from(SHARDS) + 1);
    let over = long_ago().as_millisecond();
    assert_eq!(sweep.invoke_until(tick(), over).await, Ok(json!({ "sent": 0, "left": shards }).into()));
    let figures = figures(&sweep.end().await);
    assert_eq!((&figures["Left"], &figures["WakeUpsSent"]), (&json!(shards as f64), &json!(0.0)));
}

/// A record of the table's stream; nothing but its keys where the item is gone.
pub async fn record(around: &Surroundings, number: u32, key: &Key, gone: bool) -> Value {
    let mut dynamodb = json!({
        "ApproximateCreationDateTime": 1_577_836_800,
        "Keys": { "pk": { "S": key.partition }, "sk": { "S": key.sort } },
        "SequenceNumber": format!("{number:025}"),
        "SizeBytes": 100,
        "StreamViewType": "NEW_IMAGE",
    });
    if !gone {
        let mut image = Map::new();
        for (name, value) in around.item(key).await {
            let text = value.as_s().map(|text| json!({ "S": text }));
            let value = text.unwrap_or_else(|_| json!({ "N": value.as_n().expect("texts and numbers") }));
            image.insert(name, value);
        }
        dynamodb["NewImage"] = image.into();
    }
    json!({
        "eventID": format!("{number:032x}"),
        "eventName": if gone { "REMOVE" } else { "INSERT" },
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "cn-north-1",
        "eventSourceARN": "arn:aws-cn:dynamodb:cn-north-1:000000000000:table/market/stream/2020-01-01T00:00:00.000",
        "dynamodb": dynamodb,
    })
}

/// Takes a lease on a notice, as the sweep does.
async fn lease(around: &Surroundings, key: &Key) {
    for shard in 0..SHARDS {
        let entries = around
            .store
            .due(Lane::Notify, Shard::Due(shard), far_ahead(), None, 100)
            .await
            .expect("the engine answers");
        if let Some(entry) = entries.iter().find(|entry| entry.key == *key) {
            let lease = around.store.lease(entry, long_ago()).await.expect("the engine answers");
            assert_eq!(lease, Lease::Taken);
            return;
        }
    }
    panic!("{key} is not in the index");
}

#[tokio::test]
async fn the_relay_sends_what_a_commit_made_due_and_nothing_else() {
    let around = Surroundings::start().await;
    let due = around.notice_due("northwind", long_ago()).await;
    let later = termination_served(&around).await;
    let leased = around.notice_due("eastwind", long_ago()).await;
    lease(&around, &leased).await;
    let provider = market_parties::providers::Provider::key_of(&"northwind".parse().expect("an id"));
    let records = [
        record(&around, 1, &provider, false).await,
        record(&around, 2, &later, false).await,
        record(&around, 3, &leased, false).await,
        record(&around, 4, &due, true).await,
        record(&around, 5, &due, false).await,
    ];
    let mut relay = Function::start("relay", around.settings()).await;
    let response = relay.invoke(json!({ "Records": records })).await;
    assert_eq!(response, Ok(json!({ "batchItemFailures": [] }).into()));
    assert_eq!(around.services.sent(), [message(Lane::Notify, &due)]);
}

#[tokio::test]
async fn of_a_relays_records_those_are_read_again_whose_wake_ups_no_queue_took() {
    for (trouble, unsent) in [(Trouble::Down, &[1, 2][..]), (Trouble::TakesOnlyPart, &[1])] {
        let around = Surroundings::start().await;
        around.services.fall_into(trouble);
        let notices = [
            around.notice_due("northwind", long_ago()).await,
            around.notice_due("southwind", long_ago()).await,
        ];
        let records = [
            record(&around, 0, &termination_served(&around).await, false).await,
            record(&around, 1, &notices[0], false).await,
            record(&around, 2, &notices[1], false).await,
        ];
        let mut relay = Function::start("relay", around.settings()).await;
        let response = relay.invoke(json!({ "Records": records })).await;
        let failures: Vec<_> = unsent
            .iter()
            .map(|n| json!({ "itemIdentifier": records[*n as usize]["dynamodb"]["SequenceNumber"] }))
            .collect();
        assert_eq!(response, Ok(json!({ "batchItemFailures": failures }).into()));
    }
}
