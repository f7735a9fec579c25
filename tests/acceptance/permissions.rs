//! Handlers under the permissions of the file that the roles of the templates are made from.
//!
//! Every test here runs under them, so what is missing there fails where it is needed. What all of them did together is
//! compared with the file in `tests/template/permissions.rs`: so nothing is in surplus.

use jiff::SignedDuration;
use market::client::{Client, report};
use market::json::Json;
use market::permissions::Permissions;
use market::requests;
use market::stage::{PROVIDER, Stage};
use market_ambient::SystemEntropy;
use market_functions::feedback::{Recorder, record_feedback};
use market_functions::metrics::Metrics;
use market_identity::Role;
use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;
use market_kernel::notices::{Hindrance, Sending};
use market_store::due::{Lease, SHARDS, Shard};
use market_store::{Index, StoreError};
use market_trade::payments::PaymentRecord;
use serde_json::{Value, json};

use crate::harness::World;
use crate::witness;

/// A code that breaks the rule.
const PILOT: &str = "911100008021004330";

/// Asks, asks the same again, and asks anew: an effect, its saved reply, and often a refusal.
async fn thrice(client: &Client, path: &str, body: Value) -> Json {
    let key = format!("thrice {path}").replace(['/', ' '], "-");
    let done = client.post_as(&key, path, body.clone()).await.unwrap();
    assert!(done.is_ok(), "{path}: {}", done.text);
    let again = client.post_as(&key, path, body.clone()).await.unwrap();
    assert!(again.is_ok(), "{path}: {}", again.text);
    client.post(path, body).await.unwrap();
    done.body
}

async fn read(client: &Client, path: &str) {
    let answer = client.get(path).await.unwrap();
    assert!(answer.is_ok(), "{path}: {}", answer.text);
}

/// Leases what a job has to do, again and again, until it waits for a human.
async fn park(world: &World, job: Lane) {
    let store = &world.running.market.store;
    for shard in 0..SHARDS {
        let mut now = world.now();
        while let Some(entry) = store.due(job, Shard::Due(shard), now, None, 1).await.unwrap().pop() {
            if store.lease(&entry, now).await.unwrap() == Lease::Parked {
                return;
            }
            now += SignedDuration::from_hours(1);
        }
    }
    panic!("nothing of {job} can be parked");
}

/// A payment as it is reported.
struct Reported<'a> {
    id: &'a str,
    order: &'a str,
    amount_fen: i64,
    paid_at: &'a str,
}

/// Payments and returns that fit and that do not, and what the operator makes of them.
async fn receive_money(world: &World, stage: &Stage<'_>, shop: &Client, (paid, unpaid): (&str, &str)) {
    let now = world.now().to_string();
    let reported = async |path: &str, body: Value| {
        let taken = report(&world.running, path, body.to_string().as_bytes()).await.unwrap();
        assert!(taken.is_ok(), "{path}: {}", taken.text);
    };
    for Reported { id, order, amount_fen, paid_at } in [
        Reported { id: "twice-1", order: paid, amount_fen: 19_900, paid_at: &now },
        Reported { id: "twice-2", order: paid, amount_fen: 19_900, paid_at: &now },
        Reported { id: "twice-2", order: paid, amount_fen: 19_900, paid_at: &now },
        Reported { id: "twice-2", order: paid, amount_fen: 1, paid_at: &now },
        Reported { id: "held-1", order: unpaid, amount_fen: 19_900, paid_at: "2001-01-01T00:00:00Z" },
    ] {
        let body = json!({
            "payment_id": id, "account_id": "shop-1", "order_id": order, "amount_fen": amount_fen, "paid_at": paid_at,
        });
        reported("/payments", body).await;
    }
    reported("/payments", json!({})).await;
    // One that was made in time, and told of after its order had closed.
    let placed = shop.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    world.advance_days(2).await;
    let late = json!({
        "payment_id": "late-1", "account_id": "shop-1", "order_id": placed.text_at("/id"), "amount_fen": 19_900,
        "paid_at": placed.text_at("/placed_at"),
    });
    reported("/payments", late).await;
    for (id, payment) in
        [("return-1", "twice-1"), ("return-1", "twice-1"), ("return-1", "none"), ("early", "twice-3")]
    {
        let body = json!({
            "return_id": id, "payment_id": payment, "amount_fen": 19_900, "returned_at": now,
        });
        reported("/returns", body).await;
    }
    read(&stage.operator, "/payments").await;
    read(shop, "/payments/twice-2").await;
    for (id, settlement) in [("twice-2", "returned"), ("held-1", "form")] {
        let body = json!({ "settlement": settlement, "evidence": "银行回单。" });
        thrice(&stage.operator, &format!("/payments/{id}/settlement"), body).await;
    }
}

/// The partitions of shop-1 and of northwind, as SES knows them.
const SHOP_1: &str = "YWNjb3VudCNzaG9wLTE";
const NORTHWIND: &str = "cHJvdmlkZXIjbm9ydGh3aW5k";

/// SES tells that a notice came back, which it took.
async fn bounce(world: &World, notice: &Value, tag: &str) {
    let feedback = json!({
        "eventType": "Bounce",
        "mail": {
            "messageId": notice["gateway_id"],
            "tags": { "notice": [notice["id"]], "recipient": [tag] },
        },
        "bounce": { "bounceType": "Permanent", "bounceSubType": "General" },
    });
    let (store, clock) = (&world.running.market.store, &*world.running.market.clock);
    let (metrics, feedback) = (Metrics::default(), feedback.to_string());
    let operator = &world.running.market.operator;
    let recorder = Recorder { store, clock, entropy: &SystemEntropy, operator, metrics: &metrics };
    let recorded = record_feedback(recorder, &feedback);
    Permissions::of_handler("feedback", recorded).await.unwrap();
}

/// Contacts change, and an e-mail to each side comes back with no other way to go: the operator sends it
/// again.
async fn mend(world: &World, stage: &Stage<'_>, shop: &Client) {
    let provider = format!("/providers/{PROVIDER}");
    for (client, party, tag) in
        [(shop, "/accounts/shop-1", SHOP_1), (&stage.provider, provider.as_str(), NORTHWIND)]
    {
        thrice(client, &format!("{party}/contacts"), requests::contacts("new@example.com")).await;
        world.settle().await;
        let notices = client.all(&format!("{party}/notices")).await.unwrap();
        let changed = |notice: &&Json| notice["channel"] == "email" && notice["about"] == "contacts_changed";
        let mail = notices.iter().find(changed).unwrap();
        bounce(world, mail, tag).await;
        read(&stage.operator, "/notices/undelivered").await;
        let resending = format!("{party}/notices/{}/resending", mail["id"].as_str().unwrap());
        thrice(&stage.operator, &resending, json!({})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_done_is_done_again_with_the_same_key_and_tried_anew_under_the_committed_permissions() {
    let world = World::new().await;
    let running = &world.running;
    let stage = Stage::set(running).await;
    let (operator, provider) = (&stage.operator, &stage.provider);

    // What the stage has done once is done again with its repeats.
    let other = requests::agreement("1.总则\n1.1另一份。\n", &[]);
    let other = json!({ "kind": "rule", "title": "规则", "text": other["text"] });
    thrice(operator, "/documents/rule-1/preview", other.clone()).await;
    thrice(provider, "/documents/northwind.terms/preview", requests::subscription_agreement()).await;
    thrice(operator, "/documents/rule-1/versions", other.clone()).await;
    let mut amended = other;
    amended["text"] = json!("1.总则\n1.1又一份。\n");
    amended["effective_at"] = json!(world.now() + SignedDuration::from_hours(24 * 9));
    let amendment = operator.post("/documents/rule-1/versions", amended).await.unwrap();
    assert!(amendment.is_ok(), "{}", amendment.text);
    thrice(operator, "/documents/rule-1/versions/2/withdrawal", json!({})).await;
    let vouching = format!("/credit-codes/{PILOT}/vouching");
    thrice(operator, &vouching, json!({ "reason": "见营业执照。" })).await;
    read(operator, &vouching).await;
    thrice(operator, "/holidays/2027", requests::holidays_of_2027("2026-01-05")).await;
    read(operator, "/holidays/2027").await;
    let mut correction = requests::holidays_of_2027("2026-01-05");
    correction["corrects"] = json!(1);
    correction["holidays"][0]["to"] = json!("2027-01-04");
    let corrected = operator.post("/holidays/2027", correction).await.unwrap();
    assert!(corrected.is_ok(), "{}", corrected.text);
    let newcomer = Client::of(running, Role::Provider, "eastwind");
    let mut application = requests::provider();
    application["credit_code"] = json!(PILOT);
    thrice(&newcomer, "/providers/eastwind", application).await;
    thrice(operator, "/providers/eastwind/approval", json!({})).await;
    let listings = format!("/providers/{PROVIDER}/listings");
    let draft = thrice(provider, &listings, requests::listing(market::stage::TERMS)).await;
    let draft = draft["id"].as_str().unwrap().to_owned();
    read(provider, &format!("/providers/{PROVIDER}/drafts")).await;
    read(provider, &format!("/providers/{PROVIDER}/drafts/{draft}")).await;
    thrice(provider, &format!("{listings}/{draft}/submission"), json!({})).await;
    read(operator, "/reviews").await;
    thrice(operator, &format!("/listings/{draft}/approval"), json!({})).await;

    let shop = stage.merchant("shop-1").await;
    let me = "/accounts/shop-1";
    let second = Client::of(running, Role::Merchant, "shop-2");
    let mut application = requests::merchant("shop-2", "91510100MA6C0QLJ");
    application["credit_code"] = json!(PILOT);
    thrice(&second, "/accounts/shop-2", application).await;
    let agreement = second.get("/documents/market-agreement").await.unwrap();
    let sha256 = agreement.text_at("/versions/0/sha256").to_owned();
    let shown = market::stage::PROMINENT.map(str::to_owned);
    let acceptance = requests::acceptance("market-agreement", &sha256, &shown);
    thrice(&second, "/accounts/shop-2/acceptances", acceptance).await;

    let placed = thrice(&shop, &format!("{me}/orders"), stage.order("month")).await;
    let unpaid = placed["id"].as_str().unwrap().to_owned();
    let granted = stage.grant(&shop, "shop-1", "month").await;
    let order = &granted.order;
    market::client::pay(running, &format!("pay-{order}"), "shop-1", order, 19_900).await.unwrap();
    receive_money(&world, &stage, &shop, (order, &unpaid)).await;
    let given = thrice(&shop, &format!("{me}/grants"), requests::grant(order, &["orders.read"])).await;
    stage.check(&granted.token, "orders.read").await;
    let grant = granted.grant.as_str();
    thrice(provider, &format!("{me}/grants/{grant}/tokens"), json!({})).await;

    for path in ["orders", "grants", "acceptances", "notices", "evidence", "demands"] {
        read(&shop, &format!("{me}/{path}")).await;
    }
    read(&shop, me).await;
    read(&shop, &format!("{me}/orders/{unpaid}")).await;
    read(&shop, &format!("{me}/grants/{grant}")).await;
    read(&shop, &format!("{me}/grants/{grant}/accesses")).await;
    for path in ["orders", "grants", "notices", "evidence", "demands"] {
        read(provider, &format!("/providers/{PROVIDER}/{path}")).await;
    }
    read(provider, &format!("/providers/{PROVIDER}")).await;
    for path in ["", "/versions/1", "/versions/1/text", "/versions/1/page", "/versions/1/clauses/4.2"] {
        read(&shop, &format!("/documents/market-agreement{path}")).await;
    }
    read(&shop, "/listings?kind=application").await;
    read(&shop, &format!("/listings/{draft}")).await;
    read(&shop, "/announcements").await;

    // An e-mail is sent, and comes back.
    world.settle().await;
    let notices = shop.all(&format!("{me}/notices")).await.unwrap();
    let mail = notices.iter().find(|notice| notice["channel"] == "email").unwrap();
    read(&shop, &format!("{me}/notices/{}", mail["id"].as_str().unwrap())).await;
    bounce(&world, mail, SHOP_1).await;
    let after = shop.get(&format!("{me}/notices/{}", mail["id"].as_str().unwrap())).await.unwrap();
    assert_eq!(after.text_at("/status"), "bounced");
    mend(&world, &stage, &shop).await;

    // Grants and demands, one of them to its end, one waived.
    thrice(&shop, &format!("{me}/grants/{grant}/revocation"), json!({})).await;
    let demand = format!("{me}/demands/{grant}");
    read(&shop, &demand).await;
    thrice(&shop, &format!("{demand}/service"), json!({})).await;
    thrice(provider, &format!("{demand}/acknowledgement"), json!({})).await;
    world.advance_days(20).await;
    thrice(provider, &format!("{demand}/attestation"), requests::attestation(world.now())).await;
    thrice(&shop, &format!("{demand}/closure"), json!({})).await;
    world.advance_days(20).await;
    let waived = format!("{me}/demands/{}", given["id"].as_str().unwrap());
    thrice(&shop, &format!("{waived}/waiver"), json!({ "agreement": "双方另有约定。" })).await;

    // A day of a ledger is sealed by the lane on which a later release will wake it.
    let granted = stage.grant(&shop, "shop-1", "year").await;
    stage.check(&granted.token, "orders.read").await;
    world.set_clock(world.now() + SignedDuration::from_hours(48));
    let ledger = Key::stored("account#shop-1", format!("ledger#{}", granted.grant));
    let nothing_to_send =
        Sending::Failed { by: Hindrance::Unreachable, reason: "nobody is there".to_owned() };
    let woken = world.wake(Lane::AdvanceCase, ledger, nothing_to_send);
    Permissions::of_handler("worker/advance_case", woken).await;

    // Work is given up on, and handed back.
    world.set_clock(world.now() + SignedDuration::from_hours(24 * 366));
    park(&world, Lane::ExpireGrant).await;
    read(operator, "/jobs/expire_grant/parked").await;
    let handed_back = operator.post("/jobs/expire_grant/redrive", json!({})).await.unwrap();
    assert_eq!(handed_back.body["items"], 1);
    world.settle().await;

    // The agreement ends: withdrawn, by notice with its cascade, and by the upstream platform.
    let terminations = format!("{me}/terminations");
    let served = thrice(operator, &terminations, json!({ "reason": "违反平台规则。" })).await;
    let termination = format!("{terminations}/{}", served["id"].as_str().unwrap());
    read(operator, &termination).await;
    thrice(operator, &format!("{termination}/withdrawal"), json!({})).await;
    stage.grant(&shop, "shop-1", "year").await;
    operator.post(&terminations, json!({ "reason": "违反平台规则。" })).await.unwrap();
    world.advance_days(40).await;
    let ended = json!({
        "event_id": "event-1", "agreement": "平台协议", "ended_at": world.now(),
    });
    for _ in 0..2 {
        let ended = stage.upstream.post("/accounts/shop-2/upstream-end", ended.clone()).await.unwrap();
        assert!(ended.is_ok(), "{}", ended.text);
    }
    world.settle().await;
    // Periods that reach into a year without a schedule.
    world.advance_to("2026-12-18T10:00:00+08:00".parse().unwrap()).await;
    let late = stage.merchant("shop-9").await;
    let granted = stage.grant(&late, "shop-9", "month").await;
    let revocation = format!("/accounts/shop-9/grants/{}/revocation", granted.grant);
    thrice(&late, &revocation, json!({})).await;
    thrice(&late, &format!("/accounts/shop-9/demands/{}/service", granted.grant), json!({})).await;
    thrice(operator, "/accounts/shop-9/terminations", json!({ "reason": "违反平台规则。" })).await;
    world.advance_days(2).await;
    // What the sweep's function counts beside its pass.
    let waiting = PaymentRecord::WAITING;
    let counted = running.market.store.count_entries(Index::Lists, &waiting, 1);
    Permissions::of_handler("sweep", counted).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_may_not_do_it_cannot_and_nothing_is_written() {
    let world = World::with(witness::committed()).await;
    Stage::set(&world.running).await.merchant("shop-1").await;
    let store = &world.running.market.store;
    let now = world.now() + SignedDuration::from_hours(1_000);
    let mut due = Vec::new();
    for shard in 0..SHARDS {
        let looked = Permissions::of_handler(
            "api/get_account",
            store.due(Lane::Notify, Shard::Due(shard), now, None, 1),
        )
        .await;
        assert!(matches!(looked, Err(StoreError::Rejected(_))), "{looked:?}");
        due.extend(
            Permissions::of_handler("sweep", store.due(Lane::Notify, Shard::Due(shard), now, None, 1))
                .await
                .unwrap(),
        );
    }
    let entry = due.first().expect("a merchant is told of its account");
    let before = world.table().await;
    let leased = Permissions::of_handler("api/get_account", store.lease(entry, now)).await;
    assert!(matches!(leased, Err(StoreError::Rejected(_))), "{leased:?}");
    assert_eq!(world.table().await, before);
    Permissions::of_handler("sweep", store.lease(entry, now)).await.unwrap();
    assert_ne!(world.table().await, before);
}
