//! Lists that others than a thing's owner read. They are eventually consistent.
//!
//! An index holds the keys of what is in a list, and a page is read of the things themselves. So a page shows each as it
//! is, and nothing that has left the list since (docs/decisions/0075).

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::Select;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::keys::{Key, ListEntry, ListName};

use super::asked::{Asked, one_more};
use super::items::Consistency;
use super::page::Page;
use super::partition::{MAX_SORT_BYTES, SIFTED};
use crate::Store;
use crate::attributes::{DESK, Item, LIST, PLACE, key_attributes, s};
use crate::error::StoreError;
use crate::item::Reader;
use crate::meter::Direction;
use crate::schema::{DESK_INDEX, LISTS_INDEX};

const MAX_PARTITION_BYTES: usize = 2048;

/// Which lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// Those that another party reads: [`Aggregate::list_entry`].
    Lists,
    /// Those that tell where things stand: [`Aggregate::desk_entry`].
    Desk,
}

impl Index {
    const fn name(self) -> &'static str {
        match self {
            Self::Lists => LISTS_INDEX,
            Self::Desk => DESK_INDEX,
        }
    }

    const fn list(self) -> &'static str {
        match self {
            Self::Lists => LIST,
            Self::Desk => DESK,
        }
    }

    fn entry_of<A: Aggregate>(self, state: &A) -> Option<ListEntry> {
        match self {
            Self::Lists => state.list_entry(),
            Self::Desk => state.desk_entry(),
        }
    }
}

/// Something in a list, as an index has it.
pub(super) struct Entry {
    pub(super) place: String,
    key: Key,
}

impl Entry {
    pub(super) fn new(item: Item) -> Result<Self, StoreError> {
        let reader = Reader::new(item)?;
        Ok(Self { place: reader.text(PLACE)?.to_owned(), key: reader.key })
    }

    /// The place in the list, as `next` names it.
    fn after(&self) -> String {
        format!("{}|{}|{}", self.place, self.key.partition, self.key.sort)
    }
}

impl Store {
    pub(super) fn query_list(&self, index: Index, list: &ListName) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name(index.name())
            .key_condition_expression("#list = :list")
            .expression_attribute_names("#list", index.list())
            .expression_attribute_values(":list", s(list.as_str()))
    }

    /// About how many things are in a list, up to `most`: what has just left it may still count.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn count_entries(&self, index: Index, list: &ListName, most: u16) -> Result<usize, StoreError> {
        let answer = self
            .query_list(index, list)
            .select(Select::Count)
            .limit(i32::from(most))
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await
            .map_err(|error| StoreError::of_page(&error, false))?;
        self.meter.count(Direction::Read, answer.consumed_capacity.as_slice());
        Ok(usize::try_from(answer.count).unwrap_or_default())
    }

    /// A page of a list that another party reads. `next` holds the last item's place and key. What has left the list
    /// meanwhile is not on the page, which may be short for it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_entries<A: Aggregate>(
        &self,
        list: &ListName,
        asked: Asked<'_>,
    ) -> Result<Page<Loaded<A>>, StoreError> {
        let (entries, next) = self.entries(list, asked).await?;
        let page = self.of_entries(Index::Lists, &entries, |entry| is_of(entry, std::slice::from_ref(list)));
        Ok(Page { next, ..page.await? })
    }

    /// A page of those things of a list that are kept. At most [`SIFTED`] are looked at, so a page may be short, or
    /// empty, with more to come.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_entries_where<A: Aggregate>(
        &self,
        list: &ListName,
        asked: Asked<'_>,
        keep: impl Fn(&A) -> bool,
    ) -> Result<Page<Loaded<A>>, StoreError> {
        let limit = usize::from(asked.limit);
        let (entries, mut next) = self.entries(list, Asked { limit: SIFTED, ..asked }).await?;
        let listed = |entry: &ListEntry| is_of(entry, std::slice::from_ref(list));
        let mut page = self.of_entries::<A>(Index::Lists, &entries, listed).await?;
        page.items.retain(|item| keep(&item.state));
        if page.items.len() > limit {
            page.items.truncate(limit);
            let last = page.items.last().map(|item| item.state.key());
            next = entries.iter().find(|entry| Some(&entry.key) == last.as_ref()).map(Entry::after);
        }
        Ok(Page { next, ..page })
    }

    async fn entries(
        &self,
        list: &ListName,
        asked: Asked<'_>,
    ) -> Result<(Vec<Entry>, Option<String>), StoreError> {
        let start = asked.after.map(|after| place_in(list, after).ok_or(StoreError::OutsideQuery));
        let query = self.query_list(Index::Lists, list);
        let query = match &asked.from {
            None => query,
            Some(from) => query
                .key_condition_expression("#list = :list AND #place >= :from")
                .expression_attribute_names("#place", PLACE)
                .expression_attribute_values(":from", s(from)),
        };
        let answer = query
            .scan_index_forward(asked.is_ascending())
            .set_exclusive_start_key(start.transpose()?)
            .limit(one_more(asked.limit.into()))
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await
            .map_err(|error| StoreError::of_page(&error, asked.after.is_some()))?;
        self.meter.count(Direction::Read, answer.consumed_capacity.as_slice());
        let ends_early = answer.last_evaluated_key.is_some();
        let entries = answer.items.unwrap_or_default().into_iter().map(Entry::new);
        let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
        let goes_on = ends_early || entries.len() > usize::from(asked.limit);
        entries.truncate(asked.limit.into());
        let next = entries.last().filter(|_| goes_on).map(Entry::after);
        Ok((entries, next))
    }

    /// The keys of a page of a list that another party reads, and where the next one begins.
    pub(crate) async fn entry_keys(
        &self,
        list: &ListName,
        asked: Asked<'_>,
    ) -> Result<(Vec<Key>, Option<String>), StoreError> {
        let (entries, next) = self.entries(list, asked).await?;
        Ok((entries.into_iter().map(|entry| entry.key).collect(), next))
    }

    /// The things that entries name, in their order, as they are now; without those that stand elsewhere by now.
    pub(super) async fn of_entries<A: Aggregate>(
        &self,
        index: Index,
        entries: &[Entry],
        is_listed: impl Fn(&ListEntry) -> bool,
    ) -> Result<Page<Loaded<A>>, StoreError> {
        let keys = entries.iter().map(|entry| entry.key.clone()).collect();
        let mut found = self.batch(keys, Consistency::Eventual).await?;
        let items = entries.iter().filter_map(|entry| found.remove(&entry.key)).collect();
        let mut page = Page { items, next: None, unreadable: Vec::new() }.of(Reader::aggregate::<A>);
        page.items.retain(|item| index.entry_of(&item.state).as_ref().is_some_and(&is_listed));
        Ok(page)
    }
}

pub(super) fn is_of(entry: &ListEntry, lists: &[ListName]) -> bool {
    lists.contains(&entry.list)
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
