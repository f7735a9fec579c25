//! Reading: one item, a few at once, a page of a partition, a page of a list.
//!
//! Items are read strongly consistent. Lists of another party (index `view`) are eventually consistent;
//! they are for people, and no decision is made on them.
//!
//! Where a page begins is a client's word. It is held against the query, which fixes the partition or the list: a page
//! begins within it or is refused ([`StoreError::OutsideQuery`]), and never shows what lies outside.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{KeysAndAttributes, Select};
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::evidence::Evidence;
use market_kernel::keys::{Key, ListName, Partition, Sort};
use market_kernel::stored::Storable;

use crate::Store;
use crate::attributes::{BODY, Item, LIST, PK, PLACE, SK, key_attributes, s};
use crate::error::StoreError;
use crate::item::Reader;
use crate::meter::Direction;
use crate::schema::VIEW_INDEX;

/// A wish for one aggregate.
#[derive(Debug)]
pub struct Of<A: Aggregate>(A::Id);

/// The aggregate with this id.
pub fn of<A: Aggregate>(id: A::Id) -> Of<A> {
    Of(id)
}

/// Wishes that one request answers: tuples of one to eight [`Of`].
pub trait Wishes {
    /// What comes back, `None` where nothing is stored.
    type Found;
    /// The keys to read.
    fn keys(&self) -> Vec<Key>;
    /// The answer, from what was found.
    ///
    /// # Errors
    /// Where an item cannot be read.
    fn take(&self, found: &HashMap<Key, Reader>) -> Result<Self::Found, StoreError>;
}

/// Tuples of one wish, of two, and so on to as many as are named.
macro_rules! wishes {
    ([$($a:ident $i:tt)*]) => {};
    ([$($a:ident $i:tt)*] $next:ident $at:tt $($rest:tt)*) => {
        wishes!(@of $($a $i)* $next $at);
        wishes!([$($a $i)* $next $at] $($rest)*);
    };
    (@of $($a:ident $i:tt)+) => {
        impl<$($a: Aggregate),+> Wishes for ($(Of<$a>,)+) {
            type Found = ($(Option<Loaded<$a>>,)+);

            fn keys(&self) -> Vec<Key> {
                vec![$($a::key_of(&self.$i.0)),+]
            }

            fn take(&self, found: &HashMap<Key, Reader>) -> Result<Self::Found, StoreError> {
                Ok(($(found.get(&$a::key_of(&self.$i.0)).map(Reader::aggregate).transpose()?,)+))
            }
        }
    };
}
wishes!([] A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7);

/// A page, and where the next one begins.
#[derive(Debug)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The place after which the next page begins; none on the last page.
    pub next: Option<String>,
    /// What is wrong with those that could not be read. They do not hide the others.
    pub unreadable: Vec<StoreError>,
}

/// An evidence record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its sort key.
    pub sort: Sort,
    /// Its bytes, exactly as hashed.
    pub stored: String,
    /// What they say.
    pub evidence: Evidence,
}

/// DynamoDB's bounds of keys.
pub(crate) const MAX_SORT_BYTES: usize = 1024;
const MAX_PARTITION_BYTES: usize = 2048;
/// Items of one request where the caller wants all of them.
const MOST: u16 = 1000;
/// DynamoDB's own limit.
const BATCH: usize = 100;
/// Rounds in which what a batch left unread is asked for again.
const BATCH_ROUNDS: u32 = 4;

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
        self.item(key).await?.map(|reader| reader.aggregate()).transpose()
    }

    /// Reads content that was stored beside an aggregate.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn content(&self, key: &Key) -> Result<Option<String>, StoreError> {
        self.item(key).await?.map(|reader| reader.content()).transpose()
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
    pub async fn load<W: Wishes>(&self, wishes: W) -> Result<W::Found, StoreError> {
        wishes.take(&self.batch(wishes.keys()).await?)
    }

    /// Reads aggregates of one kind, a hundred in a request; in none where nothing is asked for. In no order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn load_each<A: Aggregate>(&self, ids: &[A::Id]) -> Result<Page<Loaded<A>>, StoreError> {
        let found = self.batch(ids.iter().map(A::key_of).collect()).await?;
        let items = found.into_values().collect();
        Ok(Page { items, next: None, unreadable: Vec::new() }.of(Reader::aggregate))
    }

    /// Reads what lies at these keys, in as few requests as it takes.
    pub(crate) async fn batch(&self, mut wanted: Vec<Key>) -> Result<HashMap<Key, Reader>, StoreError> {
        wanted.sort();
        wanted.dedup();
        let mut found = HashMap::new();
        for keys in wanted.chunks(BATCH) {
            self.batch_of(keys.iter().map(key_attributes).collect(), &mut found).await?;
        }
        Ok(found)
    }

    async fn batch_of(
        &self,
        mut keys: Vec<Item>,
        found: &mut HashMap<Key, Reader>,
    ) -> Result<(), StoreError> {
        for round in 0..BATCH_ROUNDS {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut keys)))
                .consistent_read(true)
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
                let reader = Reader::new(item)?;
                found.insert(reader.key.clone(), reader);
            }
            // A batch answers in part when the table is throttled, or the answer would be too large.
            let left = answer.unprocessed_keys.and_then(|mut left| left.remove(&self.table));
            match left {
                Some(left) if !left.keys.is_empty() => {
                    keys = left.keys;
                    tokio::time::sleep(Duration::from_millis(25 << round)).await;
                }
                _ => return Ok(()),
            }
        }
        Err(StoreError::Throttled("the batch stayed unanswered in part".to_owned()))
    }

    /// A page of the aggregates of one kind in a partition, in its order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list<A: Aggregate>(
        &self,
        partition: &Partition,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Page<Loaded<A>>, StoreError> {
        Ok(self.page(partition, A::PLACE.sorts(), after, limit).await?.of(Reader::aggregate))
    }

    /// A page of the evidence in a partition whose sort keys begin with `prefix`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_records(
        &self,
        partition: &Partition,
        prefix: &str,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Page<Record>, StoreError> {
        Ok(self.page(partition, prefix, after, limit).await?.of(Reader::record))
    }

    /// A page of forms that lie by themselves in a partition under `prefix`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_forms<S: Storable>(
        &self,
        partition: &Partition,
        prefix: &str,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Page<S>, StoreError> {
        Ok(self.page(partition, prefix, after, limit).await?.of(Reader::form::<S>))
    }

    /// The last of the forms that lie by themselves in a partition under `prefix`, at most `limit`, in its order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn last_forms<S: Storable>(
        &self,
        partition: &Partition,
        prefix: &str,
        limit: u16,
    ) -> Result<Page<S>, StoreError> {
        let query = self.range(partition, prefix).scan_index_forward(false);
        let (mut items, _) = self.ask(query, limit, false).await?;
        items.reverse();
        Ok(Page { items, next: None, unreadable: Vec::new() }.of(Reader::form::<S>))
    }

    /// A form that lies by itself.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn form<S: Storable>(&self, key: &Key) -> Result<Option<S>, StoreError> {
        self.item(key).await?.map(|reader| reader.form::<S>()).transpose()
    }

    pub(crate) async fn page(
        &self,
        partition: &Partition,
        prefix: &str,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Page<Reader>, StoreError> {
        let start = after.map(|sort| match sort.strip_prefix(prefix) {
            Some(rest) if !rest.is_empty() && sort.len() <= MAX_SORT_BYTES => {
                Ok(key_attributes(&Key::new(partition.clone(), Sort::stored(sort))))
            }
            _ => Err(StoreError::OutsideQuery),
        });
        let query = self.range(partition, prefix).set_exclusive_start_key(start.transpose()?);
        let (items, next) = self.ask(query, limit, after.is_some()).await?;
        Ok(Page { items, next, unreadable: Vec::new() })
    }

    /// A page of what lies in a partition between two sort keys.
    pub(crate) async fn page_between(
        &self,
        partition: &Partition,
        from: &str,
        until: &str,
        after: Option<&str>,
    ) -> Result<Page<Reader>, StoreError> {
        let query = self
            .range(partition, "")
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :until")
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":until", s(until))
            .set_exclusive_start_key(
                after.map(|sort| key_attributes(&Key::new(partition.clone(), Sort::stored(sort)))),
            );
        let (items, next) = self.ask(query, MOST, false).await?;
        Ok(Page { items, next, unreadable: Vec::new() })
    }

    /// A query for what lies in a partition under a prefix.
    fn range(&self, partition: &Partition, prefix: &str) -> QueryFluentBuilder {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .expression_attribute_names("#pk", PK)
            .expression_attribute_values(":pk", s(partition.as_str()));
        // DynamoDB takes no empty prefix.
        if prefix.is_empty() {
            return query.key_condition_expression("#pk = :pk");
        }
        query
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":prefix", s(prefix))
    }

    /// What a query of the table finds, and the sort key after which more may follow.
    async fn ask(
        &self,
        query: QueryFluentBuilder,
        limit: u16,
        begins_after: bool,
    ) -> Result<(Vec<Reader>, Option<String>), StoreError> {
        let answer = query
            .limit(i32::from(limit))
            .consistent_read(true)
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await
            .map_err(|error| StoreError::of_page(&error, begins_after))?;
        self.meter.count(Direction::Read, answer.consumed_capacity.as_slice());
        let next =
            answer.last_evaluated_key.map(Reader::new).transpose()?.map(|last| last.key.sort.to_string());
        let items = answer.items.unwrap_or_default().into_iter().map(Reader::new);
        Ok((items.collect::<Result<_, _>>()?, next))
    }

    /// How many things stand in a list, up to `most`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn count_view(&self, list: &ListName, most: u16) -> Result<usize, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(VIEW_INDEX)
            .key_condition_expression("#list = :list")
            .expression_attribute_names("#list", LIST)
            .expression_attribute_values(":list", s(list.as_str()))
            .select(Select::Count)
            .limit(i32::from(most))
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error, false))?;
        self.meter.count(Direction::Read, answer.consumed_capacity.as_slice());
        Ok(usize::try_from(answer.count).unwrap_or_default())
    }

    /// A page of a list that another party reads (index `view`). `next` holds the last item's place and key.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_view<A: Aggregate>(
        &self,
        list: &ListName,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Page<Loaded<A>>, StoreError> {
        let start = after.map(|after| place_in(list, after).ok_or(StoreError::OutsideQuery)).transpose()?;
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(VIEW_INDEX)
            .key_condition_expression("#list = :list")
            .expression_attribute_names("#list", LIST)
            .expression_attribute_values(":list", s(list.as_str()))
            .set_exclusive_start_key(start)
            .limit(i32::from(limit))
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await
            .map_err(|error| StoreError::of_page(&error, after.is_some()))?;
        self.meter.count(Direction::Read, answer.consumed_capacity.as_slice());
        let next = answer
            .last_evaluated_key
            .map(|last| {
                let last = Reader::new(last)?;
                Ok::<_, StoreError>(format!("{}|{}|{}", last.text(PLACE)?, last.key.partition, last.key.sort))
            })
            .transpose()?;
        let items = answer.items.unwrap_or_default().into_iter().map(Reader::new);
        let page = Page { items: items.collect::<Result<_, _>>()?, next, unreadable: Vec::new() };
        Ok(page.of(Reader::aggregate))
    }
}

/// A place in a list, as `next` names it: the place, and the partition and sort key of the item there.
fn place_in(list: &ListName, after: &str) -> Option<Item> {
    let mut parts = after.split('|');
    let mut part = |most: usize| parts.next().filter(|part| (1..=most).contains(&part.len()));
    let (place, partition, sort) = (part(MAX_SORT_BYTES)?, part(MAX_PARTITION_BYTES)?, part(MAX_SORT_BYTES)?);
    if parts.next().is_some() {
        return None;
    }
    let mut start = key_attributes(&Key::stored(partition, sort));
    start.insert(LIST.to_owned(), s(list.as_str()));
    start.insert(PLACE.to_owned(), s(place));
    Some(start)
}

impl Reader {
    pub(crate) fn record(&self) -> Result<Record, StoreError> {
        Ok(Record {
            sort: self.key.sort.clone(),
            stored: self.text(BODY)?.to_owned(),
            evidence: self.form::<Evidence>()?,
        })
    }
}

impl Page<Reader> {
    /// The same page of what its items are; those that are corrupt are set aside.
    pub(crate) fn of<T>(self, read: impl Fn(&Reader) -> Result<T, StoreError>) -> Page<T> {
        let mut page = Page { items: Vec::new(), next: self.next, unreadable: self.unreadable };
        for reader in &self.items {
            match read(reader) {
                Ok(item) => page.items.push(item),
                Err(error) => page.unreadable.push(error),
            }
        }
        page
    }
}
