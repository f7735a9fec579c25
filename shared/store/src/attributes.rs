//! The names of the attributes of an item, and their values.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use market_kernel::keys::Key;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// Partition key: the owner.
pub(crate) const PK: &str = "pk";
/// Sort key: the thing.
pub(crate) const SK: &str = "sk";
/// The aggregate's kind.
pub(crate) const KIND: &str = "kind";
/// Its version.
pub(crate) const VERSION: &str = "v";
/// The schema of its body, or of its attributes where it has none; absent on what was written before schemas had
/// numbers, which is of the first.
pub(crate) const SCHEMA: &str = "schema";
/// Its state, an evidence record or a text, exactly as hashed.
pub(crate) const BODY: &str = "body";
/// The hash of its newest evidence record.
pub(crate) const HEAD: &str = "head";
/// The instant of its newest evidence record.
pub(crate) const AT: &str = "at";
/// The list that another party reads it in (index `lists`).
pub(crate) const LIST: &str = "list";
/// The list that tells where it stands (index `desk`).
pub(crate) const DESK: &str = "desk";
/// Its place in either.
pub(crate) const PLACE: &str = "place";
/// On a record that stands in a timeline: the sort keys of the other records of its commit in the same partition, each but
/// the first after a `|`.
pub(crate) const BESIDE: &str = "beside";
/// When DynamoDB may drop the item, in seconds.
pub(crate) const TTL: &str = "ttl";

/// Partition key of the index: `due#<lane>#<shard>` or `parked#<lane>`.
pub(crate) const SHARD: &str = "due_shard";
/// Sort key of the index: the instant in milliseconds. Behind it, after a `#`, the instant at which more than a reminder
/// is due, where there is one: an index's own attributes cannot be added to. Older entries have their item's key there.
pub(crate) const WAKE_AT: &str = "wake_at";
/// When the item is due, in milliseconds.
pub(crate) const DUE_AT: &str = "due_at";
/// How often it was handed out since its state last changed.
pub(crate) const TRIES: &str = "tries";

pub(crate) fn s(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn n(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn key_attributes(key: &Key) -> Item {
    HashMap::from([(PK.to_owned(), s(key.partition.as_str())), (SK.to_owned(), s(key.sort.as_str()))])
}
