//! Committing a change, and the reply to the request that caused it, as one transaction.
//!
//! The idempotency record is one more item of the transaction, conditioned on not being there. Of two
//! requests with the same key one commits; the other is cancelled with nothing written and is answered
//! with the saved reply. So no lease can expire between an effect and the record of it.

use aws_sdk_dynamodb::error::{DisplayErrorContext, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem, Update};
use market_kernel::Timestamp;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::change::{Change, Content, Expected, Write};
use market_kernel::evidence::Evidence;
use market_kernel::hash::Sha256Hash;
use market_kernel::keys::{Key, Partition, Sort};
use market_kernel::stored::values::Trust;
use market_kernel::stored::{self, Storable, StoredForm, Upcaster};
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::attributes::{
    AT, BODY, DESK, DUE_AT, HEAD, Item, KIND, LIST, PK, PLACE, SCHEMA, SHARD, SK, TRIES, TTL, VERSION,
    WAKE_AT, key_attributes, n, s,
};
use crate::due;
use crate::error::{Cancelled, StoreError};
use crate::item::plain;
use crate::meter::Direction;
use crate::timeline;

/// How long a reply is kept: seven days.
const KEPT_SECONDS: i64 = 7 * 24 * 3600;
/// DynamoDB's own limit.
const MAX_ITEMS: usize = 100;

/// A request that must take effect at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Whose key it is: one party's keys never meet another's.
    pub owner: String,
    /// The key that the caller chose.
    pub key: String,
    /// What tells it from another request.
    pub fingerprint: Fingerprint,
    /// The same by the scheme before, for replies that were kept by it.
    pub former: Fingerprint,
}

/// What tells a request from another one under the same key, by a scheme (decision 0077).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fingerprint {
    /// Scheme 1: the hash of operation, path and the bytes of the body. What 0.4.0 kept has it.
    Bytes(Sha256Hash),
    /// Scheme 2, with whose number it begins (`2:…`): the hash of what is said.
    Said(String),
}

/// A reply, as it will be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedReply {
    /// The fingerprint of the request that it answers.
    pub fingerprint: Fingerprint,
    /// HTTP status.
    pub status: u16,
    /// Where the created thing is.
    pub location: Option<String>,
    /// The body.
    pub body: String,
}

/// A saved reply as stored.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredReply {
    /// By the first scheme. Empty where `said` is there: 0.5.0 does not read a reply without it.
    #[serde(default)]
    fingerprint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    said: Option<String>,
    status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    body: String,
}

impl Storable for SavedReply {
    type Form = StoredReply;
}

impl StoredForm for StoredReply {
    type State = SavedReply;
    const UPCASTERS: &'static [Upcaster] = &[];
    /// It can, and is gone after seven days; no evidence is of it.
    const IS_PERSONAL: bool = false;

    fn of(reply: SavedReply) -> Self {
        let SavedReply { fingerprint, status, location, body } = reply;
        let (bytes, said) = match fingerprint {
            Fingerprint::Bytes(bytes) => (bytes.into(), None),
            Fingerprint::Said(said) => (String::new(), Some(said)),
        };
        Self { fingerprint: bytes, said, status, location, body }
    }

    fn restore(self) -> SavedReply {
        let Self { fingerprint: bytes, said, status, location, body } = self;
        let fingerprint =
            said.map_or_else(|| Fingerprint::Bytes(Sha256Hash::trust(bytes)), Fingerprint::Said);
        SavedReply { fingerprint, status, location, body }
    }
}

/// Why a change was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Something that the decision relied on has changed; decide again.
    #[error("the state has changed since it was read")]
    Conflict,
    /// It was decided before the newest record of a chain that it goes on with, by a clock that is behind; decide
    /// again, not before this instant.
    #[error("the decision lies before {0}, when its chain was last changed")]
    Behind(Timestamp),
    /// The request has taken effect before; its reply is saved.
    #[error("the request has been answered before")]
    AlreadyAnswered,
    /// The table did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Submission {
    /// Whether it is the request that a reply was kept for.
    #[must_use]
    pub fn is_of(&self, reply: &SavedReply) -> bool {
        [&self.fingerprint, &self.former].contains(&&reply.fingerprint)
    }

    fn record_key(&self) -> Key {
        Key::new(Partition::new("reply#", &self.owner), Sort::new("key#", &self.key))
    }

    fn record(&self, reply: &SavedReply, now: Timestamp) -> Item {
        let body = stored::bytes(reply.clone());
        let mut item = plain(&self.record_key(), body, stored::schema::<SavedReply>());
        item.insert(TTL.to_owned(), n(now.as_second() + KEPT_SECONDS));
        item
    }
}

/// A record that TTL has not dropped yet counts as gone once its time is over.
const UNANSWERED: &str = "attribute_not_exists(#pk) OR #ttl < :now";

impl Store {
    /// Commits a change; with the reply to its submission, where there is one.
    ///
    /// # Errors
    /// See [`CommitError`]. After `UnknownOutcome` the same submission can be sent again safely.
    pub async fn commit(
        &self,
        change: &Change,
        answer: Option<(&Submission, &SavedReply)>,
    ) -> Result<(), CommitError> {
        if let Some(newest) = change.not_before.filter(|newest| *newest > change.at) {
            return Err(CommitError::Behind(newest));
        }
        let mut items = Vec::new();
        // First, so that a cancelled transaction names it by its place.
        if let Some((submission, reply)) = answer {
            let put = self
                .put(submission.record(reply, change.at))
                .condition_expression(UNANSWERED)
                .expression_attribute_names("#pk", PK)
                .expression_attribute_names("#ttl", TTL)
                .expression_attribute_values(":now", n(change.at.as_second()));
            items.push(put_item(put)?);
        }
        let told = timeline::of(change);
        for write in &change.writes {
            items.push(match write.expected {
                Expected::Absent => put_item(absent(self.put(encode(write, change.at))))?,
                Expected::Version(version) => self.replace(write, version, change.at)?,
            });
            if let Some(record) = &write.record {
                let key = evidence_key(&write.key, write.version());
                let mut item = plain(&key, record, stored::schema::<Evidence>());
                told.place(&key, change.at, &mut item);
                items.push(put_item(absent(self.put(item)))?);
            }
        }
        for Content { key, body, schema, may_be_there } in &change.contents {
            items.push(if *may_be_there {
                self.keep(key, body, *schema)?
            } else {
                put_item(absent(self.put(plain(key, body, *schema))))?
            });
        }
        for (key, version) in &change.relies_on {
            // What is written too is conditioned already, and an item may appear only once.
            if change.writes.iter().any(|write| write.key == *key) {
                continue;
            }
            let check = ConditionCheck::builder()
                .table_name(&self.table)
                .set_key(Some(key_attributes(key)))
                .condition_expression("#v = :v")
                .expression_attribute_names("#v", VERSION)
                .expression_attribute_values(":v", n(version))
                .build()
                .map_err(|error| StoreError::Rejected(error.to_string()))?;
            items.push(TransactWriteItem::builder().condition_check(check).build());
        }
        if items.len() > MAX_ITEMS {
            return Err(StoreError::Rejected(format!("{} items in one transaction", items.len())).into());
        }
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await;
        match sent {
            Ok(done) => {
                self.meter.count(Direction::Write, done.consumed_capacity());
                Ok(())
            }
            Err(error) => Err(cancelled(&error, answer.is_some())),
        }
    }

    /// The reply that was saved for a submission, if it is still kept.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn saved_reply(
        &self,
        submission: &Submission,
        now: Timestamp,
    ) -> Result<Option<SavedReply>, StoreError> {
        let Some(reader) = self.item(&submission.record_key()).await? else { return Ok(None) };
        if reader.number(TTL)? < now.as_second() {
            return Ok(None);
        }
        let reply = reader.form::<SavedReply>()?;
        if !(200..=599).contains(&reply.status) {
            return Err(reader.corrupt("its status is none"));
        }
        Ok(Some(reply))
    }

    /// Saves the reply to a submission that was decided without an effect. False where one is saved already.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn save_reply(
        &self,
        submission: &Submission,
        reply: &SavedReply,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sent = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(submission.record(reply, now)))
            .condition_expression(UNANSWERED)
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":now", n(now.as_second()))
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await;
        match sent {
            Ok(done) => {
                self.meter.count(Direction::Write, done.consumed_capacity.as_slice());
                Ok(true)
            }
            Err(error) => StoreError::of_condition(&error),
        }
    }

    /// Writes an aggregate's own attributes over those of the version that was read, and no others: what a newer
    /// version put beside them stays.
    fn replace(&self, write: &Write, version: u64, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let mut item = encode(write, now);
        item.retain(|name, _| name != PK && name != SK);
        let (mut set, mut removed) = (Vec::new(), Vec::new());
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key_attributes(&write.key)))
            .condition_expression("#v = :read")
            .expression_attribute_values(":read", n(version));
        for name in OPTIONAL.into_iter().filter(|name| !item.contains_key(*name)) {
            removed.push(format!("#{name}"));
            update = update.expression_attribute_names(format!("#{name}"), name);
        }
        for (name, value) in item {
            set.push(format!("#{name} = :{name}"));
            update = update
                .expression_attribute_names(format!("#{name}"), &name)
                .expression_attribute_values(format!(":{name}"), value);
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !removed.is_empty() {
            expression.push_str(&format!(" REMOVE {}", removed.join(", ")));
        }
        update_item(update.update_expression(expression))
    }

    /// Writes content where there is none, and leaves what is there as it is.
    fn keep(&self, key: &Key, body: &str, schema: u32) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key_attributes(key)))
            .update_expression(
                "SET #body = if_not_exists(#body, :body), #schema = if_not_exists(#schema, :schema)",
            )
            .expression_attribute_names("#body", BODY)
            .expression_attribute_names("#schema", SCHEMA)
            .expression_attribute_values(":body", s(body))
            .expression_attribute_values(":schema", n(schema));
        update_item(update)
    }

    fn put(&self, item: Item) -> aws_sdk_dynamodb::types::builders::PutBuilder {
        Put::builder().table_name(&self.table).set_item(Some(item))
    }
}

/// An aggregate as a reading finds it once a change is committed, without one. None where the change does not write it.
#[must_use]
pub fn committed<A: Aggregate>(change: &Change, key: &Key) -> Option<Loaded<A>> {
    let write = change.writes.iter().find(|write| write.key == *key && write.kind == A::KIND)?;
    let (state, as_read) = stored::read(&write.body, write.schema).ok()?;
    let (version, head) = (write.version(), write.head.clone());
    Some(Loaded { state, version, head, changed_at: Some(change.at), as_read })
}

/// Where an aggregate's evidence records lie: in its own partition, in their order.
#[must_use]
pub fn evidence_key(key: &Key, number: u64) -> Key {
    Key::new(key.partition.clone(), Sort::new(EVIDENCE, format_args!("{}#{number:010}", key.sort)))
}

/// What the sort keys of all evidence records begin with.
pub const EVIDENCE: &str = "evidence#";

/// What the sort keys of an aggregate's evidence records begin with.
#[must_use]
pub fn evidence_prefix(sort: &str) -> String {
    format!("{EVIDENCE}{sort}#")
}

fn absent(
    put: aws_sdk_dynamodb::types::builders::PutBuilder,
) -> aws_sdk_dynamodb::types::builders::PutBuilder {
    put.condition_expression("attribute_not_exists(#pk)").expression_attribute_names("#pk", PK)
}

fn put_item(put: aws_sdk_dynamodb::types::builders::PutBuilder) -> Result<TransactWriteItem, StoreError> {
    let put = put.build().map_err(|error| StoreError::Rejected(error.to_string()))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

fn update_item(
    update: aws_sdk_dynamodb::types::builders::UpdateBuilder,
) -> Result<TransactWriteItem, StoreError> {
    let update = update.build().map_err(|error| StoreError::Rejected(error.to_string()))?;
    Ok(TransactWriteItem::builder().update(update).build())
}

/// What a failed transaction means.
fn cancelled(error: &SdkError<TransactWriteItemsError>, answered: bool) -> CommitError {
    let cancelled = match error {
        SdkError::ServiceError(service) => service.err(),
        _ => return StoreError::from_sdk(error, true).into(),
    };
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = cancelled else {
        return StoreError::from_sdk(error, true).into();
    };
    let text = || DisplayErrorContext(error).to_string();
    match Cancelled::of(cancelled) {
        Cancelled::FirstCondition if answered => CommitError::AlreadyAnswered,
        Cancelled::FirstCondition | Cancelled::Conflict => CommitError::Conflict,
        Cancelled::Throttled => StoreError::Throttled(text()).into(),
        Cancelled::TooLarge => StoreError::TooLarge(text()).into(),
        Cancelled::Refused => StoreError::Rejected(text()).into(),
    }
}

/// The attributes that an aggregate may have and may not. A write removes those that have no value; what else an item
/// carries is a newer version's, and is left alone.
const OPTIONAL: [&str; 7] = [SHARD, WAKE_AT, DUE_AT, TRIES, LIST, DESK, PLACE];

fn encode(write: &Write, now: Timestamp) -> Item {
    let mut item = plain(&write.key, &write.body, write.schema);
    item.insert(KIND.to_owned(), s(write.kind));
    item.insert(VERSION.to_owned(), n(write.version()));
    item.insert(HEAD.to_owned(), s(write.head.as_str()));
    item.insert(AT.to_owned(), s(now.to_string()));
    if let Some(due) = write.due {
        due::encode(&mut item, &write.key, due, now);
    }
    for (name, entry) in [(LIST, &write.list_entry), (DESK, &write.desk_entry)] {
        if let Some(entry) = entry {
            item.insert(name.to_owned(), s(entry.list.as_str()));
            item.insert(PLACE.to_owned(), s(&entry.place));
        }
    }
    item
}
