//! What the commands say: counts, dead letters, and what came of sending them back.

use std::fmt;

use market_kernel::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::queue::Queue;

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

impl Count {
    /// None.
    pub(crate) fn none(queue: Queue) -> Self {
        Self { queue: queue.name(), waiting: 0, held: 0 }
    }
}

/// Every queue's.
#[derive(Debug, Serialize)]
pub(super) struct Counts(pub(super) Vec<Count>);

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

impl Inspected {
    /// None.
    pub(crate) fn none(queue: Queue) -> Self {
        Self { queue: queue.name(), messages: Vec::new() }
    }
}

/// How many dead letters would be sent back.
#[derive(Debug, Serialize)]
pub(super) struct WouldRedrive {
    pub(super) dry_run: bool,
    pub(super) queue: &'static str,
    /// As many as wait, up to the limit.
    pub(super) would_move: u64,
    pub(super) waiting: u64,
    pub(super) held: u64,
}

impl fmt::Display for WouldRedrive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dry_run: _, queue, would_move, waiting, held } = self;
        write!(
            f,
            "{would_move} dead letters would go back to {queue}; {waiting} wait, and {held} are held by someone. \
             Nothing was changed."
        )
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

impl Redriven {
    /// None.
    pub(crate) fn none(queue: Queue) -> Self {
        Self { queue: queue.name(), moved: 0, twice: 0, limited: false, stopped: None }
    }
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
