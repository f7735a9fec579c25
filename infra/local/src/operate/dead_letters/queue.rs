//! The queues that have dead letters.

use std::fmt;
use std::str::FromStr;

use market_kernel::aggregate::Lane;
use serde::{Deserialize, Serialize};

use crate::operate::OperateError;

/// A queue that has dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
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

/// The name is no queue's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such queue")]
pub struct NoQueue;

impl FromStr for Queue {
    type Err = NoQueue;

    fn from_str(name: &str) -> Result<Self, NoQueue> {
        Self::all().find(|queue| queue.name() == name).ok_or(NoQueue)
    }
}

impl TryFrom<String> for Queue {
    type Error = NoQueue;

    fn try_from(name: String) -> Result<Self, NoQueue> {
        name.parse()
    }
}

impl From<Queue> for &'static str {
    fn from(queue: Queue) -> Self {
        queue.name()
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
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

    /// Whether its dead letters are hints, which may be sent again: whoever may send to a queue of facts could forge one
    /// ([0104](../../../../../docs/decisions/0104-nobody-sends-what-proves-something.md)).
    pub(crate) fn check_redriven(self) -> Result<(), OperateError> {
        let why = match self {
            Self::Lane(_) => return Ok(()),
            Self::MailFeedback => {
                "each is what SES said of an e-mail, which nobody says in its place; the function reads them where they \
                 lie once its second mapping is on (docs/runbooks/dead-letters.md)"
            }
            Self::Relay => {
                "they tell which records of the table's stream the relay gave up, and the sweep hands out what \
                 these left due as soon as its lease ends"
            }
            Self::Sweep => "each tells of a pass that failed, and the next pass repeats it",
        };
        Err(OperateError::NotRedriven { queue: self.name(), why })
    }
}
