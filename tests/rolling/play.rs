//! How the story is told.

use std::collections::{BTreeMap, BTreeSet};

use indicatif::ProgressBar;
use market::TABLE;
use market::client::Answer;
use market::operate::verify::verify;
use market_kernel::keys::Partition;
use market_store::Store;
use serde_json::{Value, json};

use crate::kept::{NOW, Remembered};
use crate::reading::read_by_both;
use crate::sides::{Items, Sides, Version, Who, text};
use crate::story::{DATA_API, Keep, OPERATOR, STORY, Step};

/// The kinds of things that the story has both versions write, one after the other.
const WRITTEN_BY_BOTH: [&str; 8] =
    ["account", "demand", "document", "grant", "listing", "provider", "termination", "token"];

/// After so many days the other version goes first.
const STRIDE_DAYS: u32 = 4;

pub struct Play {
    sides: Sides,
    /// The version that takes the next step.
    turn: Version,
    kept: Remembered,
    /// Which version took which request, by its id.
    taken: BTreeMap<String, Version>,
    /// The table as both last read it.
    seen: Items,
}

impl Play {
    /// Tells the story; this version takes the first step.
    pub async fn told_by(first: Version) {
        let sides = Sides::start().await;
        sides.to_the_morning(first).await;
        let mut play = Self {
            sides,
            turn: first,
            kept: Remembered::default(),
            taken: BTreeMap::new(),
            seen: Items::new(),
        };
        for (number, step) in STORY.iter().enumerate() {
            play.take(number, step).await;
            // A check comes at once, before anyone has worked anything off.
            let is_checked_at_once = matches!(STORY.get(number + 1), Some(Step::Check { .. }));
            if step.writes() && !is_checked_at_once {
                play.read().await;
            }
        }
        play.audit().await;
    }

    async fn take(&mut self, number: usize, step: &Step) {
        match *step {
            Step::Post { who, path, body, keep } => {
                let key = format!("step-{number}");
                let asked = self.asked(path, body).await;
                let done = self.done(who, Some(&key), &asked, keep).await;
                // Its answer was lost, and the client asks again: it meets the other version.
                let (path, body) = &asked;
                let again = self.sides.of(self.turn).post(who, Some(&key), path, body).await;
                assert_eq!((again.status, &again.text), (done.status, &done.text), "{path}, asked again");
                assert_eq!(again.headers["idempotent-replayed"], "true", "{path}, asked again");
            }
            Step::Tell { who, path, body, keep } => {
                let asked = self.asked(path, body).await;
                self.done(who, None, &asked, keep).await;
            }
            Step::Pay { account, order, price_fen } => {
                let order = self.kept.text(order);
                let payment = json!({
                    "payment_id": format!("pay-{order}"), "account_id": account, "order_id": order,
                    "amount_fen": price_fen,
                });
                let paid = self.sides.of(self.turn).pay(&payment).await;
                assert!(paid.is_ok(), "{:?} is paid: {} {}", self.turn, paid.status, paid.text);
                self.turn = self.turn.other();
                let again = self.sides.of(self.turn).pay(&payment).await;
                assert!(again.is_ok(), "reported again: {} {}", again.status, again.text);
                let path = format!("/accounts/{account}/orders/{order}");
                for version in [self.turn, self.turn.other()] {
                    assert_eq!(self.get(version, &path).await.text_at("/status"), "in_service");
                }
            }
            Step::Check { token, outcome } => {
                let check = json!({ "token": self.kept.text(token), "scope": "orders.read" });
                for version in [self.turn, self.turn.other()] {
                    let checked = self.sides.of(version).post(DATA_API, None, "/checks", &check).await;
                    assert_eq!(checked.text_at("/outcome"), outcome, "{version:?}: {}", checked.text);
                }
            }
            Step::Days(days) => {
                let mut left = days;
                while left > 0 {
                    let stride = left.min(STRIDE_DAYS);
                    self.sides.advance(self.turn, &format!("P{stride}D")).await;
                    self.turn = self.turn.other();
                    left -= stride;
                }
            }
            Step::Shows { path, at, value } => {
                let path = self.kept.path(path);
                for version in [self.turn, self.turn.other()] {
                    let shown = self.get(version, &path).await;
                    assert_eq!(shown.text_at(at), value, "{version:?} shows {path}: {}", shown.text);
                }
            }
            Step::Told { about, times } => {
                for version in [self.turn, self.turn.other()] {
                    let notices = self.get(version, "/accounts/shop-1/notices?limit=100").await;
                    let notices = notices.body["items"].as_array().unwrap();
                    let is_meant =
                        |n: &&&market::json::Json| n["about"] == about && n["channel"] == "in_site";
                    let told = notices.iter().filter(is_meant).count();
                    assert_eq!(told, times, "{version:?}: {about}");
                }
            }
        }
    }

    /// Path and body of a step, as they are now.
    async fn asked(&mut self, path: &str, body: fn(&Remembered) -> Value) -> (String, Value) {
        self.kept.keep(NOW, self.sides.of(self.turn).now().await);
        (self.kept.path(path), body(&self.kept))
    }

    /// The version whose turn it is does what is asked.
    async fn done(
        &mut self,
        who: Who<'_>,
        key: Option<&str>,
        asked: &(String, Value),
        keep: &[Keep],
    ) -> Answer {
        let (path, body) = asked;
        let done = self.sides.of(self.turn).post(who, key, path, body).await;
        assert!(done.is_ok(), "{:?}: {path}: {} {}", self.turn, done.status, done.text);
        for (at, name) in keep {
            let kept = done.body.pointer(at).and_then(Value::as_str);
            let kept = kept.unwrap_or_else(|| panic!("{path} answers nothing at {at}: {}", done.text));
            self.kept.keep(name, kept.to_owned());
        }
        let request = done.headers["x-request-id"].to_str().unwrap().to_owned();
        self.taken.insert(request, self.turn);
        self.turn = self.turn.other();
        done
    }

    async fn get(&self, version: Version, path: &str) -> Answer {
        let process = self.sides.of(version);
        let shown = process.get(&process.token(OPERATOR).await, path).await;
        assert!(shown.is_ok(), "{version:?}: {path}: {} {}", shown.status, shown.text);
        shown
    }

    /// What one version wrote the other works off, and then both read it.
    async fn read(&mut self) {
        let seen = self
            .sides
            .at_rest(self.turn, async |items| {
                read_by_both(&self.sides, items, &self.seen).await;
                items.clone()
            })
            .await;
        self.seen = seen;
    }

    /// The evidence of everything holds, though both wrote it.
    async fn audit(&self) {
        let items = self.sides.items().await;
        let things = items.iter().filter(|(_, item)| item.contains_key("kind"));
        let partitions: BTreeSet<&str> = things.map(|((partition, _), _)| partition.as_str()).collect();
        let client = aws_sdk_dynamodb::Client::new(&market::sdk_at(&self.sides.table).await);
        let store = Store::new(client, TABLE);
        let (mut records, mut faults) = (0, Vec::new());
        for partition in partitions {
            let verified =
                verify(&store, &Partition::stored(partition), &ProgressBar::hidden()).await.unwrap();
            records += verified.records;
            faults.extend(verified.faults);
        }
        assert_eq!(faults, [], "what does not hold");

        let evidence = items.iter().filter(|((_, sort), _)| sort.starts_with("evidence#"));
        let evidence: Vec<Value> =
            evidence.map(|(_, item)| serde_json::from_str(text(item, "body")).unwrap()).collect();
        assert_eq!(records, evidence.len() as u64, "none was left out");
        let mut writers: BTreeMap<&str, BTreeSet<Version>> = BTreeMap::new();
        for record in &evidence {
            if let Some(version) = self.taken.get(record["request"].as_str().unwrap()) {
                writers.entry(record["chain"].as_str().unwrap()).or_default().insert(*version);
            }
        }
        let by_both: BTreeSet<&str> = writers
            .iter()
            .filter(|(_, writers)| writers.len() == 2)
            .map(|(chain, _)| chain.split(':').next().unwrap())
            .collect();
        assert_eq!(by_both, BTreeSet::from(WRITTEN_BY_BOTH), "what both wrote, one after the other");
    }
}
