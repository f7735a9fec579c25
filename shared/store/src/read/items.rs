//! Items by their keys: one, or several in a request. What decisions are made on is read strongly consistent.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use futures_util::future::try_join_all;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::keys::Key;
use market_kernel::stored::Storable;

use super::loadable::Loadable;
use super::page::Page;
use crate::Store;
use crate::attributes::{Item, key_attributes};
use crate::error::StoreError;
use crate::item::Reader;
use crate::meter::Direction;

/// DynamoDB's own limit.
const BATCH: usize = 100;

/// Rounds in which what a batch left unread is asked for again.
const BATCH_ROUNDS: u32 = 4;

/// Whether what was just written is read for certain. Where it need not be, it costs half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consistency {
    /// It is: decisions are made on it.
    Strong,
    /// It may be a moment old: it is for people.
    Eventual,
}

impl Store {
    /// Reads one aggregate.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn get<A: Aggregate>(&self, id: &A::Id) -> Result<Option<Loaded<A>>, StoreError> {
        self.get_at(&A::key_of(id)).await
    }

    /// Reads one aggregate by its key, as a wake-up names it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn get_at<A: Aggregate>(&self, key: &Key) -> Result<Option<Loaded<A>>, StoreError> {
        let found = self.item(key).await?.map(|reader| reader.aggregate::<A>()).transpose()?;
        let Some(mut found) = found else { return Ok(None) };
        if let Some(rest) = found.state.rest() {
            join(&mut found, self.item(&rest).await?.as_ref())?;
        }
        Ok(Some(found))
    }

    /// The same page, with the rest of those that are not stored whole. One whose rest cannot be read cannot be read.
    pub(super) async fn whole<A: Aggregate>(
        &self,
        page: Page<Loaded<A>>,
    ) -> Result<Page<Loaded<A>>, StoreError> {
        let mut wanted: BTreeSet<_> = page.items.iter().filter_map(|item| item.state.rest()).collect();
        if wanted.is_empty() {
            return Ok(page);
        }
        // It is often on the same page.
        let mut here = BTreeMap::new();
        for item in &page.items {
            if let Some(key) = wanted.take(&item.state.key()) {
                here.insert(key, item.state.clone());
            }
        }
        let rests = self.batch(wanted.into_iter().collect(), Consistency::Strong).await?;
        let Page { items, next, unreadable } = page;
        let mut page = Page { items: Vec::new(), next, unreadable };
        for mut item in items {
            let joined = match item.state.rest() {
                Some(key) => match here.get(&key) {
                    Some(rest) => {
                        item.state.complete(rest);
                        Ok(())
                    }
                    None => join(&mut item, rests.get(&key)),
                },
                None => Ok(()),
            };
            match joined {
                Ok(()) => page.items.push(item),
                Err(error) => page.unreadable.push(error),
            }
        }
        Ok(page)
    }

    /// Reads content that was stored beside an aggregate.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn content(&self, key: &Key) -> Result<Option<String>, StoreError> {
        self.item(key).await?.map(|reader| reader.content()).transpose()
    }

    /// Whether the table answers: it is asked for an item that is not there.
    ///
    /// # Errors
    /// What it answers every reader. See [`StoreError`].
    pub async fn answers(&self) -> Result<(), StoreError> {
        self.item(&Key::stored("nothing", "nothing")).await.map(drop)
    }

    pub(crate) async fn item(&self, key: &Key) -> Result<Option<Reader>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key_attributes(key)))
            .consistent_read(true)
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error, false))?;
        self.meter.count(Direction::Read, answer.consumed_capacity.as_slice());
        answer.item.map(Reader::new).transpose()
    }

    /// Reads several aggregates in one request.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn load<W: Loadable>(&self, what: W) -> Result<W::Found, StoreError> {
        what.take(&self.batch(what.keys(), Consistency::Strong).await?)
    }

    /// Reads the aggregates of many wishes, a hundred for each request and each once. What cannot be read is an error of
    /// the wishes that name it, and of no other. An empty list makes no request.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn load_all<W: Loadable>(
        &self,
        what: &[W],
    ) -> Result<Vec<Result<W::Found, StoreError>>, StoreError> {
        let keys = what.iter().flat_map(Loadable::keys).collect();
        let found = self.batch(keys, Consistency::Strong).await?;
        Ok(what.iter().map(|what| what.take(&found)).collect())
    }

    /// Reads aggregates of one kind, a hundred for each request, in no particular order. An empty list makes no
    /// request.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn load_each<A: Aggregate>(&self, ids: &[A::Id]) -> Result<Page<Loaded<A>>, StoreError> {
        let found = self.batch(ids.iter().map(A::key_of).collect(), Consistency::Strong).await?;
        let items = found.into_values().collect();
        self.whole(Page { items, next: None, unreadable: Vec::new() }.of(Reader::aggregate)).await
    }

    /// Reads what lies at these keys, in as few requests as it takes, all at once.
    pub(crate) async fn batch(
        &self,
        mut wanted: Vec<Key>,
        consistency: Consistency,
    ) -> Result<HashMap<Key, Reader>, StoreError> {
        wanted.sort();
        wanted.dedup();
        let keys = wanted.chunks(BATCH).map(|keys| keys.iter().map(key_attributes).collect());
        let found = try_join_all(keys.map(|keys| self.batch_of(keys, consistency))).await?;
        Ok(found.into_iter().flatten().map(|reader| (reader.key.clone(), reader)).collect())
    }

    async fn batch_of(
        &self,
        mut keys: Vec<Item>,
        consistency: Consistency,
    ) -> Result<Vec<Reader>, StoreError> {
        let mut found = Vec::new();
        for round in 0..BATCH_ROUNDS {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut keys)))
                .consistent_read(consistency == Consistency::Strong)
                .build()
                .map_err(|error| StoreError::Rejected(error.to_string()))?;
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.table, wanted)
                .set_return_consumed_capacity(self.meter.wish())
                .send()
                .await
                .map_err(|error| StoreError::from_sdk(&error, false))?;
            self.meter.count(Direction::Read, answer.consumed_capacity());
            for item in answer.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                found.push(Reader::new(item)?);
            }
            // A batch answers in part when the table is throttled, or the answer would be too large.
            let left = answer.unprocessed_keys.and_then(|mut left| left.remove(&self.table));
            match left {
                Some(left) if !left.keys.is_empty() => {
                    keys = left.keys;
                    tokio::time::sleep(Duration::from_millis(25 << round)).await;
                }
                _ => return Ok(found),
            }
        }
        Err(StoreError::Throttled("the batch stayed unanswered in part".to_owned()))
    }

    /// A form that lies by itself.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn form<S: Storable>(&self, key: &Key) -> Result<Option<S>, StoreError> {
        self.item(key).await?.map(|reader| reader.form::<S>()).transpose()
    }
}

/// Gives a thing that is not stored whole the rest of it. Without that it cannot be read.
fn join<A: Aggregate>(thing: &mut Loaded<A>, rest: Option<&Reader>) -> Result<(), StoreError> {
    let gone = || StoreError::Corrupt {
        key: thing.state.key(),
        reason: "what has the rest of it is gone".to_owned(),
    };
    let rest = rest.ok_or_else(gone)?.aggregate::<A>()?;
    thing.state.complete(&rest.state);
    Ok(())
}
