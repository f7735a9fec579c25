//! What lies in a partition, page by page. It is read strongly consistent.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::keys::{Key, Partition, Sort};
use market_kernel::stored::Storable;

use super::page::{Page, Record};
use crate::Store;
use crate::attributes::{PK, SK, key_attributes, s};
use crate::error::StoreError;
use crate::item::Reader;
use crate::meter::Direction;

/// DynamoDB's bounds of keys.
pub(super) const MAX_SORT_BYTES: usize = 1024;

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
}
