//! Money that arrives (4.6): rightly signed, it always leaves a record, is answered 200, and forms a contract, waits to
//! be returned, or waits for a human.

mod held;

use std::sync::Arc;

use jiff::SignedDuration;
use market::client::{Answer, Client, report};
use market::json::Json;
use market::requests;
use market::stage::Stage;
use market_identity::Role;
use market_kernel::occasion::Occasion;
use market_kernel::party::Actor;
use market_kernel::salt::Salts;
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;
use market_store::CommitError;
use market_trade::orders::{NamedOrder, Order, Payment, Timeliness};
use serde_json::{Value, json};

use crate::harness::{World, at};

const PRICE: u64 = 19_900;

/// A market with a merchant that has placed an order of a month.
struct Trade<'a> {
    world: &'a World,
    stage: Stage<'a>,
    merchant: Client,
    order: String,
}

impl<'a> Trade<'a> {
    async fn of(world: &'a World) -> Self {
        let stage = Stage::set(&world.running).await;
        let merchant = stage.merchant("shop-1").await;
        let order = place(&stage, &merchant, "month").await;
        Self { world, stage, merchant, order }
    }

    async fn signed(&self, path: &str, body: &[u8]) -> Answer {
        report(&self.world.running, path, body).await.unwrap()
    }

    /// Reports something; the outcome, and why.
    async fn report(&self, path: &str, body: &Value) -> (String, String, Answer) {
        let answer = self.signed(path, body.to_string().as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        // Only what is held or to be returned has a reason.
        let because = answer.body.pointer("/record/because").and_then(Value::as_str).unwrap_or_default();
        (answer.text_at("/outcome").to_owned(), because.to_owned(), answer)
    }

    fn payment(&self, id: &str) -> Value {
        json!({
            "payment_id": id, "account_id": "shop-1", "order_id": self.order, "amount_fen": PRICE,
            "paid_at": self.world.now(),
        })
    }

    /// Pays; the outcome, and why.
    async fn pay(&self, body: &Value) -> (String, String) {
        let (outcome, because, _) = self.report("/payments", body).await;
        (outcome, because)
    }

    async fn status(&self) -> String {
        let order = self.merchant.get(&format!("/accounts/shop-1/orders/{}", self.order)).await.unwrap();
        order.text_at("/status").to_owned()
    }

    /// The ids of what waits for the operator.
    async fn waiting(&self) -> Vec<String> {
        let all = self.stage.operator.all("/payments").await.unwrap();
        all.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
    }
}

async fn place(stage: &Stage<'_>, merchant: &Client, plan: &str) -> String {
    let mut order = stage.order(plan);
    order["acknowledge_unbounded_risk"] = json!(true);
    let placed = merchant.post("/accounts/shop-1/orders", order).await.unwrap();
    assert_eq!(placed.status, 201, "{}", placed.text);
    placed.text_at("/id").to_owned()
}

fn told(outcome: &str, because: &str) -> (String, String) {
    (outcome.to_owned(), because.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_can_pay_by_what_stands_on_its_order() {
    let world = World::new().await;
    let trade = Trade::of(&world).await;
    let order = trade.merchant.get(&format!("/accounts/shop-1/orders/{}", trade.order)).await.unwrap();
    assert_eq!(order.text_at("/payment_reference"), trade.order);
    assert_eq!(order.body["amount_fen"], PRICE);
    assert_eq!(at(order.text_at("/pay_by")), world.now() + SignedDuration::from_hours(24));
    let (outcome, _, taken) = trade.report("/payments", &trade.payment("pay-1")).await;
    assert_eq!((&*outcome, taken.text_at("/order/status")), ("formed", "in_service"));
    let record = trade.merchant.get("/payments/pay-1").await.unwrap();
    assert_eq!((record.text_at("/status"), record.text_at("/report/order_id")), ("formed", &*trade.order));
    assert!(trade.waiting().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_payment_again_changes_nothing_and_a_second_one_has_to_be_returned() {
    let world = World::new().await;
    let trade = Trade::of(&world).await;
    assert_eq!(trade.pay(&trade.payment("pay-1")).await, told("formed", ""));
    let before = world.table().await;
    assert_eq!(trade.pay(&trade.payment("pay-1")).await.0, "repeated");
    world.set_clock(world.now() + SignedDuration::from_mins(3));
    assert_eq!(trade.pay(&trade.payment("pay-1")).await.0, "repeated", "told with another instant");
    assert_eq!(world.table().await, before);
    assert_eq!(trade.pay(&trade.payment("pay-2")).await, told("to_return", "already_paid"));
    assert_eq!(trade.pay(&trade.payment("pay-2")).await.0, "repeated");
    assert_eq!(trade.waiting().await, ["pay-2"]);
    let notices = world.notices("accounts/shop-1", "payment_to_return").await;
    assert_eq!(notices.len(), 1);
    assert!(notices[0]["body"].as_str().unwrap().contains("pay-2"), "{notices:?}");
    assert_eq!(world.verified("payment#pay-2").await.faults, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_in_time_forms_the_contract_though_the_order_closed_by_itself() {
    let world = World::new().await;
    let trade = Trade::of(&world).await;
    let (in_time, too_late) = (trade.payment("pay-1"), {
        let mut late = trade.payment("pay-0");
        late["paid_at"] = json!(world.now() + SignedDuration::from_hours(24));
        late
    });
    world.advance_days(3).await;
    assert_eq!(trade.status().await, "closed");
    assert_eq!(trade.pay(&too_late).await, told("to_return", "too_late"));
    assert_eq!(trade.pay(&in_time).await, told("formed", ""));
    assert_eq!(trade.status().await, "in_service");
    let order = trade.merchant.get(&format!("/accounts/shop-1/orders/{}", trade.order)).await.unwrap();
    assert!(at(order.text_at("/valid_until")) > world.now() + SignedDuration::from_hours(24 * 30));
    // Its term runs, and ends.
    world.advance_days(40).await;
    assert_eq!(trade.status().await, "expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_in_time_is_returned_where_the_agreement_has_ended_since() {
    let world = World::new().await;
    let trade = Trade::of(&world).await;
    let in_time = trade.payment("pay-1");
    world.advance_days(2).await;
    let event = json!({ "event_id": "e-1", "agreement": "平台协议", "ended_at": world.now() });
    assert!(trade.stage.upstream.post("/accounts/shop-1/upstream-end", event).await.unwrap().is_ok());
    world.settle().await;
    assert_eq!(trade.pay(&in_time).await, told("to_return", "agreement_ended"));
}

/// No cascade looks at an order a second time that closed days before the end.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_taken_up_again_while_its_agreement_ends_is_not_left_in_service() {
    let world = World::new().await;
    let trade = Trade::of(&world).await;
    let placed_at = world.now();
    world.advance_days(2).await;
    let store = &world.running.market.store;
    let account = store.get::<MarketAccount>(&"shop-1".parse().unwrap()).await.unwrap().unwrap();
    let id = ("shop-1".parse().unwrap(), trade.order.parse().unwrap());
    let order = store.get::<Order>(&id).await.unwrap().unwrap();
    let provider = store.get::<Provider>(&"northwind".parse().unwrap()).await.unwrap().unwrap();
    let payment = Payment { id: "pay-1".parse().unwrap(), paid_at: placed_at, has_record: true };
    let occasion = Occasion {
        at: world.now(),
        actor: Actor::Payments,
        request: "late".to_owned(),
        salts: Salts::drawn([7; 32]),
        operator: Arc::clone(&world.running.market.operator),
    };
    let calendar = world.running.market.calendar;
    let named = NamedOrder { account: &account, order: &order, provider: &provider };
    let paid = Order::pay(named, payment, Timeliness::Judged, calendar, &occasion);
    let (_, change) = paid.unwrap();
    // It was decided, and the agreement ends before it is committed.
    let event = json!({ "event_id": "e-1", "agreement": "平台协议", "ended_at": world.now() });
    assert!(trade.stage.upstream.post("/accounts/shop-1/upstream-end", event).await.unwrap().is_ok());
    world.settle().await;
    let committed = store.commit(&change, None).await;
    assert!(matches!(committed, Err(CommitError::Conflict)), "{committed:?}");
    let mut told_again = trade.payment("pay-1");
    told_again["paid_at"] = json!(placed_at);
    assert_eq!(trade.pay(&told_again).await, told("to_return", "agreement_ended"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_payment_id_serves_one_order_in_the_whole_market() {
    let world = World::new().await;
    let trade = Trade::of(&world).await;
    let other = trade.stage.merchant("shop-2").await;
    let placed = other.post("/accounts/shop-2/orders", trade.stage.order("month")).await.unwrap();
    let mut again = trade.payment("pay-1");
    (again["account_id"], again["order_id"]) = (json!("shop-2"), placed.body["id"].clone().into());
    let (first, second) = (trade.payment("pay-1"), again);
    let (one, two) = tokio::join!(trade.pay(&first), trade.pay(&second));
    let mut outcomes = [one, two];
    outcomes.sort();
    assert_eq!(outcomes, [told("formed", ""), told("held", "id_used_before")]);
    let [held] = trade.waiting().await.try_into().unwrap();
    assert!(held.starts_with("pay-1~"), "{held}");
    for body in [&first, &second] {
        assert_eq!(trade.pay(body).await.0, "repeated");
    }
    assert_eq!(trade.waiting().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_order_runs_past_the_end_of_the_agreement() {
    let world = World::new().await;
    let trade = Trade::of(&world).await;
    let endless = place(&trade.stage, &trade.merchant, "forever").await;
    let mut consenting = trade.stage.order("month");
    consenting["accept_shorter_term"] = json!(true);
    let notice = json!({ "reason": "多次违反平台规则，经提示未改正。" });
    let served = trade.stage.operator.post("/accounts/shop-1/terminations", notice).await.unwrap();
    let ends_at = served.text_at("/ends_at").to_owned();
    let past = trade.merchant.post("/accounts/shop-1/orders", trade.stage.order("month")).await.unwrap();
    assert_eq!(past.code(), "passes-the-end");
    let shortened = trade.merchant.post("/accounts/shop-1/orders", consenting).await.unwrap();
    assert_eq!(shortened.body["accepts_shorter_term"], true, "{}", shortened.text);
    // Placed before the notice, paid after it.
    assert_eq!(trade.pay(&trade.payment("pay-1")).await, told("to_return", "passes_the_end"));
    let mut with_consent = trade.payment("pay-2");
    with_consent["order_id"] = shortened.body["id"].clone().into();
    let (outcome, _, taken) = trade.report("/payments", &with_consent).await;
    assert_eq!((&*outcome, taken.text_at("/order/valid_until")), ("formed", &*ends_at));
    let mut without_term = trade.payment("pay-3");
    let shown = trade.merchant.get(&format!("/accounts/shop-1/orders/{endless}")).await.unwrap();
    (without_term["order_id"], without_term["amount_fen"]) =
        (json!(endless), shown.body["amount_fen"].clone().into());
    let (outcome, because, taken) = trade.report("/payments", &without_term).await;
    assert_eq!((&*outcome, &*because), ("formed", ""), "{}", taken.text);
    assert!(taken.body["order"].lacks("valid_until"));
    let told = world.notices("accounts/shop-1", "order_in_service").await;
    let says_so = |notice: &Json| notice["body"].as_str().unwrap().contains("服务届时随之终止");
    assert!(told.iter().any(says_so), "{told:?}");
    world.advance_to(at(&ends_at) + SignedDuration::from_mins(3)).await;
    let orders = trade.merchant.all("/accounts/shop-1/orders").await.unwrap();
    assert!(orders.iter().all(|order| order["status"] != "in_service"), "{orders:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_costs_nothing_is_in_service_at_once() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let mut listing = requests::listing(market::stage::TERMS);
    for plan in listing["plans"].as_array_mut().unwrap() {
        plan["price_fen"] = json!(0);
    }
    let listings = "/providers/northwind/listings";
    let drafted = stage.provider.post(listings, listing).await.unwrap();
    let listing = drafted.text_at("/id").to_owned();
    for (who, path) in [
        (&stage.provider, format!("{listings}/{listing}/submission")),
        (&stage.operator, format!("/listings/{listing}/approval")),
    ] {
        assert!(who.post(&path, json!({})).await.unwrap().is_ok());
    }
    let order = requests::order(&listing, "month", market::stage::TERMS);
    let placed = merchant.post("/accounts/shop-1/orders", order).await.unwrap();
    assert_eq!(placed.text_at("/status"), "in_service");
    assert!(placed.body.lacks("payment"));
    let id = placed.text_at("/id").to_owned();
    let given =
        merchant.post("/accounts/shop-1/grants", requests::grant(&id, &["orders.read"])).await.unwrap();
    assert_eq!(given.status, 201, "{}", given.text);
    for of in ["accounts/shop-1", "providers/northwind"] {
        assert_eq!(world.notices(of, "order_in_service").await.len(), 1, "{of}");
    }
    let trade = Trade { world: &world, stage, merchant, order: id };
    let mut payment = trade.payment("pay-1");
    payment["amount_fen"] = json!(0);
    assert_eq!(trade.pay(&payment).await, told("formed", ""), "nothing was paid, and nothing is owed");
    world.advance_days(40).await;
    assert_eq!(trade.status().await, "expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_its_merchants_and_the_operators_to_read_and_nobody_elses() {
    let world = World::new().await;
    let trade = Trade::of(&world).await;
    trade.pay(&trade.payment("pay-1")).await;
    let stranger = Client::of(&world.running, Role::Merchant, "shop-2");
    let none = stranger.get("/payments/pay-9").await.unwrap();
    let theirs = stranger.get("/payments/pay-1").await.unwrap();
    let same = |answer: &Answer| {
        let mut body = Value::from(answer.body.clone());
        body["request_id"] = json!(null);
        (answer.status, body)
    };
    assert_eq!(same(&theirs), same(&none));
    assert_eq!(trade.stage.operator.get("/payments/pay-1").await.unwrap().status, 200);
    assert_eq!(trade.stage.provider.get("/payments/pay-1").await.unwrap().code(), "role-not-allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_that_were_taken_before_they_had_records_are_known_again() {
    let world = World::new().await;
    let trade = Trade::of(&world).await;
    assert_eq!(trade.pay(&trade.payment("pay-1")).await, told("formed", ""));
    world.delete("payment#pay-1", "state").await;
    let missed = world.verified("account#shop-1").await.faults;
    assert!(missed.iter().any(|fault| fault.item == "payment#pay-1/state"), "{missed:?}");
    world.delete("payment#pay-1", "evidence#state#0000000001").await;
    let before = world.table().await;
    assert_eq!(trade.pay(&trade.payment("pay-1")).await.0, "repeated");
    assert_eq!(world.table().await, before);
    let mut another = trade.payment("pay-1");
    another["amount_fen"] = json!(1);
    assert_eq!(trade.pay(&another).await, told("held", "id_used_before"));
}
