//! What lies in a partition, page by page. It is read strongly consistent.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::keys::{Key, Partition, Sort};
use market_kernel::stored::Storable;

use super::asked::{Asked, one_more};
use super::page::{Page, Record};
use crate::Store;
use crate::attributes::{PK, SK, key_attributes, s};
use crate::error::StoreError;
use crate::item::Reader;
use crate::meter::Direction;

/// DynamoDB's bounds of keys.
pub(super) const MAX_SORT_BYTES: usize = 1024;

/// Sorts behind whatever follows a prefix.
const LAST: char = '\u{10ffff}';

/// The most items that are looked at for a page of some of them.
pub(super) const SIFTED: u16 = 200;

/// Items of one request where the caller wants all of them.
const MOST: u16 = 1000;

impl Store {
    /// A page of the aggregates of one kind in a partition, in its order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list<A: Aggregate>(
        &self,
        partition: &Partition,
        asked: Asked<'_>,
    ) -> Result<Page<Loaded<A>>, StoreError> {
        Ok(self.page(partition, A::PLACE.sorts(), asked).await?.of(Reader::aggregate))
    }

    /// A page of those aggregates of one kind in a partition that are kept. At most [`SIFTED`] are looked at, so a page
    /// may be short, or empty, with more to come.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_where<A: Aggregate>(
        &self,
        partition: &Partition,
        asked: Asked<'_>,
        keep: impl Fn(&A) -> bool,
    ) -> Result<Page<Loaded<A>>, StoreError> {
        let limit = asked.limit;
        let page = self.page(partition, A::PLACE.sorts(), Asked { limit: SIFTED, ..asked }).await?;
        Ok(page.sift(limit, keep))
    }

    /// A page of the evidence in a partition whose sort keys begin with `prefix`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_records(
        &self,
        partition: &Partition,
        prefix: &str,
        asked: Asked<'_>,
    ) -> Result<Page<Record>, StoreError> {
        Ok(self.page(partition, prefix, asked).await?.of(Reader::record))
    }

    /// A page of forms that lie by themselves in a partition under `prefix`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list_forms<S: Storable>(
        &self,
        partition: &Partition,
        prefix: &str,
        asked: Asked<'_>,
    ) -> Result<Page<S>, StoreError> {
        Ok(self.page(partition, prefix, asked).await?.of(Reader::form::<S>))
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
        let mut page = self.page(partition, prefix, Asked::page(None, limit).descending()).await?;
        page.items.reverse();
        Ok(Page { next: None, ..page }.of(Reader::form::<S>))
    }

    pub(crate) async fn page(
        &self,
        partition: &Partition,
        prefix: &str,
        asked: Asked<'_>,
    ) -> Result<Page<Reader>, StoreError> {
        let start = asked.after.map(|sort| match sort.strip_prefix(prefix) {
            Some(rest) if !rest.is_empty() && sort.len() <= MAX_SORT_BYTES => {
                Ok(key_attributes(&Key::new(partition.clone(), Sort::stored(sort))))
            }
            _ => Err(StoreError::OutsideQuery),
        });
        let query = match &asked.from {
            None => self.range(partition, prefix),
            Some(from) => self.between(partition, &format!("{prefix}{from}"), &format!("{prefix}{LAST}")),
        };
        let query =
            query.scan_index_forward(asked.is_ascending()).set_exclusive_start_key(start.transpose()?);
        self.ask(query, asked.limit, asked.after.is_some()).await
    }

    /// A page of what lies in a partition between two sort keys.
    pub(crate) async fn page_between(
        &self,
        partition: &Partition,
        from: &str,
        until: &str,
        after: Option<&str>,
    ) -> Result<Page<Reader>, StoreError> {
        let start = after.map(|sort| key_attributes(&Key::new(partition.clone(), Sort::stored(sort))));
        let query = self.between(partition, from, until).set_exclusive_start_key(start);
        self.ask(query, MOST, false).await
    }

    fn between(&self, partition: &Partition, from: &str, until: &str) -> QueryFluentBuilder {
        self.range(partition, "")
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :until")
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":until", s(until))
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

    /// What a query of the table finds. `next` is the sort key of the last item that is shown, where more follows.
    async fn ask(
        &self,
        query: QueryFluentBuilder,
        limit: u16,
        begins_after: bool,
    ) -> Result<Page<Reader>, StoreError> {
        let answer = query
            .limit(one_more(limit.into()))
            .consistent_read(true)
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await
            .map_err(|error| StoreError::of_page(&error, begins_after))?;
        self.meter.count(Direction::Read, answer.consumed_capacity.as_slice());
        // An answer may end early where it would be too large; then more follows the last item too.
        let ends_early = answer.last_evaluated_key.is_some();
        let items = answer.items.unwrap_or_default().into_iter().map(Reader::new);
        let mut items = items.collect::<Result<Vec<_>, _>>()?;
        let goes_on = ends_early || items.len() > usize::from(limit);
        items.truncate(limit.into());
        let next = items.last().filter(|_| goes_on).map(|last| last.key.sort.to_string());
        Ok(Page { items, next, unreadable: Vec::new() })
    }
}
