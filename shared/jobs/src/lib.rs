//! How due work reaches its worker.
//!
//! A timer is a property of committed state ([`market_store::due`]); what travels here is only a
//! [`WakeUp`]: "look at this item". [`sweep`] and [`relay`] send wake-ups to the lane's queue, a worker
//! ([`worker`]) receives them, re-reads the item and asks the domain what is due *now*. So a wake-up that
//! comes late, twice, out of order or not at all does no harm: a lost one is sent again when its lease in
//! the index ends.
//!
//! The queue is Amazon SQS (`sqs`, a feature: a market on one machine does without), or lives in memory for the market on one machine ([`memory`]).

pub mod memory;
pub mod relay;
#[cfg(feature = "sqs")]
pub mod sqs;
pub mod sweep;
pub mod worker;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;
use serde::{Deserialize, Serialize};

/// "Look at this item": all that a queue carries. A message may outlive the release that sent it, so its lane goes by
/// its stored name, and fields of a later release are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WakeUp {
    /// The lane whose turn it is.
    #[serde(rename = "job", with = "by_name")]
    pub lane: Lane,
    /// The item.
    pub key: Key,
}

mod by_name {
    use market_kernel::aggregate::Lane;
    use market_kernel::stored::Name;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(lane: &Lane, serializer: S) -> Result<S::Ok, S::Error> {
        Name(*lane).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Lane, D::Error> {
        Name::deserialize(deserializer).map(|Name(lane)| lane)
    }
}

/// For logs: it names no party.
impl fmt::Display for WakeUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.lane, self.key.told())
    }
}

/// A wake-up on its way.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// What to deliver.
    pub wake_up: WakeUp,
    /// Not before this much time has passed; queues keep at most 15 minutes.
    pub delay: Duration,
}

/// A wake-up that its queue did not take; the sweep will send it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the queue did not take it: {reason}")]
pub struct Unsent {
    /// Its place among what was to be sent.
    pub place: usize,
    /// Why, for logs.
    pub reason: String,
}

/// Takes wake-ups for every lane.
pub trait Queues: Clone + Send + Sync + 'static {
    /// Sends wake-ups, each to its lane's queue, and tells which were not taken, in their order. No queue's trouble is
    /// another's.
    fn send(&self, outgoing: Vec<Outgoing>) -> impl Future<Output = Vec<Unsent>> + Send;
}

/// How long a failed message stays away: 1 s, 2, 4 … at most 15 minutes, by how often it was received.
#[must_use]
pub fn retry_delay(received: u32) -> Duration {
    Duration::from_secs(1 << received.saturating_sub(1).min(10)).min(Duration::from_mins(15))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_up_that_a_release_before_left_in_a_queue_is_still_read_and_written_as_it_was() {
        let left = r#"{"job":"seal_ledger","key":{"partition":"account#shop-1","sort":"ledger#grt_1"}}"#;
        let wake_up: WakeUp = serde_json::from_str(left).unwrap();
        assert_eq!(
            wake_up,
            WakeUp { lane: Lane::SealLedger, key: Key::stored("account#shop-1", "ledger#grt_1") }
        );
        assert_eq!(serde_json::to_string(&wake_up).unwrap(), left);
    }
}
