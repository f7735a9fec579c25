//! A wave: a hundred thousand things of one lane that are due at one midnight, as after a mass amendment or at the end of a
//! year. How many passes of the sweep hand it out, how long each takes, and what each tells while it lasts.
//!
//! The passes are those of the deployed sweep: each begins no page after the forty seconds that Lambda's timeout leaves
//! it. The engine stands in for DynamoDB, and is slower than it; what a wave takes there is computed from the units
//! (docs/BENCHMARKS.md). Whatever was handed out counts as done, and leaves the index.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use market_jobs::sweep::Sweep;
use market_jobs::{Outgoing, Queues, Unsent};
use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;

use super::sweep::Table;
use super::{BenchError, failed, say};
use crate::running::TABLE;

/// What the deployed sweep has before it begins no page any more (`functions/src/lambda/sweep.rs`).
const PASS: SignedDuration = SignedDuration::from_secs(40);

/// Takes everything, and has it done at once: a worker's commit takes an item out of the index.
#[derive(Clone)]
struct Done {
    client: aws_sdk_dynamodb::Client,
    done: Arc<Mutex<HashSet<Key>>>,
    twice: Arc<Mutex<usize>>,
}

impl Queues for Done {
    async fn send(&self, outgoing: Vec<Outgoing>) -> Vec<Unsent> {
        let keys: Vec<Key> = outgoing.into_iter().map(|outgoing| outgoing.wake_up.key).collect();
        if let (Ok(mut done), Ok(mut twice)) = (self.done.lock(), self.twice.lock()) {
            for key in &keys {
                *twice += usize::from(!done.insert(key.clone()));
            }
        }
        stream::iter(keys).for_each_concurrent(16, |key| self.is_done(key)).await;
        Vec::new()
    }
}

impl Done {
    /// Takes an item out of the index, as the commit of its worker does.
    async fn is_done(&self, key: Key) {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let update = self.client.update_item().table_name(TABLE).key("pk", text(&key.partition));
        let update = update.key("sk", text(&key.sort)).update_expression("REMOVE due_shard, wake_at");
        if let Err(error) = update.send().await {
            tracing::error!(error = %failed(error), "what was done comes again");
        }
    }
}

pub(super) async fn wave(size: u32) -> Result<(), BenchError> {
    let folder = tempfile::tempdir().map_err(failed)?;
    let mut table = Table::on(&folder.path().join("wave.db")).await?;
    let midnight: Timestamp = "2026-12-31T16:00:00Z".parse().map_err(failed)?;
    table.load_lane(Lane::ExpireGrant, size, midnight).await?;
    let queues = Done { client: table.client.clone(), done: Arc::default(), twice: Arc::default() };
    say(format_args!("{size} due at one instant: each pass has {} s", PASS.as_secs()));
    say("pass    sent   shards left   late: s   seconds   handed out/s   write units");
    for number in 1.. {
        // A pass a minute, as EventBridge begins them, from the first after midnight on.
        let begins = midnight + SignedDuration::from_mins(number - 1);
        let started = Instant::now();
        let now = || begins + SignedDuration::try_from(started.elapsed()).unwrap_or_default();
        table.meter.take();
        let sweep = Sweep {
            store: &table.store,
            queues: &queues,
            now,
            horizon: Duration::from_mins(1),
            stops_at: Some(begins + PASS),
            paced: None,
        };
        let swept = sweep.pass().await.map_err(failed)?;
        let (seconds, units) = (started.elapsed().as_secs_f64(), table.meter.take().write_units);
        say(format_args!(
            "{number:>4}   {:>5}   {:>11}   {:>7}   {seconds:>7.1}   {:>12.0}   {units:>11.0}",
            swept.sent,
            swept.left,
            swept.lateness.max(swept.wave).map_or(0, |late| late.as_secs()),
            swept.sent as f64 / seconds,
        ));
        if swept.left == 0 {
            break;
        }
    }
    let (done, twice) =
        (queues.done.lock().map_or(0, |done| done.len()), queues.twice.lock().map_or(0, |n| *n));
    say(format_args!("{done} were handed out, {twice} of them more than once"));
    if done != size as usize || twice > 0 {
        return Err(BenchError(format!("{size} were due")));
    }
    Ok(())
}
