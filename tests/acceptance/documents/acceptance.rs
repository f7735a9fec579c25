//! Who has accepted which version.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use market::client::Client;
use market::requests;
use market::stage::Stage;
use market_identity::Role;
use market_kernel::hash::Sha256Hash;
use serde_json::json;

use crate::corpus::{Corpus, key, text};
use crate::harness::World;

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
async fn a_version_that_was_superseded_cannot_be_accepted_and_one_that_never_was_is_unknown() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let first = stage.operator.get("/documents/market-agreement").await.unwrap();
    let first = first.text_at("/versions/0/sha256").to_owned();
    for text in ["1.第二版\n", "1.第三版\n"] {
        let mut next = requests::agreement(text, &[]);
        next["effective_at"] = json!(world.now() + SignedDuration::from_hours(24 * 9));
        assert_eq!(
            stage.operator.post("/documents/market-agreement/versions", next).await.unwrap().status,
            201
        );
        world.advance_days(10).await;
    }
    let shop = Client::of(&world.running, Role::Merchant, "shop-1");
    shop.post("/accounts/shop-1", requests::merchant("shop-1", "91510100MA6C0QLJ")).await.unwrap();
    let mut acceptance = requests::acceptance("market-agreement", &first, &[]);
    for (version, problem) in
        [(0, "no-such-version"), (1, "not-in-force"), (2, "not-in-force"), (4, "no-such-version")]
    {
        acceptance["version"] = json!(version);
        let refused = shop.post("/accounts/shop-1/acceptances", acceptance.clone()).await.unwrap();
        assert_eq!(refused.code(), problem, "{version}: {}", refused.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_is_of_the_text_that_was_shown_and_keeps_how_it_was_given() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let all = merchant.all("/accounts/shop-1/acceptances").await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0]["signer"]["authority"], "法定代表人");
    assert_eq!(all[0]["rendered_sha256"], all[0]["sha256"]);
    let other = requests::acceptance("northwind.terms", Sha256Hash::of(b"another text").as_str(), &[]);
    assert_eq!(merchant.post("/accounts/shop-1/acceptances", other).await.unwrap().code(), "other-text");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_in_an_earlier_agreement_period_does_not_count_in_a_later_one() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let corpus = Corpus::of(&world).await;
    let state = corpus.items.iter().find(|item| key(item) == ("account#shop-1", "state")).unwrap();
    let mut back = state.clone();
    let body = text(state, "body").unwrap().replace(r#""agreement_period":1"#, r#""agreement_period":2"#);
    assert_ne!(Some(body.as_str()), text(state, "body"));
    back.insert("body".to_owned(), AttributeValue::S(body));
    world.put(&back).await;

    let order = || stage.order("month");
    let refused = merchant.post("/accounts/shop-1/orders", order()).await.unwrap();
    assert_eq!(refused.code(), "subscription-not-accepted");
    let terms = merchant.get("/documents/northwind.terms").await.unwrap();
    let acceptance = requests::acceptance("northwind.terms", terms.text_at("/versions/0/sha256"), &[]);
    let path = "/accounts/shop-1/acceptances";
    assert_eq!(merchant.post(path, acceptance.clone()).await.unwrap().status, 201);
    assert_eq!(merchant.post(path, acceptance).await.unwrap().code(), "already-accepted");
    assert_eq!(merchant.post("/accounts/shop-1/orders", order()).await.unwrap().status, 201);
    assert_eq!(merchant.all(path).await.unwrap().len(), 3, "each period has its own");
}
