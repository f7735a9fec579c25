//! The story, chapter by chapter.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Span, Timestamp};
use market_agreement::documents::clauses;
use market_ambient::Clock;
use market_identity::Role;
use market_kernel::clause::ClauseAddress;
use market_kernel::evidence::verify_chain;
use market_kernel::hash::Sha256Hash;
use market_kernel::periods;
use market_kernel::reminders::{days_left, days_since};
use serde_json::{Value, json};

use super::{DemoError, Timeline};
use crate::client::{Answer, Client, pay};
use crate::requests;
use crate::running::Running;

/// A Monday; the State Council's schedule for the year is published.
pub(super) const BEGINS: &str = "2026-01-05T09:00:00+08:00";

/// What an operator would mark prominent, as far as the document has it.
const PROMINENT: [&str; 5] = ["4.2", "4.4.4", "4.6", "5.6", "10.1.2"];

struct Story<'a> {
    running: &'a Running,
    timeline: Timeline,
    operator: Client,
    provider: Client,
    gateway: Client,
    upstream: Client,
    /// The moment of the last act; what is expected of it is told with it.
    acted_at: Option<Timestamp>,
}

/// What a merchant has bought and granted.
struct Bought {
    order: String,
    grant: String,
    expires_at: Timestamp,
    token: String,
}

fn market(error: impl std::fmt::Display) -> DemoError {
    DemoError::Market(error.to_string())
}

pub(super) async fn tell(running: &Running, agreement: &str) -> Result<Timeline, DemoError> {
    let mut story = Story {
        running,
        timeline: Timeline::default(),
        operator: Client::of(running, Role::Operator, "ops-wang"),
        provider: Client::of(running, Role::Provider, "northwind"),
        gateway: Client::of(running, Role::DataGateway, "data-api"),
        upstream: Client::of(running, Role::Upstream, "platform"),
        acted_at: None,
    };
    let prominent = story.publish(agreement).await?;
    story.open_account("shop-1", "91510100MA6C0QLJ", &prominent, true).await?;
    let listing = story.list_application().await?;
    story.chapter("The merchant buys, and grants two scopes of three").await?;
    let month = story.buy(&listing, "shop-1", "month", 19_900, true).await?;
    story.live_under_the_grant(&month).await?;
    story.delete_the_data(&month).await?;
    story.terminate_by_notice(&listing).await?;
    story.end_with_upstream(&listing, &prominent).await?;
    story.audit().await?;
    Ok(story.timeline)
}

impl Story<'_> {
    fn now(&self) -> Timestamp {
        self.running.machine.clock.now()
    }

    async fn chapter(&mut self, title: &str) -> Result<(), DemoError> {
        self.pass_a_minute().await?;
        self.acted_at = None;
        self.timeline.chapter(self.now(), title);
        Ok(())
    }

    /// Acts take a minute, so that the timeline shows what followed from each.
    async fn pass_a_minute(&self) -> Result<(), DemoError> {
        let then = self.now() + SignedDuration::from_mins(1);
        self.running.machine.advance_to(then).await.map(|_| ()).map_err(market)
    }

    fn did(&mut self, what: impl Into<String>) {
        self.timeline.did(self.acted_at.unwrap_or(self.now()), what);
    }

    fn expect(&mut self, what: impl Into<String>, holds: bool) {
        self.timeline.expect(self.acted_at.unwrap_or(self.now()), what, holds);
    }

    /// Something that must succeed for the story to go on.
    async fn need(&mut self, what: &str, answer: Answer) -> Result<Answer, DemoError> {
        if !answer.is_ok() {
            return Err(DemoError::Stuck(format!("{what}: {} {}", answer.status, answer.text)));
        }
        self.acted_at = Some(self.now());
        self.did(what);
        self.pass_a_minute().await?;
        Ok(answer)
    }

    /// Something that must be refused, with this code.
    async fn refusal(&mut self, what: &str, answer: &Answer, code: &str) -> Result<(), DemoError> {
        self.acted_at = Some(self.now());
        if !answer.is_ok() && answer.code() == code {
            self.timeline.refused(self.now(), what, code);
        } else {
            self.expect(
                format!("{what} is refused with {code} (got {} {})", answer.status, answer.text),
                false,
            );
        }
        self.pass_a_minute().await
    }

    async fn advance_to(&mut self, to: Timestamp) -> Result<(), DemoError> {
        self.acted_at = None;
        self.running.machine.advance_to(to).await.map(|_| ()).map_err(market)
    }

    async fn advance(&mut self, span: Span) -> Result<(), DemoError> {
        let then = periods::ZONE.to_datetime(self.now()).checked_add(span);
        let then = then.and_then(|then| periods::ZONE.to_timestamp(then));
        self.advance_to(then.map_err(|error| DemoError::Stuck(error.to_string()))?).await
    }

    async fn settle(&self) -> Result<(), DemoError> {
        self.running.machine.settle().await.map(|_| ()).map_err(market)
    }

    /// The in-site notices to a party about something.
    async fn notices(&self, of: &str, about: &str) -> Result<Vec<Value>, DemoError> {
        let all = self.operator.all(&format!("/{of}/notices")).await?;
        Ok(all.into_iter().filter(|n| n["about"] == about && n["channel"] == "in_site").collect())
    }

    /// On which days a party was told of something.
    async fn days_told(&self, of: &str, about: &str) -> Result<Vec<Timestamp>, DemoError> {
        let notices = self.notices(of, about).await?;
        Ok(notices.iter().filter_map(|n| n["drafted_at"].as_str()?.parse().ok()).collect())
    }

    async fn check(&self, token: &str, scope: &str) -> Result<Answer, DemoError> {
        Ok(self.gateway.post("/checks", json!({ "token": token, "scope": scope })).await?)
    }

    async fn publish(&mut self, agreement: &str) -> Result<Vec<String>, DemoError> {
        self.chapter("The operator publishes the agreement").await?;
        let all = clauses::Outline::read(agreement).clauses;
        let addresses = || all.iter().filter_map(|clause| clause.address.as_ref().map(ClauseAddress::as_str));
        let mut prominent: Vec<String> = PROMINENT
            .into_iter()
            .filter(|address| addresses().any(|other| other == *address))
            .map(str::to_owned)
            .collect();
        if prominent.is_empty() {
            prominent.extend(addresses().next().map(str::to_owned));
        }
        let body = requests::with_rules(requests::agreement(agreement, &prominent));
        let published = self.operator.post("/documents/market-agreement/versions", body).await?;
        self.need("operator publishes the agreement, version 1", published).await?;
        let anyone = Client::anonymous(self.running);
        let version = anyone.get("/documents/market-agreement/versions/1").await?;
        let text = anyone.get("/documents/market-agreement/versions/1/text").await?;
        let sha256 = Sha256Hash::of(agreement.as_bytes());
        self.expect(
            format!("the text is kept to the byte: {} bytes, SHA-256 {sha256}", agreement.len()),
            text.text == agreement && version.body["sha256"] == json!(sha256),
        );
        let listed = version.body["clauses"].as_array().map_or(0, Vec::len);
        self.expect(format!("its {} clauses are addressable", all.len()), listed == all.len());
        for number in &prominent {
            let clause =
                anyone.get(&format!("/documents/market-agreement/versions/1/clauses/{number}")).await?;
            self.expect(
                format!("clause {number} (prominent) can be read by itself"),
                clause.is_ok() && clause.text.starts_with(number.as_str()),
            );
        }
        Ok(prominent)
    }

    async fn open_account(
        &mut self,
        shop: &str,
        code16: &str,
        prominent: &[String],
        with_mistakes: bool,
    ) -> Result<(), DemoError> {
        self.chapter(&format!("The merchant {shop} opens its market account")).await?;
        let merchant = Client::of(self.running, Role::Merchant, shop);
        let code = requests::credit_code(code16);
        let application = requests::merchant(shop, code16);
        if with_mistakes {
            let last = if code.as_str().ends_with('0') { "1" } else { "0" };
            let mut broken = application.clone();
            broken["credit_code"] = json!(format!("{}{last}", &code.as_str()[..17]));
            let answer = merchant.post(&format!("/accounts/{shop}"), broken).await?;
            self.refusal("a credit code with a wrong check character", &answer, "invalid-body").await?;
        }
        let applied = merchant.post(&format!("/accounts/{shop}"), application).await?;
        self.need(&format!("{shop} applies with credit code {code}"), applied).await?;
        let sha256 =
            merchant.get("/documents/market-agreement").await?.text_at("/versions/0/sha256").to_owned();
        let acceptance = |shown: &[String]| requests::acceptance("market-agreement", &sha256, shown);
        let path = format!("/accounts/{shop}/acceptances");
        if with_mistakes && !prominent.is_empty() {
            let hasty = merchant.post(&path, acceptance(&[])).await?;
            self.refusal(
                "accepting without being shown the prominent clauses",
                &hasty,
                "prominent-clauses-not-shown",
            )
            .await?;
        }
        let accepted = merchant.post(&path, acceptance(prominent)).await?;
        self.need(&format!("{shop} accepts version 1, prominent clauses shown"), accepted).await?;
        let account = merchant.get(&format!("/accounts/{shop}")).await?;
        self.expect("the account is active", account.body["status"] == "active");
        self.settle().await
    }

    async fn list_application(&mut self) -> Result<String, DemoError> {
        self.chapter("A provider is approved and lists an application").await?;
        let applied = self.provider.post("/providers/northwind", requests::provider()).await?;
        self.need("northwind applies as a provider", applied).await?;
        let listing = requests::listing("northwind.terms");
        let early = self.provider.post("/providers/northwind/listings", listing.clone()).await?;
        self.refusal("listing before being approved", &early, "provider-not-approved").await?;
        let approved = self.operator.post("/providers/northwind/approval", json!({})).await?;
        self.need("operator approves northwind", approved).await?;
        let terms = requests::subscription_agreement();
        let published = self.provider.post("/documents/northwind.terms/versions", terms).await?;
        self.need("northwind publishes its subscription agreement", published).await?;
        let drafted = self.provider.post("/providers/northwind/listings", listing).await?;
        let drafted =
            self.need("northwind writes a listing: three scopes, a 30-day plan and others", drafted).await?;
        let id = drafted.text_at("/id").to_owned();
        let hidden = self.provider.get(&format!("/listings/{id}")).await?;
        self.refusal("reading a draft in the catalogue", &hidden, "not-found").await?;
        let submitted =
            self.provider.post(&format!("/providers/northwind/listings/{id}/submission"), json!({})).await?;
        self.need("northwind submits it", submitted).await?;
        let listed = self.operator.post(&format!("/listings/{id}/approval"), json!({})).await?;
        self.need("operator lists it", listed).await?;
        self.settle().await?;
        let catalogue = Client::anonymous(self.running).get("/listings?kind=application").await?;
        self.expect("it stands in the catalogue", catalogue.text_at("/items/0/id") == id);
        Ok(id)
    }

    /// Accepts the provider's agreement, orders, pays, grants two scopes until the order ends, gets a token.
    async fn buy(
        &mut self,
        listing: &str,
        shop: &str,
        plan: &str,
        price_fen: i64,
        first: bool,
    ) -> Result<Bought, DemoError> {
        let merchant = Client::of(self.running, Role::Merchant, shop);
        let order = requests::order(listing, plan, "northwind.terms");
        let orders = format!("/accounts/{shop}/orders");
        if first {
            let early = merchant.post(&orders, order.clone()).await?;
            self.refusal(
                "ordering before accepting the provider's agreement",
                &early,
                "subscription-not-accepted",
            )
            .await?;
            let terms = merchant.get("/documents/northwind.terms").await?;
            let acceptance =
                requests::acceptance("northwind.terms", terms.text_at("/versions/0/sha256"), &[]);
            let accepted = merchant.post(&format!("/accounts/{shop}/acceptances"), acceptance).await?;
            self.need(&format!("{shop} accepts northwind's subscription agreement"), accepted).await?;
        }
        let placed = merchant.post(&orders, order).await?;
        let placed =
            self.need(&format!("{shop} orders the plan {plan:?} for {price_fen} fen"), placed).await?;
        let order = placed.text_at("/id").to_owned();
        let payment = format!("pay-{}", &order[4..]);
        let wrong = pay(self.running, &format!("{payment}-1"), shop, &order, price_fen - 1).await?;
        self.expect(
            "a payment of one fen too little is kept, and held for a human",
            wrong.is_ok() && wrong.body["outcome"] == "held",
        );
        let paid = pay(self.running, &payment, shop, &order, price_fen).await?;
        let paid = self.need("the signed payment callback arrives", paid).await?;
        let again = pay(self.running, &payment, shop, &order, price_fen).await?;
        self.expect(
            "the callback a second time changes nothing",
            again.body["outcome"] == "repeated" && again.body["order"] == paid.body["order"],
        );
        self.expect("the order is in service", paid.body["order"]["status"] == "in_service");
        let grant = requests::grant(&order, &["orders.read", "stock.read"]);
        let granted = merchant.post(&format!("/accounts/{shop}/grants"), grant).await?;
        let granted = self
            .need(&format!("{shop} grants orders.read and stock.read until the order ends"), granted)
            .await?;
        let grant = granted.text_at("/id").to_owned();
        let expires_at: Timestamp = granted
            .text_at("/expires_at")
            .parse()
            .map_err(|_| DemoError::Stuck("the grant has no end".into()))?;
        self.expect(
            format!("the grant ends with the order, {}", periods::ZONE.to_datetime(expires_at)),
            granted.body["expires_at"] == paid.body["order"]["valid_until"],
        );
        let stranger = Client::of(self.running, Role::Merchant, "someone-else");
        let seen = stranger.get(&format!("/accounts/{shop}/grants/{grant}")).await?;
        self.refusal("another merchant looks at the grant", &seen, "not-found").await?;
        let token = self.provider.post(&format!("/accounts/{shop}/grants/{grant}/tokens"), json!({})).await?;
        let token = self.need("northwind gets its token", token).await?.text_at("/token").to_owned();
        self.settle().await?;
        Ok(Bought { order, grant, expires_at, token })
    }

    async fn live_under_the_grant(&mut self, bought: &Bought) -> Result<(), DemoError> {
        self.chapter("The grant is used, reminded of, and ends").await?;
        let allowed = self.check(&bought.token, "orders.read").await?;
        self.expect("a check for orders.read is allowed", allowed.body["allowed"] == true);
        let wrong = self.check(&bought.token, "buyers.read").await?;
        self.expect(
            "a check for buyers.read is refused: not granted",
            wrong.body["outcome"] == "wrong_scope",
        );
        let merchant = Client::of(self.running, Role::Merchant, "shop-1");
        let ledger = merchant.all(&format!("/accounts/shop-1/grants/{}/accesses", bought.grant)).await?;
        self.expect("both checks are in the ledger that the merchant reads", ledger.len() == 2);
        self.advance_to(bought.expires_at - SignedDuration::from_secs(1)).await?;
        let days: Vec<u32> = self
            .days_told("accounts/shop-1", "grant_expiring")
            .await?
            .iter()
            .map(|told| days_left(bought.expires_at, *told))
            .collect();
        self.expect(format!("reminded 30, 7 and 1 days before ({days:?})"), days == [30, 7, 1]);
        let last = self.check(&bought.token, "orders.read").await?;
        self.expect("one second before the end it is still allowed", last.body["allowed"] == true);
        // Only the clock moves here: no worker has run when the token is checked.
        self.running.machine.clock.advance_to(bought.expires_at).map_err(market)?;
        let ended = self.check(&bought.token, "orders.read").await?;
        self.expect(
            "at the very instant it is refused, before any worker has run",
            ended.body["outcome"] == "ended",
        );
        let demand = format!("/accounts/shop-1/demands/{}", bought.grant);
        let before = merchant.get(&demand).await?;
        self.settle().await?;
        let after = merchant.get(&demand).await?;
        self.expect(
            "the worker then records the end and drafts the deletion demand",
            before.code() == "not-found" && after.body["status"] == "draft",
        );
        let told = self.notices("accounts/shop-1", "grant_ended").await?.len()
            + self.notices("providers/northwind", "grant_ended").await?.len();
        self.expect("both parties are told", told == 2);
        Ok(())
    }

    async fn delete_the_data(&mut self, bought: &Bought) -> Result<(), DemoError> {
        self.chapter("The merchant is reminded, demands deletion, and gets an answer").await?;
        self.advance(Span::new().days(8)).await?;
        let told = self.days_told("accounts/shop-1", "deletion_reminder").await?;
        let days = |told: &[Timestamp]| -> Vec<u32> {
            told.iter().map(|at| days_since(bought.expires_at, *at)).collect()
        };
        self.expect(
            format!("reminded 3 and 7 days after the end ({:?})", days(&told)),
            days(&told) == [3, 7],
        );
        let merchant = Client::of(self.running, Role::Merchant, "shop-1");
        let demand = format!("/accounts/shop-1/demands/{}", bought.grant);
        let hidden = self.provider.get(&demand).await?;
        self.refusal("the provider looks at a demand that is not served", &hidden, "not-found").await?;
        let served = merchant.post(&format!("{demand}/service"), json!({})).await?;
        let served = self.need("shop-1 serves the demand", served).await?;
        let due = served.text_at("/period/ends_at").to_owned();
        self.expect(format!("the answer is due by {due}"), !due.is_empty());
        self.settle().await?;
        self.advance(Span::new().days(10)).await?;
        let acknowledged = self.provider.post(&format!("{demand}/acknowledgement"), json!({})).await?;
        self.need("northwind acknowledges it", acknowledged).await?;
        let attestation = requests::attestation(self.now());
        let attested = self.provider.post(&format!("{demand}/attestation"), attestation).await?;
        self.need("northwind attests: deleted", attested).await?;
        self.advance(Span::new().days(60)).await?;
        let served = self.days_told("accounts/shop-1", "deletion_reminder").await?;
        self.expect("nobody is asked any more to serve what was served", served.len() == told.len());
        let confirm = self.days_told("accounts/shop-1", "demand_unconfirmed").await?;
        self.expect(
            format!("but reminded 30 and 60 days after the end to confirm the answer ({:?})", days(&confirm)),
            days(&confirm) == [30, 60],
        );
        let closed = merchant.post(&format!("{demand}/closure"), json!({})).await?;
        self.need("shop-1 confirms the attestation", closed).await?;
        Ok(())
    }

    async fn terminate_by_notice(&mut self, listing: &str) -> Result<(), DemoError> {
        self.chapter("The operator gives fifteen days' notice").await?;
        let bought = self.buy(listing, "shop-1", "year", 199_000, false).await?;
        // Friday; fifteen days later is National Day.
        self.advance_to("2026-09-18T15:30:00+08:00".parse().map_err(|_| DemoError::Stuck("no date".into()))?)
            .await?;
        let notice = json!({ "reason": "多次违反平台规则，经提示未改正。" });
        let served = self.operator.post("/accounts/shop-1/terminations", notice).await?;
        let served = self.need("operator serves notice of termination on shop-1", served).await?;
        let ends_at: Timestamp = served
            .text_at("/ends_at")
            .parse()
            .map_err(|_| DemoError::Stuck("the termination has no end".into()))?;
        self.expect(
            "fifteen full days from 18 September end on 3 October, a holiday, and so on 8 October at 24:00",
            served.body["ends_at"] == json!("2026-10-08T16:00:00Z")
                && served.text_at("/cause/period/nominal_last_day") == "2026-10-03"
                && served.text_at("/cause/period/last_day") == "2026-10-08",
        );
        let reckoning = self.notices("accounts/shop-1", "termination_served").await?;
        let reckoning = reckoning.first().and_then(|n| n["body"].as_str()).unwrap_or_default().to_owned();
        self.did(format!("the notice says: {reckoning}"));
        let merchant = Client::of(self.running, Role::Merchant, "shop-1");
        let order = requests::order(listing, "month", "northwind.terms");
        let past = merchant.post("/accounts/shop-1/orders", order).await?;
        self.refusal("a new 30-day order that would pass the end", &past, "passes-the-end").await?;
        let still = self.check(&bought.token, "orders.read").await?;
        self.expect("the rest works until the end", still.body["allowed"] == true);
        self.advance_to(ends_at - SignedDuration::from_secs(1)).await?;
        let days: Vec<u32> = self
            .days_told("accounts/shop-1", "termination_coming")
            .await?
            .iter()
            .map(|told| days_left(ends_at, *told))
            .collect();
        self.expect(format!("reminded 7, 3 and 1 days before ({days:?})"), days == [7, 3, 1]);
        let account = merchant.get("/accounts/shop-1").await?;
        self.expect("one second before, the account is open", account.body["status"] == "active");
        self.running.machine.clock.advance_to(ends_at).map_err(market)?;
        self.acted_at = None;
        let ended = self.check(&bought.token, "orders.read").await?;
        self.expect(
            "at 24:00 the token is dead, before any worker has run",
            ended.body["outcome"] == "ended",
        );
        self.settle().await?;
        self.expect_everything_ended("shop-1", &bought).await
    }

    async fn end_with_upstream(&mut self, listing: &str, prominent: &[String]) -> Result<(), DemoError> {
        self.open_account("shop-2", "91440300MA5EXAMP", prominent, false).await?;
        let bought = self.buy(listing, "shop-2", "year", 199_000, true).await?;
        self.advance(Span::new().days(20)).await?;
        self.chapter("The upstream agreement of shop-2 ends").await?;
        // We hear of it ten minutes late; it counts from its own time.
        let ended_at = self.now() - SignedDuration::from_mins(10);
        let event =
            json!({ "event_id": "upstream-7781", "agreement": "软件许可及服务协议", "ended_at": ended_at });
        let ended = self.upstream.post("/accounts/shop-2/upstream-end", event.clone()).await?;
        // Before any worker has run.
        let dead = self.check(&bought.token, "orders.read").await?;
        let ended = self.need("the upstream platform reports the end, ten minutes late", ended).await?;
        self.expect("the agreement ended at that same instant", ended.body["ends_at"] == json!(ended_at));
        self.expect("the token is dead at once, before any worker has run", dead.body["outcome"] == "ended");
        let replayed = self.upstream.post("/accounts/shop-2/upstream-end", event).await?;
        self.expect(
            "the event again changes nothing",
            replayed.is_ok()
                && replayed.body["id"] == ended.body["id"]
                && replayed.body["ends_at"] == ended.body["ends_at"],
        );
        self.settle().await?;
        self.expect_everything_ended("shop-2", &bought).await
    }

    async fn expect_everything_ended(&mut self, shop: &str, bought: &Bought) -> Result<(), DemoError> {
        let merchant = Client::of(self.running, Role::Merchant, shop);
        let account = merchant.get(&format!("/accounts/{shop}")).await?;
        let grant = merchant.get(&format!("/accounts/{shop}/grants/{}", bought.grant)).await?;
        let order = merchant.get(&format!("/accounts/{shop}/orders/{}", bought.order)).await?;
        let demand = merchant.get(&format!("/accounts/{shop}/demands/{}", bought.grant)).await?;
        self.expect(
            format!("{shop}: agreement terminated, grant ended, order closed, deletion demand drafted"),
            account.body["status"] == "terminated"
                && grant.body["status"] == "ended"
                && order.body["status"] == "closed"
                && demand.body["status"] == "draft",
        );
        let served =
            merchant.post(&format!("/accounts/{shop}/demands/{}/service", bought.grant), json!({})).await?;
        self.need(&format!("{shop} can still demand deletion"), served).await?;
        self.settle().await
    }

    /// Every notice has its proof, and every chain of evidence holds.
    async fn audit(&mut self) -> Result<(), DemoError> {
        self.advance_to("2026-12-31T18:00:00+08:00".parse().map_err(|_| DemoError::Stuck("no date".into()))?)
            .await?;
        self.chapter("The year is audited").await?;
        let mut notices = self.operator.all("/announcements").await?;
        for of in ["accounts/shop-1", "accounts/shop-2", "providers/northwind"] {
            notices.extend(self.operator.all(&format!("/{of}/notices")).await?);
        }
        let proven = notices
            .iter()
            .filter(|notice| {
                let content = format!(
                    "{}\n{}",
                    notice["subject"].as_str().unwrap_or_default(),
                    notice["body"].as_str().unwrap_or_default()
                );
                notice["status"] == "sent"
                    && notice["served_at"].is_string()
                    && notice["content_sha256"] == json!(Sha256Hash::of(content.as_bytes()))
            })
            .count();
        self.expect(
            format!("{proven} of {} notices have their proof of service", notices.len()),
            proven == notices.len(),
        );
        for notice in &notices {
            self.timeline.told(notice);
        }
        for shop in ["shop-1", "shop-2"] {
            let records = self.operator.all(&format!("/accounts/{shop}/evidence")).await?;
            let mut chains: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
            for record in &records {
                self.timeline.happened(&record["record"]);
                chains
                    .entry(record["record"]["chain"].as_str().unwrap_or_default().to_owned())
                    .or_default()
                    .push(record);
            }
            let holding = chains.values().filter(|chain| holds(chain)).count();
            self.expect(
                format!(
                    "{shop}: {} evidence records in {} chains, {holding} of them verified",
                    records.len(),
                    chains.len()
                ),
                holding == chains.len(),
            );
        }
        Ok(())
    }
}

/// Whether a chain's records follow from each other, from its first to its last.
fn holds(chain: &[&Value]) -> bool {
    let text = |record: &Value, name: &str| record[name].as_str().unwrap_or_default().to_owned();
    let (Some(first), Some(last)) = (chain.first(), chain.last()) else { return false };
    let begins = text(&first["record"], "previous").try_into();
    let ends = text(last, "sha256").try_into();
    let (Ok(begins), Ok(ends), Some(number)) = (begins, ends, first["record"]["number"].as_u64()) else {
        return false;
    };
    let stored: Vec<String> = chain.iter().map(|record| text(record, "stored")).collect();
    verify_chain(stored.iter().map(String::as_str), number, &begins, &ends).is_ok()
}
