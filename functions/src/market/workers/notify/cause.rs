//! What a notice rests on: the thing that it speaks of, and what was said of that before.

use market_kernel::Timestamp;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::notices::{CausingRecord, Notice};
use market_store::Asked;
use market_store::commit::{evidence_key, evidence_prefix};

use crate::workers::{Asks, JobError, Verdict, WorkerContext};

/// How many records of the same thing are looked through for earlier notices: more than are written while one waits.
const EARLIER: u64 = 8;
/// How often a notice follows another in its place. Each is drafted by a human, or for another channel or day.
const FOLLOWED: usize = 64;

/// Asks the cause of a notice whether it still stands.
pub(super) async fn verdict(
    jobs: &WorkerContext,
    notice: &Notice,
    now: Timestamp,
    ask: Asks,
) -> Result<Verdict, JobError> {
    let mut cause = CausingRecord::of(&notice.cause);
    for _ in 0..FOLLOWED {
        let Some(CausingRecord { kind, key, .. }) = cause else { break };
        if kind == Notice::KIND {
            // It goes in another's place: that one's cause is its own.
            let before = jobs.store.get_at::<Notice>(&key).await?;
            cause = before.and_then(|before| CausingRecord::of(&before.cause));
            continue;
        }
        return match ask(&kind) {
            Some(ask) => ask(jobs, &key, notice, now).await,
            None => Ok(Verdict::Stands),
        };
    }
    Ok(Verdict::Stands)
}

/// Whether an earlier notice of the same thing, to the same recipient at the same address, has yet to leave.
/// The records of the thing name its notices. What waits for a mailbox that was given up holds up nothing at
/// the new one.
pub(super) async fn earlier_waits(
    jobs: &WorkerContext,
    notice: &Notice,
    now: Timestamp,
    ask: Asks,
) -> Result<bool, JobError> {
    let Some(CausingRecord { key, number, .. }) = CausingRecord::of(&notice.cause) else { return Ok(false) };
    // What a thing is created with is said first.
    if number == 1 {
        return Ok(false);
    }
    let after = evidence_key(&key, number.saturating_sub(EARLIER)).sort;
    let prefix = evidence_prefix(&key.sort);
    let limit = u16::try_from(EARLIER).unwrap_or(u16::MAX);
    let page = jobs.store.list_records(&key.partition, &prefix, Asked::page(Some(&after), limit)).await?;
    let named = page.items.into_iter().flat_map(|record| record.evidence.notices);
    let earlier: Vec<_> = named
        .take_while(|named| named.id != notice.id)
        .filter(|named| named.recipient == notice.recipient && named.channel == notice.channel)
        .map(|named| (named.recipient, named.id))
        .collect();
    if earlier.is_empty() {
        return Ok(false);
    }
    let earlier = jobs.store.load_each::<Notice>(&earlier).await?;
    let waits = |earlier: &&Loaded<Notice>| {
        earlier.waits_to_leave_until().is_some() && earlier.address == notice.address
    };
    for earlier in earlier.items.iter().filter(waits) {
        // What no longer stands will not be sent, however long its next attempt is away.
        if matches!(verdict(jobs, earlier, now, ask).await?, Verdict::Stands) {
            return Ok(true);
        }
    }
    Ok(false)
}
