//! The access ledger: one line for each hour, scope and outcome, counted in place.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use market_domain::Timestamp;
use market_domain::aggregate::Key;
use market_domain::grants::Grant;
use market_domain::grants::access::{
    AccessEntry, Outcome, entry_key, former_ledger_prefix, hour_of, ledger_partition,
};
use market_domain::ids::{AccountId, GrantId, ScopeName};
use market_domain::stored::{FIRST_SCHEMA, Named, Trust};

use crate::Store;
use crate::error::StoreError;
use crate::item::{Reader, SCHEMA, UNKNOWN_SCHEMA, key_attributes, n, s};
use crate::meter::Direction;
use crate::read::Page;

const GRANT: &str = "grant";
const PROVIDER: &str = "provider";
const SCOPE: &str = "scope";
const OUTCOME: &str = "outcome";
const COUNT: &str = "count";
const FIRST_AT: &str = "first_at";
const LAST_AT: &str = "last_at";

impl Store {
    /// Counts one check of a token, and says whether it is the first of its line.
    ///
    /// # Errors
    /// See [`StoreError`]. A repeated attempt may count a check twice, never lose it.
    pub async fn count_access(
        &self,
        grant: &Grant,
        scope: &ScopeName,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let key: Key = entry_key(&grant.account_id, &grant.id, scope, outcome, now);
        let done = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_attributes(&key)))
            .update_expression(
                "ADD #count :one SET #schema = if_not_exists(#schema, :schema), #grant = :grant, #provider = :provider, #scope = :scope, \
                 #outcome = :outcome, #first = if_not_exists(#first, :now), #last = :now",
            )
            .expression_attribute_names("#schema", SCHEMA)
            .expression_attribute_names("#count", COUNT)
            .expression_attribute_names("#grant", GRANT)
            .expression_attribute_names("#provider", PROVIDER)
            .expression_attribute_names("#scope", SCOPE)
            .expression_attribute_names("#outcome", OUTCOME)
            .expression_attribute_names("#first", FIRST_AT)
            .expression_attribute_names("#last", LAST_AT)
            .expression_attribute_values(":schema", n(FIRST_SCHEMA))
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":grant", s(grant.id.as_str()))
            .expression_attribute_values(":provider", s(grant.provider_id.as_str()))
            .expression_attribute_values(":scope", s(scope.as_str()))
            .expression_attribute_values(":outcome", s(outcome.name()))
            .expression_attribute_values(":now", AttributeValue::N(now.as_millisecond().to_string()))
            // A line that this version cannot read is not counted on.
            .condition_expression("attribute_not_exists(#schema) OR #schema = :schema")
            .return_values(ReturnValue::UpdatedNew)
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await;
        match done {
            Ok(done) => {
                self.meter.count(Direction::Write, done.consumed_capacity.as_slice());
                let count = done.attributes.as_ref().and_then(|line| line.get(COUNT)?.as_n().ok());
                Ok(count.is_some_and(|count| count == "1"))
            }
            // The call is always the same: what is there is no number.
            Err(error) if error.message().is_some_and(|message| message.contains("incorrect data type")) => {
                Err(StoreError::Corrupt { key, reason: "it cannot be counted on".to_owned() })
            }
            Err(error) => {
                StoreError::of_condition(&error)?;
                Err(StoreError::Corrupt { key, reason: UNKNOWN_SCHEMA.to_owned() })
            }
        }
    }

    /// The lines of a grant's ledger between two instants that begin hours, the later one excluded. Lines from before
    /// ledgers had partitions are not among them.
    ///
    /// # Errors
    /// See [`StoreError`]; a line that cannot be read is one.
    pub async fn ledger_between(
        &self,
        account: &AccountId,
        grant: &GrantId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<AccessEntry>, StoreError> {
        let partition = ledger_partition(account, grant);
        // A line's key is its hour and more behind it, so those of the last hour sort after the bare instant.
        let (from, until) = (from.to_string(), until.to_string());
        let (mut lines, mut after) = (Vec::new(), None);
        loop {
            let page = self.page_between(&partition, &from, &until, after.as_deref()).await?;
            for line in &page.items {
                lines.push(entry_of(line)?);
            }
            after = page.next;
            if after.is_none() {
                return Ok(lines);
            }
        }
    }

    /// A page of a grant's ledger, in the order of its hours. Lines from before ledgers had partitions come first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn ledger(
        &self,
        account: &AccountId,
        grant: &GrantId,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Page<AccessEntry>, StoreError> {
        let former = former_ledger_prefix(grant);
        let mut lines = Page { items: Vec::new(), next: None, unreadable: Vec::new() };
        if after.is_none_or(|after| after.starts_with(&former)) {
            lines = self.page(&format!("account#{account}"), &former, after, limit).await?;
            if lines.next.is_some() {
                return Ok(lines.of(entry_of));
            }
        }
        match limit.saturating_sub(u16::try_from(lines.items.len()).unwrap_or(limit)) {
            // Full with the last of the former lines: the next page begins behind all of them.
            0 => lines.next = Some(format!("{former}~")),
            left => {
                let after = after.filter(|after| !after.starts_with(&former));
                let page = self.page(&ledger_partition(account, grant), "", after, left).await?;
                lines.items.extend(page.items);
                lines.next = page.next;
            }
        }
        Ok(lines.of(entry_of))
    }
}

fn entry_of(line: &Reader) -> Result<AccessEntry, StoreError> {
    if line.schema()? != FIRST_SCHEMA {
        return Err(line.corrupt(UNKNOWN_SCHEMA));
    }
    let instant = |name: &str| {
        Timestamp::from_millisecond(line.number(name)?).map_err(|error| line.corrupt(error.to_string()))
    };
    Ok(AccessEntry {
        grant_id: trusted(line, GRANT)?,
        provider_id: trusted(line, PROVIDER)?,
        hour: hour_of(instant(FIRST_AT)?),
        scope: trusted(line, SCOPE)?,
        outcome: Outcome::named(line.text(OUTCOME)?).ok_or_else(|| line.corrupt("no such outcome"))?,
        count: u64::try_from(line.number(COUNT)?).map_err(|_| line.corrupt("a negative count"))?,
        first_at: instant(FIRST_AT)?,
        last_at: instant(LAST_AT)?,
    })
}

/// An id that was checked when the line was written.
fn trusted<T: Trust<Raw = String>>(line: &Reader, name: &str) -> Result<T, StoreError> {
    Ok(T::trust(line.text(name)?.to_owned()))
}
