//! The handler `authorizer`, and what the functions behind the gateway make of its answer.

use axum::Router;
use market_functions::http::EXPOSED_HEADERS;
use market_identity::Role;
use serde_json::{Value, json};

use crate::function::Function;
use crate::gateway::Request;
use crate::json::Json;
use crate::serve;
use crate::surroundings::{Issuer, PAYMENT_KEY, SUBJECT_KEY_SECRET, Surroundings};

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
fn message(error: &Json) -> &str {
    error["errorMessage"].as_str().expect("a function error has a message")
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
async fn a_subject_that_names_a_person_becomes_an_id_that_does_not_and_the_same_one_every_time() {
    let around = Surroundings::start().await;
    let ask = async |role: Role, subject: &str| {
        let mut authorizer = Function::start("authorizer", around.settings()).await;
        let token = around.issuer.token(role, subject);
        let answer = authorizer.invoke(asked(&format!("Bearer {token}"))).await.expect("it is let in");
        let id = answer["context"]["subject"].as_str().expect("a text").to_owned();
        assert_eq!(answer["principalId"], format!("{role}#{id}"), "and the gateway's log has no other");
        id
    };
    assert_eq!(ask(Role::Merchant, "shop-1").await, "shop-1");
    assert_eq!(around.services.calls("GetSecretValue"), [] as [Value; 0], "it needs no key");
    let merchant = ask(Role::Merchant, "auth0|5f7c8ec7c33c6c004bbafe82").await;
    assert_eq!(ask(Role::Merchant, "auth0|5f7c8ec7c33c6c004bbafe82").await, merchant);
    let operator = ask(Role::Operator, "alice@example.com").await;
    for id in [&merchant, &operator] {
        assert!(id.len() == 34 && id.starts_with("u-"), "{id}");
    }
    assert_ne!(merchant, operator);
    assert_ne!(ask(Role::Merchant, &merchant).await, merchant, "nobody can call himself someone's id");
    assert_eq!(around.services.calls("GetSecretValue")[0], json!({ "SecretId": SUBJECT_KEY_SECRET }));
}

#[tokio::test]
async fn without_its_key_a_subject_that_needs_one_is_not_called_a_forger() {
    let around = Surroundings::start().await;
    let broken = serve(Router::new().fallback(async || axum::http::StatusCode::INTERNAL_SERVER_ERROR)).await;
    let settings = around.settings().with("AWS_ENDPOINT_URL_SECRETS_MANAGER", format!("http://{broken}"));
    let mut authorizer = Function::start("authorizer", settings).await;
    let needs_one = around.issuer.token(Role::Operator, "alice@example.com");
    let error = authorizer.invoke(asked(&format!("Bearer {needs_one}"))).await.expect_err("nobody is named");
    assert_eq!(message(&error), "the key of subjects cannot be had");
    let needs_none = around.issuer.token(Role::Operator, "ops");
    authorizer.invoke(asked(&format!("Bearer {needs_none}"))).await.expect("the others go on");
}

#[tokio::test]
async fn what_a_token_may_leave_out_or_put_elsewhere_is_what_the_settings_say() {
    let around = Surroundings::start().await;
    let odd = around.issuer.saying(&json!({
        "sub": "f:1a2b:alice", "shop": { "id": "shop-1" }, "https://market.example/role": "merchant",
        "exp": 4_102_444_800.5,
    }));
    let mut usual = Function::start("authorizer", around.settings()).await;
    let error = usual.invoke(asked(&format!("Bearer {odd}"))).await.expect_err("it is not usual");
    assert_eq!(message(&error), "Unauthorized");
    let settings = around
        .settings()
        .with("MARKET_PARTY_CLAIM", "/shop/id")
        .with("MARKET_ROLE_CLAIM", "https://market.example/role")
        .with("MARKET_NBF", "optional");
    let mut told = Function::start("authorizer", settings).await;
    let answer = told.invoke(asked(&format!("Bearer {odd}"))).await.expect("it is let in");
    assert_eq!(answer["principalId"], "merchant#shop-1");
    assert_eq!(answer["context"]["expires_at"], "4102444800", "a token never outlives its time");
}

#[tokio::test]
async fn a_token_that_asks_to_be_understood_or_names_its_issuer_otherwise_is_refused() {
    let around = Surroundings::start().await;
    let mut authorizer = Function::start("authorizer", around.settings()).await;
    let good = json!({ "sub": "ops", "market_role": "operator", "nbf": 0, "exp": 4_102_444_800_i64 });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        around.issuer.saying(&claims)
    };
    authorizer.invoke(asked(&format!("Bearer {}", around.issuer.saying(&good)))).await.expect("this is good");
    for (what, token) in [
        ("a critical extension", around.issuer.token_with_critical("exp")),
        ("a list of issuers", with("iss", json!(["https://issuer.example"]))),
        ("a subject of 256 characters", with("sub", json!("x".repeat(256)))),
        ("a subject of 3,000 characters", with("sub", json!("x".repeat(3_000)))),
        ("no subject", with("sub", json!(""))),
        ("an end beyond all time", with("exp", json!(1e300))),
        ("an end in words", with("exp", json!("4102444800"))),
        ("a beginning an hour ahead", with("nbf", json!(4_102_441_200_i64))),
    ] {
        let error = authorizer.invoke(asked(&format!("Bearer {token}"))).await.expect_err(what);
        assert_eq!(message(&error), "Unauthorized", "{what}");
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
    assert_eq!((own.status, &own.body), (200, &json!({ "items": [] }).into()));
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
    let long = function.answer(orders().authorized(&context(&"x".repeat(3_000), "4102444800"))).await;
    assert_eq!(long.problem(), (401, "missing-token"), "no authorizer of ours says so");
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
    assert_eq!(reply.header("access-control-expose-headers"), Some(EXPOSED_HEADERS));
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

#[tokio::test]
async fn what_narrows_a_token_goes_with_it_and_what_is_no_list_of_scopes_lets_nobody_in() {
    let around = Surroundings::start().await;
    let mut authorizer = Function::start("authorizer", around.settings()).await;
    let saying = |scopes: Value| {
        let claims = json!({ "sub": "shop-1", "market_role": "merchant", "nbf": 0, "exp": 4_102_444_800_i64,
            "market_scope": scopes });
        asked(&format!("Bearer {}", around.issuer.saying(&claims)))
    };
    let answer = authorizer.invoke(saying(json!("orders:read  grants:read"))).await.expect("it is let in");
    assert_eq!(answer["context"]["scopes"], "grants:read orders:read");
    for none in [json!(""), json!(null), json!(["orders:read"]), json!(7)] {
        let error = authorizer.invoke(saying(none.clone())).await.expect_err("it narrows to nothing");
        assert_eq!(message(&error), "Unauthorized", "{none}");
    }
    let behind = around.settings().with("MARKET_CALLERS", "gateway").without("MARKET_JWKS_URL");
    let mut function = Function::start("api/get_account", behind).await;
    let token = around.issuer.token(Role::Merchant, "shop-1");
    let whole = json!({ "role": "merchant", "subject": "shop-1", "expires_at": "4102444800" });
    for (scopes, code) in [
        (None, "not-found"),
        (Some(json!("accounts:read")), "not-found"),
        (Some(json!("orders:read")), "insufficient-scope"),
        (Some(json!("")), "insufficient-scope"),
        (Some(json!(7)), "insufficient-scope"),
        (Some(json!(null)), "insufficient-scope"),
    ] {
        let mut context = whole.clone();
        if let Some(scopes) = &scopes {
            context["scopes"] = scopes.clone();
        }
        let answer =
            function.answer(Request::get("/accounts/shop-1").bearer(&token).authorized(&context)).await;
        assert_eq!(answer.problem().1, code, "{scopes:?}");
    }
}
