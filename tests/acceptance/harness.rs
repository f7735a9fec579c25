//! A market for one test.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};
use market::client::Client;
use market::json::Json;
use market::operate::verify::{Expected, Verification, verify_at};
use market::permissions::Permissions;
use market::{Clockwork, Options, Running, TABLE};
use market_ambient::{Clock, SystemEntropy};
use market_functions::kinds;
use market_functions::metrics::Metrics;
use market_functions::workers::WorkerContext;
use market_identity::Role;
use market_jobs::WakeUp;
use market_kernel::aggregate::Lane;
use market_kernel::keys::{Key, Partition};
use market_kernel::notices::{Notice, Sending};
use market_notices::{Gateway, Gateways};
use tempfile::TempDir;

use crate::witness;

/// A Monday in a year whose holidays are published.
pub const BEGINS: &str = "2026-01-05T09:00:00+08:00";

pub struct World {
    pub running: Running,
    pub folder: TempDir,
}

/// An instant as replies show it.
pub fn shown(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

pub fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

/// A channel that always answers the same.
#[derive(Clone)]
pub struct Always(pub Sending);

impl Gateway for Always {
    fn send<'a>(&'a self, _: &'a Notice) -> BoxFuture<'a, Sending> {
        async { self.0.clone() }.boxed()
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(witness::permissions()).await
    }

    pub async fn with(permissions: Permissions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { permissions, ..options(folder.path().to_owned()) };
        Self { running: Running::start(options).await.unwrap(), folder }
    }

    pub fn now(&self) -> Timestamp {
        self.running.machine.clock.now()
    }

    /// Works off what is due now.
    pub async fn settle(&self) {
        self.running.machine.settle().await.unwrap();
    }

    /// Sets the clock ahead; everything due in between happens, in order.
    pub async fn advance_days(&self, days: i64) {
        self.advance_to(self.now() + SignedDuration::from_hours(24 * days)).await;
    }

    pub async fn advance_to(&self, to: Timestamp) {
        self.running.machine.advance_to(to).await.unwrap();
    }

    /// Sets the clock ahead and lets no worker run.
    pub fn set_clock(&self, to: Timestamp) {
        self.running.machine.clock.advance_to(to).unwrap();
    }

    /// The workers, to be woken by hand.
    pub fn jobs(&self, gateways: Gateways) -> WorkerContext {
        WorkerContext {
            store: self.running.market.store.clone(),
            clock: Arc::clone(&self.running.machine.clock) as Arc<dyn Clock>,
            entropy: Arc::new(SystemEntropy),
            gateways,
            pace: None,
            operator: Arc::clone(&self.running.market.operator),
            metrics: Metrics::default(),
            corruption_alarm: Arc::clone(&self.running.market.corruption_alarm),
            drill: None,
        }
    }

    /// Has a job look at a thing, once, on channels that answer so.
    pub async fn wake(&self, job: Lane, key: Key, answer: Sending) {
        let channel = Arc::new(Always(answer));
        let gateways = Gateways { email: Arc::clone(&channel) as _, sms: channel };
        kinds::run(&self.jobs(gateways), &WakeUp { lane: job, key }).await.unwrap();
    }

    /// In-site notices to a party about something, as the operator reads them.
    pub async fn notices(&self, of: &str, about: &str) -> Vec<Json> {
        let operator = Client::of(&self.running, Role::Operator, "ops");
        let all = operator.all(&format!("/{of}/notices")).await.unwrap();
        all.into_iter().filter(|n| n["about"] == about && n["channel"] == "in_site").collect()
    }

    /// How many whole days after (or before) an instant a party was told of something.
    pub async fn days_told(&self, of: &str, about: &str, from: Timestamp) -> Vec<i64> {
        let notices = self.notices(of, about).await;
        notices
            .iter()
            .map(|n| at(n["drafted_at"].as_str().unwrap()).duration_since(from).as_hours() / 24)
            .collect()
    }

    /// What the operator finds of the evidence in a partition.
    pub async fn verified(&self, partition: &str) -> Verification {
        let expected = Expected { now: Some(self.now()), heads: None };
        verify_at(
            &self.running.market.store,
            &Partition::stored(partition),
            &expected,
            &ProgressBar::hidden(),
        )
        .await
        .unwrap()
    }

    /// Everything in the table, by key.
    pub async fn items(&self) -> BTreeMap<(String, String), Stored> {
        let client = aws_sdk_dynamodb::Client::new(&market::sdk_at(&self.running.table_endpoint).await);
        let mut items = BTreeMap::new();
        let mut start = None;
        loop {
            #[allow(clippy::disallowed_methods, reason = "a test looks at all that is there")]
            let scan = client.scan().table_name(TABLE).set_exclusive_start_key(start);
            let page = scan.send().await.unwrap();
            for item in page.items() {
                let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
                let attributes: BTreeMap<_, _> = item.iter().collect();
                let version = item.get("v").and_then(|value| value.as_n().ok());
                let stored = Stored {
                    kind: text("kind"),
                    version: version.and_then(|version| version.parse().ok()).unwrap_or_default(),
                    head: text("head"),
                    body: text("body").unwrap_or_default(),
                    all: format!("{attributes:?}"),
                };
                items.insert((text("pk").unwrap(), text("sk").unwrap()), stored);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return items;
            }
        }
    }

    /// The same as text, to see whether anything was written.
    pub async fn table(&self) -> BTreeMap<String, String> {
        let items = self.items().await;
        items.into_iter().map(|((pk, sk), item)| (format!("{pk}/{sk}"), item.all)).collect()
    }
}

/// An item of the table.
#[derive(Debug)]
pub struct Stored {
    pub kind: Option<String>,
    pub version: u64,
    pub head: Option<String>,
    pub body: String,
    all: String,
}

pub fn options(folder: PathBuf) -> Options {
    Options {
        folder,
        in_memory: true,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        clockwork: Clockwork::Standing(at(BEGINS)),
        sqs_endpoint: None,
        dynamodb_endpoint: None,
        permissions: witness::permissions(),
        allow_origin: None,
    }
}
