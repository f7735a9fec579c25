//! A list that is spread over several lists, read as one.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use futures_util::future::try_join_all;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::keys::ListName;

use super::Page;
use super::asked::{Asked, Sorted, one_more};
use super::list::{Entry, Index, is_of};
use super::partition::MAX_SORT_BYTES;
use crate::attributes::{PLACE, s};
use crate::meter::Direction;
use crate::{Store, StoreError};

/// What one of the lists gave: its next items, with their places, and whether more follows the last of them.
struct Part {
    entries: Vec<Entry>,
    goes_on: bool,
}

impl Store {
    /// A page of several lists as one, in the order of their places; no two items of them have the same place. Each list
    /// is asked for about twice its share of the page, so a page may be shorter than `limit` with more to come. `next` is
    /// the last item's place.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_entries_merged<A: Aggregate>(
        &self,
        index: Index,
        lists: &[ListName],
        asked: Asked<'_>,
    ) -> Result<Page<Loaded<A>>, StoreError> {
        if asked.after.is_some_and(|after| !begins_in(after, asked.from.as_deref())) {
            return Err(StoreError::OutsideQuery);
        }
        let limit = usize::from(asked.limit);
        let share = limit.div_ceil(lists.len().max(1)) * 2;
        let parts = try_join_all(lists.iter().map(|list| self.part(index, list, &asked, share))).await?;
        let first = |one: &str, other: &str| match asked.sorted {
            Sorted::Ascending => one.cmp(other),
            Sorted::Descending => other.cmp(one),
        };
        // Beyond this place, one of the lists has more that was not read.
        let ends = parts.iter().filter(|part| part.goes_on).filter_map(|part| part.entries.last());
        let read_to = ends.map(|entry| entry.place.clone()).min_by(|one, other| first(one, other));
        let mut entries: Vec<_> = parts.into_iter().flat_map(|part| part.entries).collect();
        entries.sort_by(|one, other| first(&one.place, &other.place));
        entries.retain(|entry| read_to.as_ref().is_none_or(|end| first(&entry.place, end).is_le()));
        let goes_on = read_to.is_some() || entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| goes_on).map(|entry| entry.place.clone());
        let page = self.of_entries(index, &entries, |entry| is_of(entry, lists)).await?;
        Ok(Page { next, ..page })
    }

    async fn part(
        &self,
        index: Index,
        list: &ListName,
        asked: &Asked<'_>,
        share: usize,
    ) -> Result<Part, StoreError> {
        let query = self.query_list(index, list).scan_index_forward(asked.is_ascending());
        let named = |query: QueryFluentBuilder, condition: &str| {
            query.key_condition_expression(condition).expression_attribute_names("#place", PLACE)
        };
        let query = match (asked.sorted, asked.after, asked.from.as_deref()) {
            (_, None, None) => query,
            (_, None, Some(from)) => named(query, "#list = :list AND #place >= :from")
                .expression_attribute_values(":from", s(from)),
            (Sorted::Ascending, Some(after), _) => named(query, "#list = :list AND #place > :after")
                .expression_attribute_values(":after", s(after)),
            (Sorted::Descending, Some(after), None) => named(query, "#list = :list AND #place < :after")
                .expression_attribute_values(":after", s(after)),
            // The item after which the page begins is among them, and left out below.
            (Sorted::Descending, Some(after), Some(from)) => {
                named(query, "#list = :list AND #place BETWEEN :from AND :after")
                    .expression_attribute_values(":from", s(from))
                    .expression_attribute_values(":after", s(after))
            }
        };
        let answer = query
            .limit(one_more(share + 1))
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await
            .map_err(|error| StoreError::of_page(&error, asked.after.is_some()))?;
        self.meter.count(Direction::Read, answer.consumed_capacity.as_slice());
        let ends_early = answer.last_evaluated_key.is_some();
        let entries = answer.items.unwrap_or_default().into_iter().map(Entry::new);
        let mut entries = entries.collect::<Result<Vec<_>, StoreError>>()?;
        entries.retain(|entry| asked.after != Some(&entry.place));
        let goes_on = ends_early || entries.len() > share;
        entries.truncate(share);
        Ok(Part { entries, goes_on })
    }
}

/// Whether a page can begin after this place, in a list of which nothing is asked for before the other.
fn begins_in(after: &str, from: Option<&str>) -> bool {
    (1..=MAX_SORT_BYTES).contains(&after.len()) && from.is_none_or(|from| from <= after)
}
