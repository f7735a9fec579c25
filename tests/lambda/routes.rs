//! The handlers `api` and `api/<operation>`.

use std::collections::BTreeSet;

use market_identity::Role;
use market_parties::credit_code::CreditCode;
use serde_json::{Value, json};

use crate::function::Function;
use crate::gateway::Request;
use crate::surroundings::{Issuer, Surroundings, email};

fn application(account: &str) -> Value {
    let code = CreditCode::with_check_characters("91510100MA6C0QLJ").expect("a code");
    json!({ "legal_name": "成都示例商贸有限公司", "credit_code": code, "contacts": { "email": email(account) } })
}

fn apply_for_account(account: &str, token: &str) -> Request {
    let body = application(account).to_string();
    Request::post(format!("/accounts/{account}"), "key-1", body).bearer(token)
}

#[tokio::test]
async fn a_public_route_is_answered_by_its_own_function_and_by_the_one_with_all_routes() {
    let around = Surroundings::start().await;
    for handler in ["api/browse_listings", "api", ""] {
        let mut function = Function::start(handler, around.settings()).await;
        let reply = function.answer(Request::get("/listings").query("kind", "application")).await;
        assert_eq!((reply.status, &reply.body), (200, &json!({ "items": [] }).into()), "{handler}");
        assert_eq!(reply.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn a_merchant_opens_an_account_and_reads_it_whether_each_route_has_its_function_or_all_share_one() {
    let around = Surroundings::start().await;
    for (account, opening, reading) in
        [("shop-1", "api/apply_for_account", "api/get_account"), ("shop-2", "api", "api")]
    {
        let token = around.issuer.token(Role::Merchant, account);
        let mut opening = Function::start(opening, around.settings()).await;
        let opened = opening.answer(apply_for_account(account, &token)).await;
        assert_eq!(opened.status, 201, "{}", opened.body);
        assert_eq!(opened.header("location"), Some(format!("/v1/accounts/{account}").as_str()));
        let again = opening.answer(apply_for_account(account, &token)).await;
        assert_eq!((again.status, &again.body), (201, &opened.body));
        assert_eq!(again.header("idempotent-replayed"), Some("true"));

        let mut reading = Function::start(reading, around.settings()).await;
        let read = reading.answer(Request::get(format!("/accounts/{account}")).bearer(&token)).await;
        assert_eq!((read.status, &read.body), (200, &opened.body));
    }
}

#[tokio::test]
async fn an_acceptance_comes_from_where_the_gateway_saw_it_come_from_whatever_its_headers_say() {
    let around = Surroundings::start().await;
    let (operator, token) =
        (around.issuer.token(Role::Operator, "ops"), around.issuer.token(Role::Merchant, "shop-1"));
    let mut function = Function::start("api", around.settings()).await;
    let opened = function.answer(apply_for_account("shop-1", &token)).await;
    assert_eq!(opened.status, 201, "{}", opened.body);
    let agreement = json!({ "kind": "body", "title": "协议", "text": "1.总则\n1.1甲。\n" }).to_string();
    let publication =
        Request::post("/documents/market-agreement/versions", "key-2", agreement).bearer(&operator);
    let published = function.answer(publication).await;
    let acceptance = json!({
        "document_id": "market-agreement", "version": 1, "sha256": published.body["versions"][0]["sha256"],
        "method": "click", "signer": { "name": "李雷", "authority": "法定代表人" },
        "rendered_sha256": published.body["versions"][0]["sha256"],
    });
    let accepting = Request::post("/accounts/shop-1/acceptances", "key-3", acceptance.to_string())
        .bearer(&token)
        .header("X-Forwarded-For", "198.51.100.7, 2001:db8:0:0:0:0:0:1, 2001:db8:0:0:0:0:0:2, 203.0.113.9")
        .header("Forwarded", "for=198.51.100.7")
        .header("X-Real-IP", "198.51.100.7");
    let accepted = function.answer(accepting).await;
    assert_eq!(
        (accepted.status, &*accepted.body["address"]),
        (201, &json!("192.0.2.1")),
        "{}",
        accepted.body
    );
}

#[tokio::test]
async fn a_function_of_one_route_does_not_know_the_others() {
    let around = Surroundings::start().await;
    let mut function = Function::start("api/get_account", around.settings()).await;
    for path in ["/listings", "/accounts/shop-1/orders", "/", "/prod/accounts/shop-1"] {
        assert_eq!(function.answer(Request::get(path)).await.problem(), (404, "not-found"), "{path}");
    }
    let token = around.issuer.token(Role::Merchant, "shop-1");
    let opening = function.answer(apply_for_account("shop-1", &token)).await;
    assert_eq!(opening.problem(), (405, "method-not-allowed"));
    let own = function.answer(Request::get("/accounts/shop-1")).await;
    assert_eq!(own.problem(), (401, "missing-token"), "its own route it knows");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_in_a_reply_and_never_as_a_function_error() {
    let around = Surroundings::start().await;
    let mut function = Function::start("api/apply_for_account", around.settings()).await;
    let token = around.issuer.token(Role::Merchant, "shop-1");
    let good = || apply_for_account("shop-1", &token);
    let with_body = |body: String| Request::post("/accounts/shop-1", "key-1", body).bearer(&token);
    let mut unfit = application("shop-1");
    unfit["credit_code"] = json!("91510100MA6C0QLJ5?");
    for (request, problem) in [
        (with_body("{".to_owned()), (400, "malformed-json")),
        (good().without("Idempotency-Key"), (400, "missing-idempotency-key")),
        (good().without("Authorization"), (401, "missing-token")),
        (good().bearer("not-a-token"), (401, "invalid-token")),
        (good().bearer(&Issuer::new().token(Role::Merchant, "shop-1")), (401, "invalid-token")),
        (good().bearer(&around.issuer.token(Role::Operator, "ops")), (403, "role-not-allowed")),
        (good().bearer(&around.issuer.token(Role::Merchant, "shop-2")), (404, "not-found")),
        (with_body(" ".repeat(512 * 1024 + 1)), (413, "body-too-large")),
        (good().header("Content-Type", "text/plain"), (415, "unsupported-media-type")),
        (with_body(unfit.to_string()), (422, "invalid-body")),
    ] {
        let reply = function.answer(request).await;
        assert_eq!(reply.problem(), problem, "{}", reply.body);
    }
    assert_eq!(function.answer(good()).await.status, 201, "and the function goes on serving");
    let anew = function.answer(good().header("Idempotency-Key", "key-2")).await;
    assert_eq!(anew.problem(), (409, "already-applied"));
}

/// Headers that API Gateway may hand on as `x-amzn-remapped-…`, by its documentation ("Important notes", REST APIs).
const RENAMED: [&str; 27] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "age",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "expect",
    "host",
    "max-forwards",
    "pragma",
    "proxy-authenticate",
    "range",
    "referer",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "warn",
    "www-authenticate",
];

#[tokio::test]
async fn no_reply_has_a_header_that_the_gateway_renames_but_a_challenge() {
    let around = Surroundings::start().await;
    let settings = around.settings().with("MARKET_ALLOWED_ORIGIN", "https://shop.example.com");
    let mut function = Function::start("api", settings).await;
    let token = around.issuer.token(Role::Merchant, "shop-1");
    let open = || apply_for_account("shop-1", &token);
    let mut names = BTreeSet::new();
    for (request, status) in [
        (open(), 201),
        (open(), 201),
        (open().header("Idempotency-Key", "key-2"), 409),
        (Request::get("/accounts/shop-1").bearer(&token), 200),
        (Request::get("/accounts/shop-1"), 401),
        (Request::get("/accounts/shop-2").bearer(&token), 404),
        (Request::post("/listings", "key-3", "{}"), 405),
        (Request::get("/listings").query("kind", "neither"), 400),
    ] {
        let reply = function.answer(request).await;
        assert_eq!(reply.status, status, "{}", reply.body);
        names.extend(reply.header_names().map(str::to_owned));
        assert_eq!(reply.header("www-authenticate"), (status == 401).then_some("Bearer"));
    }
    let renamed: Vec<_> = names.iter().filter(|name| RENAMED.contains(&name.as_str())).collect();
    // Type and length are of the reply itself: the gateway sets them by what it is given.
    assert_eq!(renamed, ["content-length", "content-type", "www-authenticate"], "of {names:?}");
    assert!(
        ["location", "idempotent-replayed", "x-request-id", "vary"].iter().all(|n| names.contains(*n)),
        "{names:?}"
    );
}

#[tokio::test]
async fn a_neighbour_that_is_down_is_told_in_a_reply_and_never_as_a_function_error() {
    let around = Surroundings::start().await;
    // Nothing listens on a port that was just given back.
    let nowhere = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has ports");
        format!("http://{}", listener.local_addr().expect("a listener has an address"))
    };
    let token = around.issuer.token(Role::Merchant, "shop-1");
    for neighbour in ["AWS_ENDPOINT_URL_DYNAMODB", "MARKET_JWKS_URL"] {
        let settings = around.settings().with(neighbour, nowhere.clone());
        let mut function = Function::start("api/get_account", settings).await;
        let reply = function.answer(Request::get("/accounts/shop-1").bearer(&token)).await;
        assert_eq!(reply.problem(), (503, "unavailable"), "{neighbour}");
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert!(!reply.body.to_string().contains("127.0.0.1"), "no word of what is behind: {}", reply.body);
    }
}
