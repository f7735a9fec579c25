//! The market's memory: one DynamoDB table.
//!
//! What this crate guarantees to everything above it:
//!
//! - A [`Change`](market_kernel::change::Change) is committed whole or not at all, in one
//!   `TransactWriteItems`, with its evidence records, its notices and (as an attribute of each item) its
//!   timer. Each write is conditioned on the version that was read, so of two decisions on the same state
//!   one is made again on the state that the other left.
//! - The reply to a request is part of that same transaction, under the caller's idempotency key: an
//!   effect without its saved reply, or twice, cannot exist.
//! - Nothing scans, and no operation reads or writes more as the market grows.
//!
//! It is the only crate that speaks to DynamoDB. Every call has a timeout and a bounded retry
//! (`market_outside::sdk`); what comes back is a [`StoreError`] that says what is known of the outcome.

pub mod access;
mod attributes;
pub mod commit;
pub mod due;
mod error;
mod item;
pub mod meter;
mod read;
mod retry;
pub mod schema;
mod stored_thing;
mod timeline;

use aws_sdk_dynamodb::Client;

pub use access::{Counted, from_hour};
pub use commit::{CommitError, Fingerprint, SavedReply, Submission};
pub use error::StoreError;
pub use meter::Meter;
pub use read::{Asked, Index, Of, Page, Record, Sorted, of};
pub use stored_thing::{Listed, PartitionItem, StoredThing, Timer, WrongTimer};
pub use timeline::Told;

/// The table, and the way to it.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    /// For what is counted: a throttled call is not tried again.
    counting: Client,
    table: String,
    meter: Meter,
}

impl Store {
    /// A store over a table.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        let config = client.config().to_builder().retry_classifier(retry::Momentary);
        let counting = config.clone().retry_classifier(retry::Elsewhere).build();
        Self {
            client: Client::from_conf(config.build()),
            counting: Client::from_conf(counting),
            table: table.into(),
            meter: Meter::default(),
        }
    }

    /// The same table, counting its own requests and units.
    #[must_use]
    pub fn metered(&self, meter: Meter) -> Self {
        Self { meter, ..self.clone() }
    }
}
