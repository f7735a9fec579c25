//! How state lies in the table: the names of attributes, and the way there and back.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use market_kernel::Timestamp;
use market_kernel::aggregate::{Aggregate, Key, Loaded};
use market_kernel::change::Write;
use market_kernel::hash::Sha256Hash;
use market_kernel::stored::{self, FIRST_SCHEMA, Storable, Trust};

use crate::due;
use crate::error::StoreError;

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
/// The list that another party reads it in, and its place there (index `view`).
pub(crate) const LIST: &str = "list";
pub(crate) const PLACE: &str = "place";
/// When DynamoDB may drop the item, in seconds.
pub(crate) const TTL: &str = "ttl";

pub(crate) fn s(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn n(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn key_attributes(key: &Key) -> Item {
    HashMap::from([(PK.to_owned(), s(&key.partition)), (SK.to_owned(), s(&key.sort))])
}

/// Why an item that has no form is not read.
pub(crate) const UNKNOWN_SCHEMA: &str = "its schema is not known";

/// An item that holds nothing but a body of this schema.
pub(crate) fn plain(key: &Key, body: impl Into<String>, schema: u32) -> Item {
    let mut item = key_attributes(key);
    item.insert(BODY.to_owned(), s(body));
    item.insert(SCHEMA.to_owned(), n(schema));
    item
}

/// The attributes that an aggregate may have and may not. A write removes those that have no value; what else an item
/// carries is a newer version's, and is left alone.
pub(crate) const OPTIONAL: [&str; 6] = [due::SHARD, due::WAKE_AT, due::DUE_AT, due::TRIES, LIST, PLACE];

pub(crate) fn encode(write: &Write, now: Timestamp) -> Item {
    let mut item = plain(&write.key, &write.body, write.schema);
    item.insert(KIND.to_owned(), s(write.kind));
    item.insert(VERSION.to_owned(), n(write.version()));
    item.insert(HEAD.to_owned(), s(write.head.as_str()));
    item.insert(AT.to_owned(), s(now.to_string()));
    if let Some(due) = write.due {
        due::encode(&mut item, &write.key, due, now);
    }
    if let Some(view) = &write.view {
        item.insert(LIST.to_owned(), s(&view.list));
        item.insert(PLACE.to_owned(), s(&view.place));
    }
    item
}

/// Reads attributes of one item, and says which is wrong.
pub struct Reader {
    pub(crate) key: Key,
    item: Item,
}

impl Reader {
    pub(crate) fn new(mut item: Item) -> Result<Self, StoreError> {
        let mut part = |name: &str| match item.remove(name) {
            Some(AttributeValue::S(value)) => Ok(value),
            _ => Err(StoreError::Corrupt {
                key: Key::new("?", "?"),
                reason: format!("no key attribute {name}"),
            }),
        };
        let key = Key { partition: part(PK)?, sort: part(SK)? };
        Ok(Self { key, item })
    }

    pub(crate) fn corrupt(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Corrupt { key: self.key.clone(), reason: reason.into() }
    }

    pub(crate) fn text(&self, name: &str) -> Result<&str, StoreError> {
        match self.item.get(name) {
            Some(AttributeValue::S(value)) => Ok(value),
            _ => Err(self.corrupt(format!("no text {name}"))),
        }
    }

    pub(crate) fn number(&self, name: &str) -> Result<i64, StoreError> {
        match self.item.get(name) {
            Some(AttributeValue::N(value)) => value.parse().ok(),
            _ => None,
        }
        .ok_or_else(|| self.corrupt(format!("no number {name}")))
    }

    /// A text or a number as a text, where it is there at all.
    pub(crate) fn plain(&self, name: &str) -> Option<String> {
        self.item.get(name).map(|value| match value {
            AttributeValue::S(text) | AttributeValue::N(text) => text.clone(),
            _ => String::new(),
        })
    }

    pub(crate) fn aggregate<A: Aggregate>(&self) -> Result<Loaded<A>, StoreError> {
        if self.text(KIND)? != A::KIND {
            return Err(self.corrupt(format!("is not a {}", A::KIND)));
        }
        let (state, as_read) = stored::read(self.text(BODY)?, self.schema()?)
            .map_err(|unreadable| self.corrupt(unreadable.to_string()))?;
        Ok(Loaded {
            state,
            version: self.version()?,
            head: self.head()?,
            changed_at: self.changed_at()?,
            as_read,
        })
    }

    /// A stored form that lies by itself, without a version or a chain.
    pub(crate) fn form<S: Storable>(&self) -> Result<S, StoreError> {
        stored::form(self.text(BODY)?, self.schema()?)
            .map_err(|unreadable| self.corrupt(unreadable.to_string()))
    }

    /// Content without a form: exact bytes.
    pub(crate) fn content(&self) -> Result<String, StoreError> {
        if self.schema()? != FIRST_SCHEMA {
            return Err(self.corrupt(UNKNOWN_SCHEMA));
        }
        Ok(self.text(BODY)?.to_owned())
    }

    pub(crate) fn schema(&self) -> Result<u32, StoreError> {
        if !self.item.contains_key(SCHEMA) {
            return Ok(FIRST_SCHEMA);
        }
        u32::try_from(self.number(SCHEMA)?).map_err(|error| self.corrupt(error.to_string()))
    }

    pub(crate) fn version(&self) -> Result<u64, StoreError> {
        u64::try_from(self.number(VERSION)?).map_err(|error| self.corrupt(error.to_string()))
    }

    /// None on what was last changed before items told it.
    pub(crate) fn changed_at(&self) -> Result<Option<Timestamp>, StoreError> {
        if !self.item.contains_key(AT) {
            return Ok(None);
        }
        self.text(AT)?.parse().map(Some).map_err(|_| self.corrupt("no instant at"))
    }

    pub(crate) fn head(&self) -> Result<Sha256Hash, StoreError> {
        Ok(Sha256Hash::trust(self.text(HEAD)?.to_owned()))
    }
}
