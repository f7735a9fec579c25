//! The sweep, once for each invocation.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use market_ambient::{Clock, SystemClock};
use market_functions::metrics::Metric;
use market_functions::settings;
use market_jobs::sweep::sweep;
use serde_json::{Value, json};

/// How far ahead it hands out: until it runs again, with SQS keeping the delay.
const HORIZON: Duration = Duration::from_secs(60);

pub async fn serve(sdk: &aws_config::SdkConfig) -> Result<(), Error> {
    let (store, queues) = (settings::store(sdk)?, settings::queues(sdk)?);
    let metrics = settings::metrics();
    lambda_runtime::run(service_fn(async |_: LambdaEvent<Value>| {
        let now = SystemClock.now();
        let swept = sweep(&store, &queues, now, HORIZON).await?;
        let lateness_ms = swept.lateness.map_or(0, |lateness| lateness.as_millis().max(0));
        metrics.put(
            now,
            &[
                (Metric::Sweeps, 1.0),
                (Metric::WakeUpsSent, swept.sent as f64),
                (Metric::Parked, swept.parked as f64),
                (Metric::LatenessMs, lateness_ms as f64),
            ],
        );
        tracing::info!(sent = swept.sent, parked = swept.parked, lateness_ms, "swept");
        Ok::<_, Error>(json!({ "sent": swept.sent }))
    }))
    .await
}
