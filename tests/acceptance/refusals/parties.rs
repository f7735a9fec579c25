//! What parties are refused.

use market::client::Client;
use market::requests;
use market::stage::Stage;
use market_identity::Role;
use serde_json::json;

use super::Refusals;
use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn what_parties_are_refused_is_told() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let newcomer = Client::of(&world.running, Role::Merchant, "shop-2");
    let mut told = Refusals::of("parties", "What parties are refused.");

    let application = requests::merchant("shop-1", "91510100MA6C0QLJ");
    told.post("already-applied", "a merchant applies again", &shop, "/accounts/shop-1", application).await;
    told.post(
        "already-applied",
        "a provider applies again",
        &stage.provider,
        "/providers/northwind",
        requests::provider(),
    )
    .await;
    told.post(
        "already-approved",
        "a provider is approved again",
        &stage.operator,
        "/providers/northwind/approval",
        json!({}),
    )
    .await;

    let vouching = json!({ "reason": "营业执照副本已核对。", "document_sha256": requests::page("licence") });
    let lawful = "/credit-codes/91110000802100433B/vouching";
    told.post("nothing-to-vouch", "a lawful code is vouched for", &stage.operator, lawful, vouching.clone())
        .await;
    let pilot = "/credit-codes/911100008021004330/vouching";
    assert!(stage.operator.post(pilot, vouching.clone()).await.unwrap().is_ok());
    told.post("already-vouched", "a code is vouched for again", &stage.operator, pilot, vouching).await;

    let mut unlawful = requests::merchant("shop-2", "91510100MA6C0QLJ");
    unlawful["credit_code"] = json!("91110000802100433C");
    told.post("invalid-body", "a code with a wrong check character", &newcomer, "/accounts/shop-2", unlawful)
        .await;
    let applied = requests::merchant("shop-2", "91510100MA6C0QLJ");
    assert!(newcomer.post("/accounts/shop-2", applied).await.unwrap().is_ok());
    told.post(
        "account-not-open",
        "an order of an account that is not open",
        &newcomer,
        "/accounts/shop-2/orders",
        stage.order("month"),
    )
    .await;

    let contacts = "/accounts/shop-1/contacts";
    assert!(shop.post(contacts, json!({ "email": "new@example.com" })).await.unwrap().is_ok());
    told.post(
        "contacts-just-changed",
        "contacts are changed twice at once",
        &shop,
        contacts,
        json!({ "email": "newer@example.com" }),
    )
    .await;

    let mut next = requests::agreement("1.新版\n", &[]);
    next["effective_at"] = json!("2026-01-14T00:00:00+08:00");
    let versions = "/documents/market-agreement/versions";
    assert!(stage.operator.post(versions, next).await.unwrap().is_ok());
    world.advance_days(10).await;
    told.post(
        "agreement-outdated",
        "an order under an agreement that is not in force any more",
        &shop,
        "/accounts/shop-1/orders",
        stage.order("month"),
    )
    .await;

    let ended = json!({ "event_id": "e-1", "agreement": "平台协议", "ended_at": world.now() });
    assert!(stage.upstream.post("/accounts/shop-1/upstream-end", ended).await.unwrap().is_ok());
    told.post(
        "account-ended",
        "an order after the agreement's end",
        &shop,
        "/accounts/shop-1/orders",
        stage.order("month"),
    )
    .await;
    told.kept();
}
