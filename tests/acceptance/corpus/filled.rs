//! A market in which everything that can stand in the table stands there at one instant. Each merchant is named
//! after what it shows.

mod jobs;
mod ses;
mod shop;

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use market::client::{Answer, Client};
use market::requests;
use market::stage::{PROVIDER, Stage, TERMS};
use market_agreement::terminations::Termination;
use market_identity::Role;
use market_jobs::memory::MemoryQueues;
use market_jobs::sweep::sweep;
use market_kernel::aggregate::Lane;
use market_kernel::notices::{Hindrance, Sending};
use market_kernel::occasion::Occasion;
use market_kernel::party::Actor;
use market_kernel::periods::Calendar;
use market_kernel::salt::Salts;
use market_parties::accounts::MarketAccount;
use serde_json::{Value, json};

use self::ses::{Ses, sent};
use crate::harness::{World, at};

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
    // It is given up on before the end: no item is put off from an instant that the corpus does not reach.
    world.advance_to(before_the_end(36)).await;
    play.park_an_order().await;
    world.advance_to(before_the_end(24)).await;
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
    play.open("email-delayed")
        .await
        .send_email(Sending::Failed { by: Hindrance::Failing, reason: "timeout".to_owned() })
        .await;
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
