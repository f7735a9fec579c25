//! Orders and payments (4.1, 4.5, 4.6).

use jiff::SignedDuration;
use market::client::{Client, json_headers, pay};
use market::stage::Stage;
use reqwest::Method;
use serde_json::json;

use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_nobody_pays_closes_by_itself() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let placed = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    let path = placed.headers["location"].to_str().unwrap().to_owned();
    world.advance_to(world.now() + SignedDuration::from_hours(24) - SignedDuration::from_secs(1)).await;
    assert_eq!(merchant.get(&path).await.unwrap().text_at("/status"), "placed");
    world.advance_to(world.now() + SignedDuration::from_secs(1)).await;
    let closed = merchant.get(&path).await.unwrap();
    assert_eq!((closed.text_at("/status"), closed.text_at("/reason")), ("closed", "unpaid"));
    let late = pay(&world.running, "pay-1", "shop-1", placed.text_at("/id"), 19_900).await.unwrap();
    assert_eq!((late.text_at("/outcome"), late.text_at("/record/because")), ("to_return", "too_late"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_bound_needs_its_risk_acknowledged() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let mut order = stage.order("forever");
    let refused = merchant.post("/accounts/shop-1/orders", order.clone()).await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "risk-not-acknowledged"));
    order["acknowledge_unbounded_risk"] = json!(true);
    let placed = merchant.post("/accounts/shop-1/orders", order).await.unwrap();
    assert_eq!(placed.status, 201, "{}", placed.text);
    assert_eq!(placed.body["snapshot"]["unbounded_risk_acknowledged"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_believed_only_with_a_fresh_signature_over_these_bytes() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let placed = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    let report = |amount: u64| {
        json!({
            "payment_id": "pay-1", "account_id": "shop-1", "order_id": placed.text_at("/id"),
            "amount_fen": amount, "paid_at": world.now(),
        })
        .to_string()
        .into_bytes()
    };
    let anyone = Client::anonymous(&world.running);
    let send = async |signed_at, signed: Vec<u8>, sent: Vec<u8>| {
        let mut headers = json_headers();
        headers.extend(world.running.payments.sign("pay-1", signed_at, &signed));
        anyone.send(Method::POST, "/payments", headers, sent).await.unwrap()
    };
    let before = world.table().await;
    let now = world.now();
    let altered = send(now, report(1), report(19_900)).await;
    assert_eq!((altered.status.as_u16(), altered.code()), (401, "invalid-signature"));
    let stale = send(now - SignedDuration::from_mins(6), report(19_900), report(19_900)).await;
    assert_eq!(stale.code(), "invalid-signature");
    let unsigned = anyone.send(Method::POST, "/payments", json_headers(), report(19_900)).await.unwrap();
    assert_eq!(unsigned.code(), "invalid-signature");
    assert_eq!(world.table().await, before, "nothing was written");
    assert_eq!(send(now, report(19_900), report(19_900)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_copies_of_a_payment_at_once_form_one_contract() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let placed = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    let order = placed.text_at("/id");
    let copies = (0..8).map(|_| pay(&world.running, "pay-1", "shop-1", order, 19_900));
    let answers = futures_util::future::join_all(copies).await;
    for answer in answers {
        let answer = answer.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.text_at("/order/status"), "in_service");
    }
    world.settle().await;
    assert_eq!(world.notices("accounts/shop-1", "order_in_service").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_needs_the_listings_own_agreement_and_not_just_any_that_was_accepted() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let mut order = stage.order("month");
    order["subscription_agreement"]["document_id"] = json!("market-agreement");
    let refused = merchant.post("/accounts/shop-1/orders", order).await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "subscription-not-accepted"));
    assert!(refused.text_at("/detail").contains("northwind.terms"), "{}", refused.text);
}
