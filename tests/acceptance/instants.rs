//! The instant of a decision: when everything has been read, never earlier, and never before what its chain tells.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use market::clock::LocalClock;
use market::issuer::AUDIENCE;
use market::requests;
use market::stage::{PROVIDER, Stage};
use market_entrustment::grants::Grant;
use market_functions::http::{Callers, Market, versioned};
use market_identity::{Claims, Principal, Role, Scopes, VerifiedCaller};
use market_kernel::aggregate::Lane;
use market_kernel::ids::{AccountId, GrantId, ProviderId};
use market_kernel::occasion::Occasion;
use market_kernel::party::Actor;
use market_kernel::salt::Salts;
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;
use market_store::CommitError;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{World, at};

/// A request whose body is held back after its first byte.
struct HeldBack {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl HeldBack {
    /// By the operator's staff, whose token is good for so many days.
    async fn begin(world: &World, days: i64, path: &str, body: &Value) -> Self {
        let address = world.running.url.strip_prefix("http://").unwrap();
        let now = world.now().as_second();
        let token = world.running.issuer.sign(&Claims {
            iss: "https://issuer.market.localhost".to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: "ops".to_owned(),
            market_role: Role::Operator,
            nbf: now,
            exp: now + days * 24 * 3600,
            market_scope: None,
        });
        let body = body.to_string().into_bytes();
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nIdempotency-Key: held-back\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            versioned(path),
            body.len()
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body[..1]).await.unwrap();
        Self { stream, rest: body[1..].to_vec() }
    }

    /// Status and body of the answer.
    async fn finish(mut self) -> (u16, Value) {
        self.stream.write_all(&self.rest).await.unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_decided_when_all_of_it_has_arrived_and_not_at_the_time_of_its_headers() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    stage.merchant("shop-1").await;
    let notice = json!({ "reason": "多次违反平台规则，经提示未改正。" });
    let held = HeldBack::begin(&world, 30, "/accounts/shop-1/terminations", &notice).await;
    world.advance_days(10).await;
    let (status, served) = held.finish().await;
    assert_eq!(status, 201, "{served}");
    assert_eq!(at(served["recorded_at"].as_str().unwrap()), world.now());
    assert_eq!(at(served["cause"]["period"]["starts_at"].as_str().unwrap()), world.now());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_while_the_body_is_held_back_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    stage.merchant("shop-1").await;
    let notice = json!({ "reason": "多次违反平台规则，经提示未改正。" });
    let held = HeldBack::begin(&world, 9, "/accounts/shop-1/terminations", &notice).await;
    world.advance_days(10).await;
    let before = world.table().await;
    let (status, refused) = held.finish().await;
    assert_eq!((status, &refused["code"]), (401, &json!("invalid-token")));
    assert_eq!(world.table().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn along_a_chain_time_never_runs_backwards_whatever_a_machines_clock_says() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let order = stage.buy(&merchant, "shop-1", "month").await;
    let grants = "/accounts/shop-1/grants";
    let given = merchant.post(grants, requests::grant(&order, &["orders.read"])).await.unwrap();
    let grant = given.text_at("/id").to_owned();
    let given_at = at(given.text_at("/granted_at"));
    // Another function's clock is three seconds behind.
    let behind = given_at - SignedDuration::from_secs(3);
    let revoked = decided_at(&world, behind, &format!("{grants}/{grant}/revocation")).await;
    assert_eq!(revoked["status"], "ended", "{revoked}");
    let evidence = merchant.all("/accounts/shop-1/evidence").await.unwrap();
    let mut newest: BTreeMap<String, Timestamp> = BTreeMap::new();
    for record in &evidence {
        let (chain, recorded_at) =
            (record["record"]["chain"].to_string(), at(record["record"]["decided_at"].as_str().unwrap()));
        if let Some(before) = newest.insert(chain.clone(), recorded_at) {
            assert!(before <= recorded_at, "{chain}: {before} {recorded_at}");
        }
    }
    assert_eq!(at(revoked["ended_at"].as_str().unwrap()), given_at, "it never ended before it began");
}

/// What a function whose clock shows another time answers shop-1.
async fn decided_at(world: &World, now: Timestamp, path: &str) -> Value {
    let market = &world.running.market;
    let market = Market {
        store: market.store.clone(),
        clock: Arc::new(LocalClock::standing(now)),
        entropy: Arc::clone(&market.entropy),
        callers: Callers::Gateway,
        payments: None,
        calendar: market.calendar,
        publicity: market.publicity,
        operator: Arc::clone(&market.operator),
        codes: market.codes,
        corruption_alarm: Arc::clone(&market.corruption_alarm),
    };
    let principal = Principal { role: Role::Merchant, subject: "shop-1".to_owned(), scopes: Scopes::Whole };
    let caller = VerifiedCaller { principal, expires_at: i64::MAX };
    let router = market_functions::http::router(Arc::new(market), None, |routes| {
        market_functions::routes::visit(routes);
    });
    let router = router.layer(axum::Extension(caller));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}{}", listener.local_addr().unwrap(), versioned(path));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let request = reqwest::Client::new().post(url).header("idempotency-key", "behind").json(&json!({}));
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_grants_term_is_decided_again_where_we_hear_meanwhile_that_the_agreement_ended_earlier()
{
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let order = stage.buy(&merchant, "shop-1", "month").await;
    let path = "/accounts/shop-1/grants";
    let given = merchant.post(path, requests::grant(&order, &["orders.read"])).await.unwrap();
    let expires_at = at(given.text_at("/expires_at"));
    world.set_clock(expires_at);
    let store = &world.running.market.store;
    let account = AccountId::try_from("shop-1".to_owned()).unwrap();
    let provider = ProviderId::try_from(PROVIDER.to_owned()).unwrap();
    let grant = GrantId::try_from(given.text_at("/id").to_owned()).unwrap();
    let grant = store.get::<Grant>(&(account.clone(), grant)).await.unwrap().unwrap();
    let account = store.get::<MarketAccount>(&account).await.unwrap().unwrap();
    let provider = store.get::<Provider>(&provider).await.unwrap().unwrap();
    let occasion = Occasion {
        at: world.now(),
        actor: Actor::Job(Lane::ExpireGrant.name().to_owned()),
        request: "test".to_owned(),
        salts: Salts::drawn([7; 32]),
        operator: Arc::clone(&world.running.market.operator),
    };
    let decided = Grant::advance(&grant, &account, &provider, &occasion).unwrap();

    let ended_at = expires_at - SignedDuration::from_hours(24);
    let event = json!({ "event_id": "event-1", "agreement": "平台协议", "ended_at": ended_at });
    let heard = stage.upstream.post("/accounts/shop-1/upstream-end", event).await.unwrap();
    assert!(heard.is_ok(), "{}", heard.text);
    let late = store.commit(&decided, None).await;
    assert!(matches!(late, Err(CommitError::Conflict)), "{late:?}");
    world.settle().await;
    let ended = merchant.get(&format!("{path}/{}", given.text_at("/id"))).await.unwrap();
    assert_eq!((ended.text_at("/cause"), at(ended.text_at("/ended_at"))), ("agreement_ended", ended_at));
}
