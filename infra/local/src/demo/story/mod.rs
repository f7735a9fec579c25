//! Plays the story of `story.json` on a clock that stands still until it is set ahead.

mod asking;
mod audit;
mod checking;
mod time;

use jiff::{SignedDuration, Timestamp};
use market_agreement::documents::clauses;
use market_ambient::Clock;
use market_functions::wire::time::Instant;
use market_kernel::clause::ClauseAddress;
use market_kernel::hash::Sha256Hash;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::demo::script::{Names, Only, Script, Step};
use crate::demo::{DemoError, Timeline};
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
        self.names.learn("now", json!(Instant(self.now())));
        let before = Instant(self.now() - SignedDuration::from_mins(10));
        self.names.learn("ten_minutes_ago", json!(before));
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
}
