//! A grant that is checked so often that the first partition of its ledger takes no more: each check is allowed and
//! counted once all the same, and nothing else of the merchant's waits for it (4.4.3).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use indicatif::ProgressBar;
use jiff::SignedDuration;
use market::TABLE;
use market::client::{Answer, Client};
use market::json::Json;
use market::operate::verify;
use market::stage::{Granted, Stage};
use market_ambient::Clock;
use market_entrustment::grants::access::LEDGER_PARTITIONS;
use market_identity::Role;
use market_kernel::keys::Partition;
use market_outside::sdk::MAX_ATTEMPTS;
use serde_json::{Value, json};

use crate::server::{Fault, error};
use crate::storms::World;

const CHECKS: usize = 40;

fn throttled() -> Fault {
    error(400, "ProvisionedThroughputExceededException")
}

/// The partitions in which a call writes.
fn written(operation: &str, asked: &Value) -> BTreeSet<String> {
    let places: Vec<&Value> = match operation {
        "UpdateItem" => vec![&asked["Key"]],
        "PutItem" => vec![&asked["Item"]],
        "TransactWriteItems" => {
            let writes = asked["TransactItems"].as_array().unwrap().iter();
            let writes = writes.flat_map(|write| write.as_object().unwrap().values());
            writes
                .map(|write| if write["Item"].is_object() { &write["Item"] } else { &write["Key"] })
                .collect()
        }
        _ => Vec::new(),
    };
    places.into_iter().map(|key| key["pk"]["S"].as_str().unwrap().to_owned()).collect()
}

fn is_of_ledger(partition: &str) -> bool {
    partition.starts_with("ledger#")
}

impl World {
    /// From now on the table takes no write in the partitions of ledgers with these numbers. What it was asked to write
    /// there, how often in each.
    fn throttle(&self, numbers: &'static [u8]) -> Arc<Mutex<BTreeMap<u8, usize>>> {
        let asked_for = Arc::<Mutex<BTreeMap<u8, usize>>>::default();
        let asked = Arc::clone(&asked_for);
        self.table.fail(move |operation, body| {
            let partitions = written(operation, body);
            let partitions = partitions.iter().filter(|partition| is_of_ledger(partition));
            let of = partitions.map(|partition| partition.rsplit('#').next().unwrap().parse::<u8>().unwrap());
            let of: Vec<u8> = of.collect();
            for number in &of {
                *asked.lock().unwrap().entry(*number).or_default() += 1;
            }
            of.iter().any(|number| numbers.contains(number)).then(throttled)
        });
        asked_for
    }
}

/// What the merchant reads: its lines, page by page.
async fn ledger(stage: &Stage<'_>, grant: &str, limit: usize) -> Vec<(String, u64)> {
    let merchant = Client::of(stage.running, Role::Merchant, "shop-1");
    let first = format!("/accounts/shop-1/grants/{grant}/accesses?limit={limit}");
    let (mut lines, mut path) = (Vec::new(), first.clone());
    loop {
        let page = merchant.get(&path).await.unwrap();
        let items = page.body["items"].as_array().unwrap();
        assert!(page.is_ok() && items.len() <= limit, "{}", page.text);
        let told =
            |line: &&Json| (line["outcome"].as_str().unwrap().to_owned(), line["count"].as_u64().unwrap());
        lines.extend(items.iter().map(told));
        match page.body.get("next_cursor").and_then(|cursor| cursor.as_str()) {
            Some(cursor) => path = format!("{first}&cursor={cursor}"),
            None => return lines,
        }
    }
}

/// The facts of the records of a merchant that an event left.
async fn recorded(stage: &Stage<'_>, event: &str) -> Vec<Value> {
    let records = stage.operator.all("/accounts/shop-1/evidence").await.unwrap();
    let records =
        records.iter().map(|record| serde_json::from_str::<Value>(record["stored"].as_str().unwrap()));
    let records = records.map(Result::unwrap).filter(|record| record["event"] == event);
    records.map(|record| record["facts"].clone()).collect()
}

/// Nothing of the merchant's is other than its evidence says.
async fn holds(world: &World) {
    let store = &world.running.market.store;
    let verified =
        verify::verify(store, &Partition::stored("account#shop-1"), &ProgressBar::hidden()).await.unwrap();
    assert_eq!(format!("{:?}", verified.faults), "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_beyond_what_the_first_partition_takes_are_counted_once_each_shown_exactly_and_sealed() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    let quiet = stage.grant(&merchant, "shop-1", "year").await;
    for token in [&granted.token, &quiet.token] {
        assert_eq!(stage.check(token, "orders.read").await, "allowed");
    }
    let asked = world.throttle(&[0]);
    let checks = (0..CHECKS).map(|_| stage.check(&granted.token, "orders.read"));
    assert!(join_all(checks).await.iter().all(|outcome| outcome == "allowed"));
    // While it goes on, the merchant takes the grant back, and that counts at once.
    let revocation = format!("/accounts/shop-1/grants/{}/revocation", granted.grant);
    assert!(merchant.post(&revocation, json!({})).await.unwrap().is_ok());
    for _ in 0..3 {
        assert_eq!(stage.check(&granted.token, "orders.read").await, "ended");
    }
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked[&0], CHECKS + 3, "each asks there once, and goes elsewhere at once");
    assert!(asked.len() > 2, "chance leads to several: {asked:?}");
    world.table.heal();

    let lines = [("allowed".to_owned(), CHECKS as u64 + 1), ("ended".to_owned(), 3)];
    for limit in [1, 2, 100] {
        assert_eq!(ledger(&stage, &granted.grant, limit).await, lines, "limit {limit}");
    }
    assert_eq!(recorded(&stage, "LedgerSpread").await, [json!({ "partitions": LEDGER_PARTITIONS })]);
    world.running.machine.advance_to("2026-01-06T00:10:00+08:00".parse().unwrap()).await.unwrap();
    let seals = recorded(&stage, "LedgerSealed").await;
    let mut sums: Vec<_> = seals.iter().map(|seal| (&seal["lines"], &seal["checks"])).collect();
    sums.sort_by_key(|(lines, _)| lines.as_u64());
    assert_eq!(sums, [(&json!(1), &json!(1)), (&json!(2), &json!(CHECKS + 4))]);
    holds(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_merchant_does_waits_for_no_partition_of_a_ledger_and_counting_writes_in_no_other() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    assert_eq!(stage.check(&granted.token, "orders.read").await, "allowed");
    let asked = Arc::<Mutex<BTreeSet<String>>>::default();
    world.table.fail({
        let asked = Arc::clone(&asked);
        move |operation, body| {
            asked.lock().unwrap().extend(written(operation, body));
            None
        }
    });
    assert_eq!(stage.check(&granted.token, "orders.read").await, "allowed");
    assert_eq!(*asked.lock().unwrap(), BTreeSet::from([format!("ledger#shop-1#{}#0", granted.grant)]));

    let asked = world.throttle(&[0, 1, 2, 3, 4, 5, 6, 7]);
    let check = json!({ "token": granted.token, "scope": "orders.read" });
    let refused = stage.gateway.post("/checks", check).await.unwrap();
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (503, "unavailable"),
        "not counted, so not allowed"
    );
    assert_eq!(asked.lock().unwrap().values().sum::<usize>(), 3, "three places are tried, none twice");
    let revocation = format!("/accounts/shop-1/grants/{}/revocation", granted.grant);
    assert!(merchant.post(&revocation, json!({})).await.unwrap().is_ok());
    world.table.heal();
    assert_eq!(ledger(&stage, &granted.grant, 100).await, [("allowed".to_owned(), 2)]);
    assert_eq!(recorded(&stage, "LedgerSpread").await, [json!(null); 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_counted_where_no_reader_would_look() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    world.table.fail(|operation, body| {
        let is_first = written(operation, body).iter().any(|partition| partition.ends_with("#0"));
        (is_first || operation == "TransactWriteItems").then(|| error(400, "ThrottlingException"))
    });
    let check = json!({ "token": granted.token, "scope": "orders.read" });
    let refused = stage.gateway.post("/checks", check).await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.code()), (503, "unavailable"));
    world.table.heal();
    let client = aws_sdk_dynamodb::Client::new(&market::sdk_at(&world.running.table_endpoint).await);
    for number in 0..LEDGER_PARTITIONS {
        let query = client.query().table_name(TABLE).key_condition_expression("pk = :pk");
        let partition = format!("ledger#shop-1#{}#{number}", granted.grant);
        let partition = aws_sdk_dynamodb::types::AttributeValue::S(partition);
        let found = query.expression_attribute_values(":pk", partition).send().await.unwrap();
        assert_eq!(found.count, 0, "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_was_spread_goes_on_in_its_first_partition_and_is_read_whole() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    for hour in 0..4 {
        world.throttle(&[0]);
        assert_eq!(stage.check(&granted.token, "orders.read").await, "allowed");
        world.table.heal();
        assert_eq!(stage.check(&granted.token, "orders.read").await, "allowed");
        assert_eq!(stage.check(&granted.token, "buyers.read").await, "wrong_scope");
        assert_eq!(ledger(&stage, &granted.grant, 1).await.len(), 2 * (hour + 1));
        let later = world.running.machine.clock.now() + SignedDuration::from_hours(1);
        world.running.machine.clock.advance_to(later).unwrap();
    }
    let lines = [("wrong_scope".to_owned(), 1), ("allowed".to_owned(), 2)];
    let lines: Vec<_> = std::iter::repeat_n(lines, 4).flatten().collect();
    for limit in 1..=9 {
        assert_eq!(ledger(&stage, &granted.grant, limit).await, lines, "limit {limit}");
    }
    assert_eq!(recorded(&stage, "LedgerSpread").await.len(), 1, "it is said once");
}

/// The answer to many checks in one request: for each grant's token twice its first scope, and once another.
async fn ask_for_all(stage: &Stage<'_>, tokens: &[&str]) -> Answer {
    let checks = tokens.iter().flat_map(|token| {
        ["orders.read", "orders.read", "buyers.read"].map(|scope| json!({ "token": token, "scope": scope }))
    });
    stage.gateway.post("/checks/batch", json!({ "checks": checks.collect::<Vec<_>>() })).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_checks_of_busy_grants_are_counted_elsewhere_as_often_as_they_were_made() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let busy = stage.grant(&merchant, "shop-1", "year").await;
    let quiet = stage.grant(&merchant, "shop-1", "year").await;
    let tokens = [busy.token.as_str(), quiet.token.as_str()];
    assert!(ask_for_all(&stage, &tokens).await.is_ok());
    let first = format!("ledger#shop-1#{}#0", busy.grant);
    world.table.fail(move |operation, body| written(operation, body).contains(&first).then(throttled));
    for _ in 0..4 {
        let answer = ask_for_all(&stage, &tokens).await;
        let answers = answer.body["answers"].as_array().unwrap();
        let outcomes: Vec<_> = answers.iter().map(|one| one["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, [["allowed", "allowed", "wrong_scope"]; 2].concat());
    }
    world.table.heal();
    let lines = [("wrong_scope".to_owned(), 5), ("allowed".to_owned(), 10)];
    for grant in [&busy.grant, &quiet.grant] {
        assert_eq!(ledger(&stage, grant, 100).await, lines);
    }
    assert_eq!(recorded(&stage, "LedgerSpread").await.len(), 1, "of the busy one, once");
    world.running.machine.advance_to("2026-01-06T00:10:00+08:00".parse().unwrap()).await.unwrap();
    let seals = recorded(&stage, "LedgerSealed").await;
    let sums: Vec<_> = seals.iter().map(|seal| (&seal["lines"], &seal["checks"])).collect();
    assert_eq!(sums, [(&json!(2), &json!(15)); 2]);
    holds(&world).await;
}

/// What is said of each check: its outcome, or the problem and after how long it is worth to ask again.
fn said(answer: &Answer) -> Vec<(String, Option<u64>)> {
    let one = |answer: &&Json| match answer.get("problem") {
        None => (answer["outcome"].as_str().unwrap().to_owned(), None),
        Some(problem) => {
            assert_eq!((&*answer["allowed"], answer.get("outcome")), (&json!(false), None), "{answer}");
            assert!(answer.get("grant_id").is_none(), "nothing is said of the token: {answer}");
            (problem.as_str().unwrap().to_owned(), answer["retry_after_seconds"].as_u64())
        }
    };
    assert!(answer.is_ok(), "{}", answer.text);
    answer.body["answers"].as_array().unwrap().iter().map(one).collect()
}

/// The same for all checks of one grant.
fn all_three(outcomes: [&str; 3], after: Option<u64>) -> Vec<(String, Option<u64>)> {
    outcomes.map(|outcome| (outcome.to_owned(), after)).to_vec()
}

const COUNTED: [&str; 3] = ["allowed", "allowed", "wrong_scope"];

#[tokio::test(flavor = "multi_thread")]
async fn of_many_checks_those_that_cannot_be_counted_for_now_are_refused_alone_and_the_others_are_answered() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let (one, other) = two_grants(&stage, &merchant).await;
    let tokens = [one.token.as_str(), other.token.as_str()];
    let ledger_of = format!("ledger#shop-1#{}#", other.grant);
    for (fault, code) in [
        (throttled(), "unavailable"),
        (error(500, "InternalServerError"), "outcome-unknown"),
        (Fault::BreakOff, "outcome-unknown"),
    ] {
        let ledger_of = ledger_of.clone();
        world.table.fail(move |operation, body| {
            written(operation, body).iter().any(|one| one.starts_with(&ledger_of)).then(|| fault.clone())
        });
        let single = json!({ "token": other.token, "scope": "orders.read" });
        let singly = stage.gateway.post("/checks", single).await.unwrap();
        assert_eq!((singly.status.as_u16(), singly.code()), (503, code), "as it is by itself");
        let answers = said(&ask_for_all(&stage, &tokens).await);
        assert_eq!(answers, [all_three(COUNTED, None), all_three([code; 3], Some(1))].concat());
        let none = ask_for_all(&stage, &tokens[1..]).await;
        assert_eq!((none.status.as_u16(), none.code()), (503, code), "where none is answered: {}", none.text);
        world.table.heal();
    }
    let lines = [("wrong_scope".to_owned(), 3), ("allowed".to_owned(), 6)];
    assert_eq!(ledger(&stage, &one.grant, 100).await, lines);
    assert_eq!(ledger(&stage, &other.grant, 100).await, []);
    let answers = said(&ask_for_all(&stage, &tokens[1..]).await);
    assert_eq!(answers, all_three(COUNTED, None), "asked again alone");
    world.running.machine.advance_to("2026-01-06T00:10:00+08:00".parse().unwrap()).await.unwrap();
    let seals = recorded(&stage, "LedgerSealed").await;
    let mut sums: Vec<_> =
        seals.iter().map(|seal| (seal["lines"].as_u64(), seal["checks"].as_u64())).collect();
    sums.sort_unstable();
    assert_eq!(sums, [(Some(2), Some(3)), (Some(2), Some(9))]);
}

/// Two grants of shop-1, whose tokens are checked together.
async fn two_grants(stage: &Stage<'_>, merchant: &Client) -> (Granted, Granted) {
    let grant = async || stage.grant(merchant, "shop-1", "year").await;
    (grant().await, grant().await)
}

/// Lets this much time pass once the table was asked for this; nothing but the market's own timers sees it.
async fn passes(world: &World, operation: &str, calls: usize, seconds: u64) {
    while world.table.calls(operation) < calls {
        tokio::task::yield_now().await;
    }
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_table_that_hangs_does_not_hold_up_the_answer_which_says_of_which_checks_nothing_is_known() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let (one, other) = two_grants(&stage, &merchant).await;
    let tokens = [one.token.as_str(), other.token.as_str()];

    world.table.fail_at("BatchGetItem", Fault::Hang);
    let (refused, ()) = tokio::join!(ask_for_all(&stage, &tokens), passes(&world, "BatchGetItem", 1, 5));
    assert_eq!((refused.status.as_u16(), refused.code()), (503, "unavailable"), "{}", refused.text);
    assert_eq!(world.table.calls("UpdateItem"), 0, "nothing was counted");

    let ledger_of = format!("ledger#shop-1#{}#", other.grant);
    world.table.fail(move |operation, body| {
        written(operation, body).iter().any(|one| one.starts_with(&ledger_of)).then_some(Fault::Hang)
    });
    // The lines of the other grant are counted meanwhile, and their answers have come.
    let counted = async {
        while ledger(&stage, &one.grant, 100).await.len() < 2 {}
        for _ in 0..5 {
            ledger(&stage, &one.grant, 100).await;
        }
        passes(&world, "UpdateItem", 4, 5).await;
    };
    let (answer, ()) = tokio::join!(ask_for_all(&stage, &tokens), counted);
    let unknown = all_three(["outcome-unknown"; 3], Some(1));
    assert_eq!(said(&answer), [all_three(COUNTED, None), unknown].concat());

    // What only prepares the sealing holds up no answer, and nothing of what was counted is lost.
    world.table.fail_at("TransactWriteItems", Fault::Hang);
    let (answer, ()) =
        tokio::join!(ask_for_all(&stage, &tokens[1..]), passes(&world, "TransactWriteItems", 1, 1));
    assert_eq!(said(&answer), all_three(COUNTED, None));
    world.table.heal();
    let lines = [("wrong_scope".to_owned(), 1), ("allowed".to_owned(), 2)];
    for grant in [&one.grant, &other.grant] {
        assert_eq!(ledger(&stage, grant, 100).await, lines);
    }
}

#[tokio::test]
async fn of_more_lines_than_a_slow_table_counts_in_time_those_that_were_not_begun_are_told_apart() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    let is_first = AtomicBool::new(true);
    world.table.fail(move |operation, _| {
        (operation == "UpdateItem" && !is_first.swap(false, Ordering::SeqCst)).then_some(Fault::Hang)
    });
    // A line for each scope, of which the table takes one.
    let scopes =
        (0..50).map(|number| json!({ "token": granted.token, "scope": format!("scope{number}.read") }));
    let asking = stage.gateway.post("/checks/batch", json!({ "checks": scopes.collect::<Vec<_>>() }));
    let (answer, ()) = tokio::join!(asking, passes(&world, "UpdateItem", 11, 5));
    let answer = answer.unwrap();
    let mut codes = BTreeMap::<&str, usize>::new();
    for one in answer.body["answers"].as_array().unwrap() {
        let problem = one.get("problem").map(|problem| problem.as_str().unwrap());
        *codes.entry(problem.unwrap_or("answered")).or_default() += 1;
    }
    assert_eq!(codes, BTreeMap::from([("answered", 1), ("outcome-unknown", 10), ("unavailable", 39)]));
    world.table.heal();
    assert_eq!(ledger(&stage, &granted.grant, 100).await.len(), 1);
}

#[tokio::test]
async fn a_token_that_names_nothing_does_not_hide_that_no_check_can_be_counted() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    world.table.fail_at("UpdateItem", Fault::Hang);
    let checks = [&*granted.token, "none"].map(|token| json!({ "token": token, "scope": "orders.read" }));
    let asking = stage.gateway.post("/checks/batch", json!({ "checks": checks }));
    let (answer, ()) = tokio::join!(asking, passes(&world, "UpdateItem", 1, 5));
    let answer = answer.unwrap();
    assert_eq!((answer.status.as_u16(), answer.code()), (503, "outcome-unknown"), "{}", answer.text);
    world.table.heal();
    let none = json!({ "checks": [{ "token": "none", "scope": "orders.read" }] });
    assert!(stage.gateway.post("/checks/batch", none).await.unwrap().is_ok(), "that alone is an answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_none_is_answered_and_one_may_have_been_counted_all_are_refused_so_and_a_repeat_counts_again() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let (one, other) = two_grants(&stage, &merchant).await;
    let lines_of = |grant: &str| format!("ledger#shop-1#{grant}#");
    for tokens in [[&one.token, &other.token], [&other.token, &one.token]] {
        let (counted, throttling) = (lines_of(&one.grant), lines_of(&other.grant));
        world.table.fail(move |operation, body| {
            let begins = |with: &str| written(operation, body).iter().any(|key| key.starts_with(with));
            match (begins(&counted), begins(&throttling)) {
                (true, _) => Some(Fault::LoseAnswer),
                (_, true) => Some(throttled()),
                _ => None,
            }
        });
        let refused = ask_for_all(&stage, &tokens.map(String::as_str)).await;
        let said = (refused.status.as_u16(), refused.code());
        assert_eq!(said, (503, "outcome-unknown"), "not that nothing was written: {}", refused.text);
        world.table.heal();
    }
    assert_eq!(ledger(&stage, &other.grant, 100).await, []);
    // Each of the market's own tries counted them, and nobody was told.
    let told_of_none = u64::from(MAX_ATTEMPTS) * 2;
    let lines = |more: u64| {
        [("wrong_scope".to_owned(), told_of_none + more), ("allowed".to_owned(), 2 * (told_of_none + more))]
    };
    assert_eq!(ledger(&stage, &one.grant, 100).await, lines(0));
    assert_eq!(said(&ask_for_all(&stage, &[one.token.as_str()]).await), all_three(COUNTED, None));
    assert_eq!(ledger(&stage, &one.grant, 100).await, lines(1), "a repeat counts once more");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_what_many_checks_rest_on_is_not_read_whole_none_is_answered_and_nothing_is_counted() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let (one, other) = two_grants(&stage, &merchant).await;
    let tokens = [one.token.as_str(), other.token.as_str()];
    world.table.fail_at("BatchGetItem", Fault::OneKeyOnly);
    let refused = ask_for_all(&stage, &tokens).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (503, "unavailable"), "{}", refused.text);
    assert_eq!(
        (world.table.calls("BatchGetItem"), world.table.calls("UpdateItem")),
        (4, 0),
        "of five things"
    );
    world.table.fail_times("BatchGetItem", 2, Fault::OneKeyOnly);
    assert!(ask_for_all(&stage, &tokens).await.is_ok(), "what is left is asked for again");
    world.table.fail_at("BatchGetItem", error(400, "ThrottlingException"));
    assert_eq!(ask_for_all(&stage, &tokens).await.code(), "unavailable");
    world.table.heal();
    let lines = [("wrong_scope".to_owned(), 1), ("allowed".to_owned(), 2)];
    assert_eq!(ledger(&stage, &one.grant, 100).await, lines);
}
