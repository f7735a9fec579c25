//! One side's storm of writes, and the other side's protective act in the middle of it: it is committed at its first
//! or second try, whatever is repeated. DynamoDB cancels transactions that name the same item at the same time,
//! conditions included; the server in front of the engine does so here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use market::client::{Answer, Client};
use market::permissions::Permissions;
use market::stage::{PROVIDER, Stage};
use market::{Clockwork, Options, Running, requests};
use market_ambient::Clock;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::engine;
use crate::server::Faulty;

const LOOPS: usize = 24;
/// The idempotency key of an act, by which its transactions are told from the storm's.
fn key_of(path: &str) -> String {
    format!("the-act-{}", path.len())
}

pub struct World {
    pub running: Running,
    pub table: Arc<Faulty>,
    _folder: TempDir,
}

impl World {
    pub async fn new() -> Self {
        let table = Faulty::start(Some(engine::start())).await;
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            folder: folder.path().to_owned(),
            in_memory: true,
            listen: (std::net::Ipv4Addr::LOCALHOST, 0).into(),
            clockwork: Clockwork::Standing("2026-01-05T09:00:00+08:00".parse().unwrap()),
            sqs_endpoint: None,
            dynamodb_endpoint: Some(table.url.clone()),
            permissions: Permissions::committed(),
            allow_origin: None,
        };
        Self { running: Running::start(options).await.unwrap(), table, _folder: folder }
    }

    /// Does something in the middle of a storm: each loop repeats one of `what` again and again. How often the storm's
    /// requests were committed, the act's answer, and after how many tries.
    async fn in_a_storm(
        &self,
        what: &[(Client, String, Value)],
        (client, path, body): (&Client, &str, Value),
    ) -> (usize, Answer, usize) {
        self.table.contend();
        let (is_over, committed, under_way) = (
            Arc::new(AtomicBool::default()),
            Arc::new(AtomicUsize::default()),
            Arc::new(AtomicUsize::default()),
        );
        let mut storm = JoinSet::new();
        for number in 0..LOOPS {
            let (client, path, body) = what[number % what.len()].clone();
            let (is_over, committed, under_way) =
                (Arc::clone(&is_over), Arc::clone(&committed), Arc::clone(&under_way));
            storm.spawn(async move {
                while !is_over.load(Ordering::SeqCst) {
                    let answer = client.post(&path, body.clone()).await.unwrap();
                    assert_ne!(answer.status.as_u16(), 500, "{}", answer.text);
                    committed.fetch_add(usize::from(answer.is_ok()), Ordering::SeqCst);
                    under_way.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        while under_way.load(Ordering::SeqCst) < LOOPS {
            tokio::task::yield_now().await;
        }
        let key = key_of(path);
        let answer = client.post_as(&key, path, body).await.unwrap();
        is_over.store(true, Ordering::SeqCst);
        while let Some(ended) = storm.join_next().await {
            ended.unwrap();
        }
        (committed.load(Ordering::SeqCst), answer, self.table.transactions(&key))
    }
}

fn assert_done((committed, answer, tries): (usize, Answer, usize)) {
    assert!(answer.is_ok(), "{} after {tries} tries: {}", answer.status, answer.text);
    assert!(tries <= 2, "{tries} tries");
    assert!(committed > 0, "there was a storm");
}

/// Everything that a merchant can repeat.
async fn merchants_storm(stage: &Stage<'_>, merchant: &Client, shop: &str) -> Vec<(Client, String, Value)> {
    let order = stage.buy(merchant, shop, "month").await;
    vec![
        (merchant.clone(), format!("/accounts/{shop}/orders"), stage.order("month")),
        (merchant.clone(), format!("/accounts/{shop}/grants"), requests::grant(&order, &["orders.read"])),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_asks_for_tokens_without_end_does_not_hold_up_a_revocation() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let grant = format!("/accounts/shop-1/grants/{}", granted.grant);
    let storm = [(stage.provider.clone(), format!("{grant}/tokens"), json!({}))];
    let revocation = format!("{grant}/revocation");
    assert_done(world.in_a_storm(&storm, (&merchant, &revocation, json!({}))).await);
    assert_eq!(stage.check(&granted.token, "orders.read").await, "ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_answers_without_end_holds_up_no_step_of_the_merchants_demand() {
    for (steps, act) in [
        (&[][..], "service"),
        (&[][..], "waiver"),
        (&["service"][..], "waiver"),
        (&["service", "attestation"][..], "closure"),
    ] {
        let world = World::new().await;
        let stage = Stage::set(&world.running).await;
        let merchant = stage.merchant("shop-1").await;
        let ended = stage.grant(&merchant, "shop-1", "month").await;
        let running = stage.grant(&merchant, "shop-1", "month").await;
        let revocation = format!("/accounts/shop-1/grants/{}/revocation", ended.grant);
        assert!(merchant.post(&revocation, json!({})).await.unwrap().is_ok());
        let demand = format!("/accounts/shop-1/demands/{}", ended.grant);
        let attestation = requests::attestation(world.running.machine.clock.now());
        for step in steps {
            let (who, body) = match *step {
                "attestation" => (&stage.provider, attestation.clone()),
                _ => (&merchant, json!({})),
            };
            let done = who.post(&format!("{demand}/{step}"), body).await.unwrap();
            assert!(done.is_ok(), "{}", done.text);
        }
        let provider = || stage.provider.clone();
        let storm = [
            (provider(), format!("{demand}/acknowledgement"), json!({})),
            (provider(), format!("{demand}/attestation"), attestation),
            (provider(), format!("/accounts/shop-1/grants/{}/tokens", running.grant), json!({})),
        ];
        let body = if act == "waiver" {
            json!({ "agreement": "Kept until the end of the year." })
        } else {
            json!({})
        };
        let act = format!("{demand}/{act}");
        assert_done(world.in_a_storm(&storm, (&merchant, &act, body)).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_that_orders_and_grants_without_end_holds_up_neither_notice_nor_its_withdrawal() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let storm = merchants_storm(&stage, &merchant, "shop-1").await;
    let notice = json!({ "reason": "多次违反平台规则，经提示未改正。" });
    let served = world.in_a_storm(&storm, (&stage.operator, "/accounts/shop-1/terminations", notice)).await;
    let withdrawal = format!("{}/withdrawal", served.1.headers["location"].to_str().unwrap());
    assert_done(served);
    // A plan without term is sold while notice runs.
    let mut order = stage.order("forever");
    order["acknowledge_unbounded_risk"] = json!(true);
    let storm = [(merchant, "/accounts/shop-1/orders".to_owned(), order)];
    assert_done(world.in_a_storm(&storm, (&stage.operator, &withdrawal, json!({}))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_that_changes_its_contacts_without_end_holds_up_neither_notice_nor_its_withdrawal() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let contacts = ["a@example.com", "b@example.com"].map(requests::contacts);
    let path = "/accounts/shop-1/contacts".to_owned();
    let storm = contacts.map(|contacts| (merchant.clone(), path.clone(), contacts));
    let notice = json!({ "reason": "多次违反平台规则，经提示未改正。" });
    let served = world.in_a_storm(&storm, (&stage.operator, "/accounts/shop-1/terminations", notice)).await;
    let withdrawal = format!("{}/withdrawal", served.1.headers["location"].to_str().unwrap());
    assert_done(served);
    assert_done(world.in_a_storm(&storm, (&stage.operator, &withdrawal, json!({}))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_that_orders_and_grants_without_end_does_not_hold_up_the_upstream_end() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let storm = merchants_storm(&stage, &merchant, "shop-1").await;
    let ended_at = world.running.machine.clock.now();
    // It has no key of its own: its event's id stands in its transaction.
    let path = "/accounts/shop-1/upstream-end";
    let event = json!({ "event_id": key_of(path), "agreement": "平台协议", "ended_at": ended_at });
    assert_done(world.in_a_storm(&storm, (&stage.upstream, path, event)).await);
    // Whatever was committed meanwhile has ended too.
    world.running.machine.settle().await.unwrap();
    let later = world.running.machine.clock.now() + jiff::SignedDuration::from_mins(2);
    world.running.machine.advance_to(later).await.unwrap();
    let grants = merchant.all("/accounts/shop-1/grants").await.unwrap();
    let demands = merchant.all("/accounts/shop-1/demands").await.unwrap();
    assert!(grants.iter().all(|grant| grant["status"] == "ended"), "{grants:?}");
    assert_eq!(grants.len(), demands.len());
    let orders = merchant.all("/accounts/shop-1/orders").await.unwrap();
    assert!(orders.iter().all(|order| order["status"] == "closed"), "{orders:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_drafts_without_end_does_not_hold_up_the_review_of_its_listings() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let listings = format!("/providers/{PROVIDER}/listings");
    let drafted = stage.provider.post(&listings, requests::listing(market::stage::TERMS)).await.unwrap();
    let listing = drafted.text_at("/id");
    let submission = format!("{listings}/{listing}/submission");
    assert!(stage.provider.post(&submission, json!({})).await.unwrap().is_ok());
    let storm = [
        (stage.provider.clone(), listings, requests::listing(market::stage::TERMS)),
        (stage.provider.clone(), submission, json!({})),
    ];
    let approval = format!("/listings/{listing}/approval");
    assert_done(world.in_a_storm(&storm, (&stage.operator, &approval, json!({}))).await);
}
