//! Repeated requests: one effect for a key, and the same reply.

use market::client::{Client, json_headers};
use market::requests;
use market::stage::Stage;
use market_identity::Role;
use market_kernel::hash::Sha256Hash;
use reqwest::Method;
use serde_json::json;

use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gives_the_same_reply_and_one_effect_even_at_once() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let orders = "/accounts/shop-1/orders";
    let copies = (0..8).map(|_| merchant.post_as("k-1", orders, stage.order("month")));
    let answers: Vec<_> =
        futures_util::future::join_all(copies).await.into_iter().map(Result::unwrap).collect();
    for answer in &answers {
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(answer.text, answers[0].text);
        assert_eq!(answer.headers["location"], answers[0].headers["location"]);
    }
    let fresh = answers.iter().filter(|answer| !answer.headers.contains_key("idempotent-replayed")).count();
    assert_eq!(fresh, 1);
    assert_eq!(merchant.all(orders).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_another_body_or_for_another_operation_is_refused() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let orders = "/accounts/shop-1/orders";
    assert_eq!(merchant.post_as("k-1", orders, stage.order("month")).await.unwrap().status, 201);
    let other = merchant.post_as("k-1", orders, stage.order("year")).await.unwrap();
    assert_eq!((other.status.as_u16(), other.code()), (422, "idempotency-key-reused"));
    let refused = merchant
        .post_as(
            "k-1",
            "/accounts/shop-1/grants",
            requests::grant(&format!("ord_{}", "0".repeat(32)), &["orders.read"]),
        )
        .await
        .unwrap();
    assert_eq!(refused.code(), "idempotency-key-reused");
    assert_eq!(merchant.all(orders).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_was_kept_by_the_first_scheme_is_given_to_the_same_bytes_alone() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let (path, order) = ("/accounts/shop-1/orders", stage.order("month").to_string());
    let send = async |body: &str| {
        let mut headers = json_headers();
        headers.insert("idempotency-key", "k-1".parse().unwrap());
        merchant.send(Method::POST, path, headers, body.as_bytes().to_vec()).await.unwrap()
    };
    let placed = send(&order).await;
    assert_eq!(placed.status, 201, "{}", placed.text);
    // As 0.4.0 kept it.
    let bytes = Sha256Hash::of(format!("place_order\n{path}\n{order}").as_bytes());
    let former = |body: &str| {
        let mut kept: serde_json::Value = serde_json::from_str(body).unwrap();
        assert!(kept.as_object_mut().unwrap().remove("said").is_some());
        assert_eq!(kept["fingerprint"], "", "it is kept by the second scheme alone");
        kept["fingerprint"] = bytes.as_str().into();
        Some(kept.to_string())
    };
    world.tamper("reply#merchant#shop-1", "key#k-1", former).await;
    let again = send(&order).await;
    assert_eq!((again.status.as_u16(), &again.text), (201, &placed.text));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(send(&format!(" {order}")).await.code(), "idempotency-key-reused");
    assert_eq!(merchant.all(path).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_partys_keys_never_meet_anothers() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    for shop in ["shop-1", "shop-2"] {
        let merchant = stage.merchant(shop).await;
        let path = format!("/accounts/{shop}/orders");
        let placed = merchant.post_as("k-1", &path, stage.order("month")).await.unwrap();
        assert_eq!(placed.status, 201);
        assert!(!placed.headers.contains_key("idempotent-replayed"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_the_state_decided_is_replayed_even_when_the_state_has_moved() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let provider = Client::of(&world.running, Role::Provider, "second");
    provider.post("/providers/second", requests::provider()).await.unwrap();
    let listings = "/providers/second/listings";
    let listing = requests::listing("second.terms");
    let early = provider.post_as("k-1", listings, listing.clone()).await.unwrap();
    assert_eq!((early.status.as_u16(), early.code()), (409, "provider-not-approved"));
    stage.operator.post("/providers/second/approval", json!({})).await.unwrap();
    provider.post("/documents/second.terms/versions", requests::subscription_agreement()).await.unwrap();
    let again = provider.post_as("k-1", listings, listing.clone()).await.unwrap();
    assert_eq!(again.text, early.text, "the same request has the same reply");
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(provider.post_as("k-2", listings, listing).await.unwrap().status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_kept_for_a_week() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let orders = "/accounts/shop-1/orders";
    let first = merchant.post_as("k-1", orders, stage.order("month")).await.unwrap();
    world.advance_days(6).await;
    assert_eq!(merchant.post_as("k-1", orders, stage.order("month")).await.unwrap().text, first.text);
    world.advance_days(2).await;
    let later = merchant.post_as("k-1", orders, stage.order("month")).await.unwrap();
    assert_eq!(later.status, 201);
    assert_ne!(later.text_at("/id"), first.text_at("/id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_changes_something_needs_a_lawful_key() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let body = stage.order("month").to_string().into_bytes();
    let orders = "/accounts/shop-1/orders";
    let without = merchant.send(Method::POST, orders, json_headers(), body.clone()).await.unwrap();
    assert_eq!((without.status.as_u16(), without.code()), (400, "missing-idempotency-key"));
    for bad in ["", "two words", &"x".repeat(129)] {
        let mut headers = json_headers();
        headers.insert("idempotency-key", bad.parse().unwrap());
        let refused = merchant.send(Method::POST, orders, headers, body.clone()).await.unwrap();
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "invalid-idempotency-key"), "{bad:?}");
    }
    assert_eq!(merchant.all(orders).await.unwrap().len(), 0);
}
