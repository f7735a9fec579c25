//! Plays the story of `story.json` on a clock that stands still until it is set ahead.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use market_agreement::documents::clauses;
use market_ambient::Clock;
use market_identity::Role;
use market_kernel::clause::ClauseAddress;
use market_kernel::evidence::verify_chain;
use market_kernel::hash::Sha256Hash;
use market_kernel::periods;
use market_kernel::reminders::{days_left, days_since};
use serde_json::{Value, json};

use super::script::{Days, Names, Only, Payment, Script, Step, Wanted};
use super::{DemoError, Timeline};
use crate::client::{Answer, Client, pay};
use crate::requests;
use crate::running::Running;

struct Story<'a> {
    running: &'a Running,
    script: &'a Script,
    names: Names,
    timeline: Timeline,
    /// The moment of the last act; what is expected of it is told with it.
    acted_at: Option<Timestamp>,
    last: Seen,
}

/// What the market last said.
#[derive(Debug, Default)]
struct Seen {
    status: u16,
    body: Value,
    text: String,
}

impl From<Answer> for Seen {
    fn from(answer: Answer) -> Self {
        Self { status: answer.status.as_u16(), body: answer.body.into(), text: answer.text }
    }
}

async fn list(client: &Client, path: &str) -> Result<Vec<Value>, DemoError> {
    Ok(client.all(path).await?.into_iter().map(Value::from).collect())
}

fn market(error: impl std::fmt::Display) -> DemoError {
    DemoError::Market(error.to_string())
}

fn stuck(error: impl std::fmt::Display) -> DemoError {
    DemoError::Stuck(error.to_string())
}

pub(super) async fn tell(running: &Running, script: &Script, agreement: &str) -> Result<Timeline, DemoError> {
    let mut story = Story {
        running,
        script,
        names: Names::new(script.names.clone()),
        timeline: Timeline::default(),
        acted_at: None,
        last: Seen::default(),
    };
    story.take_up(agreement);
    for chapter in &script.chapters {
        if chapter.only == Some(Only::Deployed) {
            continue;
        }
        story.chapter(&chapter.chapter).await?;
        story.names.learn_all(&chapter.with)?;
        story.steps(&chapter.steps).await?;
    }
    Ok(story.timeline)
}

impl Story<'_> {
    fn now(&self) -> Timestamp {
        self.running.machine.clock.now()
    }

    /// What the story says of the agreement, whichever is played.
    fn take_up(&mut self, agreement: &str) {
        let all = clauses::Outline::read(agreement).clauses;
        let addresses = || all.iter().filter_map(|clause| clause.address.as_ref().map(ClauseAddress::as_str));
        let marked = self.script.prominent.iter().map(String::as_str);
        let mut prominent: Vec<&str> = marked.filter(|one| addresses().any(|other| other == *one)).collect();
        if prominent.is_empty() {
            prominent.extend(addresses().next());
        }
        let version = requests::with_rules(json!({ "text": agreement }));
        self.names.learn("prominent", json!(prominent));
        self.names.learn("rules", version["rules"].clone());
        self.names.learn("agreement", agreement.into());
        self.names.learn("agreement_bytes", agreement.len().into());
        self.names.learn("agreement_sha256", json!(Sha256Hash::of(agreement.as_bytes())));
        self.names.learn("clauses", all.len().into());
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

    async fn steps(&mut self, steps: &[Step]) -> Result<(), DemoError> {
        for step in steps {
            if step.only != Some(Only::Deployed) {
                self.step(step).await?;
            }
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Result<(), DemoError> {
        self.names.learn("now", json!(self.now()));
        self.names.learn("ten_minutes_ago", json!(self.now() - SignedDuration::from_mins(10)));
        self.names.learn_all(&step.with)?;
        self.let_time_pass(step).await?;
        if let Some(part) = &step.part {
            return Box::pin(self.part(part, step)).await;
        }
        if let Some(scene) = &step.play {
            return match scene.as_str() {
                "audit" => self.audit().await,
                other => Err(stuck(format!("no scene is called {other}"))),
            };
        }
        if let Some(days) = &step.days {
            return self.days(step.expect.as_deref().unwrap_or_default(), days).await;
        }
        if step.until.is_some() {
            self.settle().await?;
        }
        if let Some(seen) = self.ask(step).await? {
            self.last = seen;
        }
        let wrong = self.wrong(step)?;
        for (name, pointer) in &step.keep {
            if let Some(value) = self.last.body.pointer(pointer) {
                self.names.learn(name, value.clone());
            }
        }
        self.say(step, wrong).await
    }

    async fn part(&mut self, name: &str, step: &Step) -> Result<(), DemoError> {
        let script = self.script;
        let steps = script.parts.get(name).ok_or_else(|| stuck(format!("no part is called {name}")))?;
        let (Some(each), Some(of)) = (&step.each, &step.of) else { return self.steps(steps).await };
        for value in self.names.fill(of)?.as_array().cloned().unwrap_or_default() {
            self.names.learn(each, value);
            self.steps(steps).await?;
        }
        Ok(())
    }

    /// Says what the step has to say, now that it is known what is wrong with it.
    async fn say(&mut self, step: &Step, wrong: Option<String>) -> Result<(), DemoError> {
        if let Some(what) = &step.act {
            let what = self.names.text(what)?;
            if let Some(wrong) = wrong {
                return Err(stuck(format!("{what}: {wrong}")));
            }
            self.acted_at = Some(self.now());
            self.did(what);
            if !step.at_once {
                self.pass_a_minute().await?;
            }
        } else if let Some(what) = &step.refused {
            let what = self.names.text(what)?;
            self.acted_at = Some(self.now());
            match wrong {
                None => {
                    self.timeline.refused(self.now(), what, step.code.as_deref().unwrap_or_default());
                }
                Some(wrong) => self.expect(format!("{what} is refused: {wrong}"), false),
            }
            self.pass_a_minute().await?;
        } else if let Some(what) = step.expect.as_ref().or(step.until.as_ref()) {
            let what = self.names.text(what)?;
            match wrong {
                None => self.expect(what, true),
                Some(wrong) => self.expect(format!("{what}: {wrong}"), false),
            }
        } else if let Some(what) = &step.tell {
            let what = self.names.text(what)?;
            self.did(what);
        }
        Ok(())
    }

    async fn ask(&self, step: &Step) -> Result<Option<Seen>, DemoError> {
        let seen = if let Some(path) = &step.get {
            self.client(step)?.get(&self.names.text(path)?).await?.into()
        } else if let Some(path) = &step.post {
            let mut body = self.names.fill(step.body.as_ref().unwrap_or(&json!({})))?;
            for (name, value) in &step.but {
                body[name] = self.names.fill(value)?;
            }
            let (client, path) = (self.client(step)?, self.names.text(path)?);
            match &step.key {
                Some(key) => client.post_as(&self.names.text(key)?, &path, body).await?.into(),
                None => client.post(&path, body).await?.into(),
            }
        } else if let Some(path) = &step.all {
            let items = list(&self.client(step)?, &self.names.text(path)?).await?;
            Seen { status: 200, body: items.into(), text: String::new() }
        } else if let Some(payment) = &step.pay {
            self.pay(payment).await?.into()
        } else if let Some(wanted) = &step.notice {
            let found = self.notice(wanted, step).await?;
            Seen { status: 200, body: found.unwrap_or_default(), text: String::new() }
        } else {
            return Ok(None);
        };
        Ok(Some(seen))
    }

    fn client(&self, step: &Step) -> Result<Client, DemoError> {
        let by = self.names.text(step.by.as_deref().unwrap_or_default())?;
        if by == "anyone" {
            return Ok(Client::anonymous(self.running));
        }
        self.player(&by)
    }

    fn player(&self, name: &str) -> Result<Client, DemoError> {
        let (role, subject) =
            self.script.players.get(name).ok_or_else(|| stuck(format!("nobody is called {name:?}")))?;
        let role = Role::ALL.into_iter().find(|known| known.name() == role);
        Ok(Client::of(self.running, role.ok_or_else(|| stuck("no such role"))?, subject))
    }

    async fn pay(&self, payment: &Payment) -> Result<Answer, DemoError> {
        let amount_fen = self.names.fill(&payment.amount_fen)?.as_i64();
        let (id, account, order) = (
            self.names.text(&payment.payment_id)?,
            self.names.text(&payment.account_id)?,
            self.names.text(&payment.order_id)?,
        );
        let amount_fen = amount_fen.ok_or_else(|| stuck("an amount is no number"))?;
        Ok(pay(self.running, &id, &account, &order, amount_fen).await?)
    }

    /// The first notice that is as wanted, and has what the step says if any has.
    async fn notice(&self, wanted: &Wanted, step: &Step) -> Result<Option<Value>, DemoError> {
        let mut notices = list(&self.player("operator")?, &format!("/{}/notices", wanted.to)).await?;
        notices.retain(|n| n["about"] == *wanted.about && n["channel"] == *wanted.channel);
        for notice in &notices {
            if self.lacking(step, notice)?.is_none() {
                return Ok(Some(notice.clone()));
            }
        }
        Ok(notices.into_iter().next())
    }

    /// What an answer does not have that it should.
    fn lacking(&self, step: &Step, body: &Value) -> Result<Option<String>, DemoError> {
        for (pointer, wanted) in &step.has {
            let wanted = self.names.fill(wanted)?;
            let found = body.pointer(pointer);
            let right = if wanted == "*" {
                found.is_some_and(|found| !found.is_null())
            } else {
                found == Some(&wanted)
            };
            if !right {
                return Ok(Some(format!("{pointer} should be {wanted}, and is {found:?}")));
            }
        }
        Ok(step.lacks.iter().find(|pointer| body.pointer(pointer).is_some()).cloned())
    }

    /// What is wrong with the last answer.
    fn wrong(&self, step: &Step) -> Result<Option<String>, DemoError> {
        let Seen { status, body, text } = &self.last;
        let refused = || Ok(Some(format!("{status} {text}")));
        let asks = step.get.is_some() || step.post.is_some() || step.pay.is_some();
        match step.status {
            Some(wanted) if asks && wanted != *status => return refused(),
            None if asks && !(200..300).contains(status) => return refused(),
            _ => {}
        }
        if step.code.as_ref().is_some_and(|code| body["code"] != *code) {
            return refused();
        }
        if let Some(wanted) = &step.text
            && *text != self.names.text(wanted)?
        {
            return Ok(Some("the text is another".to_owned()));
        }
        if let Some(beginning) = &step.begins
            && !text.starts_with(&self.names.text(beginning)?)
        {
            return Ok(Some(format!("it begins otherwise: {text}")));
        }
        let items = body.as_array().map_or(0, Vec::len);
        if step.count.is_some_and(|count| count != items) {
            return Ok(Some(format!("there are {items}")));
        }
        for (pointer, wanted) in &step.length {
            let found = body.pointer(pointer).and_then(Value::as_array).map(Vec::len);
            if json!(found) != self.names.fill(wanted)? {
                return Ok(Some(format!("{pointer} has {found:?} items")));
            }
        }
        self.lacking(step, body)
    }

    /// Moves the clock as a step says.
    async fn let_time_pass(&mut self, step: &Step) -> Result<(), DemoError> {
        let instant = |text: &str| -> Result<Timestamp, DemoError> {
            self.names.text(text)?.parse().map_err(|error| stuck(format!("{text}: {error}")))
        };
        let (to, clock) = (step.to.as_deref().map(instant), step.clock.as_deref().map(instant));
        if let Some(span) = step.pass {
            let then = periods::ZONE.to_datetime(self.now()).checked_add(span);
            let then = then.and_then(|then| periods::ZONE.to_timestamp(then)).map_err(stuck)?;
            self.advance_to(then).await?;
        }
        if let Some(to) = to {
            let less = step.less.unwrap_or_default();
            self.advance_to(to?.checked_sub(less).map_err(stuck)?).await?;
        }
        if let Some(to) = clock {
            self.acted_at = None;
            self.running.machine.clock.advance_to(to?).map_err(market)?;
        }
        if step.settle {
            self.settle().await?;
        }
        Ok(())
    }

    async fn advance_to(&mut self, to: Timestamp) -> Result<(), DemoError> {
        self.acted_at = None;
        self.running.machine.advance_to(to).await.map(|_| ()).map_err(market)
    }

    async fn settle(&self) -> Result<(), DemoError> {
        self.running.machine.settle().await.map(|_| ()).map_err(market)
    }

    /// On which days a party was told of something.
    async fn days(&mut self, what: &str, days: &Days) -> Result<(), DemoError> {
        let all = list(&self.player("operator")?, &format!("/{}/notices", days.to)).await?;
        let of = all.iter().filter(|n| n["about"] == *days.about && n["channel"] == "in_site");
        let told: Vec<Timestamp> = of.filter_map(|n| n["drafted_at"].as_str()?.parse().ok()).collect();
        let (from, count): (_, fn(Timestamp, Timestamp) -> u32) = match (&days.before, &days.after) {
            (Some(end), None) => (end, days_left),
            (None, Some(end)) => (end, days_since),
            _ => return Err(stuck("days are counted before or after an instant")),
        };
        let from = self.names.text(from)?.parse().map_err(stuck)?;
        let found: Vec<u32> = told.into_iter().map(|at| count(from, at)).collect();
        let holds = found == days.are;
        self.expect(if holds { what.to_owned() } else { format!("{what} ({found:?})") }, holds);
        Ok(())
    }

    /// Every notice has its proof, and every chain of evidence holds.
    async fn audit(&mut self) -> Result<(), DemoError> {
        let operator = self.player("operator")?;
        let mut notices = list(&operator, "/announcements").await?;
        for of in ["accounts/shop-1", "accounts/shop-2", "providers/northwind"] {
            notices.extend(list(&operator, &format!("/{of}/notices")).await?);
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
            let records = list(&operator, &format!("/accounts/{shop}/evidence")).await?;
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
