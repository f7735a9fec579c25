//! HTTP as the rest of the world speaks it: copies and tags, requests without a body, heads, links, and what tells of the
//! market as such.

use std::collections::BTreeSet;

use market::client::{Answer, Client};
use market::stage::Stage;
use market_functions::http::{Access, Copies, Endpoint, Visitor, versioned};
use market_functions::routes;
use market_identity::Role;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::harness::World;

fn with(headers: &[(&'static str, &str)]) -> HeaderMap {
    headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

/// A path of things that are not there, of parties that are.
fn filled(path: &str) -> String {
    let none = "0".repeat(32);
    let id = |name: &str| match name {
        "account_id" => "shop-1".to_owned(),
        "provider_id" => "northwind".to_owned(),
        "order_id" => format!("ord_{none}"),
        "grant_id" => format!("grt_{none}"),
        "listing_id" => format!("lst_{none}"),
        "termination_id" => format!("trm_{none}"),
        "document_id" => "nothing".to_owned(),
        "version" => "1".to_owned(),
        "job" => "notify".to_owned(),
        other => panic!("{path}: what is {other}?"),
    };
    let parts = path.split('/').map(|part| match part.strip_prefix('{') {
        Some(name) => id(name.trim_end_matches('}')),
        None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

async fn read(client: &Client, path: &str, headers: &[(&'static str, &str)]) -> Answer {
    client.send(Method::GET, path, with(headers), Vec::new()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_anyone_may_read_has_a_tag_by_which_it_is_known_again() {
    let world = World::new().await;
    Stage::set(&world.running).await;
    let anyone = Client::anonymous(&world.running);
    let text = "/documents/market-agreement/versions/1/text";
    let document = read(&anyone, "/documents/market-agreement", &[]).await;
    let hash = document.text_at("/versions/0/sha256").to_owned();
    let for_ever = "public, max-age=31536000, immutable";
    for (path, copies) in [
        (text, for_ever),
        ("/documents/market-agreement/versions/1/clauses/4.2", for_ever),
        ("/documents/market-agreement", "no-cache"),
        ("/listings?kind=application", "no-cache"),
        ("/announcements", "no-cache"),
        ("/errors/not-found", "no-cache"),
    ] {
        let first = read(&anyone, path, &[]).await;
        let tag = first.headers["etag"].to_str().unwrap();
        assert_eq!(first.headers["cache-control"], copies, "{path}");
        let same = read(&anyone, path, &[("if-none-match", &format!("\"x\", {tag}"))]).await;
        assert_eq!((same.status.as_u16(), same.text.as_str()), (304, ""), "{path}");
        assert_eq!(
            (&same.headers["etag"], &same.headers["cache-control"]),
            (&first.headers["etag"], &first.headers["cache-control"])
        );
        let other = read(&anyone, path, &[("if-none-match", "\"x\"")]).await;
        assert_eq!((other.status.as_u16(), &other.text), (200, &first.text), "{path}");
    }
    assert_eq!(read(&anyone, text, &[]).await.headers["etag"], format!("\"{hash}\""), "the text's own hash");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_keeps_a_copy_of_what_needed_a_token_or_was_refused() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let anyone = Client::anonymous(&world.running);
    let answers = [
        read(&merchant, "/accounts/shop-1", &[("if-none-match", "*")]).await,
        read(&merchant, "/accounts/shop-2", &[]).await,
        read(&anyone, "/accounts/shop-1", &[]).await,
        read(&anyone, "/documents/nothing", &[]).await,
        read(&anyone, "/nowhere", &[]).await,
        read(&anyone, "/healthz", &[]).await,
        merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap(),
        merchant.post("/accounts/shop-1/orders", json!({})).await.unwrap(),
    ];
    for answer in answers {
        assert_eq!(answer.headers["cache-control"], "no-store", "{}", answer.text);
        assert!(!answer.headers.contains_key("etag"), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_read_answers_a_head_without_a_body() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let body =
        merchant.send(Method::GET, "/accounts/shop-1", HeaderMap::new(), b"<x>".to_vec()).await.unwrap();
    assert!(body.is_ok(), "the body of a GET means nothing: {}", body.text);
    let mut heads = 0;
    for path in [
        "/accounts/shop-1",
        "/accounts/shop-1/orders",
        "/documents/market-agreement",
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/errors",
    ] {
        let whole = read(&merchant, path, &[]).await;
        let head = merchant.send(Method::HEAD, path, HeaderMap::new(), Vec::new()).await.unwrap();
        assert_eq!((head.status, head.text.as_str()), (whole.status, ""), "{path}");
        for name in ["content-type", "cache-control", "etag", "content-length"] {
            assert_eq!(head.headers.get(name), whole.headers.get(name), "{path}: {name}");
        }
        heads += 1;
    }
    assert_eq!(heads, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_names_the_next_one_in_a_link_and_the_last_names_none() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    for _ in 0..3 {
        assert!(merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap().is_ok());
    }
    let mut path = "/accounts/shop-1/orders?limit=2".to_owned();
    let mut seen = BTreeSet::new();
    loop {
        let page = read(&merchant, &path, &[]).await;
        seen.extend(page.body["items"].as_array().unwrap().iter().map(|order| order["id"].to_string()));
        let Some(link) = page.headers.get("link") else {
            assert!(page.body.get("next_cursor").is_none());
            break;
        };
        let (url, rel) = link.to_str().unwrap().split_once("; ").unwrap();
        assert_eq!(rel, "rel=\"next\"");
        let url = url.trim_start_matches('<').trim_end_matches('>');
        path = url.strip_prefix(&world.running.url).unwrap().to_owned();
        assert!(path.starts_with("/v1/accounts/shop-1/orders?limit=2&cursor="), "{path}");
    }
    assert_eq!(seen.len(), 3);
    let empty = read(&merchant, "/accounts/shop-1/orders?limit=2&cursor=", &[]).await;
    assert_eq!(empty.body["items"].as_array().unwrap().len(), 2, "no cursor begins the list");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_needs_neither_a_body_nor_a_content_type() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let revocation = format!("/accounts/shop-1/grants/{}/revocation", granted.grant);
    let keyed = |key| with(&[("idempotency-key", key)]);
    let revoked = merchant.send(Method::POST, &revocation, keyed("k-1"), Vec::new()).await.unwrap();
    assert!(revoked.is_ok(), "{}", revoked.text);
    let again = merchant.post_as("k-1", &revocation, json!({})).await.unwrap();
    assert_eq!((again.headers.contains_key("idempotent-replayed"), &again.text), (true, &revoked.text));

    struct Actions(Vec<(&'static str, &'static str, Role)>);
    impl Visitor for Actions {
        fn visit<E: Endpoint>(&mut self) {
            let route = E::route();
            if let (Access::Roles(roles), false, "POST") =
                (route.access, E::takes_body(), route.method.as_str())
            {
                self.0.push((route.operation, route.path, roles[0]));
            }
        }
    }
    let mut actions = Actions(Vec::new());
    routes::visit(&mut actions);
    assert!(actions.0.len() > 10);
    for (operation, path, role) in actions.0 {
        let subject = match role {
            Role::Merchant => "shop-1",
            Role::Provider => "northwind",
            _ => "ops",
        };
        let client = Client::of(&world.running, role, subject);
        let path = filled(path);
        let bare = client.send(Method::POST, &path, keyed(operation), Vec::new()).await.unwrap();
        assert!(bare.is_ok() || matches!(bare.status.as_u16(), 404 | 409), "{operation}: {}", bare.text);
        let something = client.send(Method::POST, &path, keyed("k-2"), b"{\"x\": 1}".to_vec()).await.unwrap();
        assert_eq!((something.status.as_u16(), something.code()), (422, "invalid-body"), "{operation}");
        assert_eq!(something.text_at("/errors/0/pointer"), "/x", "{operation}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_repeat_is_written_does_not_matter() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let order = stage.order("month");
    let placed = merchant.post_as("k-1", "/accounts/shop-1/orders", order.clone()).await.unwrap();
    assert_eq!(placed.status, 201, "{}", placed.text);
    let fields: Vec<String> = order
        .as_object()
        .unwrap()
        .iter()
        .rev()
        .map(|(name, value)| format!("\n  {name:?} : {value}"))
        .collect();
    let otherwise = format!("{{{}}}", fields.join(","));
    assert_ne!(otherwise, order.to_string());
    let headers = with(&[("idempotency-key", "k-1"), ("content-type", "application/json")]);
    for path in ["/accounts/shop-1/orders", "/accounts/shop%2D1/orders"] {
        let sent = merchant.send(Method::POST, path, headers.clone(), otherwise.clone().into_bytes());
        let again = sent.await.unwrap();
        assert_eq!((again.status.as_u16(), &again.text), (201, &placed.text), "{path}");
        assert_eq!(again.headers["idempotent-replayed"], "true");
    }
    assert_eq!(merchant.all("/accounts/shop-1/orders").await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_type_of_every_problem_is_a_page_that_a_browser_shows() {
    let world = World::new().await;
    let anyone = Client::anonymous(&world.running);
    let refused = read(&anyone, "/accounts/shop-1", &[]).await;
    let page = refused.text_at("/type").strip_prefix(&world.running.url).unwrap().to_owned();
    assert_eq!(page, "/errors/missing-token");
    let browser = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let index = read(&anyone, "/errors", &[]).await;
    for kind in index.body["items"].as_array().unwrap() {
        let code = kind["code"].as_str().unwrap();
        let page = read(&anyone, &format!("/errors/{code}"), &browser).await;
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
        let remedy = kind["remedy"].as_str().unwrap().split(['\'', '"', '&', '<', '>']).next().unwrap();
        assert!(page.text.contains(code) && page.text.contains(remedy), "{code}: {}", page.text);
        assert_eq!(&read(&anyone, &format!("/errors/{code}"), &[]).await.body, kind);
    }
    let all = read(&anyone, "/errors", &browser).await;
    assert!(all.text.contains("href=\"errors/missing-token\""), "{}", all.text);
    assert_eq!(read(&anyone, "/errors/nothing", &browser).await.code(), "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_answers_below_its_version_alone() {
    #[derive(Default)]
    struct OfTheApi(Vec<(Method, &'static str)>);
    impl Visitor for OfTheApi {
        fn visit<E: Endpoint>(&mut self) {
            let route = E::route();
            if route.address() != route.path {
                self.0.push((route.method, route.path));
            }
        }
    }
    let mut routes_of = OfTheApi::default();
    routes::visit(&mut routes_of);
    assert!(routes_of.0.len() > 70);
    let world = World::new().await;
    for (method, path) in routes_of.0 {
        let without = format!("{}{}", world.running.url, path.replace(['{', '}'], ""));
        let answer = reqwest::Client::new().request(method.clone(), without).send().await.unwrap();
        let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(problem["code"], "not-found", "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_a_request_id_also_where_there_is_no_route() {
    let world = World::new().await;
    let anyone = Client::anonymous(&world.running);
    for (method, path, status) in [
        (Method::GET, "/nowhere", 404),
        (Method::GET, "/v1/accounts/shop-1/nothing", 404),
        (Method::DELETE, "/accounts/shop-1", 405),
        (Method::GET, "/accounts/shop-1", 401),
        (Method::GET, "/healthz", 200),
    ] {
        let answer = anyone.send(method.clone(), path, HeaderMap::new(), Vec::new()).await.unwrap();
        assert_eq!(answer.status.as_u16(), status, "{method} {path}");
        let id = answer.headers["x-request-id"].to_str().unwrap();
        assert_eq!(id.len(), 32, "{method} {path}");
        if status >= 400 {
            assert_eq!(answer.text_at("/request_id"), id);
        }
        if status == 405 {
            let allowed = answer.headers["allow"].to_str().unwrap();
            assert_eq!(allowed.split(',').collect::<BTreeSet<_>>(), BTreeSet::from(["GET", "HEAD", "POST"]));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_says_that_it_lives_that_its_table_answers_and_what_it_is() {
    let world = World::new().await;
    let anyone = Client::anonymous(&world.running);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(Value::from(read(&anyone, path, &[]).await.body), json!({ "status": "ok" }), "{path}");
    }
    let release = read(&anyone, "/version", &[]).await;
    assert_eq!(Value::from(release.body), json!({ "release": env!("CARGO_PKG_VERSION"), "api": "v1" }));
    let description = read(&anyone, "/openapi.json", &[]).await;
    assert_eq!(description.text_at("/servers/0/url"), format!("{}/", world.running.url));
    let operator = &world.running.market.operator;
    assert_eq!(description.text_at("/info/contact/name"), operator.name_en.as_str());
    assert_eq!(description.text_at("/info/contact/email"), operator.official_address.as_str());
    assert!(description.body["paths"].get(versioned("/me")).is_some());
}

#[test]
fn only_what_anyone_may_read_says_how_long_a_copy_is_good() {
    struct Check;
    impl Visitor for Check {
        fn visit<E: Endpoint>(&mut self) {
            let route = E::route();
            let is_public = matches!(route.access, Access::Public);
            assert!(is_public || route.copies == Copies::WhileTheTagHolds, "{}", route.operation);
        }
    }
    routes::visit(&mut Check);
}
