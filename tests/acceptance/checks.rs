//! Many checks in one request (4.4.1, 4.4.3): each is answered, counted and refused as it is by itself.

use futures_util::future::join_all;
use jiff::SignedDuration;
use market::client::{Answer, Client};
use market::json::Json;
use market::requests;
use market::stage::{Granted, Stage};
use market_identity::Role;
use serde_json::{Value, json};

use crate::harness::World;
use crate::stored::done;
use crate::unreadable::of_a_schema_to_come;

const BATCH: &str = "/checks/batch";

fn check(token: &str, scope: &str) -> Value {
    json!({ "token": token, "scope": scope })
}

async fn ask(stage: &Stage<'_>, checks: &[Value]) -> Answer {
    done(stage.gateway.post(BATCH, json!({ "checks": checks })).await)
}

async fn answers(stage: &Stage<'_>, checks: &[Value]) -> Vec<Json> {
    let answer = ask(stage, checks).await;
    let answers: Vec<_> = answer.body["answers"].as_array().unwrap().into_iter().cloned().collect();
    assert_eq!(answers.len(), checks.len());
    answers
}

async fn outcomes(stage: &Stage<'_>, checks: &[Value]) -> Vec<String> {
    let answers = answers(stage, checks).await;
    answers.iter().map(|answer| answer["outcome"].as_str().unwrap().to_owned()).collect()
}

/// The lines of a grant's ledger, as its merchant reads them.
async fn ledger(merchant: &Client, shop: &str, grant: &str) -> Vec<(String, String, u64)> {
    let lines = merchant.all(&format!("/accounts/{shop}/grants/{grant}/accesses")).await.unwrap();
    let text = |line: &Json, name: &str| line[name].as_str().unwrap().to_owned();
    let mut lines: Vec<_> = lines
        .iter()
        .map(|line| (text(line, "scope"), text(line, "outcome"), line["count"].as_u64().unwrap()))
        .collect();
    lines.sort();
    lines
}

fn lines(expected: &[(&str, &str, u64)]) -> Vec<(String, String, u64)> {
    let line =
        |(scope, outcome, count): &(&str, &str, u64)| ((*scope).to_owned(), (*outcome).to_owned(), *count);
    expected.iter().map(line).collect()
}

async fn revoke(merchant: &Client, shop: &str, granted: &Granted) {
    let revocation = format!("/accounts/{shop}/grants/{}/revocation", granted.grant);
    done(merchant.post(&revocation, json!({})).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_of_one_request_are_answered_in_their_order_each_as_by_itself_and_counted_as_often() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let (merchant, other) = (stage.merchant("shop-1").await, stage.merchant("shop-2").await);
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let revoked = stage.grant(&merchant, "shop-1", "month").await;
    let others = stage.grant(&other, "shop-2", "year").await;
    revoke(&merchant, "shop-1", &revoked).await;
    let stolen = format!("{}{}", &granted.token[..granted.token.len() - 64], "0".repeat(64));
    let of_nobody = granted.token.replace("shop-1", "shop-9");
    let checks = [
        check(&others.token, "stock.read"),
        check(&granted.token, "orders.read"),
        check("stolen", "orders.read"),
        check(&stolen, "orders.read"),
        check(&granted.token, "buyers.read"),
        check(&granted.token, "orders.read"),
        check(&revoked.token, "orders.read"),
        check(&of_nobody, "orders.read"),
        check(&granted.token, "orders.read"),
    ];
    let mut each = Vec::new();
    for check in &checks {
        each.push(done(stage.gateway.post("/checks", check.clone()).await).body);
    }
    assert_eq!(answers(&stage, &checks).await, each);
    let shown: Vec<_> = each.iter().map(|one| one.get("outcome").and_then(|one| one.as_str())).collect();
    let (allowed, ended) = (Some("allowed"), Some("ended"));
    let expected =
        [allowed, allowed, None, Some("wrong_token"), Some("wrong_scope"), allowed, ended, None, allowed];
    assert_eq!(shown, expected);
    // By themselves, and together.
    let counted =
        [("buyers.read", "wrong_scope", 2), ("orders.read", "allowed", 6), ("orders.read", "wrong_token", 2)];
    assert_eq!(ledger(&merchant, "shop-1", &granted.grant).await, lines(&counted));
    assert_eq!(ledger(&merchant, "shop-1", &revoked.grant).await, lines(&[("orders.read", "ended", 2)]));
    assert_eq!(ledger(&other, "shop-2", &others.grant).await, lines(&[("stock.read", "allowed", 2)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_checks_of_fifty_grants_begin_their_ledgers_which_are_sealed_and_verify() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let order = stage.buy(&merchant, "shop-1", "year").await;
    let (mut grants, mut checks) = (Vec::new(), Vec::new());
    for _ in 0..50 {
        let body = requests::grant(&order, &["orders.read"]);
        let given = done(merchant.post("/accounts/shop-1/grants", body).await).text_at("/id").to_owned();
        let tokens = format!("/accounts/shop-1/grants/{given}/tokens");
        checks.push(check(
            done(stage.provider.post(&tokens, json!({})).await).text_at("/token"),
            "orders.read",
        ));
        grants.push(given);
    }
    for _ in 0..2 {
        assert!(outcomes(&stage, &checks).await.iter().all(|outcome| outcome == "allowed"));
    }
    world.set_clock(world.now() + SignedDuration::from_mins(2));
    assert!(outcomes(&stage, &checks).await.iter().all(|outcome| outcome == "allowed"));
    for grant in &grants {
        let path = format!("/accounts/shop-1/grants/{grant}/accesses");
        let ledger = merchant.all(&path).await.unwrap();
        assert_eq!(ledger.len(), 1);
        assert_eq!(ledger[0]["count"], 3);
        assert_eq!(ledger[0]["last_at"], crate::harness::shown(world.now()));
        let first_at = world.now() - SignedDuration::from_mins(2);
        assert_eq!(ledger[0]["first_at"], crate::harness::shown(first_at));
    }
    world.advance_days(1).await;
    let records = stage.operator.all("/accounts/shop-1/evidence").await.unwrap();
    let records = records.iter().map(|record| record["stored"].as_str().unwrap());
    let records: Vec<Value> = records.map(|record| serde_json::from_str(record).unwrap()).collect();
    let seals: Vec<_> = records.iter().filter(|record| record["event"] == "LedgerSealed").collect();
    assert_eq!(seals.len(), 50);
    assert!(seals.iter().all(|seal| seal["facts"]["lines"] == 1 && seal["facts"]["checks"] == 3));
    assert_eq!(world.verified("account#shop-1").await.faults, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_check_of_many_is_allowed_after_the_reply_of_a_revocation_however_many_are_under_way() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let staying = stage.grant(&merchant, "shop-1", "month").await;
    let checks = [
        check(&granted.token, "orders.read"),
        check(&staying.token, "orders.read"),
        check(&granted.token, "stock.read"),
    ];
    assert_eq!(outcomes(&stage, &checks).await, ["allowed"; 3]);
    let before = join_all((0..20).map(|_| ask(&stage, &checks)));
    tokio::join!(before, revoke(&merchant, "shop-1", &granted));
    for outcomes in join_all((0..20).map(|_| outcomes(&stage, &checks))).await {
        assert_eq!(outcomes, ["ended", "allowed", "ended"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_named_by_its_place_and_refuses_the_request_before_anything_is_counted() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let good = check(&granted.token, "orders.read");
    let with = |bad: Value| json!({ "checks": [good, bad] });
    let before = world.table().await;
    for (body, pointer) in [
        (json!({ "checks": [] }), "/checks"),
        (json!({ "checks": vec![good.clone(); 51] }), "/checks"),
        (json!({}), "/checks"),
        (json!([good]), ""),
        (json!({ "checks": good }), "/checks"),
        (json!({ "checks": [good], "at": "now" }), "/at"),
        (with(json!([granted.token, "orders.read"])), "/checks/1"),
        (with(Value::Null), "/checks/1"),
        (with(json!({ "token": granted.token })), "/checks/1/scope"),
        (with(check(&granted.token, "Orders Read")), "/checks/1/scope"),
        (with(json!({ "token": 7, "scope": "orders.read" })), "/checks/1/token"),
        (with(json!({ "token": "x", "scope": "orders.read", "at": "now" })), "/checks/1/at"),
    ] {
        let refused = stage.gateway.post(BATCH, body.clone()).await.unwrap();
        assert_eq!((refused.status.as_u16(), refused.code()), (422, "invalid-body"), "{body}");
        assert_eq!(refused.text_at("/errors/0/pointer"), pointer, "{body}");
    }
    let both = with(json!({ "scope": 1 }));
    let refused = stage.gateway.post(BATCH, both).await.unwrap();
    let faults = refused.body["errors"].as_array().unwrap();
    let places: Vec<_> = faults.iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    assert_eq!(places, ["/checks/1/scope", "/checks/1/token"], "each at once");
    for role in [Role::Merchant, Role::Provider, Role::Operator, Role::Upstream] {
        let stranger = Client::of(&world.running, role, "shop-1");
        let refused = stranger.post(BATCH, json!({ "checks": [good] })).await.unwrap();
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "role-not-allowed"), "{role}");
    }
    assert_eq!(world.table().await, before, "nothing was counted");
    assert_eq!(outcomes(&stage, &vec![good.clone(); 50]).await, ["allowed"; 50]);
    let counted = lines(&[("orders.read", "allowed", 50)]);
    assert_eq!(ledger(&merchant, "shop-1", &granted.grant).await, counted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_rests_on_what_cannot_be_read_fails_alone_is_not_allowed_and_calls_a_human() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let (merchant, other) = (stage.merchant("shop-1").await, stage.merchant("shop-2").await);
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let others = stage.grant(&other, "shop-2", "month").await;
    let checks = [
        check(&granted.token, "orders.read"),
        check(&others.token, "orders.read"),
        check(&granted.token, "orders.read"),
    ];
    assert_eq!(outcomes(&stage, &checks).await, ["allowed"; 3]);
    let items = world.items().await;
    let place = |begins: &str| items.keys().find(|(pk, _)| pk.starts_with(begins)).unwrap().clone();
    let (pk, sk) = place("ledger#shop-1#");
    let grant = format!("grant#{}", granted.grant);
    let tokens = format!("token#{}", granted.grant);
    let counted = ledger(&merchant, "shop-1", &granted.grant).await;
    for (pk, sk) in [
        ("account#shop-1", "state"),
        ("account#shop-1", grant.as_str()),
        ("account#shop-1", tokens.as_str()),
        (pk.as_str(), sk.as_str()),
    ] {
        let rung = world.corrupt_items();
        let good = of_a_schema_to_come(&world, pk, sk).await;
        let answers = answers(&stage, &checks).await;
        let failed = json!({ "allowed": false, "problem": "corrupt" });
        assert_eq!([&answers[0], &answers[2]], [&failed; 2], "{pk}/{sk}");
        assert_eq!(answers[1]["outcome"], "allowed", "{pk}/{sk}");
        assert_eq!(world.corrupt_items(), rung + 2, "{pk}/{sk}: as by themselves");
        let none = self::answers(&stage, &[checks[0].clone(), checks[2].clone()]).await;
        assert_eq!([&none[0], &none[1]], [&failed; 2], "{pk}/{sk}: there is nothing to repeat");
        assert_eq!(world.corrupt_items(), rung + 4, "{pk}/{sk}");
        world.put(&good).await;
    }
    assert_eq!(ledger(&merchant, "shop-1", &granted.grant).await, counted);
    let counted = lines(&[("orders.read", "allowed", 5)]);
    assert_eq!(ledger(&other, "shop-2", &others.grant).await, counted);
}
