//! What is refused in trade.

use market::client::Client;
use market::client::pay;
use market::requests;
use market::stage::{Stage, TERMS};
use market_identity::Role;
use serde_json::{Value, json};

use super::Refusals;
use crate::harness::World;

const ORDERS: &str = "/accounts/shop-1/orders";
const LISTINGS: &str = "/providers/northwind/listings";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_in_trade_is_told() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let mut told = Refusals::of("trade", "What is refused in trade.");

    let with = |pointer: &str, value: Value| {
        let mut listing = requests::listing(TERMS);
        *listing.pointer_mut(pointer).unwrap() = value;
        listing
    };
    for (what, listing) in [
        ("a listing without a plan", with("/plans", json!([]))),
        ("a listing with a plan twice", with("/plans/1/id", json!("month"))),
        ("a listing with a scope twice", with("/scopes/1/name", json!("orders.read"))),
        ("a service that asks for data", with("/kind", json!("service"))),
        ("a listing under another's agreement", with("/subscription_agreement", json!("market-agreement"))),
        ("a plan whose term is a century", with("/plans/0/bound", json!({ "kind": "term", "days": 36_500 }))),
    ] {
        told.post("incomplete-listing", what, &stage.provider, LISTINGS, listing).await;
    }
    let listing = &stage.listing;
    let submission = format!("{LISTINGS}/{listing}/submission");
    told.post("wrong-listing-state", "a listing is submitted again", &stage.provider, &submission, json!({}))
        .await;
    let approval = format!("/listings/{listing}/approval");
    told.post("wrong-listing-state", "a listing is approved again", &stage.operator, &approval, json!({}))
        .await;
    let rival = Client::of(&world.running, Role::Provider, "rival");
    assert!(rival.post("/providers/rival", requests::provider()).await.unwrap().is_ok());
    told.post(
        "provider-not-approved",
        "a listing of a provider that is not approved",
        &rival,
        "/providers/rival/listings",
        with("/subscription_agreement", json!("rival.terms")),
    )
    .await;

    let draft =
        stage.provider.post(LISTINGS, requests::listing(TERMS)).await.unwrap().text_at("/id").to_owned();
    told.post("not-for-sale", "an order of a draft", &shop, ORDERS, requests::order(&draft, "month", TERMS))
        .await;
    told.post("no-such-plan", "an order of a plan that is not there", &shop, ORDERS, stage.order("decade"))
        .await;
    told.post(
        "risk-not-acknowledged",
        "an order without bound, without a warning",
        &shop,
        ORDERS,
        stage.order("forever"),
    )
    .await;
    let other = requests::order(listing, "month", "market-agreement");
    told.post("subscription-not-accepted", "an order under another agreement", &shop, ORDERS, other).await;

    let order = shop.post(ORDERS, stage.order("month")).await.unwrap().text_at("/id").to_owned();
    let held = pay(&world.running, "pay-1", "shop-1", &order, 1).await.unwrap();
    let record = held.text_at("/record/id").to_owned();
    let settlement = format!("/payments/{record}/settlement");
    let settle = |what: &str| json!({ "settlement": what, "evidence": "银行回单。" });
    told.post(
        "not-payable",
        "a payment of another amount is to form a contract",
        &stage.operator,
        &settlement,
        settle("form"),
    )
    .await;
    assert!(stage.operator.post(&settlement, settle("dismiss")).await.unwrap().is_ok());
    told.post(
        "wrong-payment-state",
        "a payment is dismissed again",
        &stage.operator,
        &settlement,
        settle("dismiss"),
    )
    .await;

    let notice = json!({ "reason": "违反平台规则。" });
    assert!(stage.operator.post("/accounts/shop-1/terminations", notice).await.unwrap().is_ok());
    told.post(
        "passes-the-end",
        "an order past the end of the agreement",
        &shop,
        ORDERS,
        stage.order("month"),
    )
    .await;
    told.kept();
}
