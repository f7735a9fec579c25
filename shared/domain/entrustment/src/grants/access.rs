//! Checks of a token, and the ledger in which the merchant reads them (4.4.3, supervision).
//!
//! Every check is counted: by hour, scope and outcome, so that a ledger stays readable and its cost
//! bounded, however busy an application is. One partition of the table takes so many counts a second; a ledger whose
//! own is not enough is spread over [`LEDGER_PARTITIONS`], and a line is then what the lines of all of them add up to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use market_kernel::ids::{AccountId, GrantId, ProviderId, ScopeName};
use market_kernel::keys::{Key, Partition, Sort};
use market_kernel::stored::values::Named;
use market_parties::accounts::MarketAccount;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Grant;
use super::token::{self, GrantToken, GrantTokens};

/// What a check answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// The data may be used.
    Allowed,
    /// The grant is over.
    Ended,
    /// The token is not, or no longer, this grant's.
    WrongToken,
    /// The scope is not part of the grant.
    WrongScope,
}

/// A use of data that is to be checked: of this scope, with this token.
#[derive(Debug, Clone, Copy)]
pub struct Use<'a> {
    /// The token that was shown.
    pub token: &'a GrantToken,
    /// The scope that the data belong to.
    pub scope: &'a ScopeName,
}

/// Decides whether data may be used so, now.
#[must_use]
pub fn check(
    asked: Use<'_>,
    grant: &Grant,
    tokens: Option<&GrantTokens>,
    account: &MarketAccount,
    now: Timestamp,
) -> CheckOutcome {
    let Use { token, scope } = asked;
    if !grant.is_active_at(account, now) {
        CheckOutcome::Ended
    } else if !token::good(grant, tokens, now).iter().any(|digest| token.matches(digest)) {
        CheckOutcome::WrongToken
    } else if !grant.scopes.iter().any(|granted| granted.name == *scope) {
        CheckOutcome::WrongScope
    } else {
        CheckOutcome::Allowed
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
    pub outcome: CheckOutcome,
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

/// Lines of one ledger as one: those of the same hour, scope, outcome and provider are added up. What was edited so
/// that a difference in one of these is explained by its name.
#[must_use]
pub fn add_up(lines: impl IntoIterator<Item = AccessEntry>) -> Vec<AccessEntry> {
    let mut sums = BTreeMap::<_, AccessEntry>::new();
    for line in lines {
        let name = (line.hour, line.scope.clone(), line.outcome, line.provider_id.clone());
        sums.entry(name)
            .and_modify(|sum| {
                sum.count = sum.count.saturating_add(line.count);
                sum.first_at = sum.first_at.min(line.first_at);
                sum.last_at = sum.last_at.max(line.last_at);
            })
            .or_insert(line);
    }
    sums.into_values().collect()
}

/// Partitions of a ledger that is spread. A partition takes 1,000 write units a second and a count is one, so that the
/// checks of one grant are counted up to 8,000 times a second.
pub const LEDGER_PARTITIONS: u8 = 8;

/// A partition of a grant's ledger. They are its own: counting checks never holds up what else is the merchant's.
/// Number 0 is the one that every ledger has.
#[must_use]
pub fn ledger_partition(account: &AccountId, grant: &GrantId, number: u8) -> Partition {
    Partition::new("ledger#", format_args!("{account}#{grant}#{number}"))
}

/// Where a check is counted by chance when partition 0 takes no more: two of the others.
#[must_use]
pub const fn other_partitions([first, second]: [u8; 2]) -> [u8; 2] {
    let others = LEDGER_PARTITIONS - 1;
    let one = first % others;
    let other = (one + 1 + second % (others - 1)) % others;
    [1 + one, 1 + other]
}

/// What the lines of a ledger began with, in the merchant's own partition, before ledgers had partitions.
#[must_use]
pub fn former_ledger_prefix(grant: &GrantId) -> String {
    format!("access#{grant}#")
}

/// A check that was made, once or several times at the same instant, to be counted in the ledger.
#[derive(Debug, Clone, Copy)]
pub struct Check<'a> {
    /// The grant.
    pub grant: &'a Grant,
    /// The scope asked for.
    pub scope: &'a ScopeName,
    /// The answer.
    pub outcome: CheckOutcome,
    /// When.
    pub at: Timestamp,
    /// How many times.
    pub times: u64,
}

/// What a line of a ledger is told by: account, grant, hour, scope, outcome.
pub type LineName<'a> = (&'a AccountId, &'a GrantId, Timestamp, &'a ScopeName, CheckOutcome);

/// Checks of one instant, those that are counted in the same line as one: however many are made at once, a line is written
/// once for all of them.
#[must_use]
pub fn sum_up<'a>(checks: impl IntoIterator<Item = Check<'a>>) -> Vec<Check<'a>> {
    let mut sums = BTreeMap::<_, Check<'a>>::new();
    for check in checks {
        sums.entry(check.line())
            .and_modify(|sum| sum.times = sum.times.saturating_add(check.times))
            .or_insert(check);
    }
    sums.into_values().collect()
}

impl<'a> Check<'a> {
    /// The line that it is counted in.
    #[must_use]
    pub fn line(&self) -> LineName<'a> {
        let Self { grant, scope, outcome, at, times: _ } = *self;
        (&grant.account_id, &grant.id, hour_of(at), scope, outcome)
    }

    /// Where it is counted, in this partition of the ledger.
    #[must_use]
    pub fn entry_key(&self, partition: u8) -> Key {
        let Self { grant, scope, outcome, at, times: _ } = *self;
        Key::new(
            ledger_partition(&grant.account_id, &grant.id, partition),
            Sort::new("", format_args!("{}#{scope}#{}", hour_of(at), outcome.name())),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn chance_leads_to_two_different_partitions_and_to_every_one_but_the_first() {
        let drawn = (0..=255).flat_map(|one| (0..=255).map(move |other| other_partitions([one, other])));
        let drawn: BTreeSet<_> = drawn.collect();
        let pairs =
            (1..LEDGER_PARTITIONS).flat_map(|one| (1..LEDGER_PARTITIONS).map(move |other| [one, other]));
        assert_eq!(drawn, pairs.filter(|[one, other]| one != other).collect());
    }

    #[test]
    fn lines_of_several_partitions_add_up_and_what_differs_stands_for_itself() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let line = |scope: &str, outcome, count, first, last| AccessEntry {
            grant_id: GrantId::new(Timestamp::UNIX_EPOCH, [0; 10]),
            provider_id: "northwind".parse().unwrap(),
            hour: hour_of(at(first)),
            scope: scope.parse().unwrap(),
            outcome,
            count,
            first_at: at(first),
            last_at: at(last),
        };
        let edited = AccessEntry {
            provider_id: "southwind".parse().unwrap(),
            ..line("orders.read", CheckOutcome::Allowed, 5, 60, 70)
        };
        let lines = [
            line("orders.read", CheckOutcome::Allowed, 3, 10, 20),
            edited.clone(),
            line("orders.read", CheckOutcome::Allowed, u64::MAX, 5, 15),
            line("orders.read", CheckOutcome::Ended, 1, 12, 12),
            line("orders.read", CheckOutcome::Allowed, 7, 3_600, 3_600),
        ];
        let sums = [
            line("orders.read", CheckOutcome::Allowed, u64::MAX, 5, 20),
            edited,
            line("orders.read", CheckOutcome::Ended, 1, 12, 12),
            line("orders.read", CheckOutcome::Allowed, 7, 3_600, 3_600),
        ];
        assert_eq!(add_up(lines.clone()), sums);
        assert_eq!(add_up(lines.into_iter().rev()), sums, "in whatever order they are read");
    }
}
