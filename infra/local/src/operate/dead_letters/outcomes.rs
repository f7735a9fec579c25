//! What the commands say: counts, dead letters, and what came of sending them back.

use std::fmt;

use market_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::queue::Queue;
use crate::operate::counted;

/// How many dead letters a queue has; as SQS counts, nearly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The queue.
    pub queue: Queue,
    /// Those that can be received.
    pub waiting: u64,
    /// Those that someone has received and holds.
    pub held: u64,
}

impl Count {
    /// None.
    pub(crate) fn none(queue: Queue) -> Self {
        Self { queue, waiting: 0, held: 0 }
    }
}

/// Every queue's.
#[derive(Debug, Serialize)]
pub(super) struct Counts {
    /// Whether there are queues at all.
    pub(super) has_queues: bool,
    pub(super) items: Vec<Count>,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<20} {:>10} {:>10}", "DEAD LETTERS OF", "WAITING", "HELD")?;
        self.items.iter().try_for_each(|Count { queue, waiting, held }| {
            writeln!(f, "{queue:<20} {waiting:>10} {held:>10}")
        })
    }
}

/// So many dead letters.
fn letters(count: u64) -> String {
    counted(count, "dead letter", "dead letters")
}

/// A dead letter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspected {
    /// The queue.
    pub queue: Queue,
    /// Some of its dead letters, in no order.
    pub messages: Vec<DeadLetter>,
}

impl fmt::Display for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for DeadLetter { message_id, first_sent, received, body } in &self.messages {
            let sent = first_sent.map_or_else(|| "at an unknown time".to_owned(), |at| at.to_string());
            writeln!(f, "{message_id}\n  first sent {sent}, received {received} times\n  {body}")?;
        }
        write!(f, "{} of {} shown.", letters(self.messages.len() as u64), self.queue)
    }
}

impl Inspected {
    /// None.
    pub(crate) fn none(queue: Queue) -> Self {
        Self { queue, messages: Vec::new() }
    }
}

/// How many dead letters would be sent back.
#[derive(Debug, Serialize)]
pub(super) struct WouldRedrive {
    pub(super) dry_run: bool,
    pub(super) queue: Queue,
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
            "{} would go back to {queue}. Waiting: {waiting}, held by someone: {held}. Nothing was changed.",
            letters(*would_move)
        )
    }
}

/// What came of sending dead letters back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redriven {
    /// The queue.
    pub queue: Queue,
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
        Self { queue, moved: 0, twice: 0, limited: false, stopped: None }
    }
}

impl fmt::Display for Redriven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} went back to {}.", letters(self.moved.into()), self.queue)?;
        if self.twice > 0 {
            writeln!(f, "Sent and not deleted: {}. To send them again does no harm.", self.twice)?;
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
