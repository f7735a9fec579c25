//! The handler `authorizer`, and what the functions behind the gateway make of its answer.

use axum::Router;
use market_identity::Role;
use serde_json::{Value, json};

use crate::function::Function;
use crate::gateway::Request;
use crate::serve;
use crate::surroundings::{Issuer, PAYMENT_KEY, Surroundings};

const STAGE: &str = "arn:aws-cn:execute-api:cn-north-1:000000000000:abcdef1234/prod";

/// What the gateway asks a token authorizer.
fn asked(authorization: &str) -> Value {
    json!({
        "type": "TOKEN",
        "authorizationToken": authorization,
        "methodArn": format!("{STAGE}/GET/accounts/shop-1"),
    })
}

/// The words of a function error.
fn message(error: &Value) -> &str {
    error["errorMessage"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_token_of_the_issuer_lets_its_bearer_in_at_every_route_and_tells_who_it_is() {
    let around = Surroundings::start().await;
    let mut authorizer = Function::start("authorizer", around.settings()).await;
    let token = around.issuer.token(Role::Merchant, "shop-1");
    for scheme in ["Bearer", "bearer"] {
        let answer = authorizer.invoke(asked(&format!("{scheme} {token}"))).await.expect("it is let in");
        assert_eq!(answer["principalId"], "merchant#shop-1");
        assert_eq!(answer["context"]["role"], "merchant");
        assert_eq!(answer["context"]["subject"], "shop-1");
        assert_eq!(answer["context"]["expires_at"], "4102444800", "texts only, as the gateway wants it");
        let statement = &answer["policyDocument"]["Statement"][0];
        assert_eq!(statement["Effect"], "Allow");
        assert_eq!(statement["Action"], json!(["execute-api:Invoke"]));
        assert_eq!(statement["Resource"], json!([format!("{STAGE}/*")]));
    }
}

#[tokio::test]
async fn a_token_for_several_audiences_is_let_in_where_the_market_is_one_of_them() {
    let around = Surroundings::start().await;
    let mut authorizer = Function::start("authorizer", around.settings()).await;
    for (audiences, admitted) in [
        (json!(["service-market", "another"]), true),
        (json!(["another"]), false),
        (json!([]), false),
        (json!("another"), false),
    ] {
        let token = around.issuer.token_for(&audiences);
        let answer = authorizer.invoke(asked(&format!("Bearer {token}"))).await;
        assert_eq!(answer.is_ok(), admitted, "{audiences}");
    }
}

#[tokio::test]
async fn any_other_token_is_unauthorized_in_the_very_word_that_the_gateway_understands() {
    let around = Surroundings::start().await;
    let mut authorizer = Function::start("authorizer", around.settings()).await;
    let forged = Issuer::new().token(Role::Operator, "ops");
    for authorization in ["", "Bearer", "Bearer nonsense", "Basic b3BzOm9wcw==", &format!("Bearer {forged}")]
    {
        let error = authorizer.invoke(asked(authorization)).await.expect_err(authorization);
        assert_eq!(message(&error), "Unauthorized", "{authorization}");
    }
}

#[tokio::test]
async fn while_the_issuer_is_down_nobody_is_called_a_forger() {
    let around = Surroundings::start().await;
    let nowhere = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has ports");
        format!("http://{}", listener.local_addr().expect("a listener has an address"))
    };
    let settings = around.settings().with("MARKET_JWKS_URL", nowhere);
    let mut authorizer = Function::start("authorizer", settings).await;
    let token = around.issuer.token(Role::Merchant, "shop-1");
    let error = authorizer.invoke(asked(&format!("Bearer {token}"))).await.expect_err("nothing is known");
    assert_eq!(message(&error), "the issuer's keys cannot be had");
}

#[tokio::test]
async fn behind_the_gateway_the_caller_is_whom_its_authorizer_names_as_long_as_the_token_holds() {
    let around = Surroundings::start().await;
    let settings = around.settings().with("MARKET_CALLERS", "gateway").without("MARKET_JWKS_URL");
    let mut function = Function::start("api/list_orders", settings).await;
    let token = around.issuer.token(Role::Merchant, "shop-1");
    let orders = || Request::get("/accounts/shop-1/orders").bearer(&token);
    let context = |subject: &str, expires_at: &str| json!({ "role": "merchant", "subject": subject, "expires_at": expires_at });

    let own = function.answer(orders().authorized(&context("shop-1", "4102444800"))).await;
    assert_eq!((own.status, &own.body), (200, &json!({ "items": [] })));
    let other = function.answer(orders().authorized(&context("shop-2", "4102444800"))).await;
    assert_eq!(other.problem(), (404, "not-found"));
    let late = function.answer(orders().authorized(&context("shop-1", "1577836800"))).await;
    assert_eq!(
        late.problem(),
        (401, "invalid-token"),
        "the gateway keeps an answer longer than a token lasts"
    );
    assert_eq!(
        function.answer(orders()).await.problem(),
        (401, "missing-token"),
        "a header alone is nothing"
    );
    let odd = json!({ "role": "root", "subject": "shop-1", "expires_at": "4102444800" });
    assert_eq!(function.answer(orders().authorized(&odd)).await.problem(), (401, "missing-token"));
}

#[tokio::test]
async fn a_page_of_the_allowed_origin_may_read_a_reply_and_by_default_none_may() {
    let around = Surroundings::start().await;
    let mut closed = Function::start("api/browse_listings", around.settings()).await;
    let listings = || Request::get("/listings").query("kind", "application");
    assert_eq!(closed.answer(listings()).await.header("access-control-allow-origin"), None);
    let settings = around.settings().with("MARKET_ALLOWED_ORIGIN", "https://shop.example");
    let mut open = Function::start("api/browse_listings", settings).await;
    let reply = open.answer(listings()).await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://shop.example"));
    let exposed = "Location, x-request-id, Retry-After, Idempotent-Replayed";
    assert_eq!(reply.header("access-control-expose-headers"), Some(exposed));
    assert_eq!(reply.header("vary"), Some("origin"));
}

#[tokio::test]
async fn the_payment_keys_are_read_from_their_secret_once_and_a_forged_callback_is_refused() {
    let around = Surroundings::start().await;
    let mut function = Function::start("api/take_payment", around.settings()).await;
    let key = standardwebhooks::Webhook::new(PAYMENT_KEY).expect("a key");
    let forger = standardwebhooks::Webhook::new("whsec_YSBrZXkgb2YgdGhlIGZvcmdlcidzIG93bg==").expect("a key");
    let body = json!({
        "payment_id": "pay-1", "account_id": "shop-1", "order_id": format!("ord_{}", "0".repeat(32)),
        "amount_fen": 1, "paid_at": "2026-01-01T00:00:00Z",
    })
    .to_string();
    let at = market_ambient::Clock::now(&market_ambient::SystemClock).as_second();
    let signed = |key: &standardwebhooks::Webhook| {
        let signature = key.sign("pay-1", at, body.as_bytes()).expect("it signs");
        Request::post("/payments", "none", body.clone())
            .header("webhook-id", "pay-1")
            .header("webhook-timestamp", &at.to_string())
            .header("webhook-signature", &signature)
    };
    for outcome in ["held", "repeated"] {
        let genuine = function.answer(signed(&key)).await;
        assert_eq!(genuine.status, 200, "its signature holds, and so it is kept");
        assert_eq!(genuine.body["outcome"], outcome);
        assert_eq!(function.answer(signed(&forger)).await.problem(), (401, "invalid-signature"));
    }
    assert_eq!(around.services.calls("GetSecretValue"), [json!({ "SecretId": "payment-keys" })]);
}

#[tokio::test]
async fn without_its_secret_a_callback_can_be_neither_believed_nor_refused() {
    let around = Surroundings::start().await;
    let broken = serve(Router::new().fallback(async || axum::http::StatusCode::INTERNAL_SERVER_ERROR)).await;
    let settings = around.settings().with("AWS_ENDPOINT_URL_SECRETS_MANAGER", format!("http://{broken}"));
    let mut function = Function::start("api/take_payment", settings).await;
    let at = market_ambient::Clock::now(&market_ambient::SystemClock).as_second();
    let callback = Request::post("/payments", "none", "{}")
        .header("webhook-id", "pay-1")
        .header("webhook-timestamp", &at.to_string())
        .header("webhook-signature", "v1,none");
    assert_eq!(function.answer(callback).await.problem(), (503, "unavailable"));
}
