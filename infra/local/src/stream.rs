//! The table's stream on one machine: read where AWS would invoke the relay.

use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodbstreams::types::{AttributeValue, Record, ShardIteratorType};
use market_jobs::{Outgoing, relay};
use market_outside::words;

/// The stream could not be read; the sweep finds what it held.
#[derive(Debug, thiserror::Error)]
#[error("the table's stream cannot be read: {0}")]
pub struct StreamError(String);

/// A shard of a stream, which AWS closes after some hours, and others follow.
#[derive(Debug)]
struct Shard {
    id: String,
    /// Where to read on; none once it was closed and has been read to its end.
    iterator: Option<String>,
}

/// Reads a table's stream from its newest record on.
#[derive(Debug)]
pub struct Stream {
    client: Client,
    table: String,
    shards: Vec<Shard>,
    /// Whether one was closed, and those that follow it were not seen yet.
    looks_for_more: bool,
}

fn failed<E: ProvideErrorMetadata + std::error::Error + 'static>(error: SdkError<E>) -> StreamError {
    StreamError(words("the stream's endpoint", &error))
}

impl Stream {
    /// The stream of a table.
    pub async fn open(client: Client, table: &str) -> Result<Self, StreamError> {
        let mut stream = Self { client, table: table.to_owned(), shards: Vec::new(), looks_for_more: false };
        stream.attach(ShardIteratorType::Latest).await?;
        Ok(stream)
    }

    /// Finds the shards that are new since the last look.
    async fn attach(&mut self, from: ShardIteratorType) -> Result<(), StreamError> {
        let streams = self.client.list_streams().table_name(&self.table).send().await.map_err(failed)?;
        let mut there = Vec::new();
        for arn in streams.streams().iter().filter_map(|stream| stream.stream_arn()) {
            let described = self.client.describe_stream().stream_arn(arn).send().await.map_err(failed)?;
            let shards = described.stream_description.and_then(|stream| stream.shards).unwrap_or_default();
            for id in shards.into_iter().filter_map(|shard| shard.shard_id) {
                if !self.shards.iter().any(|known| known.id == id) {
                    let iterator = self
                        .client
                        .get_shard_iterator()
                        .stream_arn(arn)
                        .shard_id(&id)
                        .shard_iterator_type(from.clone())
                        .send()
                        .await
                        .map_err(failed)?
                        .shard_iterator;
                    self.looks_for_more = false;
                    self.shards.push(Shard { id: id.clone(), iterator });
                }
                there.push(id);
            }
        }
        // What the stream has forgotten need not be remembered.
        self.shards.retain(|shard| there.contains(&shard.id));
        Ok(())
    }

    /// The wake-ups that the records since the last call ask for. A read that breaks off is taken up again where
    /// it stood, and what it had found by then is returned.
    pub async fn read(&mut self) -> Result<Vec<Outgoing>, StreamError> {
        if self.shards.is_empty() {
            self.attach(ShardIteratorType::Latest).await?;
        } else if self.looks_for_more {
            // What follows a closed shard began while nobody looked.
            self.attach(ShardIteratorType::TrimHorizon).await?;
        }
        let mut outgoing = Vec::new();
        for shard in &mut self.shards {
            while let Some(place) = shard.iterator.clone() {
                let answer = match self.client.get_records().shard_iterator(place).send().await {
                    Ok(answer) => answer,
                    Err(error) if outgoing.is_empty() => return Err(failed(error)),
                    Err(error) => {
                        tracing::warn!(error = %failed(error), "a read of the stream broke off");
                        return Ok(outgoing);
                    }
                };
                let records = answer.records.unwrap_or_default();
                outgoing.extend(records.iter().filter_map(wake_up));
                shard.iterator = answer.next_shard_iterator;
                self.looks_for_more |= shard.iterator.is_none();
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::body::Bytes;
    use axum::extract::State;
    use axum::http::HeaderMap;
    use axum::response::{IntoResponse, Response};
    use serde_json::{Value, json};

    use super::*;

    /// A stream of two shards, one after the other: the first closes with its only record. What was asked.
    async fn of_two_shards() -> (Stream, Arc<Mutex<Vec<String>>>) {
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&asked));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = Client::new(&crate::sdk_at(&url).await);
        (Stream::open(client, "market").await.unwrap(), asked)
    }

    async fn answer(
        State(asked): State<Arc<Mutex<Vec<String>>>>,
        headers: HeaderMap,
        body: Bytes,
    ) -> Response {
        let operation = headers["x-amz-target"].to_str().unwrap().split('.').nth(1).unwrap().to_owned();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let mut asked = asked.lock().unwrap();
        let is_closed = asked.iter().any(|asked| asked == "GetRecords first");
        let record = |id: &str| {
            let text = |text: &str| json!({ "S": text });
            let image = json!({
                "pk": text("p"), "sk": text(id), "due_shard": text("due#notify#0"),
                "wake_at": text("000000000060000"), "due_at": { "N": "0" },
            });
            json!({ "dynamodb": { "NewImage": image } })
        };
        let (what, answer) = match operation.as_str() {
            "ListStreams" => (
                String::new(),
                json!({ "Streams": [{ "StreamArn": "arn:aws:dynamodb:us-east-1:000000000000:table/market/stream/x" }] }),
            ),
            "DescribeStream" => {
                let ids = if is_closed { &["first", "second"][..] } else { &["first"] };
                let shards: Vec<_> = ids.iter().map(|id| json!({ "ShardId": id })).collect();
                (String::new(), json!({ "StreamDescription": { "Shards": shards } }))
            }
            "GetShardIterator" => {
                let kind = body["ShardIteratorType"].as_str().unwrap();
                (kind.to_owned(), json!({ "ShardIterator": body["ShardId"] }))
            }
            _ => match body["ShardIterator"].as_str().unwrap() {
                "first" => ("first".to_owned(), json!({ "Records": [record("first")] })),
                "second" => (
                    "second".to_owned(),
                    json!({ "Records": [record("second")], "NextShardIterator": "end" }),
                ),
                end => (end.to_owned(), json!({ "Records": [], "NextShardIterator": "end" })),
            },
        };
        asked.push(format!("{operation} {what}"));
        ([("content-type", "application/x-amz-json-1.0")], answer.to_string()).into_response()
    }

    #[tokio::test]
    async fn a_closed_shard_is_read_once_and_the_one_that_follows_it_from_its_beginning() {
        let (mut stream, asked) = of_two_shards().await;
        let mut seen = Vec::new();
        for _ in 0..4 {
            let outgoing = stream.read().await.unwrap();
            seen.push(
                outgoing
                    .into_iter()
                    .map(|outgoing| outgoing.wake_up.key.sort.to_string())
                    .collect::<Vec<_>>(),
            );
        }
        assert_eq!(seen, [vec!["first".to_owned()], vec!["second".to_owned()], vec![], vec![]]);
        let asked = asked.lock().unwrap();
        let times = |what: &str| asked.iter().filter(|asked| *asked == what).count();
        assert_eq!((times("GetRecords first"), times("GetRecords second")), (1, 1));
        assert_eq!((times("GetShardIterator LATEST"), times("GetShardIterator TRIM_HORIZON")), (1, 1));
    }
}
