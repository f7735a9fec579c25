//! Checks of a token, and the ledger in which the merchant reads them (4.4.3, supervision).
//!
//! Every check is counted: by hour, scope and outcome, so that a ledger stays readable and its cost
//! bounded, however busy an application is.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Grant;
use super::token::{self, GrantToken, GrantTokens};
use crate::accounts::MarketAccount;
use crate::aggregate::Key;
use crate::ids::{AccountId, GrantId, ProviderId, ScopeName};
use crate::stored::values::Named;

/// What a check answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The data may be used.
    Allowed,
    /// The grant is over.
    Ended,
    /// The token is not, or no longer, this grant's.
    WrongToken,
    /// The scope is not part of the grant.
    WrongScope,
}

/// Decides whether data of a scope may be used with a token, now.
#[must_use]
pub fn check(
    token: &GrantToken,
    scope: &ScopeName,
    grant: &Grant,
    tokens: Option<&GrantTokens>,
    account: &MarketAccount,
    now: Timestamp,
) -> Outcome {
    if !grant.is_active_at(account, now) {
        Outcome::Ended
    } else if !token::good(grant, tokens, now).iter().any(|digest| token.matches(digest)) {
        Outcome::WrongToken
    } else if !grant.scopes.iter().any(|granted| granted.name == *scope) {
        Outcome::WrongScope
    } else {
        Outcome::Allowed
    }
}

/// One line of the ledger: the checks of one hour, scope and outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessEntry {
    /// The grant.
    pub grant_id: GrantId,
    /// Who asked to use the data.
    pub provider_id: ProviderId,
    /// The beginning of the hour.
    pub hour: Timestamp,
    /// The scope asked for.
    pub scope: ScopeName,
    /// The answer.
    pub outcome: Outcome,
    /// How many times.
    pub count: u64,
    /// The first check.
    pub first_at: Timestamp,
    /// The last check.
    pub last_at: Timestamp,
}

/// The beginning of the hour that an instant lies in.
#[must_use]
pub fn hour_of(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(3600)).unwrap_or(at)
}

/// The partition of a grant's ledger. It is of its own: counting checks never holds up what else is the merchant's.
/// The last part numbers the partitions of one ledger, should one not be enough for its checks.
#[must_use]
pub fn ledger_partition(account: &AccountId, grant: &GrantId) -> String {
    format!("ledger#{account}#{grant}#0")
}

/// What the lines of a ledger began with, in the merchant's own partition, before ledgers had partitions.
#[must_use]
pub fn former_ledger_prefix(grant: &GrantId) -> String {
    format!("access#{grant}#")
}

/// Where a check is counted.
#[must_use]
pub fn entry_key(
    account: &AccountId,
    grant: &GrantId,
    scope: &ScopeName,
    outcome: Outcome,
    at: Timestamp,
) -> Key {
    Key::new(ledger_partition(account, grant), format!("{}#{scope}#{}", hour_of(at), outcome.name()))
}
