//! Days of a ledger are sealed into their grant's chain (4.4.3), and a line that is edited afterwards shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use market::TABLE;
use market::stage::{Granted, Stage};
use market_entrustment::grants::Grant;
use market_entrustment::grants::access::{Check, CheckOutcome, ledger_partition};
use market_entrustment::grants::ledger::Ledger;
use market_functions::kinds;
use market_functions::workers::WorkerContext;
use market_jobs::WakeUp;
use market_kernel::aggregate::Lane;
use market_kernel::ids::{AccountId, GrantId};
use market_kernel::keys::Key;
use market_kernel::notices::{Hindrance, Notice, Sending};
use market_kernel::occasion::Occasion;
use market_kernel::party::Actor;
use market_kernel::salt::Salts;
use market_notices::{Gateway, Gateways};
use serde_json::{Value, json};

use crate::corpus::{self, Corpus, Item, text};
use crate::harness::{World, at};

const ACCOUNT: &str = "account#shop-1";

impl World {
    /// The facts of the seals of a grant, in their order.
    async fn seals(&self, grant: &str) -> Vec<Value> {
        let prefix = format!("evidence#grant#{grant}#");
        let items = self.items().await;
        let records = items.iter().filter(|((owner, sort), _)| owner == ACCOUNT && sort.starts_with(&prefix));
        let records = records.map(|(_, item)| serde_json::from_str::<Value>(&item.body).unwrap());
        records
            .filter(|record| record["event"] == "LedgerSealed")
            .map(|record| record["facts"].clone())
            .collect()
    }

    async fn lines(&self, grant: &Granted) -> Vec<Item> {
        let partition = ledger_partition(&"shop-1".parse().unwrap(), &grant.grant.parse().unwrap(), 0);
        let items = Corpus::of(self).await.items;
        items.into_iter().filter(|item| *corpus::key(item).0 == *partition).collect()
    }

    /// What does not hold of the account.
    async fn broken(&self) -> BTreeMap<String, String> {
        let faults = self.verified(ACCOUNT).await.faults;
        faults.into_iter().map(|fault| (fault.item, fault.wrong)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_a_day_are_sealed_into_their_grants_chain_ten_minutes_after_its_end() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    let quiet = stage.grant(&merchant, "shop-1", "year").await;
    for scope in ["orders.read", "orders.read", "stock.read", "buyers.read"] {
        stage.check(&granted.token, scope).await;
    }
    world.advance_to(at("2026-01-06T00:09:59+08:00")).await;
    assert_eq!(
        world.seals(&granted.grant).await,
        [json!(null); 0],
        "what was decided on the day is being counted"
    );
    // The next day has begun meanwhile, and waits for its own end.
    stage.check(&granted.token, "orders.read").await;
    world.advance_to(at("2026-01-06T00:10:00+08:00")).await;
    let seals = world.seals(&granted.grant).await;
    assert_eq!(seals.len(), 1);
    assert_eq!(
        [&seals[0]["day"], &seals[0]["lines"], &seals[0]["checks"]],
        [&json!("2026-01-05"), &json!(3), &json!(4)]
    );
    world.advance_days(3).await;
    let seals = world.seals(&granted.grant).await;
    let days: Vec<_> = seals.iter().map(|seal| seal["day"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-01-05", "2026-01-06"], "and days without a check have none");
    assert_eq!(world.seals(&quiet.grant).await, [json!(null); 0]);
    assert_eq!(world.broken().await, BTreeMap::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_day_of_a_grant_that_has_ended_is_sealed_and_a_day_that_was_missed_goes_before_the_next() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    stage.check(&granted.token, "orders.read").await;
    world.advance_days(1).await;
    // Counted by a release that opens no days.
    let store = &world.running.market.store;
    let id: (AccountId, GrantId) = ("shop-1".parse().unwrap(), granted.grant.parse().unwrap());
    let grant = store.get::<Grant>(&id).await.unwrap().unwrap();
    let scope = "orders.read".parse().unwrap();
    store
        .count_access(
            Check { grant: &grant, scope: &scope, outcome: CheckOutcome::Allowed, at: world.now(), times: 1 },
            [1, 2],
        )
        .await
        .unwrap();
    world.advance_days(2).await;
    let revocation = format!("/accounts/shop-1/grants/{}/revocation", granted.grant);
    assert!(merchant.post(&revocation, json!({})).await.unwrap().is_ok());
    assert_eq!(stage.check(&granted.token, "orders.read").await, "ended");
    world.advance_days(1).await;
    let seals = world.seals(&granted.grant).await;
    let days: Vec<_> = seals.iter().map(|seal| seal["day"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-01-05", "2026-01-06", "2026-01-08"]);
    assert_eq!(world.broken().await, BTreeMap::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_a_sealed_day_that_was_edited_added_or_deleted_is_named_by_its_day() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    for _ in 0..3 {
        stage.check(&granted.token, "orders.read").await;
        world.advance_days(2).await;
    }
    assert_eq!(world.broken().await, BTreeMap::new());
    let lines = world.lines(&granted).await;
    let line = &lines[1];
    let partition = corpus::key(line).0.to_owned();
    let day = format!("{partition}/2026-01-07");
    let number = |n: &str| AttributeValue::N(n.to_owned());
    let later = (text(line, "last_at").unwrap().parse::<i64>().unwrap() + 1).to_string();
    for (name, value) in [
        ("count", number("2")),
        ("last_at", number(&later)),
        ("outcome", AttributeValue::S("ended".to_owned())),
        ("scope", AttributeValue::S("stock.read".to_owned())),
        ("provider", AttributeValue::S("southwind".to_owned())),
    ] {
        let mut edited = line.clone();
        edited.insert(name.to_owned(), value);
        world.put(&edited).await;
        let faults = world.broken().await;
        assert_eq!(faults.keys().collect::<Vec<_>>(), [&day], "{name}: {faults:?}");
    }
    world.put(line).await;
    // A line more, on a sealed day and on one between two.
    for (days, named) in [(0, "2026-01-07"), (1, "2026-01-08")] {
        let mut added = line.clone();
        let hour = at("2026-01-07T10:00:00+08:00") + SignedDuration::from_hours(24 * days);
        added.insert("sk".to_owned(), AttributeValue::S(format!("{hour}#stock.read#allowed")));
        for name in ["first_at", "last_at"] {
            added.insert(name.to_owned(), number(&hour.as_millisecond().to_string()));
        }
        world.put(&added).await;
        let faults = world.broken().await;
        assert_eq!(faults.keys().collect::<Vec<_>>(), [&format!("{partition}/{named}")], "{faults:?}");
        let client = aws_sdk_dynamodb::Client::new(&market::sdk_at(&world.running.table_endpoint).await);
        let delete = client.delete_item().table_name(TABLE).key("pk", added["pk"].clone());
        delete.key("sk", added["sk"].clone()).send().await.unwrap();
    }
    let client = aws_sdk_dynamodb::Client::new(&market::sdk_at(&world.running.table_endpoint).await);
    let delete = client.delete_item().table_name(TABLE).key("pk", line["pk"].clone());
    delete.key("sk", line["sk"].clone()).send().await.unwrap();
    assert_eq!(world.broken().await.keys().collect::<Vec<_>>(), [&day]);
    world.put(line).await;
    // Nor can one be slipped in where lines lay before ledgers had partitions.
    let mut former = line.clone();
    let sort = format!("access#{}#{}", granted.grant, corpus::key(line).1);
    former.insert("pk".to_owned(), AttributeValue::S(ACCOUNT.to_owned()));
    former.insert("sk".to_owned(), AttributeValue::S(sort.clone()));
    world.put(&former).await;
    let faults = world.broken().await;
    assert_eq!(faults.keys().collect::<Vec<_>>(), [&format!("{ACCOUNT}/{sort}")], "{faults:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_any_partition_that_was_edited_is_named_by_its_day() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    stage.check(&granted.token, "orders.read").await;
    let store = &world.running.market.store;
    let id: (AccountId, GrantId) = ("shop-1".parse().unwrap(), granted.grant.parse().unwrap());
    let grant = store.get::<Grant>(&id).await.unwrap().unwrap();
    let ledger = store.get::<Ledger>(&id).await.unwrap();
    let occasion = Occasion {
        at: world.now(),
        actor: Actor::DataGateway,
        request: "test".to_owned(),
        salts: Salts::drawn([7; 32]),
        operator: Arc::clone(&world.running.market.operator),
    };
    store.commit(&Ledger::spread(ledger.as_ref(), &grant, &occasion).unwrap(), None).await.unwrap();
    let scope = "orders.read".parse().unwrap();
    for _ in 0..2 {
        store
            .begin_line(
                Check {
                    grant: &grant,
                    scope: &scope,
                    outcome: CheckOutcome::Allowed,
                    at: world.now(),
                    times: 1,
                },
                3,
            )
            .await
            .unwrap();
    }
    world.advance_days(1).await;
    let seals = world.seals(&granted.grant).await;
    assert_eq!([&seals[0]["lines"], &seals[0]["checks"]], [&json!(1), &json!(3)]);
    assert_eq!(world.broken().await, BTreeMap::new());

    let elsewhere = ledger_partition(&id.0, &id.1, 3);
    let items = Corpus::of(&world).await.items;
    let line = items.iter().find(|item| *corpus::key(item).0 == *elsewhere).unwrap();
    let day = format!("{}/2026-01-05", ledger_partition(&id.0, &id.1, 0));
    for (name, value) in [
        ("count", AttributeValue::N("1".to_owned())),
        ("provider", AttributeValue::S("southwind".to_owned())),
        ("outcome", AttributeValue::S("ended".to_owned())),
    ] {
        let mut edited = line.clone();
        edited.insert(name.to_owned(), value);
        world.put(&edited).await;
        assert_eq!(world.broken().await.keys().collect::<Vec<_>>(), [&day], "{name}");
    }
    // Where it cannot be read whether the ledger is spread, all of it is looked at.
    world.put(line).await;
    let sort = format!("ledger#{}", granted.grant);
    let mut unread = items.iter().find(|item| corpus::key(item) == (ACCOUNT, sort.as_str())).unwrap().clone();
    unread.insert("schema".to_owned(), AttributeValue::N("99".to_owned()));
    world.put(&unread).await;
    assert_eq!(world.broken().await.keys().collect::<Vec<_>>(), [&format!("{ACCOUNT}/{sort}")]);
    let path = format!("/accounts/shop-1/grants/{}/accesses", granted.grant);
    let shown = merchant.get(&path).await.unwrap();
    assert_eq!((&*shown.body["unreadable"], &*shown.body["items"][0]["count"]), (&json!(1), &json!(3)));
}

struct Nobody;

impl Gateway for Nobody {
    fn send<'a>(&'a self, _: &'a Notice) -> BoxFuture<'a, Sending> {
        async { Sending::Failed { by: Hindrance::Unreachable, reason: "nobody is there".to_owned() } }.boxed()
    }
}

/// The workers, to be woken by hand; nothing can be sent.
fn jobs(world: &World) -> WorkerContext {
    world.jobs(Gateways { email: Arc::new(Nobody), sms: Arc::new(Nobody) })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_sealed_by_whichever_lane_wakes_its_ledger_and_the_record_names_the_same_job() {
    for lane in [Lane::SealLedger, Lane::AdvanceCase] {
        let world = World::new().await;
        let stage = Stage::set(&world.running).await;
        let merchant = stage.merchant("shop-1").await;
        let granted = stage.grant(&merchant, "shop-1", "year").await;
        stage.check(&granted.token, "orders.read").await;
        world.set_clock(world.now() + SignedDuration::from_hours(48));
        let key = Key::stored(ACCOUNT, format!("ledger#{}", granted.grant));
        kinds::run(&jobs(&world), &WakeUp { lane, key }).await.unwrap();
        let items = world.items().await;
        let records = items.values().filter_map(|item| serde_json::from_str::<Value>(&item.body).ok());
        let seals: Vec<_> = records.filter(|record| record["event"] == "LedgerSealed").collect();
        assert_eq!(seals.len(), 1, "{lane}");
        assert_eq!(seals[0]["actor"], json!({ "role": "job", "id": "seal_ledger" }), "{lane}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sealing_twice_early_and_late_seals_each_day_once_and_no_check_fails_for_it() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    stage.check(&granted.token, "orders.read").await;
    let jobs = jobs(&world);
    let key = Key::stored(ACCOUNT, format!("ledger#{}", granted.grant));
    let wake =
        async || kinds::run(&jobs, &WakeUp { lane: Lane::SealLedger, key: key.clone() }).await.unwrap();
    wake().await;
    assert_eq!(world.seals(&granted.grant).await.len(), 0, "too early");
    world.set_clock(world.now() + SignedDuration::from_hours(24 * 9));
    wake().await;
    wake().await;
    assert_eq!(world.seals(&granted.grant).await.len(), 1, "late, and twice");

    // What says how far it is sealed cannot be read: the check is answered, and a human is called.
    let sort = format!("ledger#{}", granted.grant);
    let items = Corpus::of(&world).await.items;
    let mut broken = items.into_iter().find(|item| corpus::key(item) == (ACCOUNT, sort.as_str())).unwrap();
    broken.insert("schema".to_owned(), AttributeValue::N("99".to_owned()));
    world.put(&broken).await;
    let rung = world.corrupt_items();
    assert_eq!(stage.check(&granted.token, "orders.read").await, "allowed");
    assert_eq!(world.corrupt_items(), rung + 1);
    assert!(world.broken().await.contains_key(&format!("{ACCOUNT}/{sort}")));
}
