//! Each call that leaves the market, when it fails: it is given up within its time, tried again a bounded
//! number of times, and what comes back says what is known of the outcome.
//!
//! The SDK's own clients run against a server that answers as it is told ([`server`]), in front of the
//! embedded engine where something must really happen. What hangs, hangs in virtual time, so that the very
//! timeouts that are deployed are tested and nobody waits for them. No test sleeps.

mod busy;
mod channels;
#[path = "../contract/engine.rs"]
mod engine;
mod gateways;
mod hanging;
mod issuer;
mod notify;
mod queues;
mod requests;
mod server;
mod storms;
mod table;
#[path = "../told.rs"]
mod told;

use aws_config::{Region, SdkConfig};
use market_ambient::{SystemEntropy, random};

/// What a failing service says, and nobody outside may read.
const INTERNAL: &str = "internal-7f3a";

/// The configuration that is deployed, for a service at this address. The region is of this test alone,
/// because the SDK's budget of retries is kept by region for the whole process.
async fn sdk(endpoint: &str) -> SdkConfig {
    let region = format!("test-{:016x}", u64::from_be_bytes(random(&SystemEntropy)));
    market::sdk_at(endpoint).await.into_builder().region(Region::new(region)).build()
}
