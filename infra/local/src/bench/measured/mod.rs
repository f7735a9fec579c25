//! What is measured, and how: each benchmark is a file.

mod cold_start;
mod jobs;
mod peer;
mod routes;
mod sweep;
mod wave;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use hdrhistogram::Histogram;
use jiff::Timestamp;
use tempfile::TempDir;

use self::peer::Peer;
use super::{Bench, BenchError};
use crate::client::Answer;
use crate::permissions::Permissions;
use crate::running::{Clockwork, Options, Running};

/// Requests under way at once.
const CONCURRENCY: usize = 16;
/// The merchant of every benchmark.
const SHOP: &str = "shop-1";

fn failed(error: impl std::fmt::Display) -> BenchError {
    BenchError(error.to_string())
}

/// Measures, and prints as it goes.
///
/// # Errors
/// Where something could not be measured; what was found is not an error.
///
/// # Panics
/// Where the market refuses what a benchmark begins with.
pub(super) async fn run(bench: Bench) -> Result<(), BenchError> {
    match bench {
        Bench::Routes { quick } => routes::routes(if quick { 200 } else { 2_000 }).await,
        Bench::Jobs { quick } => jobs::jobs(if quick { 100 } else { 1_000 }).await,
        Bench::Peer { peer: folder, postgres, rounds, quick } => {
            Peer { folder, postgres, rounds, orders: if quick { 200 } else { 1_000 } }.measure().await
        }
        Bench::Wave { quick } => wave::wave(if quick { 10_000 } else { 100_000 }).await,
        Bench::Sweep { quick } => sweep::sweep_sizes(if quick { 100_000 } else { 1_000_000 }).await,
        Bench::ColdStart { bootstrap, floor, quick } => {
            cold_start::cold_start(&bootstrap, &floor, if quick { 5 } else { 20 }).await
        }
    }
}

/// Prints; whether anyone reads it is not our business.
fn say(line: impl std::fmt::Display) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Where a market under measurement keeps its table.
#[derive(Debug, Clone, Copy)]
enum TableIn {
    Memory,
    File,
}

impl TableIn {
    const BOTH: [Self; 2] = [Self::Memory, Self::File];

    const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::File => "file",
        }
    }
}

/// A clock that stands still: nothing but what is measured moves.
fn standing() -> Result<Clockwork, BenchError> {
    "2026-03-02T01:00:00Z".parse::<Timestamp>().map(Clockwork::Standing).map_err(failed)
}

/// A fresh market, and the folder that goes away with it.
async fn start(kept: TableIn, clockwork: Clockwork) -> Result<(Running, TempDir), BenchError> {
    let folder = tempfile::tempdir().map_err(failed)?;
    Ok((start_in(folder.path(), kept, clockwork).await?, folder))
}

/// A market on what is in a folder.
async fn start_in(folder: &Path, kept: TableIn, clockwork: Clockwork) -> Result<Running, BenchError> {
    let options = Options {
        folder: folder.to_owned(),
        in_memory: matches!(kept, TableIn::Memory),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        clockwork,
        sqs_endpoint: None,
        dynamodb_endpoint: None,
        permissions: Permissions::committed(),
        allow_origin: None,
    };
    Running::start(options).await.map_err(failed)
}

/// Many requests, [`CONCURRENCY`] at a time.
struct Run {
    latencies_us: Histogram<u64>,
    took: Duration,
}

impl Run {
    async fn of<F>(count: usize, request: impl Fn(usize) -> F) -> Result<Self, BenchError>
    where
        F: Future<Output = reqwest::Result<Answer>> + Send + 'static,
    {
        let mut latencies_us = Histogram::new(3).map_err(failed)?;
        let started = Instant::now();
        let mut answers = stream::iter(0..count)
            .map(|n| {
                let request = request(n);
                tokio::spawn(async move {
                    let sent = Instant::now();
                    (request.await, sent.elapsed())
                })
            })
            .buffer_unordered(CONCURRENCY);
        while let Some(answered) = answers.next().await {
            let (answer, latency) = answered.map_err(failed)?;
            let answer = answer.map_err(failed)?;
            if !answer.is_ok() {
                return Err(BenchError(format!("{} {}", answer.status, answer.text)));
            }
            latencies_us.record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)).map_err(failed)?;
        }
        Ok(Self { latencies_us, took: started.elapsed() })
    }

    fn per_second(&self) -> f64 {
        per_second(self.latencies_us.len(), self.took)
    }

    fn latency_ms(&self, quantile: f64) -> f64 {
        self.latencies_us.value_at_quantile(quantile) as f64 / 1e3
    }
}

fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The middle one; of an even number the upper of the two.
fn median<T: Copy + PartialOrd>(values: &mut [T]) -> Option<T> {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len() / 2).copied()
}
