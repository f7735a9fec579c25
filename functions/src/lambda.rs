//! The Lambda runtime around each part: events in, replies out.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use aws_lambda_events::streams::{
    DynamoDbBatchItemFailure as StreamFailure, DynamoDbEventResponse as StreamResponse,
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use market_ambient::{Clock, SystemClock};
use market_domain::aggregate::Job;
use market_functions::handler::Handler;
use market_functions::{api, settings};
use market_jobs::sqs::{EventBatch, EventMessage};
use market_jobs::sweep::sweep;
use market_jobs::worker::{Limits, work};
use market_jobs::{Queues, relay};

/// How far ahead the sweep hands out: until it runs again, with SQS keeping the delay.
const HORIZON: Duration = Duration::from_secs(60);

pub async fn run(handler: Handler) -> Result<(), Error> {
    let sdk = market_store::config::from_environment();
    match handler {
        Handler::Api(operation) => {
            let market = Arc::new(settings::market(&sdk)?);
            let router = market_http::router(market, operation.as_deref(), |routes| api::visit(routes));
            lambda_http::run(router).await
        }
        Handler::Worker(job) => serve_worker(job, &sdk).await,
        Handler::Sweep => {
            let (store, queues) = (settings::store(&sdk)?, settings::queues(&sdk)?);
            lambda_runtime::run(service_fn(async |_: LambdaEvent<serde_json::Value>| {
                let swept = sweep(&store, &queues, SystemClock.now(), HORIZON).await?;
                let lateness_ms = swept.lateness.map_or(0, |lateness| lateness.as_millis().max(0));
                tracing::info!(sent = swept.sent, lateness_ms, "swept");
                Ok::<_, Error>(serde_json::json!({ "sent": swept.sent }))
            }))
            .await
        }
        Handler::Relay => serve_relay(&sdk).await,
    }
}

async fn serve_worker(job: Job, sdk: &aws_config::SdkConfig) -> Result<(), Error> {
    let handler = Arc::new(settings::jobs(sdk)?).handler();
    let queues = settings::queues(sdk)?;
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
        let mut batch = EventBatch::new(job, messages.collect(), &queues);
        work(job.name(), batch.deliveries(), handler.clone(), limits).await?;
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = batch
            .failures()
            .into_iter()
            .map(|id| {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                failure
            })
            .collect();
        Ok::<_, Error>(response)
    }))
    .await
}

async fn serve_relay(sdk: &aws_config::SdkConfig) -> Result<(), Error> {
    let queues = settings::queues(sdk)?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<StreamEvent>| {
        let records = event.payload.records;
        let outgoing = records.iter().filter_map(wake_up).collect();
        let mut response = StreamResponse::default();
        // What the queue does not take is read again from here; the sweep has it in any case.
        if let Err(error) = queues.send(outgoing).await {
            tracing::warn!(%error, "the relay could not send");
            response.batch_item_failures = records
                .first()
                .map(|first| {
                    let mut failure = StreamFailure::default();
                    failure.item_identifier = first.change.sequence_number.clone();
                    failure
                })
                .into_iter()
                .collect();
        }
        Ok::<_, Error>(response)
    }))
    .await
}

fn wake_up(record: &EventRecord) -> Option<market_jobs::Outgoing> {
    use serde_dynamo::AttributeValue::{N, S};
    let image = record.change.new_image.inner();
    relay::wake_up(|name| match image.get(name) {
        Some(S(text) | N(text)) => Some(text),
        _ => None,
    })
}
