//! What is refused about entrusted data.

use jiff::SignedDuration;
use market::requests;
use market::stage::Stage;
use serde_json::json;

use super::Refusals;
use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_about_entrusted_data_is_told() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let grants = "/accounts/shop-1/grants";
    let mut told = Refusals::of("entrustment", "What is refused about entrusted data.");

    let placed = shop.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    let unpaid = requests::grant(placed.text_at("/id"), &["orders.read"]);
    told.post("not-in-service", "a grant under an order that is not paid", &shop, grants, unpaid).await;
    let granted = stage.grant(&shop, "shop-1", "month").await;
    let under = |scopes: &[&str]| requests::grant(&granted.order, scopes);
    told.post("invalid-scopes", "a grant of nothing", &shop, grants, under(&[])).await;
    told.post(
        "invalid-scopes",
        "a grant of a scope twice",
        &shop,
        grants,
        under(&["orders.read", "orders.read"]),
    )
    .await;
    told.post(
        "invalid-scopes",
        "a grant of what the listing does not ask for",
        &shop,
        grants,
        under(&["wallet.read"]),
    )
    .await;
    let until = |expires_at: jiff::Timestamp| {
        let mut grant = under(&["orders.read"]);
        grant["expires_at"] = json!(expires_at);
        grant
    };
    told.post(
        "invalid-term",
        "a grant beyond its order",
        &shop,
        grants,
        until(granted.expires_at + SignedDuration::from_secs(1)),
    )
    .await;
    told.post("invalid-term", "a grant that is over", &shop, grants, until(world.now())).await;

    let grant = format!("{grants}/{}", granted.grant);
    let tokens = format!("{grant}/tokens");
    for _ in 1..16 {
        assert!(stage.provider.post(&tokens, json!({})).await.unwrap().is_ok());
    }
    told.post(
        "too-many-requests",
        "a seventeenth token within a minute",
        &stage.provider,
        &tokens,
        json!({}),
    )
    .await;
    assert!(shop.post(&format!("{grant}/revocation"), json!({})).await.unwrap().is_ok());
    told.post(
        "grant-not-active",
        "a grant is revoked again",
        &shop,
        &format!("{grant}/revocation"),
        json!({}),
    )
    .await;
    told.post("grant-not-active", "a token of a grant that is over", &stage.provider, &tokens, json!({}))
        .await;

    let demand = format!("/accounts/shop-1/demands/{}", granted.grant);
    told.post(
        "wrong-demand-state",
        "a demand is closed before it is served",
        &shop,
        &format!("{demand}/closure"),
        json!({}),
    )
    .await;
    assert!(shop.post(&format!("{demand}/service"), json!({})).await.unwrap().is_ok());
    told.post(
        "wrong-demand-state",
        "a demand is served again",
        &shop,
        &format!("{demand}/service"),
        json!({}),
    )
    .await;
    let attestation = format!("{demand}/attestation");
    let future = requests::attestation(world.now() + SignedDuration::from_hours(1));
    told.post("invalid-attestation", "an attestation of the future", &stage.provider, &attestation, future)
        .await;
    let mut nothing = requests::attestation(world.now());
    nothing["datasets"] = json!([]);
    told.post("invalid-attestation", "an attestation of nothing", &stage.provider, &attestation, nothing)
        .await;
    told.kept();
}
