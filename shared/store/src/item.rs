//! How state is read from an item of the table.

use aws_sdk_dynamodb::types::AttributeValue;
use market_kernel::Timestamp;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::hash::Sha256Hash;
use market_kernel::keys::Key;
use market_kernel::stored::{self, FIRST_SCHEMA, Storable, Trust};

use crate::attributes::{AT, BODY, HEAD, Item, KIND, PK, SCHEMA, SK, VERSION, key_attributes, n, s};
use crate::error::StoreError;

/// Why an item that has no form is not read.
pub(crate) const UNKNOWN_SCHEMA: &str = "its schema is not known";

/// An item that holds nothing but a body of this schema.
pub(crate) fn plain(key: &Key, body: impl Into<String>, schema: u32) -> Item {
    let mut item = key_attributes(key);
    item.insert(BODY.to_owned(), s(body));
    item.insert(SCHEMA.to_owned(), n(schema));
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
                key: Key::stored("?", "?"),
                reason: format!("no key attribute {name}"),
            }),
        };
        let key = Key::stored(part(PK)?, part(SK)?);
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
