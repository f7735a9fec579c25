//! Every problem that a caller can be told, provoked by a real request and kept whole (`*.txt`): a sentence that does not say
//! what to do, a place that is missing, or a library's words are found by reading.

mod agreement;
mod entrustment;
mod fields;
mod market;
mod parties;
mod requests;
mod trade;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ::market::client::{Answer, Client, json_headers};
use expect_test::expect_file;
use market_functions::codes;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::told::Page;

/// What is told in one file.
struct Refusals {
    file: &'static str,
    page: Page,
    /// How many keys were used.
    keys: u32,
}

impl Refusals {
    fn of(file: &'static str, about: &str) -> Self {
        Self { file, page: Page::about(about), keys: 0 }
    }

    async fn get(&mut self, code: &str, what: &str, client: &Client, path: &str) {
        self.sent(code, what, client, (Method::GET, path), HeaderMap::new(), Vec::new()).await;
    }

    async fn post(&mut self, code: &str, what: &str, client: &Client, path: &str, body: Value) {
        self.keys += 1;
        let mut headers = json_headers();
        headers.insert("idempotency-key", format!("refusal-{}", self.keys).parse().unwrap());
        self.sent(code, what, client, (Method::POST, path), headers, body.to_string().into_bytes()).await;
    }

    async fn sent(
        &mut self,
        code: &str,
        what: &str,
        client: &Client,
        (method, path): (Method, &str),
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Answer {
        let answer = client.send(method.clone(), path, headers, body).await.unwrap();
        assert_eq!(answer.code(), code, "{what}: {} {}", answer.status, answer.text);
        self.page.tell(what, &format!("{method} {path}"), &answer);
        answer
    }

    fn kept(self) {
        let file =
            format!("{}/../../tests/acceptance/refusals/{}.txt", env!("CARGO_MANIFEST_DIR"), self.file);
        expect_file![file].assert_eq(&self.page.whole());
    }
}

/// What no request provokes here, and why.
const BEYOND: [(&str, &str); 2] = [
    ("blocked", "the gateway's own answer, which a test of the templates compares with the code"),
    (
        "request-timeout",
        "it takes ten seconds of real time; a test of `http::serve` waits them on a clock of its own",
    ),
];

#[test]
fn every_code_is_told_by_a_request_or_it_is_said_why_none_provokes_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/acceptance/refusals");
    let mut told = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let text = std::fs::read_to_string(&path).unwrap();
            for entry in text.split("\n## ").skip(1) {
                let code = entry.lines().nth(2).unwrap().split(' ').nth(1).unwrap();
                *told.entry(code.to_owned()).or_insert(0) += 1;
            }
        }
    }
    let told: BTreeSet<_> = told.keys().map(String::as_str).collect();
    let beyond: BTreeSet<_> = BEYOND.iter().map(|(code, _)| *code).collect();
    let all: BTreeSet<_> = codes::ALL.iter().copied().flatten().map(|code| code.name()).collect();
    assert_eq!(told.intersection(&beyond).collect::<Vec<_>>(), [&""; 0], "a request does provoke it");
    let accounted: BTreeSet<_> = told.union(&beyond).copied().collect();
    assert_eq!(all.difference(&accounted).collect::<Vec<_>>(), [&""; 0], "nobody has read what is told then");
    assert_eq!(accounted.difference(&all).collect::<Vec<_>>(), [&""; 0], "there is no such code");
}
