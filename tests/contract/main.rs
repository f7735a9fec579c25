//! What the market relies on in a table and in a queue, tested on each implementation that is at hand.
//!
//! Always on the embedded engine and on the queues in memory; and on an independent DynamoDB and SQS too
//! where `MARKET_TEST_DYNAMODB_ENDPOINT` and `MARKET_TEST_SQS_ENDPOINT` name them (`.ci/run` does). What holds
//! on both holds by the protocol and not by a habit of the engine that we happen to embed.
//!
//! Every test has a table, or queues, of its own; whatever it waits for it waits for in a long poll, bounded
//! by [`PATIENCE`].

mod access;
mod commit;
mod due;
mod engine;
mod flow;
mod queues;
mod read;
mod replies;
mod sweep;
mod tables;
mod thing;

use std::time::Duration;

use market_ambient::{SystemEntropy, random};

/// How long anything may take before its test fails: far more than it needs, on any machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits for something that must happen.
async fn awaited<T>(what: &str, future: impl Future<Output = T>) -> T {
    let happened = tokio::time::timeout(PATIENCE, future).await;
    happened.unwrap_or_else(|_| panic!("waited {PATIENCE:?} for {what}"))
}

/// A server to test too, if one is named.
fn endpoint(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|url| !url.is_empty())
}

/// A name that nobody else has, on a server that outlives the test.
fn fresh(name: &str) -> String {
    format!("{name}-{:016x}", u64::from_be_bytes(random(&SystemEntropy)))
}
