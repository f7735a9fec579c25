//! Who calls: what the market knows of a caller, it knows by the token and the connection, and what it keeps of it
//! names no person.

use market::Running;
use market::client::{Client, json_headers};
use market::requests;
use market::stage::Stage;
use market_identity::Role;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::json;

use crate::harness::{World, options, shown};

#[tokio::test(flavor = "multi_thread")]
async fn everyone_can_read_whom_the_market_takes_him_for() {
    let world = World::new().await;
    for (role, subject) in [
        (Role::Merchant, "shop-1"),
        (Role::Provider, "northwind"),
        (Role::Operator, "ops"),
        (Role::DataGateway, "data-api"),
        (Role::Upstream, "platform"),
    ] {
        let me = Client::of(&world.running, role, subject).get("/me").await.unwrap();
        let ends = shown(world.now() + jiff::SignedDuration::from_hours(1));
        assert_eq!(me.body, json!({ "role": role, "id": subject, "token_expires_at": ends }), "{role}");
    }
    assert_eq!(Client::anonymous(&world.running).get("/me").await.unwrap().code(), "missing-token");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_an_issuer_calls_its_subjects_they_trade_and_nothing_that_is_kept_names_them() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let mut ids = Vec::new();
    for subject in ["auth0|5f7c8ec7", "f:1a2b:alice", "alice@example.org", "13800000000", "张三 的店"] {
        let merchant = Client::of(&world.running, Role::Merchant, subject);
        let id = merchant.get("/me").await.unwrap().text_at("/id").to_owned();
        let trading = Client::of(&world.running, Role::Merchant, subject);
        let own = format!("/accounts/{id}");
        let opened = trading.post(&own, requests::merchant("shop", "91510100MA6C0QLJ")).await.unwrap();
        assert!(opened.is_ok(), "{subject}: {}", opened.text);
        stage.accept_all(&trading, &id).await;
        let granted = stage.grant(&trading, &id, "month").await;
        assert_eq!(stage.check(&granted.token, "orders.read").await, "allowed", "{subject}");
        assert!(merchant.get(&own).await.unwrap().is_ok(), "{subject} is the same the next time");
        ids.push(id);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5, "and each is another");
    let staff = Client::of(&world.running, Role::Operator, "bob@example.org");
    let served = staff.post(&format!("/accounts/{}/terminations", ids[0]), json!({ "reason": "x" })).await;
    assert!(served.unwrap().is_ok());
    let provider = Client::of(&world.running, Role::Provider, "carol@example.org");
    let id = provider.get("/me").await.unwrap().text_at("/id").to_owned();
    let applied = provider.post(&format!("/providers/{id}"), requests::provider()).await.unwrap();
    assert!(applied.is_ok(), "{}", applied.text);
    assert!(stage.operator.post(&format!("/providers/{id}/approval"), json!({})).await.unwrap().is_ok());
    let terms = format!("/documents/{id}.subscription-terms/versions");
    let published = provider.post(&terms, requests::subscription_agreement()).await.unwrap();
    assert!(published.is_ok(), "its documents can be named by it: {}", published.text);
    world.settle().await;
    for (key, item) in world.table().await {
        for person in ["5f7c8ec7", "alice", "13800000000", "张三", "bob@", "carol"] {
            assert!(!key.contains(person) && !item.contains(person), "{key} names {person}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_that_starts_again_knows_everyone_and_its_key_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let running = Running::start(options(folder.path().to_owned())).await.unwrap();
        let me = Client::of(&running, Role::Merchant, "auth0|5f7c8ec7").get("/me").await.unwrap();
        ids.push(me.text_at("/id").to_owned());
        running.stop().await;
    }
    assert!(ids[0].starts_with("u-") && ids[0] == ids[1], "{ids:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let key = std::fs::metadata(folder.path().join("subject.key")).unwrap();
        assert_eq!(key.permissions().mode() & 0o777, 0o600);
    }
    // Another market's key makes other ids.
    let world = World::new().await;
    let elsewhere = Client::of(&world.running, Role::Merchant, "auth0|5f7c8ec7").get("/me").await.unwrap();
    assert_ne!(elsewhere.text_at("/id"), ids[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_say_what_they_must_as_issuers_write_it_and_nothing_that_must_be_understood() {
    let world = World::new().await;
    let now = world.now().as_second();
    let good = json!({
        "iss": "https://issuer.market.localhost", "aud": ["another", "service-market"], "sub": "ops",
        "market_role": "operator", "nbf": now, "exp": now + 60,
    });
    let anyone = Client::anonymous(&world.running);
    for (name, value, status) in [
        ("exp", json!(now as f64 + 60.5), 200),
        ("exp", json!(now as f64 + 0.5), 401),
        ("exp", json!(1e300), 401),
        ("exp", json!(-1e300), 401),
        ("nbf", json!(now as f64 + 29.5), 200),
        ("nbf", json!(now as f64 + 30.5), 401),
        ("nbf", json!(now + 30), 200),
        ("nbf", json!("0"), 401),
        ("iss", json!(["https://issuer.market.localhost"]), 401),
        ("aud", json!(["another"]), 401),
        ("sub", json!("x".repeat(255)), 200),
        ("sub", json!("x".repeat(256)), 401),
        ("sub", json!(""), 401),
        ("market_role", json!(["openid", "operator"]), 200),
        ("market_role", json!(["merchant", "operator"]), 401),
    ] {
        let mut claims = good.clone();
        claims[name] = value.clone();
        let mut headers = HeaderMap::new();
        let token = world.running.issuer.sign(&claims);
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        let me = anyone.send(Method::GET, "/me", headers, Vec::new()).await.unwrap();
        assert_eq!(me.status.as_u16(), status, "{name} {value}: {}", me.text);
        if status == 200 {
            let ends = jiff::Timestamp::from_second(now + 60).unwrap();
            assert_eq!(me.body["token_expires_at"], shown(ends), "a token never outlives its time");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_comes_from_the_other_end_of_the_connection_whatever_its_headers_say() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = Client::of(&world.running, Role::Merchant, "shop-1");
    merchant.post("/accounts/shop-1", requests::merchant("shop-1", "91510100MA6C0QLJ")).await.unwrap();
    let mut headers = json_headers();
    headers.insert("idempotency-key", "k".parse().unwrap());
    for name in ["x-forwarded-for", "x-real-ip", "forwarded", "x-envoy-external-address"] {
        headers.insert(name, "198.51.100.7".parse().unwrap());
    }
    let body = stage.agreement_acceptance().to_string().into_bytes();
    let accepted = merchant.send(Method::POST, "/accounts/shop-1/acceptances", headers, body).await.unwrap();
    assert_eq!(accepted.text_at("/address"), "127.0.0.1", "{}", accepted.text);
    let read = merchant.get("/accounts/shop-1/acceptances").await.unwrap();
    assert_eq!(read.text_at("/items/0/address"), "127.0.0.1");
    assert!(!format!("{:?}", world.table().await).contains("198.51.100.7"), "and it is kept nowhere");
}
