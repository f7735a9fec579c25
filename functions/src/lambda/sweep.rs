//! The sweep, once for each invocation: it hands out what is due, and writes what operators watch whatever happens.
//!
//! A pass that has more to do than a minute allows begins no page in its last [`LAST_PAGE`], and is cut off where it is
//! [`FIGURES`] before Lambda would end it, so its figures are always written: what it did, how many shards it left, how late
//! the most overdue work was in the lanes of which it left nothing, and in the others. The next pass goes on. Beside the pass it counts what waits for a human, and asks the API
//! through its own gateway whether it is ready; neither makes a pass fail.

use std::time::Duration;

use futures_util::future::join;
use jiff::SignedDuration;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use market_ambient::{Clock, SystemClock};
use market_functions::metrics::Metric;
use market_functions::{settings, waiting as what_waits};
use market_jobs::sweep::{Paced, Sweep, Swept};
use market_kernel::Timestamp;
use market_kernel::aggregate::Lane;
use market_outside::Web;
use market_outside::web::Patience;
use market_store::Store;
use serde_json::{Value, json};

/// How far ahead it hands out: until it runs again, with SQS keeping the delay.
const HORIZON: Duration = Duration::from_mins(1);
/// What a page that is begun may still take, before it is cut off.
const LAST_PAGE: Duration = Duration::from_secs(15);
/// What is kept for the figures.
const FIGURES: Duration = Duration::from_secs(5);
/// How long the API has to say that it is ready, beside the time that a connection takes.
const READY: Patience = Patience { connect: Duration::from_secs(1), read: Duration::from_secs(1) };

pub async fn serve(sdk: &aws_types::SdkConfig) -> Result<(), Error> {
    let (store, queues) = (settings::store(sdk)?, settings::queues(sdk)?);
    let metrics = settings::metrics();
    let ready = settings::api_url().map(|url| (Web::with(READY), format!("{url}/readyz")));
    let paced = settings::notices_per_second()?.map(|per_second| Paced {
        lane: Lane::Notify,
        per_pass: usize::try_from(u64::from(per_second) * HORIZON.as_secs()).unwrap_or(usize::MAX),
    });
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let ends_at =
            i64::try_from(event.context.deadline).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let before_the_end = |time| ends_at.and_then(|ends_at| ends_at.checked_sub(time).ok());
        let pass = Sweep {
            store: &store,
            queues: &queues,
            now: || SystemClock.now(),
            horizon: HORIZON,
            stops_at: before_the_end(LAST_PAGE),
            paced,
        };
        let work = pass.pass_until(until(before_the_end(FIGURES)));
        let beside = within(before_the_end(FIGURES), join(waiting(&store), readiness(ready.as_ref())));
        let (outcome, beside) = join(work, beside).await;
        let (swept, failed) = match &outcome {
            Ok(swept) => (*swept, 0),
            Err(broken) => (broken.swept, broken.failed),
        };
        let Swept { sent, parked, left, lateness, wave, paced_wave } = swept;
        let (lateness_ms, wave_ms, paced_wave_ms) = (millis(lateness), millis(wave), millis(paced_wave));
        let mut figures = vec![
            (Metric::WakeUpsSent, sent as f64),
            (Metric::LatenessMs, lateness_ms as f64),
            (Metric::WaveMs, wave_ms as f64),
            (Metric::PacedWaveMs, paced_wave_ms as f64),
            (Metric::Left, left as f64),
        ];
        let (waiting, ready) = beside.unwrap_or_default();
        figures.extend(waiting);
        figures.extend(ready);
        // A pass that failed somewhere has not run to its end; nor has one that was cut off before it did anything.
        let has_run = failed == 0 && (left == 0 || sent + parked > 0);
        figures.extend(has_run.then_some((Metric::Sweeps, 1.0)));
        metrics.put(SystemClock.now(), &figures);
        let message = if failed + left == 0 { "swept" } else { "swept in part" };
        tracing::info!(sent, parked, lateness_ms, wave_ms, paced_wave_ms, failed, left, message);
        outcome?;
        Ok::<_, Error>(json!({ "sent": sent, "left": left }))
    }))
    .await
}

/// How late something was; 0 where nothing was.
fn millis(late: Option<SignedDuration>) -> i64 {
    late.map_or(0, |late| i64::try_from(late.as_millis()).unwrap_or(i64::MAX).max(0))
}

/// Resolves at an instant; never where there is none.
async fn until(instant: Option<Timestamp>) {
    match instant {
        Some(instant) => {
            let wait = instant.duration_since(SystemClock.now());
            tokio::time::sleep(wait.try_into().unwrap_or_default()).await;
        }
        None => std::future::pending().await,
    }
}

/// What comes of this before an instant.
async fn within<T>(instant: Option<Timestamp>, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! { done = work => Some(done), () = until(instant) => None }
}

/// How much waits for a human. What was not counted is not said: a gauge that shows nothing keeps its alarm as it is.
async fn waiting(store: &Store) -> Vec<(Metric, f64)> {
    let figure = |(metric, count)| match count {
        Ok(count) => Some((metric, count as f64)),
        Err(error) => {
            tracing::error!(%error, ?metric, "what waits could not be counted");
            None
        }
    };
    what_waits::counted(store).await.into_iter().filter_map(figure).collect()
}

/// Whether the API answers through its gateway, as any caller's request would; none where no address is known.
async fn readiness(api: Option<&(Web, String)>) -> Option<(Metric, f64)> {
    let (web, url) = api?;
    // The firewall counts requests that do not say who sends them.
    let headers = vec![("user-agent", "market-sweep".to_owned())];
    let is_ready = match web.send("GET", url, headers, Vec::new()).await {
        Ok(answer) => answer.status == 200,
        Err(error) => {
            tracing::warn!(%error, "the API did not say whether it is ready");
            false
        }
    };
    Some((Metric::ApiReady, f64::from(u8::from(is_ready))))
}
