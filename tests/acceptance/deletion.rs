//! Deletion demands (4.4.5).

use market::client::Client;
use market::requests;
use market::stage::{Granted, Stage};
use serde_json::json;

use crate::harness::{World, at};

/// A revoked grant, and the path of its demand.
async fn revoked(world: &World, stage: &Stage<'_>, merchant: &Client) -> (Granted, String) {
    let granted = stage.grant(merchant, "shop-1", "month").await;
    let path = format!("/accounts/shop-1/grants/{}/revocation", granted.grant);
    assert_eq!(merchant.post(&path, json!({})).await.unwrap().status, 200);
    world.settle().await;
    let demand = format!("/accounts/shop-1/demands/{}", granted.grant);
    (granted, demand)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_merchant_is_reminded_after_3_7_15_and_30_days_and_then_every_30() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let ended = world.now();
    revoked(&world, &stage, &merchant).await;
    world.advance_days(125).await;
    let told = world.days_told("accounts/shop-1", "deletion_reminder", ended).await;
    assert_eq!(told, [3, 7, 15, 30, 60, 90, 120]);
    assert_eq!(world.days_told("accounts/shop-1", "grant_ended", ended).await, [0], "and at the end itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_is_reminded_7_3_and_1_days_before_and_both_are_told_once_that_it_is_overdue() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let (_, demand) = revoked(&world, &stage, &merchant).await;
    let served = merchant.post(&format!("{demand}/service"), json!({})).await.unwrap();
    let due = at(served.text_at("/period/ends_at"));
    world.advance_days(60).await;
    assert_eq!(world.days_told("providers/northwind", "demand_due", due).await, [-7, -3, -1]);
    assert_eq!(world.days_told("providers/northwind", "demand_overdue", due).await, [0]);
    assert_eq!(world.days_told("accounts/shop-1", "demand_overdue", due).await, [0]);
    let late = stage.provider.get(&demand).await.unwrap();
    assert_eq!((late.text_at("/status"), &*late.body["overdue"]), ("served", &json!(true)));
    let attested = stage
        .provider
        .post(&format!("{demand}/attestation"), requests::attestation(world.now()))
        .await
        .unwrap();
    assert_eq!(attested.status, 200, "an overdue demand can still be answered: {}", attested.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_agreement_ends_the_reminders() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let (_, demand) = revoked(&world, &stage, &merchant).await;
    let waiver = json!({ "agreement": "双方同意由服务商继续保存对账所需数据至2026年6月30日。" });
    assert_eq!(merchant.post(&format!("{demand}/waiver"), waiver.clone()).await.unwrap().status, 200);
    world.advance_days(90).await;
    assert_eq!(world.notices("accounts/shop-1", "deletion_reminder").await.len(), 0);
    assert_eq!(world.notices("providers/northwind", "demand_waived").await.len(), 1);
    assert_eq!(
        merchant.post(&format!("{demand}/waiver"), waiver).await.unwrap().code(),
        "wrong-demand-state"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attestation_says_when_and_of_what_and_not_of_the_future() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let (_, demand) = revoked(&world, &stage, &merchant).await;
    let attestation = format!("{demand}/attestation");
    let early = stage.provider.post(&attestation, requests::attestation(world.now())).await.unwrap();
    assert_eq!(early.code(), "not-found", "a demand that was not served is none to its provider");
    assert_eq!(merchant.post(&format!("{demand}/service"), json!({})).await.unwrap().status, 200);
    let future = requests::attestation(world.now() + jiff::SignedDuration::from_hours(1));
    assert_eq!(stage.provider.post(&attestation, future).await.unwrap().code(), "invalid-attestation");
    let mut nothing = requests::attestation(world.now());
    nothing["datasets"] = json!([]);
    assert_eq!(stage.provider.post(&attestation, nothing).await.unwrap().code(), "invalid-attestation");
    let mut by_name = requests::attestation(world.now());
    by_name["signer"] = json!("王芳");
    assert_eq!(stage.provider.post(&attestation, by_name).await.unwrap().code(), "invalid-body");
    let whole = requests::attestation(world.now());
    let attested = stage.provider.post(&attestation, whole.clone()).await.unwrap();
    assert_eq!(attested.body["attestation"]["signer"], whole["signer"], "by what authority is kept");
}
