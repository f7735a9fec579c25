//! The job path beside its peer, in one run: the market on a file, and graphile-worker on `PostgreSQL` with the same
//! durable effect, taking turns on the same machine.
//!
//! The peer is a program of its own (`infra/local/peers/graphile-worker`), which says what it does. Its rows are as
//! large as the market's items, and it counts what it left behind, as this does.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use super::jobs::{FellDue, fall_due_below_ceiling};
use super::{BenchError, CONCURRENCY, SHOP, TableIn, failed, median, per_second, say, standing, start};
use crate::engine::sdk_at;
use crate::running::{Running, TABLE};
use crate::stage::{PROVIDER, Stage};

/// How it is measured.
#[derive(Debug)]
pub struct Peer {
    /// The peer's program.
    pub folder: PathBuf,
    /// Where `initdb` and `postgres` are, unless they are found by their names.
    pub postgres: Option<PathBuf>,
    /// Orders of each run.
    pub orders: usize,
    /// Turns.
    pub rounds: usize,
}

/// What a run of the peer says.
#[derive(Debug, Deserialize)]
struct Said {
    seconds: f64,
    wake_ups: u64,
    effect: Effect,
    settings: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Effect {
    closed: usize,
    sent: usize,
    evidence: usize,
    jobs_left: usize,
}

impl Peer {
    pub async fn measure(&self) -> Result<(), BenchError> {
        self.install().await?;
        let bytes = sizes().await?;
        say(format_args!("bytes of an item: {bytes}"));
        say(
            "wake-ups/s      market   graphile-worker   the same, jobs in batches   the market's engine alone",
        );
        let mut rates: [Vec<f64>; 4] = Default::default();
        let mut settings = BTreeMap::new();
        for round in 1..=self.rounds {
            let (FellDue { wake_ups, took, .. }, alone) = fall_due_below_ceiling(self.orders).await?;
            rates[0].push(per_second(wake_ups as u64, took));
            rates[3].push(per_second(wake_ups as u64, alone));
            for (place, batches) in [(1, false), (2, true)] {
                let said = self.run(&bytes, batches).await?;
                rates[place].push(said.wake_ups as f64 / said.seconds);
                settings = said.settings;
            }
            let latest = rates.each_ref().map(|rates| rates.last().copied().unwrap_or_default());
            say_rates(&format!("round {round}"), latest);
        }
        say_rates("median", rates.each_mut().map(|rates| median(rates).unwrap_or_default()));
        for (name, value) in settings {
            say(format_args!("{name} = {value}"));
        }
        Ok(())
    }

    /// Fetches what the peer is made of, where that is not there.
    async fn install(&self) -> Result<(), BenchError> {
        if self.folder.join("node_modules").is_dir() {
            return Ok(());
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&self.folder);
        let status = npm.stdout(Stdio::null()).status().await;
        let status = status.map_err(|error| failed(format!("npm, which fetches the peer: {error}")))?;
        if !status.success() {
            return Err(failed(format!("npm ci in {}: {status}", self.folder.display())));
        }
        Ok(())
    }

    async fn run(&self, bytes: &Value, batches: bool) -> Result<Said, BenchError> {
        let wished = json!({
            "orders": self.orders, "concurrency": CONCURRENCY, "bytes": bytes, "batches": batches,
            "binaries": self.postgres,
        });
        let mut node = Command::new("node");
        node.arg(self.folder.join("bench.mjs")).arg(wished.to_string()).kill_on_drop(true);
        let output = node.output().await.map_err(|error| failed(format!("node: {error}")))?;
        let errors = || failed(format!("the peer: {}", String::from_utf8_lossy(&output.stderr)));
        if !output.status.success() {
            return Err(errors());
        }
        let last = output.stdout.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty());
        let said: Said = serde_json::from_slice(last.unwrap_or_default()).map_err(|_| errors())?;
        let Effect { closed, sent, evidence, jobs_left } = said.effect;
        if (closed, sent, evidence, jobs_left) != (self.orders, self.orders, 4 * self.orders, 0) {
            return Err(failed(format!("the peer did not do the same: {:?}", said.effect)));
        }
        Ok(said)
    }
}

fn say_rates(what: &str, [market, peer, batches, engine]: [f64; 4]) {
    let of_ceiling = 100.0 * market / engine;
    say(format_args!(
        "{what:<12} {market:>9.0}   {peer:>15.0}   {batches:>25.0}   {engine:>25.0} ({of_ceiling:.0} % of it)"
    ));
}

/// How large the market's items are that an order's end reads and writes, in bytes, by the peer's names.
async fn sizes() -> Result<Value, BenchError> {
    let (running, _folder) = start(TableIn::Memory, standing()?).await?;
    let stage = Stage::set(&running).await;
    let merchant = stage.merchant(SHOP).await;
    super::jobs::place(&stage, &merchant, 1).await?;
    let due = running.machine.settle().await.map_err(failed)?.ok_or_else(|| failed("nothing will be due"))?;
    running.machine.advance_to(due).await.map_err(failed)?;
    let items = items(&running).await?;
    running.stop().await;
    let mean = |belongs: &dyn Fn(&str, &str) -> bool| {
        let of_kind: Vec<usize> =
            items.iter().filter(|(pk, sk, _)| belongs(pk, sk)).map(|(.., bytes)| *bytes).collect();
        of_kind.iter().sum::<usize>() / of_kind.len().max(1)
    };
    Ok(json!({
        "party": mean(&|pk, sk| {
            sk == "state" && [format!("account#{SHOP}"), format!("provider#{PROVIDER}")].iter().any(|key| key == pk)
        }),
        "order": mean(&|_, sk| sk.starts_with("order#")),
        "evidence": mean(&|_, sk| sk.starts_with("evidence#order#") || sk.starts_with("evidence#notice#")),
        "notice": mean(&|_, sk| sk.starts_with("notice#")),
    }))
}

#[allow(clippy::disallowed_methods, reason = "the table of one order is small")]
async fn items(running: &Running) -> Result<Vec<(String, String, usize)>, BenchError> {
    let client = aws_sdk_dynamodb::Client::new(&sdk_at(&running.table_endpoint).await);
    let mut pages = client.scan().table_name(TABLE).into_paginator().items().send();
    let mut items = Vec::new();
    while let Some(item) = pages.next().await {
        let item = item.map_err(failed)?;
        let text =
            |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        let bytes = item.iter().map(|(name, value)| name.len() + length(value)).sum();
        items.push((text("pk"), text("sk"), bytes));
    }
    Ok(items)
}

fn length(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        _ => 1,
    }
}
