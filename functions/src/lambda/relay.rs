//! The relay, fed by the table's stream.

use aws_lambda_events::event::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::streams::{
    DynamoDbBatchItemFailure as StreamFailure, DynamoDbEventResponse as StreamResponse,
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use market_functions::settings;
use market_jobs::{Outgoing, Queues, relay};

pub async fn serve(sdk: &aws_types::SdkConfig) -> Result<(), Error> {
    let queues = settings::queues(sdk)?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<StreamEvent>| {
        let records = event.payload.records;
        let (numbers, outgoing): (Vec<_>, Vec<_>) = records
            .iter()
            .filter_map(|record| Some((&record.change.sequence_number, wake_up(record)?)))
            .unzip();
        let unsent = queues.send(outgoing).await;
        if let Some(first) = unsent.first() {
            tracing::warn!(unsent = unsent.len(), error = %first, "the relay could not send all");
        }
        let mut response = StreamResponse::default();
        // What the queues did not take is read again, from the earliest of it on; the sweep has it in any case.
        let unsent = unsent.into_iter().filter_map(|unsent| numbers.get(unsent.place));
        response.batch_item_failures = unsent
            .map(|number| {
                let mut failure = StreamFailure::default();
                failure.item_identifier.clone_from(number);
                failure
            })
            .collect();
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
