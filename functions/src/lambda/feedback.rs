//! What SES publishes about its mail, message by message of a queue's event.

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use market_ambient::{Clock, SystemClock, SystemEntropy};
use market_functions::feedback::{FeedbackError, record_feedback};
use market_functions::metrics::Metric;
use market_functions::settings;
use market_store::StoreError;

use super::worker::failures;

pub async fn serve(sdk: &aws_config::SdkConfig) -> Result<(), Error> {
    let (store, metrics) = (settings::store(sdk)?, settings::metrics());
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let mut failed = Vec::new();
        for message in event.payload.records {
            let body = message.body.as_deref().unwrap_or_default();
            if let Err(error) = record_feedback(&store, &SystemClock, &SystemEntropy, &metrics, body).await {
                if matches!(error, FeedbackError::Store(StoreError::Corrupt { .. })) {
                    metrics.put(SystemClock.now(), &[(Metric::CorruptItems, 1.0)]);
                }
                tracing::warn!(%error, "an event was not recorded; its message will come again");
                failed.extend(message.message_id);
            }
        }
        Ok::<_, Error>(failures(failed))
    }))
    .await
}
