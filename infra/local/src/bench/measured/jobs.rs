//! The job path: item falls due → sweep → queue → worker → read, decide, commit; and e-mail that a commit makes
//! due at once: stream → relay → queue → worker → gateway → commit.
//!
//! Throughput on a clock that stands: many unpaid orders fall due at one instant, each closes and is told by
//! e-mail, and the market works until nothing is due. Lateness on a clock that ticks, as `cargo run` has it:
//! from the instant at which something was due to the instant that its worker wrote down.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use hdrhistogram::Histogram;
use jiff::{SignedDuration, Timestamp};
use market_ambient::Clock;
use market_identity::Role;
use serde_json::Value;

use super::{
    BenchError, CONCURRENCY, Run, SHOP, TableIn, failed, per_second, say, standing, start, start_in,
};
use crate::client::{Client, pay};
use crate::engine::{Endpoint, Engine, Reply, Request};
use crate::folder::TABLE_FILE;
use crate::running::{Clockwork, Running};
use crate::stage::{PROVIDER, Stage};

/// Orders whose payment sends two e-mails each.
const PAID: usize = 100;
/// Orders that nobody pays, and the time between their due instants.
const UNPAID: u32 = 100;
const APART: Duration = Duration::from_millis(50);
/// How long everything due may take before the benchmark gives up.
const PATIENCE: Duration = Duration::from_mins(1);

pub async fn jobs(orders: usize) -> Result<(), BenchError> {
    say("table    orders due   wake-ups   seconds   wake-ups/s   table requests per wake-up");
    for kept in TableIn::BOTH {
        for orders in [orders / 5, orders] {
            let FellDue { wake_ups, took, requests } = fall_due(kept, orders).await?;
            say(format_args!(
                "{:<6}   {orders:>10}   {wake_ups:>8}   {:>7.1}   {:>10.0}   {:>26.1}",
                kept.name(),
                took.as_secs_f64(),
                per_second(wake_ups as u64, took),
                requests as f64 / wake_ups as f64,
            ));
        }
    }
    say("\nhow late                   jobs   p50 ms   p99 ms   max ms");
    lateness().await
}

/// What became of orders that nobody paid.
pub(super) struct FellDue {
    pub(super) wake_ups: usize,
    pub(super) took: Duration,
    /// Of sweep and workers to the table.
    requests: u64,
}

/// Lets so many orders fall due at one instant, on a fresh market.
pub(super) async fn fall_due(kept: TableIn, orders: usize) -> Result<FellDue, BenchError> {
    let (running, _folder) = start(kept, standing()?).await?;
    let due = placed(&running, orders).await?;
    let fell_due = work_off(&running, due).await?;
    all_closed(&running, orders).await?;
    running.stop().await;
    Ok(fell_due)
}

/// The same on a file, and how long the engine alone takes for the very requests of it: the ceiling of whatever stands
/// before this engine.
pub(super) async fn fall_due_below_ceiling(orders: usize) -> Result<(FellDue, Duration), BenchError> {
    let (running, folder) = start(TableIn::File, standing()?).await?;
    let due = placed(&running, orders).await?;
    running.stop().await;
    let copy = tempfile::tempdir().map_err(failed)?;
    let table = copy.path().join(TABLE_FILE);
    std::fs::copy(folder.path().join(TABLE_FILE), &table).map_err(failed)?;
    let running = start_in(folder.path(), TableIn::File, standing()?).await?;
    let Endpoint::Embedded(engine) = &running.table_endpoint else {
        return Err(failed("the engine is elsewhere"));
    };
    let recorded = engine.record().map_err(failed)?;
    let fell_due = work_off(&running, due).await?;
    let requests = recorded.try_iter().collect();
    all_closed(&running, orders).await?;
    running.stop().await;
    Ok((fell_due, replay(&table, requests).await?))
}

/// Asks the engine alone for all of it, as many at once as the market works off.
async fn replay(table: &Path, requests: Vec<Request>) -> Result<Duration, BenchError> {
    let (engine, _) = Engine::on_file(table, Arc::default()).map_err(failed)?;
    let started = Instant::now();
    let mut replies = stream::iter(requests).map(|request| engine.call(request)).buffered(CONCURRENCY);
    while let Some(reply) = replies.next().await {
        let Reply { status, body } = reply.map_err(failed)?;
        if status != 200 {
            return Err(BenchError(format!("the engine alone answers otherwise: {status} {body}")));
        }
    }
    let took = started.elapsed();
    drop(replies);
    engine.close().await;
    Ok(took)
}

/// Orders that are placed, and when they fall due.
async fn placed(running: &Running, orders: usize) -> Result<Timestamp, BenchError> {
    let stage = Stage::set(running).await;
    let merchant = stage.merchant(SHOP).await;
    place(&stage, &merchant, orders).await?;
    running.machine.settle().await.map_err(failed)?.ok_or_else(|| failed("nothing will be due"))
}

/// Lets what is placed fall due.
async fn work_off(running: &Running, due: Timestamp) -> Result<FellDue, BenchError> {
    for meter in [&running.job_meter, &running.sweep_meter] {
        meter.take();
    }
    let started = Instant::now();
    let wake_ups = running.machine.advance_to(due).await.map_err(failed)?.wake_ups;
    let took = started.elapsed();
    let requests = running.job_meter.take().requests + running.sweep_meter.take().requests;
    Ok(FellDue { wake_ups, took, requests })
}

async fn all_closed(running: &Running, orders: usize) -> Result<(), BenchError> {
    let closed = closings(&Client::of(running, Role::Merchant, SHOP)).await?.len();
    if closed != orders {
        return Err(BenchError(format!("{closed} of {orders} orders closed")));
    }
    Ok(())
}

pub(super) async fn place(stage: &Stage<'_>, merchant: &Client, orders: usize) -> Result<Run, BenchError> {
    let body = stage.order("month");
    Run::of(orders, |_| {
        let (merchant, body) = (merchant.clone(), body.clone());
        async move { merchant.post(&format!("/accounts/{SHOP}/orders"), body).await }
    })
    .await
}

async fn lateness() -> Result<(), BenchError> {
    let (running, _folder) = start(TableIn::File, Clockwork::Ticking).await?;
    let stage = Stage::set(&running).await;
    let merchant = stage.merchant(SHOP).await;
    mail(&running, &stage, &merchant).await?;
    sweep(&running, &stage, &merchant).await?;
    running.stop().await;
    Ok(())
}

/// E-mails that are due the moment a commit drafts them.
async fn mail(running: &Running, stage: &Stage<'_>, merchant: &Client) -> Result<(), BenchError> {
    place(stage, merchant, PAID).await?;
    let orders = merchant.all(&format!("/accounts/{SHOP}/orders")).await.map_err(failed)?;
    let from = running.machine.clock.now();
    let payments = stream::iter(&orders).map(async |order| {
        let price = order["amount_fen"].as_i64().unwrap_or_default();
        let id = order["id"].as_str().unwrap_or_default();
        pay(running, &format!("pay-{id}"), SHOP, id, price).await
    });
    payments.buffer_unordered(CONCURRENCY).try_for_each(async |_| Ok(())).await.map_err(failed)?;
    let mails = awaited(2 * orders.len(), async || {
        let mut notices = merchant.all(&format!("/accounts/{SHOP}/notices")).await.map_err(failed)?;
        notices.extend(stage.provider.all(&format!("/providers/{PROVIDER}/notices")).await.map_err(failed)?);
        let mails = notices.iter().filter(|notice| notice["channel"] == "email");
        Ok(mails
            .filter_map(|mail| Some((instant(&mail["drafted_at"])?, instant(mail.get("served_at")?)?)))
            .filter(|(drafted, _)| *drafted >= from)
            .collect())
    });
    print("e-mail, by the relay", &mails.await?)
}

/// Orders that become due one after another.
async fn sweep(running: &Running, stage: &Stage<'_>, merchant: &Client) -> Result<(), BenchError> {
    let mut apart = tokio::time::interval(APART);
    let mut first = None;
    for _ in 0..UNPAID {
        apart.tick().await;
        let placed = merchant.post(&format!("/accounts/{SHOP}/orders"), stage.order("month")).await;
        first = first.or(instant(&placed.map_err(failed)?.body["pay_by"]));
    }
    let first = first.ok_or_else(|| failed("an order does not say until when it waits"))?;
    running.machine.clock.advance_to(first - SignedDuration::from_secs(3)).map_err(failed)?;
    let closings = awaited(UNPAID as usize, async || closings(merchant).await);
    print("unpaid orders, by the sweep", &closings.await?)
}

/// When each order that nobody paid was to close, and when it did.
async fn closings(merchant: &Client) -> Result<Vec<(Timestamp, Timestamp)>, BenchError> {
    let orders = merchant.all(&format!("/accounts/{SHOP}/orders")).await.map_err(failed)?;
    let closed = orders.iter().filter(|order| order["status"] == "closed");
    Ok(closed
        .filter_map(|order| {
            // An order waits 24 hours for its payment.
            let due = instant(&order["placed_at"])? + SignedDuration::from_hours(24);
            Some((due, instant(&order["ended_at"])?))
        })
        .collect())
}

fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// Asks until so many have happened.
async fn awaited(
    count: usize,
    happened: impl AsyncFn() -> Result<Vec<(Timestamp, Timestamp)>, BenchError>,
) -> Result<Vec<(Timestamp, Timestamp)>, BenchError> {
    let started = Instant::now();
    loop {
        let pairs = happened().await?;
        if pairs.len() >= count {
            return Ok(pairs);
        }
        if started.elapsed() > PATIENCE {
            return Err(BenchError(format!("{} of {count} jobs were done in {PATIENCE:?}", pairs.len())));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn print(what: &str, pairs: &[(Timestamp, Timestamp)]) -> Result<(), BenchError> {
    let mut late_ms = Histogram::<u64>::new(3).map_err(failed)?;
    for (due, done) in pairs {
        late_ms
            .record(u64::try_from(done.duration_since(*due).as_millis()).unwrap_or_default())
            .map_err(failed)?;
    }
    say(format_args!(
        "{what:<27} {:>4}   {:>6}   {:>6}   {:>6}",
        late_ms.len(),
        late_ms.value_at_quantile(0.5),
        late_ms.value_at_quantile(0.99),
        late_ms.max(),
    ));
    Ok(())
}
