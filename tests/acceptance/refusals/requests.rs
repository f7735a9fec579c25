//! What is wrong with a request as such, and what cannot be answered.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use market::client::{Client, json_headers};
use market::permissions::Permissions;
use market::stage::Stage;
use market_identity::Role;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::json;

use super::Refusals;
use crate::corpus::{Corpus, key};
use crate::harness::World;

fn keyed(key: &str) -> HeaderMap {
    let mut headers = json_headers();
    headers.insert("idempotency-key", key.parse().unwrap());
    headers
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_request_is_told() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let anyone = Client::anonymous(&world.running);
    let mut told = Refusals::of("requests", "What is wrong with a request as such.");
    let (orders, order) = ("/accounts/shop-1/orders", stage.order("month").to_string().into_bytes());
    let post = |path: &'static str| (Method::POST, path);

    told.get("not-found", "a path that leads nowhere", &shop, "/nowhere").await;
    let none = format!("/accounts/shop-1/orders/ord_{}", "0".repeat(32));
    told.get("not-found", "an order that is not there", &shop, &none).await;
    told.get("not-found", "an account of another merchant's", &shop, "/accounts/shop-2").await;
    let delete = (Method::DELETE, "/accounts/shop-1");
    told.sent(
        "method-not-allowed",
        "a method that a path does not know",
        &shop,
        delete,
        HeaderMap::new(),
        vec![],
    )
    .await;

    told.get("missing-token", "no token", &anyone, "/accounts/shop-1").await;
    let now = world.now().as_second();
    let good = json!({
        "iss": "https://issuer.market.localhost", "aud": "service-market", "sub": "shop-1",
        "market_role": "merchant", "nbf": now, "exp": now + 60,
    });
    for (what, name, value) in [
        ("a token whose time is over", "exp", json!(now - 60)),
        ("a token for another service", "aud", json!("another")),
        ("a token of another issuer", "iss", json!("https://issuer.example.com")),
        ("a token of two roles", "market_role", json!(["merchant", "operator"])),
        ("a token that names nobody", "sub", json!("")),
    ] {
        let mut claims = good.clone();
        claims[name] = value;
        let bearer = format!("Bearer {}", world.running.issuer.sign(&claims));
        let headers = HeaderMap::from_iter([(reqwest::header::AUTHORIZATION, bearer.parse().unwrap())]);
        told.sent("invalid-token", what, &anyone, (Method::GET, "/accounts/shop-1"), headers, vec![]).await;
    }
    let headers = HeaderMap::from_iter([(reqwest::header::AUTHORIZATION, "Bearer x".parse().unwrap())]);
    told.sent("invalid-token", "what is no token", &anyone, (Method::GET, "/me"), headers, vec![]).await;
    told.get("role-not-allowed", "a role that may not", &shop, "/accounts").await;
    let reader = Client::narrowed(&world.running, Role::Merchant, "shop-1", "orders:read");
    told.post("insufficient-scope", "a token that may only read", &reader, orders, stage.order("month"))
        .await;
    let payment = b"{}".to_vec();
    told.sent(
        "invalid-signature",
        "a payment that nobody signed",
        &anyone,
        post("/payments"),
        json_headers(),
        payment,
    )
    .await;

    told.get(
        "invalid-query",
        "a query with faults",
        &shop,
        "/accounts/shop-1/orders?limit=0&sort=price&status=lost",
    )
    .await;
    told.get("invalid-query", "a query where none is taken", &shop, "/accounts/shop-1?verbose=1").await;
    told.get("invalid-cursor", "a cursor of another list", &shop, "/accounts/shop-1/orders?cursor=AAAA")
        .await;
    told.sent("missing-idempotency-key", "no key", &shop, post(orders), json_headers(), order.clone()).await;
    told.sent(
        "invalid-idempotency-key",
        "a key that is too long",
        &shop,
        post(orders),
        keyed(&"k".repeat(129)),
        order.clone(),
    )
    .await;
    let mut text = keyed("k");
    text.insert("content-type", "text/plain".parse().unwrap());
    told.sent(
        "unsupported-media-type",
        "a body that is said to be text",
        &shop,
        post(orders),
        text,
        order.clone(),
    )
    .await;
    let cut = b"{\"listing_id\": ".to_vec();
    told.sent("malformed-json", "a body that breaks off", &shop, post(orders), keyed("k"), cut).await;
    told.sent(
        "malformed-json",
        "a body that is not UTF-8",
        &shop,
        post(orders),
        keyed("k"),
        b"{\"\xff\": 1}".to_vec(),
    )
    .await;
    let large = vec![b' '; 512 * 1024 + 1];
    told.sent("body-too-large", "a body that is too large", &shop, post(orders), keyed("k"), large).await;
    told.post("invalid-body", "a body without anything", &shop, orders, json!({})).await;
    told.post(
        "invalid-body",
        "a body of an action that has none",
        &stage.operator,
        "/providers/northwind/approval",
        json!({ "x": 1 }),
    )
    .await;
    assert!(shop.send(Method::POST, orders, keyed("used"), order).await.unwrap().is_ok());
    let other = stage.order("year").to_string().into_bytes();
    told.sent(
        "idempotency-key-reused",
        "a key of another request",
        &shop,
        post(orders),
        keyed("used"),
        other,
    )
    .await;

    let placed = shop.post(orders, stage.order("month")).await.unwrap().text_at("/id").to_owned();
    let corpus = Corpus::of(&world).await;
    let item = format!("order#{placed}");
    let mut broken = corpus.items.iter().find(|item_| key(item_).1 == item).unwrap().clone();
    broken.insert("body".to_owned(), AttributeValue::S("{".to_owned()));
    world.put(&broken).await;
    told.get("corrupt", "an order that cannot be read", &shop, &format!("{orders}/{placed}")).await;
    told.kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_market_itself_lacks_is_told_without_saying_what() {
    let world = World::with(Permissions::kept(BTreeMap::new())).await;
    let anyone = Client::anonymous(&world.running);
    let mut told = Refusals::of("within", "What is broken within.");
    told.get("internal", "a table that the route may not read", &anyone, "/documents/market-agreement").await;
    told.kept();
}
