//! A lane's worker, fed by its queue: in the reply, exactly the messages that have to come again.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use market_ambient::{Clock, SystemClock};
use market_functions::kinds;
use market_functions::metrics::Metric;
use market_functions::settings;
use market_jobs::sqs::{EventBatch, EventMessage};
use market_jobs::worker::{Limits, work};
use market_kernel::aggregate::Lane;

pub async fn serve(lane: Lane, sdk: &aws_types::SdkConfig) -> Result<(), Error> {
    let handler = kinds::handler(Arc::new(settings::jobs(sdk, lane)?));
    let queues = settings::queues(sdk)?;
    let metrics = settings::metrics().of("Job", lane.name());
    let limits = Limits { timeout: settings::job_timeout()?, ..Limits::default() };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let messages = event.payload.records.into_iter().map(|record| EventMessage {
            id: record.message_id.unwrap_or_default(),
            received: record
                .attributes
                .get("ApproximateReceiveCount")
                .and_then(|count| count.parse().ok())
                .unwrap_or(1),
            body: record.body,
            handle: record.receipt_handle,
        });
        let mut batch = EventBatch::new(lane, messages.collect(), &queues);
        work(lane.name(), batch.deliveries(), handler.clone(), limits).await?;
        let failed = batch.failures();
        if !failed.is_empty() {
            metrics.put(SystemClock.now(), &[(Metric::JobsFailed, failed.len() as f64)]);
        }
        Ok::<_, Error>(failures(failed))
    }))
    .await
}

/// The reply that names the messages of a batch that have to come again.
pub(super) fn failures(ids: Vec<String>) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = ids
        .into_iter()
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    response
}
