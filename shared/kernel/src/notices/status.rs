//! How far a notice has come, and who is next to do something about it.

use jiff::Timestamp;

use super::{Channel, Hindrance, Manner, Notice};
use crate::daytime;
use crate::ids::NoticeId;

/// How far a notice has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeStatus {
    /// Waits to be sent, or is being sent.
    Queued {
        /// Attempts that count, one that is under way included ([`Hindrance::is_excused`]).
        attempts: u32,
        /// The next attempt is not before this instant.
        next_attempt_at: Timestamp,
        /// What the latest try came to; none where nothing was tried, or by a release that did not keep it.
        trouble: Option<Trouble>,
    },
    /// Left our control; from then on it counts as served (11.1).
    Sent {
        /// When it counts as served.
        served_at: Timestamp,
        /// The gateway's own id of it, where it passed one.
        gateway_id: Option<String>,
        /// A temporary answer of its mailbox, which may still take it.
        came_back: Option<CameBack>,
    },
    /// Arrived, as the gateway learnt later.
    Delivered {
        /// When it counts as served.
        served_at: Timestamp,
        /// The gateway's own id of it.
        gateway_id: Option<String>,
        /// When it arrived.
        delivered_at: Timestamp,
        /// When its recipient called it a nuisance.
        complained_at: Option<Timestamp>,
    },
    /// Came back. It counts as served all the same (11.1); what follows it up goes another way.
    Bounced {
        /// When it counts as served.
        served_at: Timestamp,
        /// The gateway's own id of it.
        gateway_id: Option<String>,
        /// When it came back.
        bounced_at: Timestamp,
        /// Why, in the gateway's words for it.
        reason: String,
        /// Whether the mailbox will never take it. One that may have taken it late counts as arrived when it says so.
        is_final: bool,
        /// The notice that goes another way in its place.
        follow_up: Option<NoticeId>,
        /// Whether nothing else carries the message, so that a human has to.
        needs_a_human: bool,
    },
    /// Could not be sent; a human has to.
    Undeliverable {
        /// Attempts made.
        attempts: u32,
        /// The last refusal, in the channel's words.
        reason: String,
        /// The notice that an operator sent in its place.
        follow_up: Option<NoticeId>,
    },
    /// No longer stood when it was about to leave, and was not sent.
    Superseded {
        /// When that was found.
        at: Timestamp,
        /// Earlier attempts whose outcome is unknown.
        attempts: u32,
        /// The notice that replaces it, if it is still true in other words.
        by: Option<NoticeId>,
    },
}

/// What a notice that waits has met on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// Tries so far, whether they count or not.
    pub tries: u32,
    /// Why the latest did not succeed.
    pub by: Hindrance,
    /// Since when tries are excused, from the first that was.
    pub excused_since: Option<Timestamp>,
}

/// A temporary answer of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameBack {
    /// When it came.
    pub at: Timestamp,
    /// What it said, in the gateway's words for it.
    pub reason: String,
}

/// What a channel says that the market was not given. Others carry the message, so it is nothing to call anyone for.
pub const NO_GATEWAY: &str = "the market has no gateway for this channel";

impl NoticeStatus {
    /// How often it was tried, by number of its claims: whether an attempt counts becomes known only after it.
    #[must_use]
    pub fn tries(&self) -> u32 {
        match self {
            Self::Queued { attempts, trouble, .. } => {
                trouble.map_or(*attempts, |trouble| trouble.tries.max(*attempts))
            }
            _ => 0,
        }
    }

    /// How a notice begins: what the site itself shows is served by being committed. Telephones stay silent at night.
    pub(super) fn drafted(channel: Channel, at: Timestamp) -> Self {
        match channel {
            Channel::Announcement | Channel::InSite => {
                Self::Sent { served_at: at, gateway_id: None, came_back: None }
            }
            Channel::Email => Self::Queued { attempts: 0, next_attempt_at: at, trouble: None },
            Channel::Sms => {
                Self::Queued { attempts: 0, next_attempt_at: daytime::not_before(at), trouble: None }
            }
        }
    }
}

impl Notice {
    /// Whether a human has to see to it: nothing else carries the message, or the market's own fault has held it up for as
    /// long as that is excused.
    #[must_use]
    pub fn needs_a_human(&self) -> bool {
        if self.manner == Manner::AddressLeft || self.served_otherwise.is_some() {
            return false;
        }
        match &self.status {
            NoticeStatus::Undeliverable { follow_up: None, reason, .. } => {
                reason != NO_GATEWAY || self.is_follow_up()
            }
            NoticeStatus::Bounced { needs_a_human, .. } => *needs_a_human,
            NoticeStatus::Queued { .. } => self.status.has_no_excuse_left(),
            NoticeStatus::Sent { .. }
            | NoticeStatus::Delivered { .. }
            | NoticeStatus::Undeliverable { .. }
            | NoticeStatus::Superseded { .. } => false,
        }
    }
}
