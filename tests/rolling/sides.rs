//! The two versions as processes, on one table of an engine in this process.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use market::TABLE;
use market::client::Answer;
use market::json::Json;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::engine;

/// How often the market is looked at before it counts as never coming to rest.
const LOOKS: u32 = 50;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// The release before.
    Before,
    /// What is built from this tree.
    Today,
}

impl Version {
    pub const fn other(self) -> Self {
        match self {
            Self::Before => Self::Today,
            Self::Today => Self::Before,
        }
    }

    fn binary(self) -> PathBuf {
        match self {
            Self::Today => env!("CARGO_BIN_EXE_market").into(),
            Self::Before => std::env::var_os("MARKET_BEFORE").map(PathBuf::from).unwrap_or_else(|| {
                panic!(
                    "MARKET_BEFORE has to name the binary of the release before; .ci/run builds it from \
                     the commit in tests/stored/LAST"
                )
            }),
        }
    }
}

/// Someone who calls: role and subject of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who<'a>(pub &'a str, pub &'a str);

/// A version that runs.
pub struct Process {
    child: Child,
    url: String,
    data: Arc<TempDir>,
    http: reqwest::Client,
}

/// An item as the SDK has it.
pub type Item = HashMap<String, AttributeValue>;
/// Everything in the table, by partition and sort key.
pub type Items = BTreeMap<(String, String), Item>;

/// A text of an item.
pub fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item[name].as_s().unwrap()
}

impl Process {
    fn start(binary: &Path, table: &str) -> Self {
        Self::run(binary, Arc::new(tempfile::tempdir().unwrap()), &["--dynamodb-endpoint", table])
    }

    /// On a folder, with the table in it.
    pub fn on(version: Version, data: &Arc<TempDir>) -> Self {
        Self::run(&version.binary(), Arc::clone(data), &[])
    }

    fn run(binary: &Path, data: Arc<TempDir>, more: &[&str]) -> Self {
        let mut child = Command::new(binary)
            .arg("--data")
            .arg(data.path())
            .args(["--listen", "127.0.0.1:0"])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(File::create(data.path().join("log")).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", binary.display()));
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let url = first.rsplit(' ').next().unwrap().trim().to_owned();
        let log = fs::read_to_string(data.path().join("log")).unwrap();
        assert!(url.starts_with("http://127.0.0.1:"), "{}: {first}{log}", binary.display());
        Self { child, url, data, http: reqwest::Client::new() }
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or_default(), text }
    }

    /// What a page beside the API says.
    async fn local(&self, request: RequestBuilder) -> Json {
        let answer = self.send(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.body
    }

    pub async fn token(&self, Who(role, subject): Who<'_>) -> String {
        let url = format!("{}/_local/token?role={role}&sub={subject}", self.url);
        self.local(self.http.get(url)).await["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn get(&self, token: &str, path: &str) -> Answer {
        self.send(self.http.get(format!("{}/v1{path}", self.url)).bearer_auth(token)).await
    }

    pub async fn post(&self, who: Who<'_>, key: Option<&str>, path: &str, body: &Value) -> Answer {
        let request = self.http.post(format!("{}/v1{path}", self.url)).bearer_auth(self.token(who).await);
        let request = key.into_iter().fold(request, |request, key| request.header("idempotency-key", key));
        self.send(request.json(body)).await
    }

    /// Has this version's payment system report a payment to it.
    pub async fn pay(&self, payment: &Value) -> Answer {
        self.send(self.http.post(format!("{}/_local/payment", self.url)).json(payment)).await
    }

    pub async fn now(&self) -> String {
        let clock = self.local(self.http.get(format!("{}/_local/clock", self.url))).await;
        clock["now"].as_str().unwrap().to_owned()
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }

    /// Sets its clock ahead; it works off everything that is due until then.
    pub async fn advance(&self, by: &str) {
        let clock = self.http.post(format!("{}/_local/clock", self.url));
        self.local(clock.json(&json!({ "advance": by }))).await;
    }

    /// By how many seconds its clock is ahead of the machine's, as it keeps it.
    fn ahead(&self) -> i64 {
        match fs::read_to_string(self.data.path().join("clock")) {
            Ok(seconds) => seconds.trim().parse().unwrap(),
            Err(_never_advanced) => 0,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            let log = fs::read_to_string(self.data.path().join("log")).unwrap_or_default();
            eprintln!("what {} logged:\n{log}", self.url);
        }
    }
}

/// Both versions and their table.
pub struct Sides {
    pub table: String,
    client: aws_sdk_dynamodb::Client,
    before: Process,
    today: Process,
}

impl Sides {
    pub async fn start() -> Self {
        let (before, today) = (Version::Before.binary(), Version::Today.binary());
        let read =
            |binary: &Path| fs::read(binary).unwrap_or_else(|error| panic!("{}: {error}", binary.display()));
        // Both are built to the same place, one after the other.
        assert!(read(&before) != read(&today), "{} and {} are the same", before.display(), today.display());
        let table = engine::start();
        let client = aws_sdk_dynamodb::Client::new(&market::sdk_at(&table).await);
        // The table is made by the release before, as it was.
        let before = Process::start(&before, &table);
        Self { client, before, today: Process::start(&today, &table), table }
    }

    pub const fn of(&self, version: Version) -> &Process {
        match version {
            Version::Before => &self.before,
            Version::Today => &self.today,
        }
    }

    /// Sets both clocks ahead by the same. Whoever goes first does what is due meanwhile.
    pub async fn advance(&self, first: Version, by: &str) {
        for version in [first, first.other()] {
            self.of(version).advance(by).await;
        }
        // A clock that worked for seconds on the way comes out as many behind.
        loop {
            let lead = self.before.ahead() - self.today.ahead();
            let late = if lead > 0 { &self.today } else { &self.before };
            match lead {
                0 => return,
                _ => late.advance(&format!("PT{}S", lead.abs())).await,
            }
        }
    }

    /// Sets both clocks to ten o'clock of a morning in Shanghai. Reminders keep to the daytime, so how many there are of a day
    /// would depend on the hour at which the story is told.
    pub async fn to_the_morning(&self, first: Version) {
        const DAY_S: i64 = 24 * 3600;
        const TEN_IN_SHANGHAI_S: i64 = 2 * 3600;
        let now: Timestamp = self.of(first).now().await.parse().unwrap();
        let wait = (TEN_IN_SHANGHAI_S - now.as_second()).rem_euclid(DAY_S);
        self.advance(first, &format!("PT{wait}S")).await;
    }

    /// What is read while nothing moves: everything due is worked off, by this version first.
    pub async fn at_rest<T>(&self, first: Version, read: impl AsyncFn(&Items) -> T) -> T {
        for _ in 0..LOOKS {
            self.advance(first, "PT0S").await;
            let items = self.items().await;
            let seen = read(&items).await;
            if self.items().await == items {
                return seen;
            }
        }
        panic!("the market never comes to rest");
    }

    /// Everything in the table.
    pub async fn items(&self) -> Items {
        let (mut items, mut start) = (Items::new(), None);
        loop {
            #[allow(clippy::disallowed_methods, reason = "a test looks at all that is there")]
            let scan = self.client.scan().table_name(TABLE).set_exclusive_start_key(start);
            let page = scan.send().await.unwrap();
            let key = |item: &Item| (text(item, "pk").to_owned(), text(item, "sk").to_owned());
            items.extend(page.items.unwrap().into_iter().map(|item| (key(&item), item)));
            start = page.last_evaluated_key;
            if start.is_none() {
                return items;
            }
        }
    }
}
