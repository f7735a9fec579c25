//! The sweep against the size of the due index. It must cost what is due, not what is pending: the same
//! hundred due entries are swept beside a thousand pending timers, a hundred thousand and a million.
//!
//! The timers are loaded straight into the engine, with only the attributes that the index is made of; the
//! sweep itself goes through the SDK as everywhere, into a queue that takes everything and keeps nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use dynoxide::types::{AttributeValue as EngineValue, Item};
use dynoxide::{Database, ImportOptions};
use jiff::{SignedDuration, Timestamp};
use market_jobs::sweep::sweep;
use market_jobs::{Outgoing, Queues, Unsent};
use market_kernel::aggregate::{Due, Lane};
use market_kernel::keys::Key;
use market_store::due::bare_item;
use market_store::meter::Cost;
use market_store::{Meter, Store, schema};

use super::{BenchError, failed, median, ms, say};
use crate::engine::{Engine, sdk_at};
use crate::running::TABLE;

/// Sizes of the index.
const PENDING: [u32; 3] = [1_000, 100_000, 1_000_000];
/// Entries that are due in a pass.
const DUE: u32 = 100;
/// Passes at each size.
const PASSES: u32 = 9;
/// Items of one transaction of the load.
const CHUNK: u32 = 20_000;
const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

#[derive(Clone)]
struct Nowhere;

impl Queues for Nowhere {
    async fn send(&self, _: Vec<Outgoing>) -> Vec<Unsent> {
        Vec::new()
    }
}

pub(super) struct Table {
    database: Database,
    pub(super) client: aws_sdk_dynamodb::Client,
    pub(super) store: Store,
    pub(super) meter: Meter,
    now: Timestamp,
    /// Ever loaded, pending or due: the next item's number.
    loaded: u32,
}

pub async fn sweep_sizes(largest: u32) -> Result<(), BenchError> {
    say("pending timers   due   requests   read units   write units   ms: median   fastest   loaded in");
    for pending in PENDING.into_iter().filter(|pending| *pending <= largest) {
        let folder = tempfile::tempdir().map_err(failed)?;
        sweep_size(pending, &folder.path().join("sweep.db")).await?;
    }
    Ok(())
}

/// A table of its own for each size: the engine's writes grow dearer with every write that its stream recorded.
async fn sweep_size(pending: u32, file: &Path) -> Result<(), BenchError> {
    let mut table = Table::on(file).await?;
    let now = table.now;

    let started = Instant::now();
    let first = now + SignedDuration::from_hours(1);
    table.load(pending, |n| first + YEAR * n.cast_signed() / pending.cast_signed()).await?;
    let loading = started.elapsed().as_secs_f64();
    table.pass(0).await?;
    for due in [0, DUE] {
        let (mut took, mut cost) = (Vec::new(), Cost::default());
        for _ in 0..PASSES {
            table.load(due, |_| now - SignedDuration::from_secs(1)).await?;
            let (spent, elapsed) = table.pass(due).await?;
            cost = spent;
            took.push(ms(elapsed));
        }
        let Cost { requests, read_units, write_units } = cost;
        let median = median(&mut took).unwrap_or_default();
        // The median has sorted them.
        let fastest = took.first().copied().unwrap_or_default();
        say(format_args!(
            "{pending:>14}   {due:>3}   {requests:>8}   {read_units:>10.1}   {write_units:>11.1}   {median:>10.1}   {fastest:>7.1}   {loading:>7.1} s",
        ));
    }
    Ok(())
}

impl Table {
    /// An empty one, on a file.
    pub(super) async fn on(file: &Path) -> Result<Self, BenchError> {
        let database = Database::new(&file.to_string_lossy()).map_err(failed)?;
        let engine = Engine::without_file(database.clone(), Arc::default()).map_err(failed)?;
        let client = aws_sdk_dynamodb::Client::new(&sdk_at(&engine).await);
        schema::create_table(&client, TABLE).await.map_err(failed)?;
        let meter = Meter::counting();
        let now: Timestamp = "2026-03-02T01:00:00Z".parse().map_err(failed)?;
        let store = Store::new(client.clone(), TABLE).metered(meter.clone());
        Ok(Self { database, client, store, meter, now, loaded: 0 })
    }

    /// Loads so many items of one lane that are due at one instant.
    pub(super) async fn load_lane(
        &mut self,
        lane: Lane,
        count: u32,
        due_at: Timestamp,
    ) -> Result<(), BenchError> {
        self.load_items(count, |n| item_of(n, lane, due_at)).await
    }

    /// Loads so many items; the n-th is due at `due_at(n)`.
    async fn load(&mut self, count: u32, due_at: impl Fn(u32) -> Timestamp) -> Result<(), BenchError> {
        let loaded = self.loaded;
        self.load_items(count, |n| item(loaded + n, due_at(n))).await
    }

    async fn load_items(&mut self, count: u32, of: impl Fn(u32) -> Item) -> Result<(), BenchError> {
        for chunk in (0..count).step_by(CHUNK as usize) {
            let numbers = chunk..count.min(chunk + CHUNK);
            let items: Vec<Item> = numbers.map(&of).collect();
            let database = self.database.clone();
            tokio::task::spawn_blocking(move || {
                database.enable_bulk_loading()?;
                database.import_items(TABLE, items, ImportOptions::default())?;
                database.disable_bulk_loading()
            })
            .await
            .map_err(failed)?
            .map_err(failed)?;
        }
        self.loaded += count;
        Ok(())
    }

    /// One sweep, which must send what is due: what it cost, and how long it took.
    async fn pass(&self, due: u32) -> Result<(Cost, Duration), BenchError> {
        self.meter.take();
        let started = Instant::now();
        let swept = sweep(&self.store, &Nowhere, self.now, Duration::ZERO).await.map_err(failed)?;
        let took = started.elapsed();
        if swept.sent != due as usize {
            return Err(BenchError(format!("{due} were due, {} were sent", swept.sent)));
        }
        Ok((self.meter.take(), took))
    }
}

/// The n-th item: jobs take turns, an account has fifty.
fn item(n: u32, at: Timestamp) -> Item {
    item_of(n, Lane::ALL[n as usize % Lane::ALL.len()], at)
}

/// The same of one lane.
fn item_of(n: u32, lane: Lane, at: Timestamp) -> Item {
    let key = Key::stored(format!("account#shop-{}", n / 50), format!("grant#grt_{n:022}"));
    let attributes = bare_item(&key, Due::new(at, lane)).into_iter();
    attributes
        .filter_map(|(name, value)| match value {
            AttributeValue::S(text) => Some((name, EngineValue::S(text))),
            AttributeValue::N(number) => Some((name, EngineValue::N(number))),
            _ => None,
        })
        .collect()
}
