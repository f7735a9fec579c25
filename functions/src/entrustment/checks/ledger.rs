//! Counts checks in the ledgers of their grants, for the merchants who supervise them (4.4.3): each line in one write,
//! however many checks it has. Of a busy grant a check is counted in one of the ledger's other partitions; that the ledger
//! has them is noted before.
//!
//! A line that cannot be counted fails the checks that it stands for, and no other. All of it has an end: what a slow table
//! has not counted by then is not allowed, and the answer is still in time. What was counted stays counted, as a check does
//! whose answer was lost.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt, stream};
use market_entrustment::grants::Grant;
use market_entrustment::grants::access::{Check, other_partitions};
use market_entrustment::grants::ledger::Ledger;
use market_kernel::aggregate::Loaded;
use market_kernel::ids::{AccountId, GrantId};
use market_kernel::occasion::Occasion;
use market_store::{CommitError, Counted, StoreError, of};
use tokio::time::timeout;

use crate::entrustment::problems;
use crate::http::problems::OUTCOME_UNKNOWN;
use crate::http::{Market, Problem};

/// Lines that are written at once: so many connections a small function opens without delaying what it does.
const AT_ONCE: usize = 10;

/// How often a check tries to note that its ledger is spread. Others may be at it at the same moment, and one that is
/// done is all it takes.
const TRIES: u8 = 4;

/// How long all lines together may take.
const COUNTED_WITHIN: Duration = Duration::from_secs(5);

/// How long the answer waits for what only prepares the sealing: it is noted in a hundredth of that, or by a later line.
const NOTED_WITHIN: Duration = Duration::from_secs(1);

/// Counts these, each of a line of its own, and says of each whether it was.
pub(super) async fn count(
    lines: &[Check<'_>],
    occasion: &Occasion,
    market: &Market,
) -> Vec<Result<(), Problem>> {
    let mut counted: Vec<Option<Result<Counted, Problem>>> = vec![None; lines.len()];
    let mut begun = 0;
    let counting = async {
        let (mut under_way, mut waiting) = (FuturesUnordered::new(), lines.iter().enumerate());
        loop {
            for (number, line) in waiting.by_ref().take(AT_ONCE - under_way.len()) {
                begun = number + 1;
                under_way.push(count_line(*line, occasion, market).map(move |outcome| (number, outcome)));
            }
            let Some((number, outcome)) = under_way.next().await else { break };
            counted[number] = Some(outcome);
        }
    };
    if timeout(COUNTED_WITHIN, counting).await.is_err() {
        let left = counted.iter().filter(|line| line.is_none()).count();
        tracing::warn!(lines = lines.len(), left, "checks were not counted in time");
    }
    let first = lines.iter().zip(&counted).filter(|(_, counted)| matches!(counted, Some(Ok(Counted::First))));
    let days: BTreeMap<_, _> = first.map(|(line, _)| (id_of(line.grant), line.grant)).collect();
    open_ledger_days(&days.into_values().collect::<Vec<_>>(), occasion, market).await;
    let in_time = |(number, counted): (usize, Option<Result<Counted, Problem>>)| match counted {
        Some(outcome) => outcome.map(drop),
        None if number < begun => Err(Problem::new(OUTCOME_UNKNOWN)),
        None => Err(Problem::new(problems::UNAVAILABLE)),
    };
    counted.into_iter().enumerate().map(in_time).collect()
}

/// Counts the checks of a line.
async fn count_line(line: Check<'_>, occasion: &Occasion, market: &Market) -> Result<Counted, Problem> {
    let others = other_partitions(market.random());
    match market.store.count_access(line, others).await? {
        Counted::NotBegun(partition) => {
            spread_ledger(line.grant, occasion, market).await?;
            Ok(market.store.begin_line(line, partition).await?)
        }
        counted => Ok(counted),
    }
}

type Id = (AccountId, GrantId);

fn id_of(grant: &Grant) -> Id {
    (grant.account_id.clone(), grant.id.clone())
}

/// Notes that the ledger has lines in every partition. Nothing is counted there before: no reader would know of it.
async fn spread_ledger(grant: &Grant, occasion: &Occasion, market: &Market) -> Result<(), Problem> {
    let mut occasion = occasion.clone();
    for _ in 0..TRIES {
        let (ledger,) = market.store.load((of::<Ledger>(id_of(grant)),)).await?;
        let Some(change) = Ledger::spread(ledger.as_ref(), grant, &occasion) else { return Ok(()) };
        match market.store.commit(&change, None).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Conflict | CommitError::AlreadyAnswered) => {}
            Err(CommitError::Behind(newest)) => occasion.at = newest,
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(Problem::new(problems::UNAVAILABLE))
}

/// Notes that today has a line in the ledgers of these grants, so that the day is sealed when it is over. A line that
/// begins asks; no check fails for it, and none is answered late: what could not be noted is noted by the next line, or
/// sealed with the next day. It comes before the answer, for after that a function may be stopped at any moment.
async fn open_ledger_days(grants: &[&Grant], occasion: &Occasion, market: &Market) {
    if grants.is_empty() {
        return;
    }
    if timeout(NOTED_WITHIN, note_days(grants, occasion, market)).await.is_err() {
        tracing::warn!(ledgers = grants.len(), "not every day of a ledger was noted in time");
    }
}

async fn note_days(grants: &[&Grant], occasion: &Occasion, market: &Market) {
    let wishes: Vec<_> = grants.iter().map(|grant| (of::<Ledger>(id_of(grant)),)).collect();
    let ledgers = match market.store.load_all(&wishes).await {
        Ok(ledgers) => ledgers,
        Err(error) => return not_noted(&error.into(), occasion, market),
    };
    let open = |(grant, found)| open_ledger_day(grant, found, occasion, market);
    stream::iter(grants.iter().copied().zip(ledgers)).for_each_concurrent(AT_ONCE, open).await;
}

/// A ledger as it was found, if it is there.
type Found = Result<(Option<Loaded<Ledger>>,), StoreError>;

async fn open_ledger_day(grant: &Grant, found: Found, occasion: &Occasion, market: &Market) {
    let note = async |found: Found| match Ledger::open_day(found?.0.as_ref(), grant, occasion) {
        Some(change) => market.store.commit(&change, None).await,
        None => Ok(()),
    };
    let mut noted = note(found).await;
    // Another check noted it at the same moment, or the job took an older day off.
    if matches!(noted, Err(CommitError::Conflict)) {
        noted = note(market.store.load((of::<Ledger>(id_of(grant)),)).await).await;
    }
    if let Err(error) = noted {
        not_noted(&error, occasion, market);
    }
}

fn not_noted(error: &CommitError, occasion: &Occasion, market: &Market) {
    if let CommitError::Store(StoreError::Corrupt { .. }) = error {
        (market.corruption_alarm)(occasion.at);
    }
    tracing::warn!(%error, "a day of a ledger was not noted");
}
