//! The queues that have dead letters.

use market_kernel::aggregate::Lane;

use crate::operate::OperateError;

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
    pub(super) fn check_redriven(self) -> Result<(), OperateError> {
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
