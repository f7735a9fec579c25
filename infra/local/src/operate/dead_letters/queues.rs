//! The dead letters of a market, as SQS holds them.

use std::collections::HashSet;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
};
use indicatif::ProgressBar;
use market_kernel::Timestamp;
use serde_json::Value;

use super::outcomes::{Count, DeadLetter, Inspected, Redriven};
use super::queue::Queue;
use crate::operate::OperateError;
use crate::operate::error::aws_error;
use crate::operate::stack::Stack;

/// What SQS gives and takes in one request.
const BATCH: usize = 10;

/// How long a poll asks around among SQS's hosts; without, it may miss what is there.
const POLL_SECONDS: i32 = 1;

/// How long a message is hidden from others while it is shown.
const SHOWN_SECONDS: i32 = 30;

/// The same while it is sent back.
const MOVED_SECONDS: i32 = 60;

/// What became of one batch.
struct Moved {
    moved: usize,
    twice: usize,
    stopped: Option<String>,
}

/// The dead letters of a market.
#[derive(Debug, Clone)]
pub struct DeadLetterQueues {
    client: Client,
    url_pattern: String,
}

impl DeadLetterQueues {
    /// Those of a stack.
    ///
    /// # Errors
    /// Where the stack does not tell its queues.
    pub fn of(stack: &Stack) -> Result<Self, OperateError> {
        Ok(Self::new(Client::new(&stack.sdk), stack.output("QueueUrls")?))
    }

    /// Dead letters beside queues whose URLs follow a pattern: `{job}` stands for the queue's name.
    #[must_use]
    pub fn new(client: Client, url_pattern: impl Into<String>) -> Self {
        Self { client, url_pattern: url_pattern.into() }
    }

    fn source_url(&self, queue: Queue) -> String {
        self.url_pattern.replace("{job}", queue.name())
    }

    fn dead_url(&self, queue: Queue) -> String {
        format!("{}-dead", self.source_url(queue))
    }

    /// How many there are.
    ///
    /// # Errors
    /// Where SQS does not say.
    pub async fn count(&self, queue: Queue) -> Result<Count, OperateError> {
        let [waiting, held] = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let url = self.dead_url(queue);
        let names = vec![waiting.clone(), held.clone()];
        let asked =
            self.client.get_queue_attributes().queue_url(&url).set_attribute_names(Some(names)).send().await;
        let told = asked.map_err(|error| aws_error(format!("{url} could not be counted"), &error))?;
        let number = |name: QueueAttributeName| told.attributes()?.get(&name)?.parse::<u64>().ok();
        Ok(Count {
            queue,
            waiting: number(waiting).unwrap_or_default(),
            held: number(held).unwrap_or_default(),
        })
    }

    /// Shows some of them, and leaves them to others.
    ///
    /// # Errors
    /// Where SQS does not give them.
    pub async fn inspect(&self, queue: Queue, limit: u16) -> Result<Inspected, OperateError> {
        let (url, limit) = (self.dead_url(queue), usize::from(limit));
        let mut held = Vec::new();
        let mut outcome = Ok(());
        while held.len() < limit {
            match self.receive(&url, limit - held.len(), SHOWN_SECONDS).await {
                Ok(messages) if messages.is_empty() => break,
                Ok(messages) => held.extend(messages),
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        self.release(&url, &held).await;
        outcome?;
        Ok(Inspected { queue, messages: held.iter().map(DeadLetter::from).collect() })
    }

    /// Sends them back to their queue, until none are left or the limit is reached.
    ///
    /// # Errors
    /// Where this queue's are not sent back, or cannot be counted. What goes wrong later is in the outcome,
    /// beside what was done by then.
    pub async fn redrive(
        &self,
        queue: Queue,
        limit: u32,
        progress: &ProgressBar,
    ) -> Result<Redriven, OperateError> {
        queue.check_redriven()?;
        let waiting = self.count(queue).await?.waiting;
        progress.set_length(waiting.min(u64::from(limit)));
        let (mut moved, mut twice, mut stopped) = (0, 0, None);
        while moved < limit && stopped.is_none() {
            let at_most = usize::try_from(limit - moved).unwrap_or(BATCH);
            match self.redrive_batch(queue, at_most).await {
                Ok(None) => break,
                Ok(Some(batch)) => {
                    moved += u32::try_from(batch.moved).unwrap_or(u32::MAX);
                    twice += u32::try_from(batch.twice).unwrap_or(u32::MAX);
                    stopped = batch.stopped;
                    progress.inc(batch.moved as u64);
                }
                Err(error) => stopped = Some(error.to_string()),
            }
        }
        progress.finish_and_clear();
        let limited = stopped.is_none() && moved >= limit;
        Ok(Redriven { queue, moved, twice, limited, stopped })
    }

    /// Sends one batch back; nothing where there is none.
    async fn redrive_batch(&self, queue: Queue, at_most: usize) -> Result<Option<Moved>, OperateError> {
        let from = self.dead_url(queue);
        let messages = self.receive(&from, at_most, MOVED_SECONDS).await?;
        if messages.is_empty() {
            return Ok(None);
        }
        let (taken, refused) = match self.send(&self.source_url(queue), &messages).await {
            Ok(sent) => sent,
            Err(error) => {
                self.release(&from, &messages).await;
                return Err(error);
            }
        };
        let (sent, unsent): (Vec<_>, Vec<_>) =
            messages.into_iter().enumerate().partition(|(n, _)| taken.contains(n));
        let [sent, unsent]: [Vec<Message>; 2] =
            [sent, unsent].map(|some| some.into_iter().map(|(_, message)| message).collect());
        self.release(&from, &unsent).await;
        let refused = (!unsent.is_empty()).then(|| format!("{} were not taken: {refused}", unsent.len()));
        let left = if sent.is_empty() { Ok(0) } else { self.delete(&from, &sent).await };
        let (twice, undeleted) = match left {
            Ok(0) => (0, None),
            Ok(left) => (left, Some(format!("{left} that were sent could not be deleted"))),
            Err(error) => (sent.len(), Some(error.to_string())),
        };
        Ok(Some(Moved { moved: sent.len() - twice, twice, stopped: refused.or(undeleted) }))
    }

    async fn receive(&self, url: &str, at_most: usize, seconds: i32) -> Result<Vec<Message>, OperateError> {
        let asked = self
            .client
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(i32::try_from(at_most.min(BATCH)).unwrap_or(1))
            .wait_time_seconds(POLL_SECONDS)
            .visibility_timeout(seconds)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_attribute_names("All")
            .send()
            .await;
        let told = asked.map_err(|error| aws_error(format!("{url} gave no messages"), &error))?;
        Ok(told.messages.unwrap_or_default())
    }

    /// The places of those that the queue took, and why it did not take the others.
    async fn send(&self, url: &str, messages: &[Message]) -> Result<(HashSet<usize>, String), OperateError> {
        let failed = |reason: String| OperateError::Aws { asked: format!("{url} took nothing"), reason };
        let entries = messages.iter().enumerate().map(|(n, message)| {
            SendMessageBatchRequestEntry::builder()
                .id(n.to_string())
                .set_message_body(message.body.clone())
                .set_message_attributes(message.message_attributes.clone())
                .build()
        });
        let entries = entries.collect::<Result<Vec<_>, _>>().map_err(|error| failed(error.to_string()))?;
        let asked = self.client.send_message_batch().queue_url(url).set_entries(Some(entries)).send().await;
        let told = asked.map_err(|error| aws_error(format!("{url} took nothing"), &error))?;
        let taken = told.successful().iter().filter_map(|entry| entry.id().parse().ok()).collect();
        let refused = told.failed().first().map(|first| first.message().unwrap_or(first.code()));
        Ok((taken, refused.unwrap_or("SQS does not say why").to_owned()))
    }

    /// Deletes what was sent. How many could not be.
    async fn delete(&self, url: &str, messages: &[Message]) -> Result<usize, OperateError> {
        let entries = handles(messages).filter_map(|(id, handle)| {
            DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().ok()
        });
        let entries: Vec<_> = entries.collect();
        let asked = self.client.delete_message_batch().queue_url(url).set_entries(Some(entries)).send().await;
        let told = asked.map_err(|error| aws_error(format!("what was sent stays in {url} too"), &error))?;
        Ok(messages.len() - told.successful().len().min(messages.len()))
    }

    /// Shows messages to others again at once.
    async fn release(&self, url: &str, messages: &[Message]) {
        for batch in messages.chunks(BATCH) {
            let entries = handles(batch).filter_map(|(id, handle)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(id)
                    .receipt_handle(handle)
                    .visibility_timeout(0)
                    .build()
                    .ok()
            });
            let entries: Vec<_> = entries.collect();
            let request = self.client.change_message_visibility_batch().queue_url(url);
            if let Err(error) = request.set_entries(Some(entries)).send().await {
                let error = aws_error(format!("{url} hides them a little longer"), &error);
                tracing::warn!(%error, "the messages show again by themselves");
            }
        }
    }
}

/// What names messages of one batch: their places, and SQS's handles of them.
fn handles(messages: &[Message]) -> impl Iterator<Item = (String, &str)> {
    messages.iter().enumerate().filter_map(|(n, message)| Some((n.to_string(), message.receipt_handle()?)))
}

impl From<&Message> for DeadLetter {
    fn from(message: &Message) -> Self {
        let attribute =
            |name: MessageSystemAttributeName| message.attributes()?.get(&name)?.parse::<i64>().ok();
        let sent_ms = attribute(MessageSystemAttributeName::SentTimestamp);
        let received = attribute(MessageSystemAttributeName::ApproximateReceiveCount);
        let body = message.body().unwrap_or_default();
        Self {
            message_id: message.message_id().unwrap_or_default().to_owned(),
            first_sent: sent_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
            received: received.and_then(|count| u32::try_from(count).ok()).unwrap_or_default(),
            body: serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned())),
        }
    }
}
