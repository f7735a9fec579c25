//! What a market on one machine logs names nobody: no token, no name, no address, whatever it was sent and however that ended.
//! (Of what is deployed, `tests/lambda/logs.rs` says the same.)

use market::json::Json;
use market::requests;
use serde_json::{Value, json};

use crate::process::{Process, command};

/// Every text in a body that is somebody's.
fn texts(body: &Value) -> Vec<String> {
    match body {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Lets a merchant and a provider come in, be told so and be refused, in the ways that there are; what was logged, and what must
/// not be in it.
async fn played(level: &str) -> (String, Vec<String>) {
    let data = tempfile::tempdir().unwrap();
    let mut market = Process::run(command(data.path()).args(["--log-format", "json"]).env("RUST_LOG", level));
    let [shop, provider] = [("merchant", "shop-1"), ("provider", "northwind")];
    let token = market.token(shop.0, shop.1).await.unwrap();
    let northwind = market.token(provider.0, provider.1).await.unwrap();
    let (merchant, applicant) = (requests::merchant("shop-1", "91510100MA6C0QLJ"), requests::provider());
    let post = async |token: &str, path: &str, body: &Value| {
        market.post(token, "a-key-that-nobody-guesses", path, body.clone()).await.unwrap().0.as_u16()
    };
    assert_eq!(post(&token, "/accounts/shop-1", &merchant).await, 201);
    assert_eq!(post(&northwind, "/providers/northwind", &applicant).await, 201);
    // Refused for what it says, for whom it names, for its form.
    let mut wrong = merchant.clone();
    wrong["credit_code"] = json!("91510100MA6C0QLJ70");
    assert_eq!(post(&token, "/accounts/shop-1", &wrong).await, 422);
    assert_eq!(post(&token, "/accounts/shop-2", &merchant).await, 404);
    assert_eq!(post(&token, "/accounts/shop-1", &json!({ "name": merchant })).await, 422);
    let get = async |path: &str, token: &str| {
        market
            .http
            .get(format!("{}{path}", market.url))
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(get("/v1/accounts/shop-1", "no.token.at-all").await, 401);
    assert_eq!(get("/v1/nowhere/alice.liddell@example.net", &token).await, 404);
    assert_eq!(get("/v1/listings?search=alice.liddell@example.net", &token).await, 400);
    // What was drafted is sent.
    market.advance("PT1H").await;
    market.signal("TERM");
    let (_, logged) = market.ends();

    let mut secrets = vec![token, northwind];
    secrets.extend(["no.token.at-all", "a-key-that-nobody-guesses", "alice.liddell"].map(str::to_owned));
    secrets.extend([merchant, applicant].iter().flat_map(texts).filter(|text| text.len() > 4));
    (logged, secrets)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_market_logs_names_nobody_whatever_it_was_sent() {
    for level in [
        "info",
        "market=debug,market_functions=debug,market_store=debug,market_jobs=debug,market_notices=debug",
    ] {
        let (logged, secrets) = played(level).await;
        let lines: Vec<Json> = logged.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        assert!(lines.len() >= 8, "each request is a line: {logged}");
        for secret in &secrets {
            assert!(!logged.contains(secret.as_str()), "{secret} at {level}: {logged}");
        }
    }
}
