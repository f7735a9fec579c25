//! Queues on Amazon SQS: sending, the long poll of a container, and the finite batch of a Lambda event.
//!
//! A failed message's next visibility is set by how often it was received, and SQS delivers it again;
//! after its last try SQS moves it to the dead-letter queue. A body that cannot be read is left alone and
//! goes the same way, where a human can look at it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageSystemAttributeName, SendMessageBatchRequestEntry};
use futures_util::future::{BoxFuture, join_all};
use futures_util::{FutureExt, Stream, StreamExt, stream};
use market_kernel::aggregate::Lane;
use market_outside::words;

use crate::worker::{Receipt, ReceivedWakeUp};
use crate::{Outgoing, Queues, Unsent, WakeUp, retry_delay};

/// Who did not answer, as it is said.
const SQS: &str = "SQS's endpoint";

/// What SQS takes in one request.
const BATCH: usize = 10;
/// The longest delay that SQS keeps.
const MAX_DELAY: Duration = Duration::from_mins(15);
/// The pause after a poll that failed.
const POLL_PAUSE: Duration = Duration::from_secs(1);
/// How long a poll waits for a message, in seconds.
const POLL_SECONDS: i32 = 20;

/// The market's queues, one for each lane.
#[derive(Debug, Clone)]
pub struct SqsQueues {
    client: Client,
    url_pattern: String,
}

impl SqsQueues {
    /// Queues whose URLs follow a pattern: `{job}` stands for the lane's name.
    #[must_use]
    pub fn new(client: Client, url_pattern: impl Into<String>) -> Self {
        Self { client, url_pattern: url_pattern.into() }
    }

    /// The pattern that their URLs follow.
    #[must_use]
    pub fn url_pattern(&self) -> &str {
        &self.url_pattern
    }

    /// The URL of a lane's queue.
    #[must_use]
    pub fn url(&self, lane: Lane) -> String {
        self.url_pattern.replace("{job}", lane.name())
    }

    /// Sends what is one lane's, each with its place; what was not taken.
    async fn send_to(&self, lane: Lane, outgoing: Vec<(usize, &Outgoing)>) -> Vec<Unsent> {
        let mut unsent = Vec::new();
        for (number, batch) in outgoing.chunks(BATCH).enumerate() {
            match self.send_batch(lane, batch).await {
                Ok(failed) => unsent.extend(failed),
                Err(reason) => {
                    // What is left would wait for the same queue as long, and in vain.
                    let left = &outgoing[number * BATCH..];
                    unsent.extend(
                        left.iter().map(|(place, _)| Unsent { place: *place, reason: reason.clone() }),
                    );
                    break;
                }
            }
        }
        unsent
    }

    async fn send_batch(&self, lane: Lane, batch: &[(usize, &Outgoing)]) -> Result<Vec<Unsent>, String> {
        let mut request = self.client.send_message_batch().queue_url(self.url(lane));
        for (place, Outgoing { wake_up, delay }) in batch {
            let body = serde_json::to_string(wake_up).map_err(|error| error.to_string())?;
            let entry = SendMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .message_body(body)
                .delay_seconds(whole_seconds(*delay))
                .build()
                .map_err(|error| error.to_string())?;
            request = request.entries(entry);
        }
        let answer = request.send().await.map_err(|error| words(SQS, &error))?;
        let failed = answer.failed().iter().filter_map(|entry| {
            Some(Unsent { place: entry.id().parse().ok()?, reason: entry.code().to_owned() })
        });
        Ok(failed.collect())
    }

    /// What a lane's queue delivers, by long polling, until `stop` resolves. A poll that has begun is
    /// finished first: its messages would stay invisible otherwise.
    pub fn poll<F>(&self, lane: Lane, stop: F) -> impl Stream<Item = ReceivedWakeUp> + Send + Unpin + use<F>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (queues, url, stop) = (self.clone(), self.url(lane), stop.boxed().shared());
        let polls = stream::unfold((), move |()| {
            let (queues, url, stop) = (queues.clone(), url.clone(), stop.clone());
            async move {
                if stop.clone().now_or_never().is_some() {
                    return None;
                }
                let deliveries = match queues.receive(&url).await {
                    Ok(deliveries) => deliveries,
                    Err(error) => {
                        tracing::warn!(%error, "a poll failed");
                        tokio::select! { () = stop => {}, () = tokio::time::sleep(POLL_PAUSE) => {} }
                        Vec::new()
                    }
                };
                Some((stream::iter(deliveries), ()))
            }
        });
        Box::pin(polls.flatten())
    }

    async fn receive(&self, url: &str) -> Result<Vec<ReceivedWakeUp>, String> {
        let answer = self
            .client
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .wait_time_seconds(POLL_SECONDS)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .customize()
            .config_override(
                aws_sdk_sqs::config::Builder::new().timeout_config(
                    aws_sdk_sqs::config::timeout::TimeoutConfig::builder()
                        .operation_attempt_timeout(Duration::from_secs(25))
                        .operation_timeout(Duration::from_mins(1))
                        .build(),
                ),
            )
            .send()
            .await
            .map_err(|error| words(SQS, &error))?;
        let messages = answer.messages.unwrap_or_default();
        Ok(messages
            .into_iter()
            .filter_map(|message| {
                let wake_up = read(message.body.as_deref())?;
                let received = message
                    .attributes
                    .as_ref()
                    .and_then(|all| all.get(&MessageSystemAttributeName::ApproximateReceiveCount))
                    .and_then(|count| count.parse().ok())
                    .unwrap_or(1);
                let receipt = PollReceipt {
                    client: self.client.clone(),
                    url: url.to_owned(),
                    handle: message.receipt_handle?,
                    received,
                };
                Some(ReceivedWakeUp { wake_up, received, receipt: Arc::new(receipt) })
            })
            .collect())
    }
}

impl Queues for SqsQueues {
    async fn send(&self, outgoing: Vec<Outgoing>) -> Vec<Unsent> {
        let of =
            |lane| outgoing.iter().enumerate().filter(move |(_, out)| out.wake_up.lane == lane).collect();
        let mut unsent = join_all(Lane::ALL.map(|lane| self.send_to(lane, of(lane)))).await.concat();
        unsent.sort_unstable_by_key(|unsent| unsent.place);
        unsent
    }
}

/// A delay as SQS takes it: rounded up, since a wake-up that comes early finds nothing due.
fn whole_seconds(delay: Duration) -> i32 {
    i32::try_from(delay.min(MAX_DELAY).as_millis().div_ceil(1000)).unwrap_or(0)
}

/// A message's body, if it is a wake-up.
fn read(body: Option<&str>) -> Option<WakeUp> {
    let wake_up = serde_json::from_str(body?);
    if let Err(error) = &wake_up {
        tracing::error!(%error, "a message is not a wake-up; it is left to the dead-letter queue");
    }
    wake_up.ok()
}

async fn postpone(client: &Client, url: &str, handle: &str, received: u32) {
    let seconds = i32::try_from(retry_delay(received).as_secs()).unwrap_or(900);
    let sent = client
        .change_message_visibility()
        .queue_url(url)
        .receipt_handle(handle)
        .visibility_timeout(seconds)
        .send()
        .await;
    if let Err(error) = sent {
        tracing::warn!(error = words(SQS, &error), "the message comes again when its visibility ends");
    }
}

struct PollReceipt {
    client: Client,
    url: String,
    handle: String,
    received: u32,
}

impl Receipt for PollReceipt {
    fn settle(&self, done: bool) -> BoxFuture<'static, ()> {
        let (client, url, handle, received) =
            (self.client.clone(), self.url.clone(), self.handle.clone(), self.received);
        async move {
            if !done {
                return postpone(&client, &url, &handle, received).await;
            }
            let sent = client.delete_message().queue_url(url).receipt_handle(handle).send().await;
            if let Err(error) = sent {
                tracing::warn!(error = words(SQS, &error), "a finished message will come again");
            }
        }
        .boxed()
    }
}

/// A message as a Lambda event carries it.
#[derive(Debug, Clone)]
pub struct EventMessage {
    /// Its id, by which the reply names it.
    pub id: String,
    /// Its body.
    pub body: Option<String>,
    /// How often it was received.
    pub received: u32,
    /// Its receipt handle.
    pub handle: Option<String>,
}

/// The messages of one Lambda event; those that are not settled as done are the reply's failures.
#[derive(Debug)]
pub struct EventBatch {
    failed: Arc<Mutex<HashSet<String>>>,
    deliveries: Vec<ReceivedWakeUp>,
}

impl EventBatch {
    /// Reads the messages of a lane's event. All of them count as failed until they are settled. `queues`
    /// sets a failed one's next visibility.
    #[must_use]
    pub fn new(lane: Lane, messages: Vec<EventMessage>, queues: &SqsQueues) -> Self {
        let failed = Arc::new(Mutex::new(messages.iter().map(|message| message.id.clone()).collect()));
        let deliveries = messages
            .into_iter()
            .filter_map(|message| {
                let wake_up = read(message.body.as_deref()).filter(|wake_up| wake_up.lane == lane)?;
                let back = message.handle.map(|handle| PollReceipt {
                    client: queues.client.clone(),
                    url: queues.url(lane),
                    handle,
                    received: message.received,
                });
                let receipt =
                    EventReceipt { failed: Arc::clone(&failed), id: message.id, back: back.map(Arc::new) };
                Some(ReceivedWakeUp { wake_up, received: message.received, receipt: Arc::new(receipt) })
            })
            .collect();
        Self { failed, deliveries }
    }

    /// What is to be worked off.
    pub fn deliveries(&mut self) -> impl Stream<Item = ReceivedWakeUp> + Send + Unpin + use<> {
        stream::iter(std::mem::take(&mut self.deliveries))
    }

    /// The ids of the messages that have to come again.
    #[must_use]
    pub fn failures(self) -> Vec<String> {
        let mut failed: Vec<String> =
            self.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).drain().collect();
        failed.sort();
        failed
    }
}

struct EventReceipt {
    failed: Arc<Mutex<HashSet<String>>>,
    id: String,
    back: Option<Arc<PollReceipt>>,
}

impl Receipt for EventReceipt {
    fn settle(&self, done: bool) -> BoxFuture<'static, ()> {
        if done {
            // Lambda deletes it once the reply does not name it.
            self.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&self.id);
            return async {}.boxed();
        }
        match &self.back {
            Some(back) => back.settle(false),
            None => async {}.boxed(),
        }
    }
}
