//! What SES publishes about its mail, message by message of a queue's event: side by side, each in its own time, so that
//! a slow one costs its neighbours nothing.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use futures_util::{StreamExt, stream};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use market_ambient::{Clock, SystemClock, SystemEntropy};
use market_functions::feedback::{FeedbackError, Recorder, record_feedback};
use market_functions::metrics::Metric;
use market_functions::settings;
use market_store::StoreError;

use super::worker::failures;

/// Messages at work at once: a batch.
const CONCURRENCY: usize = 10;
/// After which one counts as failed.
const TIMEOUT: Duration = Duration::from_secs(15);

pub async fn serve(sdk: &aws_types::SdkConfig) -> Result<(), Error> {
    let (store, metrics) = (settings::store(sdk)?, settings::metrics());
    let operator = Arc::new(settings::operator()?);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let failed = stream::iter(event.payload.records)
            .map(async |message| {
                let body = message.body.as_deref().unwrap_or_default();
                let recorder = Recorder {
                    store: &store,
                    clock: &SystemClock,
                    entropy: &SystemEntropy,
                    operator: &operator,
                    metrics: &metrics,
                };
                let recording = record_feedback(recorder, body);
                match tokio::time::timeout(TIMEOUT, recording).await {
                    Ok(Ok(())) => return None,
                    Ok(Err(error)) => {
                        if matches!(error, FeedbackError::Store(StoreError::Corrupt { .. })) {
                            metrics.put(SystemClock.now(), &[(Metric::CorruptItems, 1.0)]);
                        }
                        tracing::warn!(%error, "an event was not recorded; its message will come again");
                    }
                    Err(_) => tracing::warn!("an event took too long to record; its message will come again"),
                }
                message.message_id
            })
            .buffer_unordered(CONCURRENCY)
            .filter_map(async |id| id)
            .collect()
            .await;
        Ok::<_, Error>(failures(failed))
    }))
    .await
}
