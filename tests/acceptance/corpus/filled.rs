//! A market in which everything that can stand in the table stands there at one instant. Each merchant is named
//! after what it shows.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::{Json, Router};
use jiff::SignedDuration;
use market::client::{Answer, Client, json_headers, pay};
use market::requests;
use market::stage::{PROVIDER, Stage, TERMS};
use market_agreement::terminations::{Next, Progress, Termination};
use market_ambient::SystemEntropy;
use market_entrustment::grants::Grant;
use market_entrustment::grants::access::{Check, Outcome};
use market_entrustment::grants::ledger::Ledger;
use market_functions::feedback::{Recorder, record_feedback};
use market_functions::kinds;
use market_functions::metrics::Metrics;
use market_identity::Role;
use market_jobs::WakeUp;
use market_jobs::memory::MemoryQueues;
use market_jobs::sweep::sweep;
use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;
use market_kernel::notices::Sending;
use market_kernel::occasion::Occasion;
use market_kernel::party::Actor;
use market_kernel::periods::Calendar;
use market_kernel::salt::Salts;
use market_notices::{Gateways, Sender, SesEmail};
use market_parties::accounts::MarketAccount;
use market_store::due::{Lease, MAX_TRIES, SHARDS, Shard};
use reqwest::Method;
use reqwest::header::{HeaderValue, USER_AGENT};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::harness::{Always, World, at};

const AGREEMENT: &str = "market-agreement";
/// A Monday from which periods reach into a year that has no holiday schedule yet.
const BEGINS: &str = "2026-12-07T09:00:00+08:00";
/// When its second version takes effect.
const SECOND_VERSION: &str = "2026-12-16T00:00:00+08:00";
/// Orders of one account: more than one wake-up of its termination ends.
const ORDERS: usize = 11;

/// Fills an empty market. What is due when it returns was handed out to nobody, and what was drafted last is not
/// sent: all of that is in the table too.
pub async fn fill(world: &World) {
    world.set_clock(at(BEGINS));
    let play = Play { world, stage: Stage::set(&world.running).await, ses: Ses::start().await };
    play.publish().await;
    play.offer().await;
    play.vouch().await;
    play.first_day().await;
    world.advance_days(3).await;
    play.end_with_the_upstream("termination-superseded").await;
    world.advance_to(at(SECOND_VERSION)).await;
    play.shop("agreement-renewed").accept(AGREEMENT, "signed").await;
    world.advance_days(7).await;
    let ending = play.open("termination-ending").await;
    let served = ending.serve_termination().await;
    let ends_at = at(served.text_at("/ends_at"));
    world.advance_days(5).await;
    let given_notice = play.open("termination-served").await;
    given_notice.order("month").await;
    given_notice.serve_termination().await;
    let reckoned_again = ["termination-confirmed", "termination-moved"];
    for name in reckoned_again {
        play.open(name).await.serve_termination().await;
    }

    let before_the_end = |hours: i64| ends_at - SignedDuration::from_hours(hours);
    play.check_a_token().await;
    world.advance_to(before_the_end(72)).await;
    world.advance_to(before_the_end(24)).await;
    play.park_an_order().await;
    play.open("order-leased").await.order("month").await;
    world.advance_to(before_the_end(1)).await;
    play.open("order-placed").await.order("month").await;
    play.dispute_deletion().await;
    play.check_tokens().await;
    play.spread_a_ledger().await;
    play.tell().await;
    play.receive_money().await;
    play.amend().await;
    for _ in 0..ORDERS {
        ending.order("thousand").await;
    }
    // A notice may have to wait a minute for the one before it.
    world.advance_to(world.now() + SignedDuration::from_mins(5)).await;

    // From here on no worker runs but those that are woken by hand.
    world.set_clock(ends_at);
    let termination = format!("termination#{}", served.text_at("/id"));
    play.wake(Lane::TerminateAccount, ending.name, termination.clone(), sent()).await;
    play.pass_over(ending.name, &termination).await;
    play.announce().await;
    let moves = ["2027-01-04", "2027-01-12"];
    for (name, rest_day) in reckoned_again.into_iter().zip(moves) {
        play.reckon_again(name, rest_day).await;
    }
    play.open("email-delayed").await.send_email(Sending::Failed { reason: "timeout".to_owned() }).await;
    play.outrun().await;
    play.open("termination-beginning").await;
    play.end_with_the_upstream("termination-beginning").await;
    // The wake-ups are lost with their queues; the leases stay.
    let (queues, _) = MemoryQueues::open();
    sweep(&world.running.market.store, &queues, world.now(), Duration::ZERO).await.unwrap();
}

pub(super) struct Play<'a> {
    pub(super) world: &'a World,
    pub(super) stage: Stage<'a>,
    ses: Ses,
}

/// A merchant of the play.
pub(super) struct Shop<'a> {
    play: &'a Play<'a>,
    name: &'a str,
    pub(super) client: Client,
}

pub(super) fn done(answer: reqwest::Result<Answer>) -> Answer {
    let answer = answer.unwrap();
    assert!(answer.is_ok(), "{} {}", answer.status, answer.text);
    answer
}

fn application(shop: &str, language: &str, phone: Option<&str>) -> Value {
    let mut application = requests::merchant(shop, "91510100MA6C0QLJ");
    application["contacts"] = json!({ "email": format!("{shop}@example.com"), "language": language });
    if let Some(phone) = phone {
        application["contacts"]["phone"] = json!(phone);
    }
    application
}

impl Play<'_> {
    /// Documents of every kind, and a second version of the agreement.
    async fn publish(&self) {
        let publish = async |document: &str, version: Value| {
            done(self.stage.operator.post(&format!("/documents/{document}/versions"), version).await);
        };
        let mut second = requests::agreement("1.总则\n1.1第二版自生效之日起适用。\n", &[]);
        second["effective_at"] = json!(SECOND_VERSION);
        publish(AGREEMENT, second).await;
        let text = "1.总则\n1.1本文件与协议正文具有同等效力。\n";
        publish("annex-data", json!({ "kind": "annex", "title": "数据处理附件", "text": text })).await;
        publish("rule-conduct", json!({ "kind": "rule", "title": "服务市场行为规则", "text": text })).await;
    }

    /// A version that is not in force yet when all is told.
    async fn amend(&self) {
        let mut third = requests::agreement("1.总则\n1.1第三版。\n1.2责任限制。\n", &["1.2".to_owned()]);
        third["effective_at"] = json!(self.world.now() + SignedDuration::from_hours(24 * 30));
        third["major"] = json!(true);
        let versions = format!("/documents/{AGREEMENT}/versions");
        done(self.stage.operator.post(&versions, third.clone()).await);
        // A fourth was a mistake.
        third["text"] = json!("1.总则\n1.1第四版。\n1.2责任限制。\n");
        done(self.stage.operator.post(&versions, third).await);
        done(self.stage.operator.post(&format!("{versions}/4/withdrawal"), json!({})).await);
    }

    /// Codes that break the rule, and a merchant with one.
    async fn vouch(&self) {
        let vouch = async |code: &str, vouching: Value| {
            done(self.stage.operator.post(&format!("/credit-codes/{code}/vouching"), vouching).await);
        };
        vouch("911100008021004330", json!({ "reason": "见营业执照。" })).await;
        let licence = json!({ "reason": "见营业执照。", "document_sha256": requests::page("licence") });
        vouch("9111010800000000A6", licence).await;
        let merchant = Client::of(&self.world.running, Role::Merchant, "account-vouched");
        let mut vouched = application("account-vouched", "zh", None);
        vouched["credit_code"] = json!("911100008021004330");
        done(merchant.post("/accounts/account-vouched", vouched).await);
    }

    /// A provider that waits, and listings of both kinds on every step.
    async fn offer(&self) {
        let waiting = Client::of(&self.world.running, Role::Provider, "provider-applied");
        done(waiting.post("/providers/provider-applied", requests::provider()).await);
        let moved = Client::of(&self.world.running, Role::Provider, "provider-moved");
        done(moved.post("/providers/provider-moved", requests::provider()).await);
        let contacts = json!({ "email": "moved@northwind.example.com", "language": "en" });
        done(moved.post("/providers/provider-moved/contacts", contacts).await);
        let listings = format!("/providers/{PROVIDER}/listings");
        let mut application = requests::listing(TERMS);
        application["name"] = json!("北风库存助手");
        let mut service = requests::listing(TERMS);
        (service["kind"], service["name"], service["scopes"]) =
            (json!("service"), json!("北风开店服务"), json!([]));
        // An application that is listed is on the stage.
        for (listing, steps) in
            [(&application, 0), (&application, 1), (&service, 0), (&service, 1), (&service, 2)]
        {
            let drafted = done(self.stage.provider.post(&listings, listing.clone()).await);
            let id = drafted.text_at("/id");
            if steps > 0 {
                done(self.stage.provider.post(&format!("{listings}/{id}/submission"), json!({})).await);
            }
            if steps > 1 {
                done(self.stage.operator.post(&format!("/listings/{id}/approval"), json!({})).await);
            }
        }
    }

    /// What takes weeks begins here.
    async fn first_day(&self) {
        let applied = self.shop("account-applied");
        let form = application("account-applied", "zh", None);
        done(applied.client.post("/accounts/account-applied", form.clone()).await);
        let again = applied.client.post("/accounts/account-applied", form).await.unwrap();
        assert_eq!(again.code(), "already-applied");
        let renewed = self.apply("agreement-renewed", "en", None).await;
        renewed.accept(AGREEMENT, "click").await;

        self.open("order-unpaid").await.order("month").await;
        let in_service = self.open("order-in-service").await;
        for plan in ["year", "thousand", "forever"] {
            in_service.buy(plan).await;
        }
        let expired = self.open("term-expired").await;
        let order = expired.buy("month").await;
        expired.grant(&order).await;
        let overdue = self.open("demand-overdue").await;
        let order = overdue.buy("year").await;
        for is_acknowledged in [false, true] {
            let grant = overdue.ended_grant(&order).await;
            overdue.demand(&grant, "service", json!({})).await;
            if is_acknowledged {
                self.acknowledge(overdue.name, &grant).await;
            }
        }

        let completed = self.open("termination-completed").await;
        let order = completed.buy("year").await;
        let grant = completed.grant(&order).await;
        completed.token(&grant).await;
        completed.serve_termination().await;
        let withdrawn = self.open("termination-withdrawn").await.serve_termination().await;
        let path = withdrawn.headers["location"].to_str().unwrap();
        done(self.stage.operator.post(&format!("{path}/withdrawal"), json!({})).await);
        self.open("termination-superseded").await.serve_termination().await;
        self.world.settle().await;
    }

    /// The upstream agreement ends, and with it an order that nobody paid.
    async fn end_with_the_upstream(&self, name: &str) {
        self.shop(name).order("thousand").await;
        let (event_id, ended_at) = (format!("end-of-{name}"), self.world.now());
        let event = json!({ "event_id": event_id, "agreement": "平台协议", "ended_at": ended_at });
        done(self.stage.upstream.post(&format!("/accounts/{name}/upstream-end"), event).await);
    }

    /// An order whose timer was handed out again and again, and nobody did anything about it.
    async fn park_an_order(&self) {
        let shop = self.open("order-parked").await;
        let order = shop.order("month").await;
        let key = Key::stored(format!("account#{}", shop.name), format!("order#{order}"));
        let store = &self.world.running.market.store;
        let mut taken = Vec::new();
        for hour in 0..=i64::from(MAX_TRIES) {
            let now = self.world.now() + SignedDuration::from_hours(24 + hour);
            for shard in 0..SHARDS {
                let due = store.due(Lane::AdvanceCase, Shard::Due(shard), now, None, 100).await.unwrap();
                for entry in due.iter().filter(|entry| entry.key == key) {
                    taken.push(store.lease(entry, now).await.unwrap());
                }
            }
        }
        assert_eq!(taken.last(), Some(&Lease::Parked));
    }

    /// Demands on every step, and a waiver in place of one.
    async fn dispute_deletion(&self) {
        let open = self.open("demands-open").await;
        let order = open.buy("forever").await;
        for step in ["draft", "served", "acknowledged"] {
            let grant = open.ended_grant(&order).await;
            if step != "draft" {
                open.demand(&grant, "service", json!({})).await;
            }
            if step == "acknowledged" {
                self.acknowledge(open.name, &grant).await;
            }
        }
        let answered = self.open("demands-answered").await;
        let order = answered.buy("forever").await;
        for answer in ["deleted", "returned", "legally_retained", "closed"] {
            let grant = answered.ended_grant(&order).await;
            answered.demand(&grant, "service", json!({})).await;
            let mut attestation = requests::attestation(self.world.now());
            if answer != "closed" {
                attestation["answer"] = json!(answer);
            }
            let path = format!("{}/attestation", answered.path(&format!("demands/{grant}")));
            done(self.stage.provider.post(&path, attestation).await);
            if answer == "closed" {
                answered.demand(&grant, "closure", json!({})).await;
            }
        }
        let grant = answered.ended_grant(&order).await;
        answered.demand(&grant, "waiver", json!({ "agreement": "双方同意保存至年底。" })).await;
    }

    async fn acknowledge(&self, name: &str, grant: &str) {
        let path = format!("/accounts/{name}/demands/{grant}/acknowledgement");
        done(self.stage.provider.post(&path, json!({})).await);
    }

    /// A check on a day that is over, and sealed, when the corpus is taken.
    async fn check_a_token(&self) {
        let shop = self.open("ledger-sealed").await;
        let order = shop.buy("year").await;
        let grant = shop.grant(&order).await;
        let token = shop.token(&grant).await;
        assert_eq!(self.stage.check(&token, "orders.read").await, "allowed");
    }

    /// A check that the first partition of its ledger did not take: it is counted as `check_token` counts it then.
    async fn spread_a_ledger(&self) {
        let shop = self.open("ledger-spread").await;
        let order = shop.buy("year").await;
        let grant = shop.grant(&order).await;
        let token = shop.token(&grant).await;
        assert_eq!(self.stage.check(&token, "orders.read").await, "allowed");
        let store = &self.world.running.market.store;
        let id = ("ledger-spread".parse().unwrap(), grant.parse().unwrap());
        let grant = store.get::<Grant>(&id).await.unwrap().unwrap();
        let ledger = store.get::<Ledger>(&id).await.unwrap();
        let occasion = self.occasion(Actor::DataGateway);
        let spread = Ledger::spread(ledger.as_ref(), &grant, &occasion).unwrap();
        store.commit(&spread, None).await.unwrap();
        let (scope, now) = ("orders.read".parse().unwrap(), self.world.now());
        store
            .begin_line(Check { grant: &grant, scope: &scope, outcome: Outcome::Allowed, at: now }, 3)
            .await
            .unwrap();
    }

    /// Grants with and without a token, and a check of every outcome.
    async fn check_tokens(&self) {
        let shop = self.open("grant-active").await;
        let order = shop.buy("year").await;
        shop.grant(&order).await;
        let grant = shop.grant(&order).await;
        let (replaced, token) = (shop.token(&grant).await, shop.token(&grant).await);
        let stolen = format!("{}{}", &token[..token.len() - 64], "0".repeat(64));
        let revoked = shop.grant(&order).await;
        let dead = shop.token(&revoked).await;
        shop.revoke(&revoked).await;
        for (token, scope, outcome) in [
            (&token, "orders.read", "allowed"),
            (&token, "orders.read", "allowed"),
            (&token, "buyers.read", "wrong_scope"),
            (&replaced, "orders.read", "allowed"),
            (&stolen, "orders.read", "wrong_token"),
            (&dead, "orders.read", "ended"),
        ] {
            assert_eq!(self.stage.check(token, scope).await, outcome);
        }
    }

    /// E-mails that SES took and told of later, and one that it refused.
    async fn tell(&self) {
        for (name, phone, told) in [
            ("email-delivered", None, ["Delivery"].as_slice()),
            ("email-complained-of", None, &["Delivery", "Complaint"]),
            ("email-came-back", None, &["Transient"]),
            ("email-bounced", None, &["Bounce"]),
            ("email-bounced-followed-up", Some("+8613800000002"), &["Bounce"]),
        ] {
            let shop = self.apply(name, "zh", phone).await;
            shop.accept(AGREEMENT, "click").await;
            let key = shop.email().await;
            let gateways =
                Gateways { email: Arc::new(self.ses.gateway.clone()), sms: Arc::new(Always(sent())) };
            kinds::run(&self.world.jobs(gateways), &WakeUp { lane: Lane::Notify, key }).await.unwrap();
            for kind in told {
                let (market, clock) = (&self.world.running.market, &self.world.running.machine.clock);
                let event = self.ses.event(kind);
                let (entropy, metrics) = (SystemEntropy, Metrics::default());
                let recorder = Recorder {
                    store: &market.store,
                    clock: clock.as_ref(),
                    entropy: &entropy,
                    operator: &market.operator,
                    metrics: &metrics,
                };
                record_feedback(recorder, &event).await.unwrap();
            }
        }
        let refused = Sending::Refused { reason: "BadRequestException".to_owned() };
        self.open("email-undeliverable").await.send_email(refused.clone()).await;
        let resent = self.open("email-resent").await;
        let email = resent.email().await.sort;
        resent.send_email(refused).await;
        let path = resent.path(&format!("notices/{}/resending", email.trim_start_matches("notice#")));
        let elsewhere = json!({ "address": "elsewhere@example.com" });
        done(self.stage.operator.post(&path, elsewhere).await);
        let moved = self.open("contacts-changed").await;
        moved.post("contacts", requests::contacts("moved@example.com")).await;
    }

    /// A grant that ends before its beginning was said, which is not said any more; and an answer that waits for the
    /// acknowledgement before it.
    async fn outrun(&self) {
        let shop = self.open("email-outrun").await;
        let order = shop.buy("month").await;
        let grant = shop.ended_grant(&order).await;
        shop.demand(&grant, "service", json!({})).await;
        self.acknowledge(shop.name, &grant).await;
        let path = shop.path(&format!("demands/{grant}/attestation"));
        done(self.stage.provider.post(&path, requests::attestation(self.world.now())).await);
        for about in ["grant_activated", "demand_attested"] {
            let email = shop.email_about(about).await;
            self.wake(Lane::Notify, shop.name, email.sort.to_string(), sent()).await;
        }
    }

    /// Has a job look at a merchant's thing, once, on channels that answer so.
    async fn wake(&self, job: Lane, name: &str, sort: String, answer: Sending) {
        self.world.wake(job, Key::stored(format!("account#{name}"), sort), answer).await;
    }

    /// A cascade set something aside, and found nothing else to end in all that one wake-up looks at.
    async fn pass_over(&self, name: &str, termination: &str) {
        let store = &self.world.running.market.store;
        let key = Key::stored(format!("account#{name}"), termination);
        let termination = store.get_at::<Termination>(&key).await.unwrap().unwrap();
        let Progress::Ending(cascade) = &termination.progress else { panic!("{:?}", termination.progress) };
        let aside = cascade.cursor.clone().into_iter().collect();
        let occasion = self.occasion(Actor::Job(Lane::TerminateAccount.name().to_owned()));
        let place = (cascade.cursor.clone(), aside);
        let passed = Termination::pass(&termination, place, Next::Anyone, &occasion).unwrap();
        store.commit(&passed, None).await.unwrap();
    }

    /// The holiday schedule of the next year, and a correction of it, which nobody has looked at yet.
    async fn announce(&self) {
        let mut schedule = requests::holidays_of_2027("2026-12-30");
        done(self.stage.operator.post("/holidays/2027", schedule.clone()).await);
        schedule["corrects"] = json!(1);
        schedule["changed_by"] = json!([{
            "title": "国务院办公厅关于调整2027年元旦假期安排的通知", "number": "国办发明电〔2027〕0号", "date": "2027-01-04",
        }]);
        schedule["holidays"][0]["make_up"] = json!(["2027-01-09"]);
        schedule["holidays"][0]["to"] = json!("2027-01-04");
        done(self.stage.operator.post("/holidays/2027", schedule).await);
    }

    /// One looks at a schedule that has a further rest day.
    async fn reckon_again(&self, name: &str, rest_day: &str) {
        let store = &self.world.running.market.store;
        let account = store.get::<MarketAccount>(&name.parse().unwrap()).await.unwrap().unwrap();
        let id = (account.id.clone(), account.termination_id.clone().unwrap());
        let termination = store.get::<Termination>(&id).await.unwrap().unwrap();
        let mut schedule = Calendar::built_in(2026).unwrap();
        (schedule.year, schedule.holidays[0].from) = (2027, rest_day.parse().unwrap());
        (schedule.holidays[0].to, schedule.holidays[0].make_up) = (rest_day.parse().unwrap(), Vec::new());
        schedule.holidays.truncate(1);
        let calendar = Calendar::with([&schedule]);
        let occasion = self.occasion(Actor::Job(Lane::TerminateAccount.name().to_owned()));
        let change = Termination::reckon_again(&termination, &account, &calendar, &occasion).unwrap();
        store.commit(&change, None).await.unwrap();
    }

    /// What is decided now, by hand.
    fn occasion(&self, actor: Actor) -> Occasion {
        let salts = Salts::drawn([7; 32]);
        let operator = Arc::clone(&self.world.running.market.operator);
        Occasion { at: self.world.now(), actor, request: "test".to_owned(), salts, operator }
    }

    pub(super) fn shop<'s>(&'s self, name: &'s str) -> Shop<'s> {
        Shop { play: self, name, client: Client::of(&self.world.running, Role::Merchant, name) }
    }

    async fn apply<'s>(&'s self, name: &'s str, language: &str, phone: Option<&str>) -> Shop<'s> {
        let shop = self.shop(name);
        done(shop.client.post(&format!("/accounts/{name}"), application(name, language, phone)).await);
        shop
    }

    /// A merchant who accepted what is in force.
    pub(super) async fn open<'s>(&'s self, name: &'s str) -> Shop<'s> {
        let shop = self.apply(name, "zh", Some("+8613800000001")).await;
        shop.accept(AGREEMENT, "click").await;
        shop.accept(TERMS, "click").await;
        shop
    }
}

impl Shop<'_> {
    fn path(&self, rest: &str) -> String {
        format!("/accounts/{}/{rest}", self.name)
    }

    async fn post(&self, rest: &str, body: Value) -> Answer {
        done(self.client.post(&self.path(rest), body).await)
    }

    /// Accepts the version in force, with all that its page shows; who signs comes by a browser.
    async fn accept(&self, document: &str, method: &str) {
        let published = done(self.client.get(&format!("/documents/{document}")).await);
        let now = self.play.world.now();
        let is_in_force =
            |version: &&&market::json::Json| at(version["effective_at"].as_str().unwrap()) <= now;
        let versions = published.body["versions"].as_array().unwrap();
        let version = versions.iter().rev().find(is_in_force).unwrap();
        let mut acceptance = requests::acceptance(document, version["sha256"].as_str().unwrap(), &[]);
        acceptance["version"] = version["number"].clone().into();
        acceptance["prominent_shown"] = version["prominent"].clone().into();
        acceptance["method"] = json!(method);
        let mut headers = json_headers();
        headers.insert("idempotency-key", HeaderValue::from_str(&format!("{document}-{method}")).unwrap());
        if method == "signed" {
            headers.insert(USER_AGENT, HeaderValue::from_static("Mozilla/5.0 (X11; Linux x86_64)"));
            headers.insert("x-forwarded-for", HeaderValue::from_static("203.0.113.7"));
        }
        let body = acceptance.to_string().into_bytes();
        done(self.client.send(Method::POST, &self.path("acceptances"), headers, body).await);
    }

    async fn order(&self, plan: &str) -> String {
        let mut order = self.play.stage.order(plan);
        order["acknowledge_unbounded_risk"] = json!(plan == "forever");
        self.post("orders", order).await.text_at("/id").to_owned()
    }

    pub(super) async fn buy(&self, plan: &str) -> String {
        let order = self.order(plan).await;
        let placed = done(self.client.get(&self.path(&format!("orders/{order}"))).await);
        let price = placed.body["snapshot"]["plan"]["price_fen"].as_i64().unwrap();
        done(pay(&self.play.world.running, &format!("pay-{order}"), self.name, &order, price).await);
        order
    }

    async fn grant(&self, order: &str) -> String {
        let grant = requests::grant(order, &["orders.read", "stock.read"]);
        self.post("grants", grant).await.text_at("/id").to_owned()
    }

    async fn token(&self, grant: &str) -> String {
        let tokens = self.path(&format!("grants/{grant}/tokens"));
        done(self.play.stage.provider.post(&tokens, json!({})).await).text_at("/token").to_owned()
    }

    async fn revoke(&self, grant: &str) {
        self.post(&format!("grants/{grant}/revocation"), json!({})).await;
    }

    async fn ended_grant(&self, order: &str) -> String {
        let grant = self.grant(order).await;
        self.revoke(&grant).await;
        grant
    }

    async fn demand(&self, grant: &str, step: &str, body: Value) {
        self.post(&format!("demands/{grant}/{step}"), body).await;
    }

    async fn serve_termination(&self) -> Answer {
        let notice = json!({ "reason": "违反平台规则。" });
        done(self.play.stage.operator.post(&self.path("terminations"), notice).await)
    }

    /// Where the e-mail lies that says that its account is open.
    async fn email(&self) -> Key {
        self.email_about("account_opened").await
    }

    async fn email_about(&self, about: &str) -> Key {
        let notices = self.client.all(&self.path("notices")).await.unwrap();
        let mut emails = notices.iter().filter(|notice| notice["channel"] == "email");
        let email = emails.find(|notice| notice["about"] == about).unwrap();
        Key::stored(format!("account#{}", self.name), format!("notice#{}", email["id"].as_str().unwrap()))
    }

    async fn send_email(&self, answer: Sending) {
        let email = self.email().await;
        self.play.wake(Lane::Notify, self.name, email.sort.to_string(), answer).await;
    }
}

fn sent() -> Sending {
    Sending::Accepted { gateway_id: None }
}

/// As much of SES as takes an e-mail and tells of it later.
struct Ses {
    gateway: SesEmail,
    taken: Arc<Mutex<Vec<Value>>>,
}

impl Ses {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let taken = Arc::<Mutex<Vec<Value>>>::default();
        let router = Router::new().fallback(Self::take).with_state(Arc::clone(&taken));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let sdk = market::sdk_at(&url).await;
        let official = "legal@market.example.com".to_owned().try_into().unwrap();
        let sender = Sender::new("notices@market.example.com", official).unwrap();
        Self { gateway: SesEmail::new(&sdk, sender, None), taken }
    }

    async fn take(State(taken): State<Arc<Mutex<Vec<Value>>>>, body: Bytes) -> Json<Value> {
        let mut taken = taken.lock().unwrap();
        taken.push(serde_json::from_slice(&body).unwrap());
        Json(json!({ "MessageId": format!("ses-{}", taken.len()) }))
    }

    /// What it tells of the e-mail that it took last.
    fn event(&self, kind: &str) -> String {
        let taken = self.taken.lock().unwrap();
        let tags = taken.last().unwrap()["EmailTags"].as_array().unwrap();
        let tags: Map<_, _> = tags
            .iter()
            .map(|tag| (tag["Name"].as_str().unwrap().to_owned(), json!([tag["Value"]])))
            .collect();
        let (kind, bounce) = match kind {
            "Transient" => ("Bounce", ("Transient", "MailboxFull")),
            kind => (kind, ("Permanent", "NoEmail")),
        };
        json!({
            "eventType": kind,
            "mail": { "messageId": format!("ses-{}", taken.len()), "tags": tags },
            "bounce": { "bounceType": bounce.0, "bounceSubType": bounce.1 },
            "complaint": { "complaintSubType": null, "complaintFeedbackType": "abuse" },
        })
        .to_string()
    }
}
