//! The access ledger: one line for each hour, scope and outcome, counted in place.
//!
//! A check is counted in the ledger's partition 0. Only when that takes no more is it counted in another one, drawn by
//! chance; so a ledger that is not busy costs one write for a check and is read in one query. Nothing is counted in a
//! partition before the ledger says that it is spread ([`Counted::NotBegun`]).

use std::collections::BTreeMap;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use futures_util::future::try_join_all;
use market_entrustment::grants::access::{
    AccessEntry, Check, CheckOutcome, LEDGER_PARTITIONS, add_up, former_ledger_prefix, hour_of,
    ledger_partition,
};
use market_entrustment::grants::ledger::Ledger;
use market_kernel::Timestamp;
use market_kernel::ids::{AccountId, GrantId};
use market_kernel::keys::Owner;
use market_kernel::stored::{FIRST_SCHEMA, Named, Trust};

use crate::Store;
use crate::attributes::{SCHEMA, key_attributes, n, s};
use crate::error::StoreError;
use crate::item::{Reader, UNKNOWN_SCHEMA};
use crate::meter::Direction;
use crate::read::{Asked, Page};

const GRANT: &str = "grant";
const PROVIDER: &str = "provider";
const SCOPE: &str = "scope";
const OUTCOME: &str = "outcome";
const COUNT: &str = "count";
const FIRST_AT: &str = "first_at";
const LAST_AT: &str = "last_at";

/// A line that counts goes on.
const GOES_ON: &str = "#schema = :schema";
/// A line that counts begins or goes on. One that this version cannot read is not counted on.
const MAY_BEGIN: &str = "attribute_not_exists(#schema) OR #schema = :schema";

/// What became of a check that is to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It is counted, as the first of its line.
    First,
    /// It is counted in a line that was there.
    Further,
    /// It is not counted yet: partition 0 takes no more, and this one has no such line. The ledger is to be spread
    /// ([`Ledger::spread`]) before the line is begun ([`Store::begin_line`]).
    NotBegun(u8),
}

impl Store {
    /// Counts a check of a token as often as it was made, in one write: in partition 0, or, where that takes no more, in the
    /// first of `others` that does.
    ///
    /// # Errors
    /// See [`StoreError`]. A repeated attempt may count a check twice, never lose it.
    pub async fn count_access(&self, check: Check<'_>, others: [u8; 2]) -> Result<Counted, StoreError> {
        let count = |partition, condition| self.count(check, partition, condition);
        let mut throttled = match count(0, MAY_BEGIN).await {
            Err(StoreError::Throttled(text)) => text,
            counted => return counted,
        };
        for partition in others {
            match count(partition, GOES_ON).await {
                Err(StoreError::Throttled(text)) => throttled = text,
                Err(StoreError::Corrupt { .. }) => return Ok(Counted::NotBegun(partition)),
                counted => return counted,
            }
        }
        Err(StoreError::Throttled(throttled))
    }

    /// Counts a check of a token in a partition of a ledger that is spread, and begins its line where there is none.
    ///
    /// # Errors
    /// As [`Store::count_access`].
    pub async fn begin_line(&self, check: Check<'_>, partition: u8) -> Result<Counted, StoreError> {
        self.count(check, partition, MAY_BEGIN).await
    }

    /// Adds to a line, where its condition holds.
    async fn count(&self, check: Check<'_>, partition: u8, condition: &str) -> Result<Counted, StoreError> {
        let (key, Check { grant, scope, outcome, at, times }) = (check.entry_key(partition), check);
        let done = self
            .counting
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_attributes(&key)))
            .update_expression(
                "ADD #count :times SET #schema = if_not_exists(#schema, :schema), #grant = :grant, #provider = :provider, #scope = :scope, \
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
            .expression_attribute_values(":times", n(times))
            .expression_attribute_values(":grant", s(grant.id.as_str()))
            .expression_attribute_values(":provider", s(grant.provider_id.as_str()))
            .expression_attribute_values(":scope", s(scope.as_str()))
            .expression_attribute_values(":outcome", s(outcome.name()))
            .expression_attribute_values(":now", AttributeValue::N(at.as_millisecond().to_string()))
            .condition_expression(condition)
            .return_values(ReturnValue::UpdatedNew)
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await;
        match done {
            Ok(done) => {
                self.meter.count(Direction::Write, done.consumed_capacity.as_slice());
                let count = done.attributes.as_ref().and_then(|line| line.get(COUNT)?.as_n().ok());
                // A line that was not there has as many as were added.
                let is_first = count.is_some_and(|count| *count == times.to_string());
                Ok(if is_first { Counted::First } else { Counted::Further })
            }
            // The request is always valid, so this error means that the stored count is not a number.
            Err(error) if error.message().is_some_and(|message| message.contains("incorrect data type")) => {
                Err(StoreError::Corrupt { key, reason: "it cannot be counted on".to_owned() })
            }
            Err(error) => {
                StoreError::of_condition(&error)?;
                Err(StoreError::Corrupt { key, reason: UNKNOWN_SCHEMA.to_owned() })
            }
        }
    }

    /// The lines of a grant's ledger between two instants that begin hours, the later one excluded; those of its
    /// partitions, so many from number 0 on, are added up. Lines from before ledgers had partitions are not among them.
    ///
    /// # Errors
    /// See [`StoreError`]; a line that cannot be read is one.
    pub async fn ledger_between(
        &self,
        account: &AccountId,
        grant: &GrantId,
        partitions: u8,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<AccessEntry>, StoreError> {
        // A line's key is its hour and more behind it, so those of the last hour sort after the bare instant.
        let (from, until) = (from.to_string(), until.to_string());
        let mut lines = Vec::new();
        for number in 0..partitions {
            let partition = ledger_partition(account, grant, number);
            let mut after = None;
            loop {
                let page = self.page_between(&partition, &from, &until, after.as_deref()).await?;
                for line in &page.items {
                    lines.push(entry_of(line)?);
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(add_up(lines))
    }

    /// A page of a grant's ledger, in the order of its hours, from an hour on ([`from_hour`]) or from the first. Lines
    /// from before ledgers had partitions are the oldest. Where it cannot be read whether the ledger is spread, every
    /// partition is looked at, and that is among what is unreadable.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn ledger(
        &self,
        account: &AccountId,
        grant: &GrantId,
        asked: Asked<'_>,
    ) -> Result<Page<AccessEntry>, StoreError> {
        let former = former_ledger_prefix(grant);
        let oldest_first = asked.is_ascending();
        let in_former = asked.after.map_or(oldest_first, |after| after.starts_with(&former));
        let mut lines = self.lines(account, grant, in_former, asked.clone()).await?;
        let is_in_the_second = in_former != oldest_first;
        if is_in_the_second || lines.next.is_some() {
            return Ok(lines);
        }
        let read = lines.items.len() + lines.unreadable.len();
        let left = asked.limit.saturating_sub(u16::try_from(read).unwrap_or(asked.limit));
        let rest = Asked { after: None, limit: left.max(1), ..asked };
        let others = self.lines(account, grant, !in_former, rest).await?;
        if left == 0 {
            // The next page, if there is one, begins between the two.
            let is_last = others.items.is_empty() && others.unreadable.is_empty();
            lines.next = (!is_last).then(|| format!("{former}~"));
        } else {
            lines.items.extend(others.items);
            lines.unreadable.extend(others.unreadable);
            lines.next = others.next;
        }
        Ok(lines)
    }

    /// A page of the lines of before ledgers had partitions, or of those since.
    async fn lines(
        &self,
        account: &AccountId,
        grant: &GrantId,
        are_former: bool,
        asked: Asked<'_>,
    ) -> Result<Page<AccessEntry>, StoreError> {
        if are_former {
            let former = former_ledger_prefix(grant);
            return Ok(self.page(&account.partition(), &former, asked).await?.of(entry_of));
        }
        self.spread_page(account, grant, asked).await
    }

    /// A page of the lines of all of a ledger's partitions, in the order of their keys. Those with the same key are one
    /// line.
    async fn spread_page(
        &self,
        account: &AccountId,
        grant: &GrantId,
        asked: Asked<'_>,
    ) -> Result<Page<AccessEntry>, StoreError> {
        let mut unreadable = Vec::new();
        let partitions = match self.get::<Ledger>(&(account.clone(), grant.clone())).await {
            Ok(ledger) => ledger.map_or(1, |ledger| ledger.partitions()),
            Err(error @ StoreError::Corrupt { .. }) => {
                unreadable.push(error);
                LEDGER_PARTITIONS
            }
            Err(error) => return Err(error),
        };
        let pages = try_join_all((0..partitions).map(async |number| {
            self.page(&ledger_partition(account, grant, number), "", asked.clone()).await
        }))
        .await?;
        let comes_before = |one: &str, other: &str| (one < other) == asked.is_ascending() && one != other;
        // Beyond the first page's end that partition may have lines that were not read.
        let ends = pages.iter().filter_map(|page| page.next.clone());
        let end = ends.reduce(|one, other| if comes_before(&other, &one) { other } else { one });
        let mut lines = BTreeMap::<String, Vec<Reader>>::new();
        for line in pages.into_iter().flat_map(|page| page.items) {
            if !end.as_ref().is_some_and(|end| comes_before(end, &line.key.sort)) {
                lines.entry(line.key.sort.to_string()).or_default().push(line);
            }
        }
        let limit = usize::from(asked.limit);
        let is_full = lines.len() > limit;
        let taken: Vec<_> = if asked.is_ascending() {
            lines.into_iter().take(limit).collect()
        } else {
            lines.into_iter().rev().take(limit).collect()
        };
        let last = taken.last().map(|(sort, _)| sort.clone());
        let mut page = Page { items: Vec::new(), next: if is_full { last } else { end }, unreadable };
        for (_, lines) in taken {
            let (read, broken): (Vec<_>, Vec<_>) = lines.iter().map(entry_of).partition(Result::is_ok);
            page.items.extend(add_up(read.into_iter().flatten()));
            page.unreadable.extend(broken.into_iter().filter_map(Result::err));
        }
        Ok(page)
    }
}

/// Where the lines of the hour of an instant begin, for [`Store::ledger`].
#[must_use]
pub fn from_hour(at: Timestamp) -> String {
    hour_of(at).to_string()
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
        outcome: CheckOutcome::named(line.text(OUTCOME)?).ok_or_else(|| line.corrupt("no such outcome"))?,
        count: u64::try_from(line.number(COUNT)?).map_err(|_| line.corrupt("a negative count"))?,
        first_at: instant(FIRST_AT)?,
        last_at: instant(LAST_AT)?,
    })
}

/// An id that was checked when the line was written.
fn trusted<T: Trust<Raw = String>>(line: &Reader, name: &str) -> Result<T, StoreError> {
    Ok(T::trust(line.text(name)?.to_owned()))
}
