//! The access ledger: one line for each hour, scope and outcome, counted in place.

use aws_sdk_dynamodb::types::AttributeValue;
use market_domain::Timestamp;
use market_domain::aggregate::Key;
use market_domain::grants::Grant;
use market_domain::grants::access::{AccessEntry, Outcome, entry_key, hour_of, ledger_prefix};
use market_domain::ids::{AccountId, GrantId, ProviderId, ScopeName};

use crate::Store;
use crate::error::StoreError;
use crate::item::{Reader, key_attributes, n, s};
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
    /// Counts one check of a token.
    ///
    /// # Errors
    /// See [`StoreError`]. A repeated attempt may count a check twice, never lose it.
    pub async fn count_access(
        &self,
        grant: &Grant,
        scope: &ScopeName,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let key: Key = entry_key(&grant.account_id, &grant.id, scope, outcome, now);
        let done = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_attributes(&key)))
            .update_expression(
                "ADD #count :one SET #grant = :grant, #provider = :provider, #scope = :scope, \
                 #outcome = :outcome, #first = if_not_exists(#first, :now), #last = :now",
            )
            .expression_attribute_names("#count", COUNT)
            .expression_attribute_names("#grant", GRANT)
            .expression_attribute_names("#provider", PROVIDER)
            .expression_attribute_names("#scope", SCOPE)
            .expression_attribute_names("#outcome", OUTCOME)
            .expression_attribute_names("#first", FIRST_AT)
            .expression_attribute_names("#last", LAST_AT)
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":grant", s(grant.id.as_str()))
            .expression_attribute_values(":provider", s(grant.provider_id.as_str()))
            .expression_attribute_values(":scope", s(scope.as_str()))
            .expression_attribute_values(":outcome", s(outcome.name()))
            .expression_attribute_values(":now", AttributeValue::N(now.as_millisecond().to_string()))
            .set_return_consumed_capacity(self.meter.wish())
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error, true))?;
        self.meter.count(Direction::Write, done.consumed_capacity.as_slice());
        Ok(())
    }

    /// A page of a grant's ledger, in the order of its hours.
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
        self.page(&format!("account#{account}"), &ledger_prefix(grant), after, limit).await?.try_map(|line| {
            let instant = |name: &str| {
                Timestamp::from_millisecond(line.number(name)?)
                    .map_err(|error| line.corrupt(error.to_string()))
            };
            Ok(AccessEntry {
                grant_id: parsed::<GrantId>(&line, GRANT)?,
                provider_id: parsed::<ProviderId>(&line, PROVIDER)?,
                hour: hour_of(instant(FIRST_AT)?),
                scope: parsed::<ScopeName>(&line, SCOPE)?,
                outcome: outcome(&line)?,
                count: u64::try_from(line.number(COUNT)?).unwrap_or_default(),
                first_at: instant(FIRST_AT)?,
                last_at: instant(LAST_AT)?,
            })
        })
    }
}

fn parsed<T: std::str::FromStr>(line: &Reader, name: &str) -> Result<T, StoreError> {
    line.text(name)?.parse().map_err(|_| line.corrupt(format!("{name} is not an id")))
}

fn outcome(line: &Reader) -> Result<Outcome, StoreError> {
    let name = line.text(OUTCOME)?;
    [Outcome::Allowed, Outcome::Ended, Outcome::WrongToken, Outcome::WrongScope]
        .into_iter()
        .find(|outcome| outcome.name() == name)
        .ok_or_else(|| line.corrupt("no such outcome"))
}
