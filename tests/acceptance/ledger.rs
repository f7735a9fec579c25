//! What each operation and job costs at the table, as the engine reports it: committed as docs/COST.md and
//! kept true. The same ledger is taken in a small market and in a large one: no line may differ.

use std::fmt::Write;
use std::sync::Arc;

use expect_test::expect_file;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use jiff::{SignedDuration, Timestamp};
use market::client::{Answer, Client, pay};
use market::requests;
use market::stage::Stage;
use market_functions::kinds;
use market_functions::workers::WorkerContext;
use market_identity::Role;
use market_jobs::WakeUp;
use market_jobs::memory::MemoryQueues;
use market_jobs::sweep::sweep;
use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;
use market_kernel::notices::{Notice, Sending};
use market_notices::{Gateway, Gateways};
use market_store::Meter;
use market_store::meter::Cost;
use serde_json::{Value, json};

use crate::harness::World;

/// The most write units of what merchants do most, with all lists (docs/decisions/0078).
const MOST_WRITTEN: [(&str, u16); 3] = [("`place_order`", 16), ("`give_grant`", 25), ("`revoke_grant`", 30)];

struct Taken;

impl Gateway for Taken {
    fn send<'a>(&'a self, _: &'a Notice) -> BoxFuture<'a, Sending> {
        async { Sending::Accepted { gateway_id: Some("g-1".to_owned()) } }.boxed()
    }
}

#[derive(Default, PartialEq, Debug)]
struct Ledger(Vec<(String, Cost)>);

impl Ledger {
    fn line(&mut self, what: &str, cost: Cost) {
        self.0.push((what.to_owned(), cost));
    }
}

struct Taker<'a> {
    world: &'a World,
    jobs: WorkerContext,
    job_meter: Meter,
    ledger: Ledger,
}

impl Taker<'_> {
    fn route(&mut self, what: &str, answer: &Answer) {
        assert!(answer.is_ok(), "{what}: {}", answer.text);
        self.ledger.line(what, self.world.running.route_meter.take());
    }

    async fn job(&mut self, what: &str, job: Lane, partition: &str, sort: String, at: Timestamp) {
        self.world.set_clock(at);
        self.job_meter.take();
        let key = Key::stored(partition, sort);
        kinds::run(&self.jobs, &WakeUp { lane: job, key }).await.unwrap();
        self.ledger.line(what, self.job_meter.take());
    }
}

/// A check for each of fifty merchants.
async fn of_fifty_merchants(stage: &Stage<'_>) -> Vec<Value> {
    let checks = (0..50).map(async |n| {
        let shop = format!("checked-{n}");
        let merchant = stage.merchant(&shop).await;
        let granted = stage.grant(&merchant, &shop, "year").await;
        json!({ "token": granted.token, "scope": "orders.read" })
    });
    join_all(checks).await
}

/// One merchant's dealings, each on the books; everything else in the market is `crowd`.
async fn take(crowd: usize) -> Ledger {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    for n in 0..crowd {
        let shop = format!("crowd-{n}");
        let merchant = stage.merchant(&shop).await;
        stage.grant(&merchant, &shop, "year").await;
        stage.grant(&merchant, &shop, "month").await;
    }
    let each = of_fifty_merchants(&stage).await;
    world.settle().await;
    let running = &world.running;
    let job_meter = Meter::counting();
    let jobs = WorkerContext {
        store: running.market.store.metered(job_meter.clone()),
        ..world.jobs(Gateways { email: Arc::new(Taken), sms: Arc::new(Taken) })
    };
    running.route_meter.take();
    let mut taker = Taker { world: &world, jobs, job_meter, ledger: Ledger::default() };
    let shop = Client::of(running, Role::Merchant, "shop-1");
    let (me, here) = ("/accounts/shop-1", "account#shop-1");

    let answer = shop.post(me, requests::merchant("shop-1", "91510100MA6C0QLJ")).await.unwrap();
    taker.route("`apply_for_account`", &answer);
    let agreement = shop.get("/documents/market-agreement").await.unwrap();
    taker.route("`get_document`", &agreement);
    let shown = market::stage::PROMINENT.map(str::to_owned);
    let acceptance =
        requests::acceptance("market-agreement", agreement.text_at("/versions/0/sha256"), &shown);
    taker.route(
        "`accept_document` (market agreement)",
        &shop.post(&format!("{me}/acceptances"), acceptance).await.unwrap(),
    );
    let terms = shop.get("/documents/northwind.terms").await.unwrap();
    running.route_meter.take();
    let acceptance = requests::acceptance("northwind.terms", terms.text_at("/versions/0/sha256"), &[]);
    taker.route(
        "`accept_document` (provider's agreement)",
        &shop.post(&format!("{me}/acceptances"), acceptance).await.unwrap(),
    );
    taker.route("`get_listing`", &shop.get(&format!("/listings/{}", stage.listing)).await.unwrap());
    let placed = shop.post_as("k-1", &format!("{me}/orders"), stage.order("month")).await.unwrap();
    taker.route("`place_order`", &placed);
    let again = shop.post_as("k-1", &format!("{me}/orders"), stage.order("month")).await.unwrap();
    taker.route("`place_order` (the same again)", &again);
    let order = placed.text_at("/id");
    taker.route("`take_payment`", &pay(running, "pay-1", "shop-1", order, 19_900).await.unwrap());
    taker.route(
        "`take_payment` (the same again)",
        &pay(running, "pay-1", "shop-1", order, 19_900).await.unwrap(),
    );
    taker.route("`get_order`", &shop.get(&format!("{me}/orders/{order}")).await.unwrap());
    let given = shop.post(&format!("{me}/grants"), requests::grant(order, &["orders.read"])).await.unwrap();
    taker.route("`give_grant`", &given);
    let grant = given.text_at("/id").to_owned();
    let ends: Timestamp = given.text_at("/expires_at").parse().unwrap();
    let issued = stage.provider.post(&format!("{me}/grants/{grant}/tokens"), json!({})).await.unwrap();
    taker.route("`issue_token`", &issued);
    let check = json!({ "token": issued.text_at("/token"), "scope": "orders.read" });
    taker.route(
        "`check_token` (the day's first)",
        &stage.gateway.post("/checks", check.clone()).await.unwrap(),
    );
    taker
        .route("`check_token` (the same hour)", &stage.gateway.post("/checks", check.clone()).await.unwrap());
    let other = json!({ "token": issued.text_at("/token"), "scope": "stock.read" });
    taker.route("`check_token` (the first of a line)", &stage.gateway.post("/checks", other).await.unwrap());
    let batch = async |checks: &[Value]| {
        stage.gateway.post("/checks/batch", json!({ "checks": checks })).await.unwrap()
    };
    taker.route("`check_tokens` (50 of one grant, the same hour)", &batch(&vec![check; 50]).await);
    batch(&each).await;
    running.route_meter.take();
    taker.route("`check_tokens` (50, each of another merchant, the same hour)", &batch(&each).await);
    taker.route("`get_grant`", &shop.get(&format!("{me}/grants/{grant}")).await.unwrap());
    taker.route(
        "`list_accesses` (one line)",
        &shop.get(&format!("{me}/grants/{grant}/accesses")).await.unwrap(),
    );
    taker.route("`list_orders` (one order)", &shop.get(&format!("{me}/orders")).await.unwrap());
    taker.route(
        "`list_orders` (those in service)",
        &shop.get(&format!("{me}/orders?status=in_service")).await.unwrap(),
    );
    // A page that ends between an e-mail and the notice that has its text asks for that one besides, as one by its id does.
    let told = shop.get(&format!("{me}/notices")).await.unwrap();
    let all = told.body["items"].as_array().unwrap();
    assert!(all.len() == 6 && all.iter().filter(|notice| notice["channel"] == "email").count() == 3);
    taker.route("`list_notices` (three, each with its e-mail)", &told);
    let email = all.iter().find(|notice| notice["channel"] == "email").unwrap()["id"].as_str().unwrap();
    taker.route("`get_notice` (an e-mail)", &shop.get(&format!("{me}/notices/{email}")).await.unwrap());
    let late = stage.operator.get("/jobs/late").await.unwrap();
    taker.route("`list_late_jobs` (none)", &late);
    taker.route("`list_evidence` (a page of 3)", &shop.get(&format!("{me}/evidence?limit=3")).await.unwrap());

    for (what, path) in [
        ("`list_accounts` (a page of 1)", "/accounts?status=active&order=desc&limit=1"),
        ("`list_providers` (a page of 3)", "/providers?status=approved&limit=3"),
        ("`list_documents` (a page of 3)", "/documents?kind=body&limit=3"),
        ("`list_all_orders` (a page of 1)", "/orders?status=in_service&order=desc&limit=1"),
        ("`list_reviews` (none)", "/reviews"),
        ("`list_undelivered` (none)", "/notices/undelivered"),
        ("`list_terminations` (none)", "/terminations?status=served"),
        ("`read_desk`", "/desk"),
        ("`get_profile`", "/providers/northwind/profile"),
    ] {
        taker.route(what, &stage.operator.get(path).await.unwrap());
    }
    taker.route(
        "`list_provider_orders` (a page of 1)",
        &stage.provider.get("/providers/northwind/orders?order=desc&limit=1").await.unwrap(),
    );
    taker.route("`read_timeline` (a page of 3)", &shop.get(&format!("{me}/timeline?limit=3")).await.unwrap());
    taker.route("`get_me`", &shop.get("/me").await.unwrap());
    let notices = shop.all(&format!("{me}/notices")).await.unwrap();
    let email = |about: &str| {
        let mut queued = notices.iter().filter(|notice| notice["status"] == "queued");
        let notice = queued.find(|notice| notice["about"] == about).unwrap();
        format!("notice#{}", notice["id"].as_str().unwrap())
    };
    let (first, later) = (email("grant_activated"), email("order_in_service"));
    taker.job("`notify` (the first of a thing)", Lane::Notify, here, first.clone(), world.now()).await;
    taker.job("`notify` (a later one)", Lane::Notify, here, later, world.now()).await;
    taker.job("`notify` (woken again)", Lane::Notify, here, first, world.now()).await;
    let grant_key = format!("grant#{grant}");
    let days = |n: i64| SignedDuration::from_hours(24 * n);
    taker.job("`expire_grant` (too early)", Lane::ExpireGrant, here, grant_key.clone(), world.now()).await;
    let sealed_at = world.now() + days(1);
    taker
        .job(
            "`seal_ledger` (a day of one line)",
            Lane::SealLedger,
            here,
            format!("ledger#{grant}"),
            sealed_at,
        )
        .await;
    taker
        .job("`expire_grant` (a reminder)", Lane::ExpireGrant, here, grant_key.clone(), ends - days(30))
        .await;
    taker.job("`expire_grant` (the end)", Lane::ExpireGrant, here, grant_key, ends).await;
    taker
        .job("`advance_case` (an order expires)", Lane::AdvanceCase, here, format!("order#{order}"), ends)
        .await;
    let demand_key = format!("demand#{grant}");
    taker
        .job(
            "`remind_deletion` (the merchant)",
            Lane::RemindDeletion,
            here,
            demand_key.clone(),
            ends + days(3),
        )
        .await;
    running.route_meter.take();
    let demand = format!("{me}/demands/{grant}");
    let served = shop.post(&format!("{demand}/service"), json!({})).await.unwrap();
    taker.route("`serve_demand`", &served);
    let due: Timestamp = served.text_at("/period/ends_at").parse().unwrap();
    taker
        .job("`remind_deletion` (both)", Lane::RemindDeletion, here, demand_key.clone(), due - days(3))
        .await;
    taker.job("`remind_deletion` (overdue)", Lane::RemindDeletion, here, demand_key, due).await;
    taker.route(
        "`attest_demand`",
        &stage
            .provider
            .post(&format!("{demand}/attestation"), requests::attestation(world.now()))
            .await
            .unwrap(),
    );
    taker.route("`close_demand`", &shop.post(&format!("{demand}/closure"), json!({})).await.unwrap());

    let granted = stage.grant(&shop, "shop-1", "year").await;
    running.route_meter.take();
    let revocation = format!("{me}/grants/{}/revocation", granted.grant);
    taker.route("`revoke_grant`", &shop.post(&revocation, json!({})).await.unwrap());
    stage.grant(&shop, "shop-1", "year").await;
    running.route_meter.take();
    let notice = stage.operator.post(&format!("{me}/terminations"), json!({ "reason": "x" })).await.unwrap();
    taker.route("`serve_termination`", &notice);
    let ends: Timestamp = notice.text_at("/ends_at").parse().unwrap();
    let key = format!("termination#{}", notice.text_at("/id"));
    taker
        .job("`terminate_account` (a reminder)", Lane::TerminateAccount, here, key.clone(), ends - days(7))
        .await;
    taker
        .job(
            "`terminate_account` (effect and cascade: 1 grant, 2 orders)",
            Lane::TerminateAccount,
            here,
            key,
            ends,
        )
        .await;

    let sweep_meter = Meter::counting();
    let store = running.market.store.metered(sweep_meter.clone());
    let (queues, _ends) = MemoryQueues::open();
    // Everything that is due by now is handed out once; then a pass finds nothing.
    sweep(&store, &queues, world.now(), std::time::Duration::ZERO).await.unwrap();
    sweep_meter.take();
    sweep(&store, &queues, world.now(), std::time::Duration::ZERO).await.unwrap();
    taker.ledger.line("sweep (nothing due)", sweep_meter.take());
    taker.ledger
}

#[tokio::test(flavor = "multi_thread")]
async fn what_operations_cost_is_on_the_books_and_does_not_grow_with_the_market() {
    let small = take(0).await;
    let large = take(25).await;
    assert_eq!(small, large, "an operation costs more in a larger market");
    for (what, most) in MOST_WRITTEN {
        let (_, cost) = small.0.iter().find(|(line, _)| line == what).unwrap();
        assert!(cost.write_units <= most.into(), "{what} writes {} units, at most {most}", cost.write_units);
    }
    let mut table = String::from(
        "# What operations cost\n\n\
         Requests to DynamoDB, and read and write units, of each operation and job, as the engine reports them. \
         Transactional writes count double, as on AWS; the indexes' share is in it. Taken in a market of one \
         merchant and again beside twenty-five others with fifty grants: the same, line for line. Nothing scans.\n\n\
         Kept true by the test `ledger`; `cargo xtask generate` writes it anew.\n\n\
         | operation or job | requests | read units | write units |\n|---|---:|---:|---:|\n",
    );
    for (what, cost) in &small.0 {
        writeln!(table, "| {what} | {} | {} | {} |", cost.requests, cost.read_units, cost.write_units)
            .unwrap();
    }
    expect_file!["../../docs/COST.md"].assert_eq(&table);
}
