//! Documents and their acceptance (1.2–1.4, 4.1, 9.4).

use market::client::Client;
use market::requests;
use market::stage::Stage;
use market_domain::hash::Sha256Hash;
use market_identity::Role;
use serde_json::json;

use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_published_text_is_kept_to_the_byte_and_its_clauses_lose_nothing_of_it() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    let text = "\u{feff}前言 2024.4.12\r\n1.甲 \t\n1.1乙\n\n1.1.1丙\u{3000}\n1.2丁\n2.戊\n3 以后\n";
    let published = operator
        .post("/documents/market-agreement/versions", requests::agreement(text, &["1.1.1".to_owned()]))
        .await
        .unwrap();
    assert_eq!(published.status, 201, "{}", published.text);
    let anyone = Client::anonymous(&world.running);
    let base = "/documents/market-agreement/versions/1";
    assert_eq!(anyone.get(&format!("{base}/text")).await.unwrap().text, text);
    let version = anyone.get(base).await.unwrap();
    assert_eq!(version.text_at("/sha256"), Sha256Hash::of(text.as_bytes()).as_str());
    let mut joined = String::new();
    for clause in version.body["clauses"].as_array().unwrap() {
        let range = |name: &str| clause[name].as_u64().unwrap() as usize;
        joined.push_str(&text[range("start")..range("end")]);
    }
    assert_eq!(joined, text);
    let clause = anyone.get(&format!("{base}/clauses/1.1.1")).await.unwrap();
    assert_eq!(clause.text, "1.1.1丙\u{3000}\n");
    assert_eq!(anyone.get(&format!("{base}/clauses/9.9")).await.unwrap().code(), "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn accepting_version_one_does_not_satisfy_version_two() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let mut second = requests::agreement("1.新版\n1.1全文如下。\n", &[]);
    second["effective_at"] = json!("2026-01-12T00:00:00+08:00");
    let early = stage.operator.post("/documents/market-agreement/versions", second.clone()).await.unwrap();
    assert_eq!((early.status.as_u16(), early.code()), (422, "publicity-too-short"));
    assert!(early.text.contains("2026-01-12T16:00:00Z"), "names the earliest instant: {}", early.text);
    second["effective_at"] = json!("2026-01-13T00:00:00+08:00");
    let published = stage.operator.post("/documents/market-agreement/versions", second).await.unwrap();
    assert_eq!(published.status, 201, "{}", published.text);

    let orders = "/accounts/shop-1/orders";
    assert_eq!(
        merchant.post(orders, stage.order("month")).await.unwrap().status,
        201,
        "the old one is in force"
    );
    world.advance_days(8).await;
    let refused = merchant.post(orders, stage.order("month")).await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "agreement-outdated"));

    let sha256 = published.text_at("/versions/1/sha256");
    let mut acceptance = requests::acceptance("market-agreement", sha256, &[]);
    let stale = merchant.post("/accounts/shop-1/acceptances", acceptance.clone()).await.unwrap();
    assert_eq!(stale.code(), "not-in-force", "version 1 cannot be accepted any more");
    acceptance["version"] = json!(2);
    let accepted = merchant.post("/accounts/shop-1/acceptances", acceptance).await.unwrap();
    assert_eq!(accepted.status, 201, "{}", accepted.text);
    assert_eq!(merchant.post(orders, stage.order("month")).await.unwrap().status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_publishes_only_its_own_documents() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let rival = Client::of(&world.running, Role::Provider, "rival");
    let takeover =
        rival.post("/documents/northwind-terms/versions", requests::subscription_agreement()).await.unwrap();
    assert_eq!(takeover.code(), "not-the-publisher");
    let body = requests::agreement("1.甲\n", &[]);
    let agreement = stage.provider.post("/documents/market-agreement/versions", body).await.unwrap();
    assert_eq!(agreement.code(), "wrong-document-kind");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_is_of_the_text_that_was_shown_and_keeps_how_it_was_given() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let all = merchant.all("/accounts/shop-1/acceptances").await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0]["signer"]["authority"], "法定代表人");
    assert_eq!(all[0]["rendered_sha256"], json!(requests::page("market-agreement")));
    let other = requests::acceptance("northwind-terms", Sha256Hash::of(b"another text").as_str(), &[]);
    assert_eq!(merchant.post("/accounts/shop-1/acceptances", other).await.unwrap().code(), "other-text");
}
