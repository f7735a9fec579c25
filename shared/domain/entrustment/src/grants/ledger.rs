//! The ledger of a grant, closed day by day (4.4.3): what the merchant reads of a day that is over cannot be edited
//! unseen.
//!
//! Lines are counted in place, so they have no records of their own. When a day is over in Shanghai, its lines are
//! hashed and the hash goes into the grant's own chain. This aggregate lies beside the grant: it says which days wait,
//! so that counting a check never writes the item that the merchant must be able to end. A check adds the day with its
//! first line, and at most once; the job `seal_ledger` takes days off, one at a time.
//!
//! It also says whether the ledger is spread over several partitions. That is noted before the first line begins beyond
//! partition 0, and stays: whoever reads a ledger knows where all of its lines are.

use std::fmt::Write as _;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use market_kernel::aggregate::{Aggregate, Due, Lane, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{AccountId, GrantId};
use market_kernel::keys::{Key, Place};
use market_kernel::occasion::Occasion;
use market_kernel::periods::{end_of, local_date, start_of};
use market_kernel::stored::values::Named;

use super::Grant;
use super::access::{AccessEntry, LEDGER_PARTITIONS};
use crate::events;

/// How long after its end a day is sealed: what was decided on it has been counted by then.
pub const SETTLING: SignedDuration = SignedDuration::from_mins(10);

/// How far a grant's ledger is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// The merchant.
    pub account_id: AccountId,
    /// The grant.
    pub grant_id: GrantId,
    /// The newest day that is sealed.
    pub sealed_through: Option<Date>,
    /// Days that have lines and wait to be sealed, in their order.
    pub waiting: Vec<Date>,
    /// Whether it has lines in every partition, or only in the first.
    pub is_spread: bool,
}

impl Ledger {
    /// How many partitions its lines are in, from number 0 on.
    #[must_use]
    pub const fn partitions(&self) -> u8 {
        if self.is_spread { LEDGER_PARTITIONS } else { 1 }
    }

    /// Notes that the ledger has lines in every partition. `None` where it is noted already.
    #[must_use]
    pub fn spread(loaded: Option<&Loaded<Self>>, grant: &Grant, occasion: &Occasion) -> Option<Change> {
        let event = Event::of(events::LedgerSpread { partitions: u32::from(LEDGER_PARTITIONS) });
        let Some(loaded) = loaded else {
            let ledger = Self { is_spread: true, ..Self::new(grant) };
            return Some(Change::on(occasion).create(&ledger, event));
        };
        let ledger = Self { is_spread: true, ..loaded.state.clone() };
        (!loaded.is_spread).then(|| Change::on(occasion).update(loaded, &ledger, event))
    }

    /// The ledger of a grant of which nothing was counted yet.
    #[must_use]
    pub fn new(grant: &Grant) -> Self {
        Self {
            account_id: grant.account_id.clone(),
            grant_id: grant.id.clone(),
            sealed_through: None,
            waiting: Vec::new(),
            is_spread: false,
        }
    }

    /// Notes that today has a line. `None` where it is noted already.
    #[must_use]
    pub fn open_day(loaded: Option<&Loaded<Self>>, grant: &Grant, occasion: &Occasion) -> Option<Change> {
        let day = local_date(occasion.at);
        let event = Event::of(events::LedgerDayOpened { day });
        let Some(loaded) = loaded else {
            let ledger = Self { waiting: vec![day], ..Self::new(grant) };
            return Some(Change::on(occasion).create(&ledger, event));
        };
        // A clock that runs behind does not open a day again that is sealed.
        let is_sealed = loaded.sealed_through.is_some_and(|sealed| day <= sealed);
        if is_sealed || loaded.waiting.contains(&day) {
            return None;
        }
        let mut ledger = loaded.state.clone();
        ledger.waiting.push(day);
        ledger.waiting.sort_unstable();
        Some(Change::on(occasion).update(loaded, &ledger, event))
    }

    /// Between which instants lie the lines that are to be sealed now; `None` where no day waits that is over. A day
    /// that was missed since the last one is among them.
    #[must_use]
    pub fn span_to_seal(&self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let day = *self.waiting.first()?;
        let begins = self.sealed_through.map_or_else(|| start_of(day), end_of);
        (sealed_at(day) <= now).then(|| (begins.min(start_of(day)), end_of(day)))
    }

    /// Seals the earliest day of these lines, which are all of the span, into the chain of the grant.
    #[must_use]
    pub fn seal(
        loaded: &Loaded<Self>,
        grant: &Loaded<Grant>,
        lines: &[AccessEntry],
        occasion: &Occasion,
    ) -> Option<Change> {
        let waiting = *loaded.waiting.first()?;
        let day =
            lines.iter().map(|line| local_date(line.hour)).min().map_or(waiting, |day| day.min(waiting));
        let seal = DaySeal::of(day, lines);
        let mut ledger = loaded.state.clone();
        ledger.sealed_through = Some(day);
        ledger.waiting.retain(|other| *other > day);
        let DaySeal { lines, checks, sha256, .. } = seal;
        Some(
            Change::on(occasion)
                .update(grant, &grant.state, Event::of(events::LedgerSealed { day, lines, checks, sha256 }))
                .update(loaded, &ledger, Event::of(events::LedgerDayClosed { day })),
        )
    }
}

/// When a day is sealed.
fn sealed_at(day: Date) -> Timestamp {
    end_of(day).saturating_add(SETTLING).unwrap_or(Timestamp::MAX)
}

/// What a sealed day is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySeal {
    /// The day, in Shanghai.
    pub day: Date,
    /// How many lines it has.
    pub lines: u32,
    /// How many checks they count.
    pub checks: u64,
    /// The hash of all that they say.
    pub sha256: Sha256Hash,
}

impl DaySeal {
    /// The seal of a day, from lines of which others may be of other days. Each is hashed as
    /// `hour#scope#outcome provider count first last` with a line break, in the order of these texts; instants are in
    /// milliseconds.
    #[must_use]
    pub fn of(day: Date, lines: &[AccessEntry]) -> Self {
        let of_day: Vec<_> = lines.iter().filter(|line| local_date(line.hour) == day).collect();
        let mut texts: Vec<String> = of_day.iter().map(|line| text(line)).collect();
        texts.sort_unstable();
        Self {
            day,
            lines: u32::try_from(of_day.len()).unwrap_or(u32::MAX),
            checks: of_day.iter().fold(0, |sum, line| sum.saturating_add(line.count)),
            sha256: Sha256Hash::of(texts.concat().as_bytes()),
        }
    }
}

fn text(line: &AccessEntry) -> String {
    let AccessEntry { grant_id: _, provider_id, hour, scope, outcome, count, first_at, last_at } = line;
    let mut text = format!("{hour}#{scope}#{} {provider_id} {count}", outcome.name());
    for at in [first_at, last_at] {
        let _ = write!(text, " {}", at.as_millisecond());
    }
    text.push('\n');
    text
}

impl Aggregate for Ledger {
    type Id = (AccountId, GrantId);
    const KIND: &'static str = "ledger";
    const PLACE: Place = Place::Within("ledger#");
    const IS_TOLD: bool = false;

    fn key_of((account, grant): &Self::Id) -> Key {
        Self::PLACE.within(account, grant)
    }

    fn key(&self) -> Key {
        Self::key_of(&(self.account_id.clone(), self.grant_id.clone()))
    }

    fn next_due(&self) -> Option<Due> {
        self.waiting.first().map(|day| Due::new(sealed_at(*day), Lane::SealLedger))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::access::{CheckOutcome, hour_of};

    fn at(instant: &str) -> Timestamp {
        instant.parse().unwrap()
    }

    fn line(first_at: &str, count: u64) -> AccessEntry {
        AccessEntry {
            grant_id: GrantId::new(Timestamp::UNIX_EPOCH, [0; 10]),
            provider_id: "northwind".parse().unwrap(),
            hour: hour_of(at(first_at)),
            scope: "orders.read".parse().unwrap(),
            outcome: CheckOutcome::Allowed,
            count,
            first_at: at(first_at),
            last_at: at(first_at),
        }
    }

    fn day(day: &str) -> Date {
        day.parse().unwrap()
    }

    fn ledger(sealed_through: Option<&str>, waiting: &[&str]) -> Ledger {
        Ledger {
            account_id: "shop-1".parse().unwrap(),
            grant_id: GrantId::new(Timestamp::UNIX_EPOCH, [0; 10]),
            sealed_through: sealed_through.map(day),
            waiting: waiting.iter().map(|one| day(one)).collect(),
            is_spread: false,
        }
    }

    #[test]
    fn a_day_is_that_of_shanghai_and_whatever_a_line_of_it_says_is_in_its_seal() {
        let lines = [line("2026-01-05T15:59:59Z", 3), line("2026-01-05T16:00:00Z", 4)];
        let seal = DaySeal::of(day("2026-01-05"), &lines);
        assert_eq!((seal.lines, seal.checks), (1, 3));
        let text = "2026-01-05T15:00:00Z#orders.read#allowed northwind 3 1767628799000 1767628799000\n";
        assert_eq!(seal.sha256, Sha256Hash::of(text.as_bytes()));
        let mut edited = lines[0].clone();
        edited.last_at = edited.last_at.saturating_add(SignedDuration::from_millis(1)).unwrap();
        assert_ne!(DaySeal::of(seal.day, &[edited]).sha256, seal.sha256);
        let reversed = [lines[1].clone(), lines[0].clone()];
        assert_eq!(DaySeal::of(seal.day, &reversed), seal, "the order in which they are read says nothing");
    }

    #[test]
    fn a_day_waits_until_ten_minutes_after_its_end_and_what_was_missed_before_it_is_sealed_with_it() {
        let first = ledger(None, &["2026-01-05", "2026-01-06"]);
        assert_eq!(first.next_due().unwrap().at, at("2026-01-05T16:10:00Z"));
        assert_eq!(first.span_to_seal(at("2026-01-05T16:09:59Z")), None);
        let span = first.span_to_seal(at("2026-01-05T16:10:00Z"));
        assert_eq!(span, Some((at("2026-01-04T16:00:00Z"), at("2026-01-05T16:00:00Z"))));
        let later = ledger(Some("2026-01-02"), &["2026-01-05"]);
        let span = later.span_to_seal(at("2026-02-01T00:00:00Z"));
        assert_eq!(span, Some((at("2026-01-02T16:00:00Z"), at("2026-01-05T16:00:00Z"))));
        assert_eq!(ledger(Some("2026-01-02"), &[]).next_due(), None);
    }
}
