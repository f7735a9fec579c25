//! The table's stream on one machine: read where AWS would invoke the relay.

use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::error::DisplayErrorContext;
use aws_sdk_dynamodbstreams::types::{AttributeValue, Record, ShardIteratorType};
use market_jobs::{Outgoing, relay};

/// The stream could not be read; the sweep finds what it held.
#[derive(Debug, thiserror::Error)]
#[error("the table's stream cannot be read: {0}")]
pub struct StreamError(String);

/// Reads a table's stream from its newest record on.
#[derive(Debug)]
pub struct Stream {
    client: Client,
    table: String,
    iterators: Vec<String>,
}

fn failed(error: impl std::error::Error) -> StreamError {
    StreamError(DisplayErrorContext(error).to_string())
}

impl Stream {
    /// The stream of a table.
    pub async fn open(client: Client, table: &str) -> Result<Self, StreamError> {
        let mut stream = Self { client, table: table.to_owned(), iterators: Vec::new() };
        stream.attach().await?;
        Ok(stream)
    }

    async fn attach(&mut self) -> Result<(), StreamError> {
        let streams = self.client.list_streams().table_name(&self.table).send().await.map_err(failed)?;
        for arn in streams.streams().iter().filter_map(|stream| stream.stream_arn()) {
            let described = self.client.describe_stream().stream_arn(arn).send().await.map_err(failed)?;
            let shards = described.stream_description.map(|stream| stream.shards.unwrap_or_default());
            for shard in shards.unwrap_or_default().iter().filter_map(|shard| shard.shard_id()) {
                let iterator = self
                    .client
                    .get_shard_iterator()
                    .stream_arn(arn)
                    .shard_id(shard)
                    .shard_iterator_type(ShardIteratorType::Latest)
                    .send()
                    .await
                    .map_err(failed)?;
                self.iterators.extend(iterator.shard_iterator);
            }
        }
        Ok(())
    }

    /// The wake-ups that the records since the last call ask for. A read that breaks off is taken up again where
    /// it stood, and what it had found by then is returned.
    pub async fn read(&mut self) -> Result<Vec<Outgoing>, StreamError> {
        if self.iterators.is_empty() {
            self.attach().await?;
        }
        let mut outgoing = Vec::new();
        for place in &mut self.iterators {
            loop {
                let answer = match self.client.get_records().shard_iterator(place.as_str()).send().await {
                    Ok(answer) => answer,
                    Err(error) if outgoing.is_empty() => return Err(failed(error)),
                    Err(error) => {
                        tracing::warn!(error = %failed(error), "a read of the stream broke off");
                        return Ok(outgoing);
                    }
                };
                let records = answer.records.unwrap_or_default();
                outgoing.extend(records.iter().filter_map(wake_up));
                if let Some(next) = answer.next_shard_iterator {
                    *place = next;
                }
                if records.is_empty() {
                    break;
                }
            }
        }
        Ok(outgoing)
    }
}

fn wake_up(record: &Record) -> Option<Outgoing> {
    let image = record.dynamodb()?.new_image()?;
    relay::wake_up(|name| match image.get(name) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => Some(text),
        _ => None,
    })
}
