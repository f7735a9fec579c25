//! Every problem that a caller can be told, provoked by a real request and kept whole (`*.txt`): a sentence that does not say
//! what to do, a place that is missing, or a library's words are found by reading.

mod agreement;
mod entrustment;
mod fields;
mod market;
mod parties;
mod requests;
mod trade;

use std::collections::BTreeSet;
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
const BEYOND: [(&str, &str); 3] = [
    ("blocked", "the gateway's own answer, which a test of the templates compares with the code"),
    (
        "request-timeout",
        "it takes ten seconds of real time; a test of `http::serve` waits them on a clock of its own",
    ),
    (
        "too-large-to-keep",
        "the largest body of every route is kept (`sizes`), and what grows takes thousands of requests to grow so far; the \
         contract of the table refuses what is larger",
    ),
];

/// What stands in a source between these.
fn named_in(source: &str, before: &str, after: char) -> Vec<String> {
    let names = source.split(before).skip(1).filter_map(|rest| rest.split(after).next());
    names.map(str::to_owned).collect()
}

#[test]
fn every_code_is_told_by_a_request_or_it_is_said_why_none_provokes_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/acceptance/refusals");
    let (mut told, mut files, mut written) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        if path.extension().is_some_and(|extension| extension == "txt") {
            files.insert(path.file_stem().unwrap().to_str().unwrap().to_owned());
            let codes = text.split("\n## ").skip(1).map(|entry| entry.lines().nth(2).unwrap());
            told.extend(codes.map(|line| line.split(' ').nth(1).unwrap().to_owned()));
        } else {
            written.extend(named_in(&text, "Refusals::of(\"", '"'));
        }
    }
    written.extend(named_in(include_str!("../../faults/requests.rs"), "/refusals/", '.'));
    assert_eq!(files, written, "a file that no test keeps shows what nobody is told any more");
    let told: BTreeSet<_> = told.iter().map(String::as_str).collect();
    let beyond: BTreeSet<_> = BEYOND.iter().map(|(code, _)| *code).collect();
    let all: BTreeSet<_> = codes::ALL.iter().copied().flatten().map(|code| code.name()).collect();
    assert_eq!(told.intersection(&beyond).collect::<Vec<_>>(), [&""; 0], "a request does provoke it");
    let accounted: BTreeSet<_> = told.union(&beyond).copied().collect();
    assert_eq!(all.difference(&accounted).collect::<Vec<_>>(), [&""; 0], "nobody has read what is told then");
    assert_eq!(accounted.difference(&all).collect::<Vec<_>>(), [&""; 0], "there is no such code");
}
