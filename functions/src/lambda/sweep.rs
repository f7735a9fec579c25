//! The sweep, once for each invocation.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use market_ambient::{Clock, SystemClock};
use market_functions::metrics::Metric;
use market_functions::settings;
use market_jobs::sweep::{Sweep, Swept};
use market_kernel::Timestamp;
use market_store::Index;
use market_trade::payments::PaymentRecord;
use serde_json::{Value, json};

/// The most payments that wait for a human and are counted.
const MOST_COUNTED: u16 = 1000;
/// How far ahead it hands out: until it runs again, with SQS keeping the delay.
const HORIZON: Duration = Duration::from_mins(1);
/// What a page that is begun may still take, at the slowest: no lease is taken whose wake-up could not be sent.
const LAST_PAGE: Duration = Duration::from_secs(25);

pub async fn serve(sdk: &aws_types::SdkConfig) -> Result<(), Error> {
    let (store, queues) = (settings::store(sdk)?, settings::queues(sdk)?);
    let metrics = settings::metrics();
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let ends_at =
            i64::try_from(event.context.deadline).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let pass = Sweep {
            store: &store,
            queues: &queues,
            now: || SystemClock.now(),
            horizon: HORIZON,
            stops_at: ends_at.and_then(|ends_at| ends_at.checked_sub(LAST_PAGE).ok()),
        };
        let outcome = pass.pass().await;
        let (swept, failed) = match &outcome {
            Ok(swept) => (*swept, 0),
            Err(broken) => (broken.swept, broken.failed),
        };
        let lateness_ms =
            swept.lateness.map_or(0, |late| i64::try_from(late.as_millis()).unwrap_or(i64::MAX).max(0));
        let mut figures = vec![
            (Metric::WakeUpsSent, swept.sent as f64),
            (Metric::Parked, swept.parked as f64),
            (Metric::LatenessMs, lateness_ms as f64),
        ];
        // What was not counted is not said: a gauge that shows nothing keeps its alarm as it is.
        match store.count_entries(Index::Lists, &PaymentRecord::WAITING, MOST_COUNTED).await {
            Ok(waiting) => figures.push((Metric::PaymentsWaiting, waiting as f64)),
            Err(error) => tracing::error!(%error, "the payments that wait could not be counted"),
        }
        // A pass that failed somewhere has not run to its end.
        figures.extend((failed == 0).then_some((Metric::Sweeps, 1.0)));
        metrics.put(SystemClock.now(), &figures);
        let Swept { sent, parked, left, .. } = swept;
        let message = if failed + left == 0 { "swept" } else { "swept in part" };
        tracing::info!(sent, parked, lateness_ms, failed, left, message);
        outcome?;
        Ok::<_, Error>(json!({ "sent": sent, "left": left }))
    }))
    .await
}
