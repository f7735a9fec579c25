//! The smoke test: what works passes, what does not fails question by question.

use std::net::Ipv4Addr;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use market::operate::api::Api;
use market::operate::smoke::{Smoke, smoke};
use market::stage::Stage;
use market_identity::Role;
use serde_json::json;
use tokio::net::TcpListener;

use crate::harness::World;

/// What does not hold, by what should.
fn failed(smoke: &Smoke) -> Vec<&str> {
    smoke.failures().map(|check| check.what).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_that_works_passes_the_smoke_test_and_nothing_is_written() {
    let world = World::new().await;
    Stage::set(&world.running).await;
    world.settle().await;
    let before = world.table().await;
    let without = smoke(&Api::at(&world.running.url, None)).await;
    assert_eq!(failed(&without), [""; 0], "{without:?}");
    let with = smoke(&world.api()).await;
    assert_eq!(failed(&with), [""; 0], "{with:?}");
    assert_eq!(with.checks.len(), without.checks.len() + 2);
    assert_eq!(world.table().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_market_fails_the_smoke_test_question_by_question() {
    let world = World::new().await;
    let merchant = world.running.issuer.token(Role::Merchant, "shop-1", world.now());
    let other_role = smoke(&Api::at(&world.running.url, Some(merchant))).await;
    assert_eq!(failed(&other_role).len(), 2, "what only operators may: {other_role:?}");
    let elsewhere = smoke(&Api::at(&format!("{}/elsewhere", world.running.url), None)).await;
    assert_eq!(elsewhere.checks.len() - failed(&elsewhere).len(), 1, "unknown paths are: {elsewhere:?}");
    let nowhere = smoke(&Api::at("http://127.0.0.1:1", None)).await;
    assert_eq!(failed(&nowhere).len(), nowhere.checks.len());
}

/// A gateway as API Gateway is: it refuses by itself whoever has no good token, and what a function says of a challenge it
/// renames. One that was not told to refuse so hands everything on.
#[derive(Clone)]
struct Gateway {
    market: String,
    refuses: bool,
}

impl Gateway {
    async fn before(world: &World, refuses: bool) -> String {
        let gateway = Self { market: world.running.url.clone(), refuses };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(Self::answer).with_state(gateway);
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    async fn answer(
        State(gateway): State<Self>,
        method: Method,
        uri: Uri,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Response {
        headers.remove("host");
        let url = format!("{}{uri}", gateway.market);
        let asked = reqwest::Client::new().request(method, url).headers(headers).body(body);
        let answer = asked.send().await.unwrap();
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.unwrap();
        if status == 401 && gateway.refuses {
            let problem = json!({ "type": "/errors/invalid-token", "status": 401, "code": "invalid-token" });
            let own = [("content-type", "application/problem+json"), ("www-authenticate", "Bearer")];
            return (status, own, problem.to_string()).into_response();
        }
        if let Some(challenge) = headers.remove("www-authenticate") {
            headers.insert("x-amzn-remapped-www-authenticate", challenge);
        }
        (status, headers, body).into_response()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_leaves_refusals_to_functions_fails_the_smoke_test_where_it_renames_their_challenge() {
    let world = World::new().await;
    let told = smoke(&Api::at(&Gateway::before(&world, true).await, Some(world.operators_token()))).await;
    assert_eq!(failed(&told), [""; 0], "{told:?}");
    let untold = smoke(&Api::at(&Gateway::before(&world, false).await, None)).await;
    let wrong: Vec<_> = untold.failures().map(|check| check.wrong.as_deref().unwrap()).collect();
    assert_eq!(wrong.len(), 3, "each that is refused for want of a token: {untold:?}");
    assert!(wrong.iter().all(|wrong| wrong.contains("x-amzn-remapped-www-authenticate")), "{wrong:?}");
}
