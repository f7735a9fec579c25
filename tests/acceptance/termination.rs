//! The end of the agreement (10.1), and everything that ends with it.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use market::client::Client;
use market::json::Json;
use market::stage::Stage;
use market_agreement::terminations::{Next, Termination, TerminationStatus};
use market_functions::kinds;
use market_jobs::WakeUp;
use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;
use market_kernel::occasion::Occasion;
use market_kernel::party::Actor;
use market_kernel::salt::Salts;
use market_notices::{Gateways, NoGateway};
use serde_json::json;

use crate::corpus::{self, Corpus};
use crate::harness::{World, at};

fn notice() -> serde_json::Value {
    json!({ "reason": "违反平台规则。" })
}

#[tokio::test(flavor = "multi_thread")]
async fn notice_ends_the_agreement_when_its_period_has_fully_run_and_not_before() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    let served = stage.operator.post("/accounts/shop-1/terminations", notice()).await.unwrap();
    let ends_at = at(served.text_at("/ends_at"));
    assert_eq!(ends_at, at("2026-01-21T00:00:00+08:00"), "15 full days after Monday 5 January");
    let again = stage.operator.post("/accounts/shop-1/terminations", notice()).await.unwrap();
    assert_eq!(again.code(), "already-terminating");
    world.advance_to(ends_at - SignedDuration::from_secs(1)).await;
    assert_eq!(stage.check(&granted.token, "orders.read").await, "allowed");
    assert_eq!(world.days_told("accounts/shop-1", "termination_coming", ends_at).await, [-7, -3, -1]);
    world.set_clock(ends_at);
    assert_eq!(stage.check(&granted.token, "orders.read").await, "ended");
    let order = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    assert_eq!(order.code(), "account-ended");
    world.settle().await;
    let path = served.headers["location"].to_str().unwrap();
    let status = async || merchant.get(path).await.unwrap().text_at("/status").to_owned();
    assert_eq!(status().await, "ending", "what was decided a moment before may still arrive");
    world.advance_to(ends_at + SignedDuration::from_mins(2)).await;
    assert_eq!(status().await, "completed");
    let account = merchant.get("/accounts/shop-1").await.unwrap();
    assert_eq!((account.text_at("/status"), at(account.text_at("/ends_at"))), ("terminated", ends_at));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_notice_changes_nothing_any_more() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    let served = stage.operator.post("/accounts/shop-1/terminations", notice()).await.unwrap();
    let path = served.headers["location"].to_str().unwrap().to_owned();
    world.advance_days(2).await;
    let withdrawn = stage.operator.post(&format!("{path}/withdrawal"), json!({})).await.unwrap();
    assert_eq!(withdrawn.text_at("/status"), "withdrawn");
    world.advance_days(30).await;
    assert_eq!(world.notices("accounts/shop-1", "termination_coming").await.len(), 0);
    assert_eq!(stage.check(&granted.token, "orders.read").await, "allowed");
    let late = stage.operator.post(&format!("{path}/withdrawal"), json!({})).await.unwrap();
    assert_eq!(late.code(), "notice-not-running");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cascade_ends_each_grant_and_order_exactly_once() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let mut grants = Vec::new();
    for _ in 0..12 {
        grants.push(stage.grant(&merchant, "shop-1", "year").await);
    }
    // One is over before, one order was never paid.
    let revocation = format!("/accounts/shop-1/grants/{}/revocation", grants[5].grant);
    assert_eq!(merchant.post(&revocation, json!({})).await.unwrap().status, 200);
    merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    let event = json!({ "event_id": "e-1", "agreement": "平台协议", "ended_at": world.now() });
    let ended = stage.upstream.post("/accounts/shop-1/upstream-end", event.clone()).await.unwrap();
    assert_eq!(ended.status, 200, "{}", ended.text);
    for granted in &grants {
        assert_eq!(stage.check(&granted.token, "orders.read").await, "ended", "at once, before any worker");
    }
    world.settle().await;
    let count = |items: Vec<Json>, status: &str| items.iter().filter(|i| i["status"] == status).count();
    assert_eq!(count(merchant.all("/accounts/shop-1/grants").await.unwrap(), "ended"), 12);
    assert_eq!(count(merchant.all("/accounts/shop-1/orders").await.unwrap(), "closed"), 13);
    assert_eq!(count(merchant.all("/accounts/shop-1/demands").await.unwrap(), "draft"), 12);
    assert_eq!(world.notices("accounts/shop-1", "grant_ended").await.len(), 12);
    assert_eq!(world.notices("accounts/shop-1", "order_closed").await.len(), 13);
    let before = world.table().await;
    let replayed = stage.upstream.post("/accounts/shop-1/upstream-end", event).await.unwrap();
    assert_eq!(replayed.text_at("/id"), ended.text_at("/id"));
    world.settle().await;
    assert_eq!(world.table().await, before, "the event again writes nothing");
}

/// A merchant's agreement ends, with so many orders to close; the key of the termination.
async fn ended(world: &World, stage: &Stage<'_>, merchant: &Client, orders: usize) -> Key {
    for _ in 0..orders {
        merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    }
    world.settle().await;
    let event = json!({ "event_id": "e-1", "agreement": "平台协议", "ended_at": world.now() });
    let ended = stage.upstream.post("/accounts/shop-1/upstream-end", event).await.unwrap();
    Key::stored("account#shop-1", format!("termination#{}", ended.text_at("/id")))
}

fn unsent() -> Gateways {
    Gateways { email: Arc::new(NoGateway), sms: Arc::new(NoGateway) }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wake_up_is_alone_at_ten_steps_of_a_cascade_and_then_wakes_one_other() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let key = ended(&world, &stage, &merchant, 25).await;
    let (jobs, wake_up) = (world.jobs(unsent()), WakeUp { lane: Lane::TerminateAccount, key });
    let closed = async || {
        let orders = merchant.all("/accounts/shop-1/orders").await.unwrap();
        orders.iter().filter(|order| order["status"] == "closed").count()
    };
    let mut seen = Vec::new();
    for _ in 0..3 {
        kinds::run(&jobs, &wake_up).await.unwrap();
        seen.push(closed().await);
    }
    assert_eq!(seen, [10, 20, 25]);
    // Each step was due at once before: 25 more wake-ups, and as many that met this one.
    let due = world.running.market.store.next_wake().await.unwrap();
    assert!(due.is_some_and(|due| due > world.now()), "it looks once more, later");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_up_that_comes_while_another_is_at_a_cascade_does_nothing_and_a_dead_ones_place_is_taken() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let key = ended(&world, &stage, &merchant, 12).await;
    let store = &world.running.market.store;
    let termination = store.get_at::<Termination>(&key).await.unwrap().unwrap();
    // Another one's first step, after which it dies.
    let occasion = Occasion {
        at: world.now(),
        actor: Actor::Job("terminate_account".to_owned()),
        request: "test".to_owned(),
        salts: Salts::drawn([7; 32]),
        operator: Arc::clone(&world.running.market.operator),
    };
    let taken = Termination::pass(&termination, (None, Vec::new()), Next::Same, &occasion).unwrap();
    store.commit(&taken, None).await.unwrap();
    let before = world.table().await;
    let (jobs, wake_up) = (world.jobs(unsent()), WakeUp { lane: Lane::TerminateAccount, key });
    kinds::run(&jobs, &wake_up).await.unwrap();
    assert_eq!(world.table().await, before, "it is not its turn");
    world.advance_to(world.now() + SignedDuration::from_mins(10)).await;
    let orders = merchant.all("/accounts/shop-1/orders").await.unwrap();
    assert!(orders.iter().all(|order| order["status"] == "closed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cascade_keeps_its_place_among_things_that_ended_long_ago() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let placed = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    let id = placed.text_at("/id").to_owned();
    world.advance_days(2).await;
    let closed = Corpus::of(&world).await.items.into_iter();
    let closed = closed.into_iter().find(|item| corpus::key(item).1 == format!("order#{id}")).unwrap();
    // More than one wake-up looks at, all of it over, and older than what is open.
    for n in 0..2_100 {
        let older = format!("ord_{n:032x}");
        let mut item = closed.clone();
        for name in ["sk", "body"] {
            let text = corpus::text(&closed, name).unwrap().replace(&id, &older);
            item.insert(name.to_owned(), AttributeValue::S(text));
        }
        world.put(&item).await;
    }
    let key = ended(&world, &stage, &merchant, 1).await;
    let (jobs, wake_up) = (world.jobs(unsent()), WakeUp { lane: Lane::TerminateAccount, key: key.clone() });
    let cursor = async || {
        let termination = world.running.market.store.get_at::<Termination>(&key).await.unwrap().unwrap();
        match termination.state.status {
            TerminationStatus::Ending(cascade) => cascade.cursor,
            status => panic!("{status:?}"),
        }
    };
    kinds::run(&jobs, &wake_up).await.unwrap();
    assert!(cursor().await.is_some_and(|place| place.starts_with("order#ord_0000")), "its place is kept");
    kinds::run(&jobs, &wake_up).await.unwrap();
    let open = merchant.all("/accounts/shop-1/orders").await.unwrap();
    assert!(open.iter().all(|order| order["status"] == "closed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_upstream_event_counts_from_its_own_time_and_supersedes_a_running_notice() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let served = stage.operator.post("/accounts/shop-1/terminations", notice()).await.unwrap();
    world.advance_days(3).await;
    let ended_at = world.now() - SignedDuration::from_hours(5);
    let event = json!({ "event_id": "e-2", "agreement": "平台协议", "ended_at": ended_at });
    let future = json!({ "event_id": "e-3", "agreement": "平台协议", "ended_at": world.now() + SignedDuration::from_hours(1) });
    let early = stage.upstream.post("/accounts/shop-1/upstream-end", future).await.unwrap();
    assert_eq!((early.status.as_u16(), early.code()), (422, "event-in-the-future"));
    let ended = stage.upstream.post("/accounts/shop-1/upstream-end", event).await.unwrap();
    assert_eq!(at(ended.text_at("/ends_at")), ended_at);
    world.advance_days(30).await;
    let first = merchant.get(served.headers["location"].to_str().unwrap()).await.unwrap();
    assert_eq!(first.text_at("/status"), "superseded");
    assert_eq!(at(merchant.get("/accounts/shop-1").await.unwrap().text_at("/ends_at")), ended_at);
    assert_eq!(world.notices("accounts/shop-1", "agreement_ended").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_upstream_end_that_is_heard_of_after_everything_had_ended_counts_from_its_own_time() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    stage.grant(&merchant, "shop-1", "year").await;
    let served = stage.operator.post("/accounts/shop-1/terminations", notice()).await.unwrap();
    let by_notice = served.headers["location"].to_str().unwrap();
    world.advance_days(20).await;
    let status = async |path: &str| merchant.get(path).await.unwrap().text_at("/status").to_owned();
    assert_eq!(status(by_notice).await, "completed");

    let ends_at = at(merchant.get("/accounts/shop-1").await.unwrap().text_at("/ends_at"));
    let event = |id: &str, ended_at| json!({ "event_id": id, "agreement": "平台协议", "ended_at": ended_at });
    let report = async |event| stage.upstream.post("/accounts/shop-1/upstream-end", event).await.unwrap();
    let (later, earlier) =
        (ends_at + SignedDuration::from_hours(1), ends_at - SignedDuration::from_hours(30));
    let dropped = report(event("e-later", later)).await;
    assert_eq!(at(dropped.text_at("/ends_at")), ends_at, "it had ended already");
    let ended = report(event("e-earlier", earlier)).await;
    assert_eq!(at(ended.text_at("/ends_at")), earlier);
    world.settle().await;
    assert_eq!(at(merchant.get("/accounts/shop-1").await.unwrap().text_at("/ends_at")), earlier);
    assert_eq!(status(by_notice).await, "superseded");
    let path = format!("/accounts/shop-1/terminations/{}", ended.text_at("/id"));
    world.advance_days(1).await;
    assert_eq!(status(&path).await, "completed");
    assert_eq!(world.notices("accounts/shop-1", "agreement_ended").await.len(), 2);
    // In whatever order they are heard, again and again, the earliest instant stays.
    for event in [event("e-later", later), event("e-earlier", earlier)] {
        assert_eq!(report(event).await.text_at("/id"), ended.text_at("/id"));
    }
    assert_eq!(world.verified("account#shop-1").await.faults, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_before_the_end_stays_answerable_after_it() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    let event = json!({ "event_id": "e-4", "agreement": "平台协议", "ended_at": world.now() });
    stage.upstream.post("/accounts/shop-1/upstream-end", event).await.unwrap();
    world.advance_days(400).await;
    let demand = format!("/accounts/shop-1/demands/{}/service", granted.grant);
    assert_eq!(merchant.post(&demand, json!({})).await.unwrap().status, 200);
    assert!(!merchant.all("/accounts/shop-1/evidence").await.unwrap().is_empty());
    assert!(!merchant.all("/accounts/shop-1/notices").await.unwrap().is_empty());
}
