//! Why a notice did not leave, in words of the market's own: a closed list, so that a metric can be told apart by it and
//! no text of a gateway or a library stands in one. Metrics, logs and evidence have the names under which it is stored.
//!
//! It also decides who pays for a failed attempt. A notice has sixteen, for a gateway or a mailbox that fails. Where the
//! gateway asked us to send less, or where we ourselves are set up wrongly, the message was never tried, and none is spent
//! (docs/decisions/0086).

/// Why the latest attempt to send a notice did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hindrance {
    /// The gateway takes no more for now: the quota or the rate of the account is used up.
    Throttled,
    /// What the market needs to send is missing or is not accepted: credentials, a secret, the sender's identity, an
    /// account that may send nothing, a server whose certificate is not the one that was named.
    Misconfigured,
    /// The gateway was not reached.
    Unreachable,
    /// The gateway, or the mailbox behind it, answered that it cannot for the moment.
    Failing,
    /// No answer: the attempt is under way, or nobody knows what became of it.
    Unanswered,
}

impl Hindrance {
    /// Whether an attempt that it hindered is given back.
    #[must_use]
    pub const fn is_excused(self) -> bool {
        match self {
            Self::Throttled | Self::Misconfigured => true,
            Self::Unreachable | Self::Failing | Self::Unanswered => false,
        }
    }
}
