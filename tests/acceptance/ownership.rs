//! Who may do what, for every route: walked from the routes' own list, so a new route is in it.

use std::collections::HashMap;

use market::client::{Answer, Client};
use market::issuer::{AUDIENCE, Issuer};
use market::requests;
use market::stage::{Granted, Stage};
use market_functions::http::{Access, Endpoint, Route, Visitor};
use market_functions::routes;
use market_identity::{Claims, Role};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::harness::World;

fn routes() -> Vec<Route> {
    struct Routes(Vec<Route>);
    impl Visitor for Routes {
        fn visit<E: Endpoint>(&mut self) {
            self.0.push(E::route());
        }
    }
    let mut routes = Routes(Vec::new());
    routes::visit(&mut routes);
    routes.0
}

/// A route's path with its parameters filled in.
fn path(route: &Route, values: &HashMap<&str, String>) -> String {
    let mut path = route.path.to_owned();
    for (name, value) in values {
        path = path.replace(&format!("{{{name}}}"), value);
    }
    assert!(!path.contains('{'), "{path} has a parameter that this test does not know");
    path
}

/// A body that the operation understands, so that only the caller is wrong.
fn body(operation: &str, world: &World, granted: &Granted) -> Value {
    match operation {
        "publish_version" | "preview_version" => requests::subscription_agreement(),
        "apply_for_account" => requests::merchant("x", "91510100MA6C0QLJ"),
        "apply_as_provider" => requests::provider(),
        "change_contacts" | "change_provider_contacts" => requests::contacts("x@example.com"),
        "draft_listing" => requests::listing("northwind.terms"),
        "accept_document" => requests::acceptance("market-agreement", &"0".repeat(64), &[]),
        "place_order" => requests::order(&format!("lst_{}", "0".repeat(32)), "month", "northwind.terms"),
        "give_grant" => requests::grant(&granted.order, &["orders.read"]),
        "attest_demand" => requests::attestation(world.now()),
        "publish_holidays" => requests::holidays_of_2027("2026-01-05"),
        "vouch_credit_code" => json!({ "reason": "x" }),
        "settle_payment" => json!({ "settlement": "dismiss", "evidence": "x" }),
        "waive_demand" => json!({ "agreement": "x" }),
        "serve_termination" => json!({ "reason": "x" }),
        "end_upstream" => json!({ "event_id": "e", "agreement": "x", "ended_at": world.now() }),
        "check_token" => json!({ "token": "x", "scope": "orders.read" }),
        "check_tokens" => json!({ "checks": [{ "token": "x", "scope": "orders.read" }] }),
        _ => json!({}),
    }
}

async fn call(client: &Client, route: &Route, path: &str, body: &Value) -> Answer {
    if route.method == Method::GET {
        client.get(path).await.unwrap()
    } else {
        client.post(path, body.clone()).await.unwrap()
    }
}

/// What a caller can tell two refusals apart by.
fn seen(answer: &Answer) -> (u16, Value) {
    let mut body = Value::from(answer.body.clone());
    if let Some(document) = body.as_object_mut() {
        document.remove("request_id");
    }
    (answer.status.as_u16(), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_every_caller_who_may_not_and_a_strangers_thing_looks_like_none() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let served =
        stage.operator.post("/accounts/shop-1/terminations", json!({ "reason": "x" })).await.unwrap();
    world.settle().await;
    let notices = merchant.all("/accounts/shop-1/notices").await.unwrap();
    let real = HashMap::from([
        ("account_id", "shop-1".to_owned()),
        ("provider_id", "northwind".to_owned()),
        ("order_id", granted.order.clone()),
        ("grant_id", granted.grant.clone()),
        ("listing_id", stage.listing.clone()),
        ("termination_id", served.text_at("/id").to_owned()),
        ("notice_id", notices[0]["id"].as_str().unwrap().to_owned()),
        ("document_id", "market-agreement".to_owned()),
        ("version", "1".to_owned()),
        ("clause", "4.2".to_owned()),
        ("credit_code", "91110000802100433B".to_owned()),
        ("record_id", format!("pay-{}", granted.order)),
        ("year", "2027".to_owned()),
        ("code", "not-found".to_owned()),
        ("job", "notify".to_owned()),
    ]);
    let none = HashMap::from([
        ("account_id", "nobody".to_owned()),
        ("provider_id", "nobody".to_owned()),
        ("order_id", format!("ord_{}", "0".repeat(32))),
        ("grant_id", format!("grt_{}", "0".repeat(32))),
        ("listing_id", stage.listing.clone()),
        ("termination_id", format!("trm_{}", "0".repeat(32))),
        ("notice_id", format!("ntc_{}", "0".repeat(32))),
        ("record_id", "pay-none".to_owned()),
        ("year", "2028".to_owned()),
        ("document_id", "nothing".to_owned()),
        ("version", "1".to_owned()),
        ("clause", "4.2".to_owned()),
        ("credit_code", "91110000802100433B".to_owned()),
        ("code", "nothing".to_owned()),
        ("job", "notify".to_owned()),
    ]);
    let before = world.table().await;
    let anonymous = Client::anonymous(&world.running);
    let mut walked = 0;
    for route in routes() {
        let (real_path, none_path) = (path(&route, &real), path(&route, &none));
        let body = body(route.operation, &world, &granted);
        let Access::Roles(allowed) = route.access else { continue };
        let operation = route.operation;
        assert_eq!(call(&anonymous, &route, &real_path, &body).await.code(), "missing-token", "{operation}");
        for role in Role::ALL {
            let stranger = Client::of(&world.running, role, "someone-else");
            let answer = call(&stranger, &route, &real_path, &body).await;
            if !allowed.contains(&role) {
                assert_eq!(
                    (answer.status.as_u16(), answer.code()),
                    (403, "role-not-allowed"),
                    "{operation} as {role}"
                );
            } else if matches!(role, Role::Merchant | Role::Provider)
                && !matches!(operation, "publish_version" | "preview_version" | "withdraw_version" | "get_me")
            {
                let nothing = call(&stranger, &route, &none_path, &body).await;
                assert_eq!(answer.code(), "not-found", "{operation} as another {role}: {}", answer.text);
                assert_eq!(seen(&answer), seen(&nothing), "{operation} as another {role}");
            }
            walked += 1;
        }
    }
    assert!(walked >= 5 * 30, "{walked}");
    let mut after = world.table().await;
    // The operator's and the upstream platform's own calls are lawful, and are all that changed anything.
    after.retain(|key, item| before.get(key) != Some(item));
    assert!(
        after.keys().all(|key| key.starts_with("reply#operator#")
            || key.starts_with("account#shop-1/")
            || key.starts_with("provider#northwind/")
            || key.starts_with("document#")
            || key.starts_with("announcements")
            || key.starts_with("holidays#")
            || key.starts_with("listing#")
            || key.starts_with("reply#provider#someone-else")),
        "{:?}",
        after.keys()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_or_stale_token_is_no_token() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let forger = Issuer::open(&folder.path().join("key"), "https://issuer.market.localhost").unwrap();
    let now = world.now().as_second();
    let claims = Claims {
        iss: "https://issuer.market.localhost".into(),
        aud: AUDIENCE.into(),
        sub: "ops".into(),
        market_role: Role::Operator,
        nbf: now,
        exp: now + 60,
        market_scope: None,
    };
    let issuer = &world.running.issuer;
    let good = issuer.sign(&claims);
    let (header, rest) = good.split_once('.').unwrap();
    let (payload, _) = rest.split_once('.').unwrap();
    // {"alg":"none","kid":"local-1"}
    let unsigned = format!("eyJhbGciOiJub25lIiwia2lkIjoibG9jYWwtMSJ9.{payload}.");
    let without = |name: &str| {
        let mut object = serde_json::to_value(&claims).unwrap();
        object.as_object_mut().unwrap().remove(name);
        issuer.sign(&object)
    };
    let instant = |second| jiff::Timestamp::from_second(second).unwrap();
    let [another_issuer, another_audience, expired, not_yet] = [
        format!("its issuer (iss) is not {}", claims.iss),
        format!("its audience (aud) is not {}", claims.aud),
        format!("it expired at {}", instant(now)),
        format!("it holds from {} on", instant(now + 31)),
    ];
    const NOT_READABLE: &str = "it is not a signed JWT that names its key (kid) and no critical extension";
    let forged: [(&str, String, &str); 13] = [
        ("another key", forger.sign(&claims), "its signature does not hold"),
        ("no algorithm", unsigned, NOT_READABLE),
        ("no signature", format!("{header}.{payload}."), "its signature does not hold"),
        (
            "another issuer",
            issuer.sign(&Claims { iss: "https://evil.example".into(), ..claims.clone() }),
            &another_issuer,
        ),
        (
            "another audience",
            issuer.sign(&Claims { aud: "bank".into(), ..claims.clone() }),
            &another_audience,
        ),
        ("expired", issuer.sign(&Claims { exp: now, ..claims.clone() }), &expired),
        ("not valid yet", issuer.sign(&Claims { nbf: now + 31, ..claims.clone() }), &not_yet),
        ("without exp", without("exp"), "its claim exp is missing, or is not what it has to be"),
        ("without nbf", without("nbf"), "its claim nbf is missing, or is not what it has to be"),
        ("without iss", without("iss"), "its claim iss is missing, or is not what it has to be"),
        ("without aud", without("aud"), "its claim aud is missing, or is not what it has to be"),
        (
            "without a role",
            without("market_role"),
            "its claim market_role is missing, or is not what it has to be",
        ),
        ("not a token", "abc".to_owned(), NOT_READABLE),
    ];
    let anyone = Client::anonymous(&world.running);
    let send = async |token: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        anyone.send(Method::GET, "/accounts/shop-1", headers, Vec::new()).await.unwrap()
    };
    for (what, token, why) in forged {
        let answer = send(&token).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (401, "invalid-token"), "{what}");
        assert_eq!(answer.text_at("/detail"), why, "{what}");
        let challenge = format!(r#"Bearer error="invalid_token", error_description="{why}""#);
        assert_eq!(answer.headers["www-authenticate"], challenge, "{what}");
    }
    assert_eq!(send(&good).await.code(), "not-found", "a good one is let in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_with_scopes_may_do_what_they_name_and_its_role_allows_and_nothing_else() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    stage.buy(&shop, "shop-1", "month").await;
    let before = world.table().await;
    let get = async |scopes: &str, path: &str| {
        let client = Client::narrowed(&world.running, Role::Merchant, "shop-1", scopes);
        (client.get(path).await.unwrap(), client.post("/accounts/shop-1/orders", json!({})).await.unwrap())
    };
    let (read, placed) = get("orders:read", "/accounts/shop-1/orders").await;
    assert!(read.is_ok(), "{}", read.text);
    assert_eq!((placed.status.as_u16(), placed.code()), (403, "insufficient-scope"));
    assert_eq!(placed.text_at("/detail"), "it takes the scope orders:write");
    assert_eq!(
        placed.headers["www-authenticate"],
        r#"Bearer error="insufficient_scope", error_description="it takes the scope orders:write", scope="orders:write""#
    );
    let (grants, placed) = get("orders:write moon:walk", "/accounts/shop-1/grants").await;
    assert_eq!(grants.code(), "insufficient-scope");
    assert_eq!(placed.code(), "invalid-body", "the scope opens it, and the body is looked at");
    let (others, _) = get("orders:read", "/accounts/shop-2/orders").await;
    assert_eq!(others.code(), "not-found", "a scope opens nothing of another's");
    let (reviews, _) = get("listings:read", "/reviews").await;
    assert_eq!(reviews.code(), "role-not-allowed", "nor what the role may not do");
    let (nothing, _) = get("", "/accounts/shop-1/orders").await;
    assert_eq!(nothing.code(), "invalid-token", "what names nothing is no list of scopes");
    assert_eq!(world.table().await, before, "nothing was written");
}
