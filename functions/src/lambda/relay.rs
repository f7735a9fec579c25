//! The relay, fed by the table's stream.

use aws_lambda_events::event::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::streams::{
    DynamoDbBatchItemFailure as StreamFailure, DynamoDbEventResponse as StreamResponse,
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use market_functions::settings;
use market_jobs::{Outgoing, Queues, relay};

pub async fn serve(sdk: &aws_config::SdkConfig) -> Result<(), Error> {
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

fn wake_up(record: &EventRecord) -> Option<Outgoing> {
    use serde_dynamo::AttributeValue::{N, S};
    let image = record.change.new_image.inner();
    relay::wake_up(|name| match image.get(name) {
        Some(S(text) | N(text)) => Some(text),
        _ => None,
    })
}
