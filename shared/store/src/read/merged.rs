//! A list that is spread over several lists of index `view`, read as one.

use futures_util::future::try_join_all;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::keys::ListName;

use super::Page;
use super::partition::MAX_SORT_BYTES;
use crate::attributes::{PLACE, s};
use crate::item::Reader;
use crate::meter::Direction;
use crate::{Store, StoreError};

/// What one of the lists gave: its next items, with their places, and the place up to which it was read, where it goes on.
struct Part {
    items: Vec<(String, Reader)>,
    read_to: Option<String>,
}

impl Store {
    /// A page of several lists as one, in the order of their places; no two items of them have the same place. Each list
    /// is asked for about twice its share of the page, so a page may be shorter than `limit` with more to come.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_entries_merged<A: Aggregate>(
        &self,
        lists: &[ListName],
        after: Option<&str>,
        limit: u16,
    ) -> Result<Page<Loaded<A>>, StoreError> {
        if after.is_some_and(|after| after.is_empty() || after.len() > MAX_SORT_BYTES) {
            return Err(StoreError::OutsideQuery);
        }
        let share = usize::from(limit).div_ceil(lists.len().max(1)) * 2;
        let parts = try_join_all(lists.iter().map(|list| self.part(list, after, share))).await?;
        // Beyond this place, one of the lists may have more that was not read.
        let read_to = parts.iter().filter_map(|part| part.read_to.clone()).min();
        let mut items: Vec<_> = parts.into_iter().flat_map(|part| part.items).collect();
        items.sort_by(|(one, _), (other, _)| one.cmp(other));
        items.retain(|(place, _)| read_to.as_ref().is_none_or(|end| place <= end));
        let goes_on = read_to.is_some() || items.len() > usize::from(limit);
        items.truncate(usize::from(limit));
        let last = items.last().map(|(place, _)| place.clone());
        let items = items.into_iter().map(|(_, reader)| reader).collect();
        let page = Page { items, next: last.filter(|_| goes_on), unreadable: Vec::new() };
        Ok(page.of(Reader::aggregate))
    }

    async fn part(&self, list: &ListName, after: Option<&str>, limit: usize) -> Result<Part, StoreError> {
        let query = self.query_list(list);
        let query = match after {
            None => query,
            Some(after) => query
                .key_condition_expression("#list = :list AND #place > :after")
                .expression_attribute_names("#place", PLACE)
                .expression_attribute_values(":after", s(after)),
        };
        let answer = query
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await
            .map_err(|error| StoreError::of_page(&error, after.is_some()))?;
        self.meter.count(Direction::Read, answer.consumed_capacity.as_slice());
        let read_to = answer
            .last_evaluated_key
            .map(|last| Reader::new(last)?.text(PLACE).map(str::to_owned))
            .transpose()?;
        let items = answer.items.unwrap_or_default().into_iter().map(|item| {
            let reader = Reader::new(item)?;
            Ok((reader.text(PLACE)?.to_owned(), reader))
        });
        Ok(Part { items: items.collect::<Result<_, StoreError>>()?, read_to })
    }
}
