//! The examples of the description were really sent: in the story, or else where the corpus is played and read.
//!
//! Ids, hashes and tokens differ in every run. They are put in anew, in the order in which they are met, each the same
//! wherever it stands; long texts and lists of answers are cut; what is sent is whole, so
//! that it is taken as it stands, but for what is put in anew. Everything else is as it was sent and answered. Of several
//! exchanges the one whose answer is first in the alphabet is the example, so that it is the same in every run.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use expect_test::expect_file;
use market::client::{Client, Exchange, witnessed};
use market::json::Json;
use market::{demo, requests};
use market_identity::Role;
use market_kernel::aggregate::Lane;
use market_kernel::hash::Sha256Hash;
use market_kernel::keys::Key;
use market_kernel::notices::Sending;
use serde_json::{Map, Value, json};

use super::sent::{is_as_described, operation, read_everything};
use crate::corpus::{Corpus, today};
use crate::harness::World;
use crate::witness;

/// What was sent, where it succeeded, and what was answered.
#[derive(Debug, Clone)]
struct Example {
    /// The answer without what differs in every run.
    rank: String,
    sent: Option<Value>,
    answer: Value,
}

/// An example for each operation and status.
#[derive(Debug, Default)]
pub struct Collected(Mutex<BTreeMap<(String, String), Example>>);

/// What is collected while the corpus is played and read.
pub static OF_THE_CORPUS: LazyLock<Arc<Collected>> = LazyLock::new(Arc::default);

impl Collected {
    /// Sees an exchange; panics where it is not as it is described.
    pub fn see(&self, exchange: &Exchange<'_>) {
        is_as_described(exchange);
        let Exchange { method, path, sent, answer } = exchange;
        let Some(operation) = operation(method.as_str(), path).filter(|_| !answer.status.is_server_error())
        else {
            return;
        };
        let is_json = answer.headers["content-type"].to_str().unwrap().contains("json");
        let reply = if is_json { Value::clone(&answer.body) } else { Value::String(answer.text.clone()) };
        // A list that found nothing shows less than one that did.
        if reply.get("items").is_some_and(|items| items == &json!([])) {
            return;
        }
        let key = (operation["operationId"].as_str().unwrap().to_owned(), answer.status.as_str().to_owned());
        let rank = blank(&reply.to_string());
        let mut all = self.0.lock().unwrap();
        if all.get(&key).is_none_or(|known| rank < known.rank) {
            let takes_a_body = answer.is_ok() && operation.get("requestBody").is_some();
            let sent = takes_a_body.then(|| serde_json::from_slice(sent).unwrap());
            all.insert(key, Example { rank, sent, answer: reply });
        }
    }
}

/// What the story does not do: the corpus is read, and what waits for a human is seen to.
async fn see_to_the_rest(corpus: &Corpus) {
    let world = World::of(corpus).await;
    read_everything(&world, corpus).await;
    let operator = Client::of(&world.running, Role::Operator, "ops-wang");
    let northwind = Client::of(&world.running, Role::Provider, "northwind");
    let drafts = northwind.all("/providers/northwind/drafts").await.unwrap();
    let draft = first_id(drafts.iter());
    northwind.get(&format!("/providers/northwind/drafts/{draft}")).await.unwrap();
    for path in [
        "/errors",
        "/healthz",
        "/readyz",
        "/version",
        "/accounts?status=active",
        "/providers?status=approved",
        "/documents?kind=body",
        "/terminations?status=served",
        "/orders?status=in_service",
        "/demands?status=served",
        "/desk",
        "/jobs/late",
        "/providers/northwind/profile",
        "/accounts/order-in-service/timeline",
    ] {
        let read = operator.get(path).await.unwrap();
        assert!(read.is_ok(), "{path}: {}", read.text);
    }
    let version = requests::agreement("1.General\n1.1Read this with care.\n", &["1.1".to_owned()]);
    operator.post("/documents/market-agreement/preview", version).await.unwrap();
    operator.post("/jobs/advance_case/redrive", json!({})).await.unwrap();
    let notices = "/providers/northwind/notices";
    let queued = northwind.all(notices).await.unwrap().into_iter();
    let email = queued.filter(|notice| notice["status"] == "queued" && notice["channel"] == "email");
    for notice in email.collect::<Vec<_>>() {
        let id = notice["id"].as_str().unwrap();
        let key = Key::stored("provider#northwind", format!("notice#{id}"));
        world.wake(Lane::Notify, key, Sending::Refused { reason: "smtp 550".to_owned() }).await;
        operator.post(&format!("{notices}/{id}/resending"), json!({})).await.unwrap();
    }
    // What no mailbox takes is served by a letter.
    for party in ["account#email-undeliverable", "provider#northwind"] {
        let (kind, name) = party.split_once('#').unwrap();
        let notices = format!("/{kind}s/{name}/notices");
        let all = operator.all(&notices).await.unwrap();
        let waits = |notice: &&Json| {
            matches!(notice["status"].as_str(), Some("undeliverable" | "queued"))
                && notice["channel"] == "email"
                && notice.get("follow_up").is_none()
        };
        let id = first_id(all.iter().filter(waits));
        let key = Key::stored(party, format!("notice#{id}"));
        world.wake(Lane::Notify, key, Sending::Refused { reason: "smtp 550".to_owned() }).await;
        let service = requests::other_service(world.now());
        let recorded = operator.post(&format!("{notices}/{id}/other-service"), service).await.unwrap();
        assert!(recorded.is_ok(), "{}", recorded.text);
        // That was a mistake: it was told on the telephone.
        let correction = requests::correction(Some(world.now()));
        let path = format!("{notices}/{id}/other-service/correction");
        let corrected = operator.post(&path, correction).await.unwrap();
        assert!(corrected.is_ok(), "{}", corrected.text);
    }
}

/// The id of the one that is the same in every run: which of several is listed first is decided by their ids.
fn first_id<'a>(items: impl Iterator<Item = &'a Json>) -> &'a str {
    items.min_by_key(|item| blank(&item.to_string())).unwrap()["id"].as_str().unwrap()
}

/// The longest text that is shown whole, in characters.
const SHOWN: usize = 240;

/// What differs in every run, told by its form.
struct Anew<'e> {
    example: &'e str,
    drawn: BTreeMap<String, String>,
    /// Nothing is cut, for parts of it name others.
    is_whole: bool,
}

impl<'e> Anew<'e> {
    const fn of(example: &'e str) -> Self {
        Self { example, drawn: BTreeMap::new(), is_whole: false }
    }

    /// The answers, what was sent, and whether there is something in that to put in one's own for.
    fn example(&mut self, example: &Value) -> Value {
        let mut shown = json!({ "answers": self.value(&example["answers"]) });
        if let Some(sent) = example.get("sent") {
            self.is_whole = true;
            shown["sent"] = self.value(sent);
            if runs(&sent.to_string()).iter().any(|(_, is_drawn)| *is_drawn) {
                shown["drawn"] = json!(true);
            }
            assert_eq!(blank(&shown["sent"].to_string()), blank(&sent.to_string()), "{}", self.example);
        }
        shown
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(all) => all.iter().take(self.most()).map(|one| self.value(one)).collect(),
            Value::Object(fields) => {
                let mut shown = Map::new();
                for (name, field) in fields {
                    let field = match field.as_array().filter(|_| name == "items") {
                        // Which of several is first is decided by their ids.
                        Some(items) => json!([items.iter().min_by_key(|item| blank(&item.to_string()))]),
                        None => field.clone(),
                    };
                    let field = match field.as_str().filter(|_| name == "next_cursor") {
                        Some(cursor) => json!(self.drawn(cursor.get(..32).unwrap_or(cursor))),
                        None => self.value(&field),
                    };
                    shown.insert(name.clone(), field);
                }
                Value::Object(shown)
            }
            other => other.clone(),
        }
    }

    /// The most entries of a list that are shown.
    const fn most(&self) -> usize {
        if self.is_whole { usize::MAX } else { 2 }
    }

    fn text(&mut self, text: &str) -> String {
        // Where the market is: each has a port of its own.
        let here = text.strip_prefix("http://127.0.0.1:").and_then(|rest| rest.split_once('/'));
        let text =
            &here.map_or_else(|| text.to_owned(), |(_, path)| format!("https://market.example/{path}"));
        let mut shown = String::new();
        for (run, is_drawn) in runs(text) {
            shown.push_str(&if is_drawn { self.drawn(run) } else { run.to_owned() });
        }
        if !self.is_whole && shown.chars().count() > SHOWN {
            shown = shown.chars().take(SHOWN).chain(['…']).collect();
        }
        shown
    }

    /// Another in its place, the same wherever it stands in this example.
    fn drawn(&mut self, run: &str) -> String {
        let name = format!("{} {}", self.example, self.drawn.len());
        let anew = || Sha256Hash::of(name.as_bytes()).as_str()[..run.len()].to_owned();
        self.drawn.entry(run.to_owned()).or_insert_with(anew).clone()
    }
}

/// A text in runs, and which of them were drawn or hashed: so many hexadecimal digits, not all zeros.
fn runs(text: &str) -> Vec<(&str, bool)> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let of_word = |letter: char| letter.is_ascii_alphanumeric();
        let is_word = of_word(first);
        let end = rest.find(|letter: char| of_word(letter) != is_word).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        let is_hex = run.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit));
        let is_drawn =
            is_hex && matches!(run.len(), 16 | 32 | 40 | 64) && run.bytes().any(|digit| digit != b'0');
        runs.push((run, is_drawn));
        rest = after;
    }
    runs
}

/// A text without what differs in every run.
fn blank(text: &str) -> String {
    runs(text).into_iter().map(|(run, is_drawn)| if is_drawn { "" } else { run }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_body_and_reply_has_an_example_that_was_really_sent() {
    let of_the_story = Arc::new(Collected::default());
    let seen = Arc::clone(&of_the_story);
    let story = demo::play(demo::AGREEMENT, witness::permissions());
    witnessed(Arc::new(move |exchange: &Exchange<'_>| seen.see(exchange)), story).await.unwrap();
    let corpus = today().await;
    let rest = see_to_the_rest(corpus);
    witnessed(Arc::new(|exchange: &Exchange<'_>| OF_THE_CORPUS.see(exchange)), rest).await;

    let mut all = OF_THE_CORPUS.0.lock().unwrap().clone();
    all.extend(of_the_story.0.lock().unwrap().clone());
    let mut examples: BTreeMap<String, Value> = BTreeMap::new();
    for ((id, status), Example { rank: _, sent, answer }) in all {
        let example = examples.entry(id).or_insert_with(|| json!({ "answers": {} }));
        if let Some(sent) = sent {
            example["sent"] = sent;
        }
        example["answers"][status] = answer;
    }
    let shown = |(id, example): (&String, &Value)| (id.clone(), Anew::of(id).example(example));
    let examples: BTreeMap<_, _> = examples.iter().map(shown).collect();
    let mut page = serde_json::to_string_pretty(&examples).unwrap();
    page.push('\n');
    expect_file!["../../../docs/examples.json"].assert_eq(&page);

    let description = market::pages::openapi();
    let operations =
        description["paths"].as_object().unwrap().values().flat_map(|all| all.as_object().unwrap().values());
    let missing: Vec<_> = operations
        .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
        // Their reply is the description itself.
        .filter(|id| !["get_description", "get_older_description"].contains(&id.as_str()))
        .filter(|id| {
            let answers = examples.get(id).map(|example| example["answers"].as_object().unwrap());
            !answers.is_some_and(|answers| answers.keys().any(|status| status.starts_with('2')))
        })
        .collect();
    assert_eq!(missing, [""; 0], "neither the story nor the corpus asks for these");
}

#[test]
fn what_was_drawn_is_put_in_anew_and_the_same_everywhere() {
    let id = "0123456789abcdef0123456789abcdef";
    let mut anew = Anew::of("give_grant");
    let shown =
        anew.value(&json!({ "id": format!("grt_{id}"), "path": format!("/grants/grt_{id}/x"), "n": "2026" }));
    assert_ne!(shown["id"], format!("grt_{id}"));
    assert_eq!(shown["path"], format!("/grants/{}/x", shown["id"].as_str().unwrap()));
    assert_eq!(shown["n"], "2026");
    assert_eq!(anew.text(&"0".repeat(64)), "0".repeat(64), "what begins a chain");
    assert_eq!(anew.text(&"甲".repeat(SHOWN + 1)).chars().count(), SHOWN + 1);
}
