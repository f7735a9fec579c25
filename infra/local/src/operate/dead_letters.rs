//! `market dead-letters`: the messages that failed every time they were received.
//!
//! To look at them changes nothing but their receive count: they are shown again to others at once. To send
//! one back is to send it to its queue and then delete it here, in this order, so that a command that breaks
//! off loses nothing. The worst is that a message goes out twice, and no worker minds: a wake-up carries no
//! decision, and mail feedback that is known already changes nothing. SQS's own redrive
//! (`StartMessageMoveTask`) is not used, because the partition `aws-cn` has none.
//!
//! One command sends back no more than its limit: what fails again comes back here, and must not go in
//! circles.

use std::collections::HashSet;
use std::fmt;
use std::process::ExitCode;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use indicatif::ProgressBar;
use market_kernel::Timestamp;
use market_kernel::aggregate::Lane;
use serde::Serialize;
use serde_json::Value;

use super::stack::Stack;
use super::{Common, OperateError, aws_error, exit, progress, say};

/// What SQS gives and takes in one request.
const BATCH: usize = 10;
/// How long a poll asks around among SQS's hosts; without, it may miss what is there.
const POLL_SECONDS: i32 = 1;
/// How long a message is hidden from others while it is shown.
const SHOWN_SECONDS: i32 = 30;
/// The same while it is sent back.
const MOVED_SECONDS: i32 = 60;

/// What to do with dead letters.
#[derive(Debug, clap::Subcommand)]
pub enum DeadLetters {
    /// Count them, queue by queue.
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Show them, and leave them where they are.
    Inspect {
        /// Whose.
        #[arg(value_parser = queues())]
        queue: Queue,
        /// How many at most.
        #[arg(long, value_name = "N", default_value_t = 10)]
        #[arg(value_parser = clap::value_parser!(u16).range(1..=100))]
        limit: u16,
        #[command(flatten)]
        common: Common,
    },
    /// Send them back to their queue, until none are left.
    Redrive {
        /// Whose.
        #[arg(value_parser = queues())]
        queue: Queue,
        /// How many at most.
        #[arg(long, value_name = "N", default_value_t = 10_000)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        #[command(flatten)]
        common: Common,
    },
}

/// A queue that has dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// A lane's.
    Lane(Lane),
    /// What SES tells of sent mail.
    MailFeedback,
    /// What the relay gave up.
    Relay,
    /// Passes of the sweep that failed.
    Sweep,
}

fn queues() -> impl TypedValueParser<Value = Queue> {
    let named =
        |name: String| Queue::all().find(|queue| queue.name() == name).ok_or("there is no such queue");
    PossibleValuesParser::new(Queue::all().map(Queue::name)).try_map(named)
}

impl Queue {
    /// Every queue.
    pub fn all() -> impl Iterator<Item = Self> {
        Lane::ALL.into_iter().map(Self::Lane).chain([Self::MailFeedback, Self::Relay, Self::Sweep])
    }

    /// The name that stands for it in the pattern of the queues' URLs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lane(lane) => lane.name(),
            Self::MailFeedback => "mail_feedback",
            Self::Relay => "relay",
            Self::Sweep => "sweep",
        }
    }

    /// Whether its dead letters are messages of a queue that could be sent again.
    fn check_redriven(self) -> Result<(), OperateError> {
        let why = match self {
            Self::Lane(_) | Self::MailFeedback => return Ok(()),
            Self::Relay => {
                "they tell which records of the table's stream the relay gave up, and the sweep hands out what \
                 these left due as soon as its lease ends"
            }
            Self::Sweep => "each tells of a pass that failed, and the next pass repeats it",
        };
        Err(OperateError::NotRedriven { queue: self.name(), why })
    }
}

/// How many dead letters a queue has; as SQS counts, nearly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The queue.
    pub queue: &'static str,
    /// Those that can be received.
    pub waiting: u64,
    /// Those that someone has received and holds.
    pub held: u64,
}

/// Every queue's.
#[derive(Debug, Serialize)]
struct Counts(Vec<Count>);

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<20} {:>10} {:>10}", "DEAD LETTERS OF", "WAITING", "HELD")?;
        self.0.iter().try_for_each(|Count { queue, waiting, held }| {
            writeln!(f, "{queue:<20} {waiting:>10} {held:>10}")
        })
    }
}

/// A dead letter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeadLetter {
    /// SQS's id of it.
    pub message_id: String,
    /// When it was first sent.
    pub first_sent: Option<Timestamp>,
    /// How often it was received since it is here, this time included.
    pub received: u32,
    /// What it says; a text where that is no JSON.
    pub body: Value,
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

/// Dead letters of one queue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspected {
    /// The queue.
    pub queue: &'static str,
    /// Some of its dead letters, in no order.
    pub messages: Vec<DeadLetter>,
}

impl fmt::Display for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for DeadLetter { message_id, first_sent, received, body } in &self.messages {
            let sent = first_sent.map_or_else(|| "at an unknown time".to_owned(), |at| at.to_string());
            writeln!(f, "{message_id}\n  first sent {sent}, received {received} times\n  {body}")?;
        }
        write!(f, "{} dead letters of {} shown.", self.messages.len(), self.queue)
    }
}

/// What came of sending dead letters back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Redriven {
    /// The queue.
    pub queue: &'static str,
    /// Sent, and deleted here.
    pub moved: u32,
    /// Sent, and still here: they will go out a second time, which does no harm.
    pub twice: u32,
    /// Whether it ended because of the limit.
    pub limited: bool,
    /// What it ended because of, where something went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

impl fmt::Display for Redriven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} dead letters went back to {}.", self.moved, self.queue)?;
        if self.twice > 0 {
            writeln!(f, "{} more were sent and not deleted; to send them again does no harm.", self.twice)?;
        }
        if self.limited {
            writeln!(f, "That was the limit; give the command again for what is left.")?;
        }
        match &self.stopped {
            Some(why) => writeln!(f, "It stopped: {why}\nNothing is lost; give the command again."),
            None => Ok(()),
        }
    }
}

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
            queue: queue.name(),
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
        Ok(Inspected { queue: queue.name(), messages: held.iter().map(DeadLetter::from).collect() })
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
        Ok(Redriven { queue: queue.name(), moved, twice, limited, stopped })
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

pub(super) async fn run(command: DeadLetters) -> Result<ExitCode, OperateError> {
    match command {
        DeadLetters::List { common } => {
            let queues = DeadLetterQueues::of(&Stack::find(&common.stack).await?)?;
            let mut counts = Vec::new();
            for queue in Queue::all() {
                counts.push(queues.count(queue).await?);
            }
            say(&Counts(counts), common.json)?;
            Ok(ExitCode::SUCCESS)
        }
        DeadLetters::Inspect { queue, limit, common } => {
            let queues = DeadLetterQueues::of(&Stack::find(&common.stack).await?)?;
            say(&queues.inspect(queue, limit).await?, common.json)?;
            Ok(ExitCode::SUCCESS)
        }
        DeadLetters::Redrive { queue, limit, common } => {
            queue.check_redriven()?;
            let queues = DeadLetterQueues::of(&Stack::find(&common.stack).await?)?;
            let bar = progress("Sending back", common.json);
            let redriven = queues.redrive(queue, limit, &bar).await?;
            say(&redriven, common.json)?;
            Ok(exit(redriven.stopped.is_none()))
        }
    }
}
