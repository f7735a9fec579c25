//! Lists of another party (index `view`), which are eventually consistent.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::Select;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::keys::{Key, ListName};

use super::page::Page;
use super::partition::MAX_SORT_BYTES;
use crate::Store;
use crate::attributes::{Item, LIST, PLACE, key_attributes, s};
use crate::error::StoreError;
use crate::item::Reader;
use crate::meter::Direction;
use crate::schema::VIEW_INDEX;

const MAX_PARTITION_BYTES: usize = 2048;

impl Store {
    pub(super) fn query_list(&self, list: &ListName) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name(VIEW_INDEX)
            .key_condition_expression("#list = :list")
            .expression_attribute_names("#list", LIST)
            .expression_attribute_values(":list", s(list.as_str()))
    }

    /// How many things are in a list, up to `most`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn count_entries(&self, list: &ListName, most: u16) -> Result<usize, StoreError> {
        let answer = self
            .query_list(list)
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
    pub async fn list_entries<A: Aggregate>(
        &self,
        list: &ListName,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Page<Loaded<A>>, StoreError> {
        let start = after.map(|after| place_in(list, after).ok_or(StoreError::OutsideQuery)).transpose()?;
        let answer = self
            .query_list(list)
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
