//! `notify` – sends one notice on one channel and records the proof (11.1).
//!
//! Wait, ask, claim, send, record. What is decided is not older than the notice's turn to leave: when that has come, the
//! cause is asked whether the notice still stands, and an earlier notice of the same thing leaves first. The notice itself is
//! read before, for most of what comes again has nothing to send and needs no turn; where it changed while it waited, the
//! claim of what was read conflicts. The attempt is committed before anything leaves, so that of two workers one sends, and a table
//! that takes no writes lets nothing out. A record that is lost is made up for by what the gateway tells later
//! ([`crate::feedback`]); where it tells nothing, the notice is sent again, an hour later at the earliest.
//!
//! It sends no faster than its share of what the provider takes ([`market_notices::Pace`]). An attempt that fails is told
//! of in a line of the log that names no party, and counted by its reason from the third on: an outage of the mail rings
//! within minutes.

mod cause;

use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::keys::Key;
use market_kernel::notices::{DELAYED_FROM, Hindrance, Notice, NoticeStatus, Sending};
use market_kernel::stored::values::Named;
use market_store::CommitError;
use market_store::commit::committed;

use crate::feedback::{alert_of_bounce, contacts};
use crate::metrics::Metric;
use crate::workers::{Asks, JobError, Verdict, WorkerContext};

/// Its name, as evidence shows who did it.
const JOB: &str = "notify";
/// How often the outcome of an attempt is recorded anew, when another event changed the notice meanwhile.
const RECORDS: u32 = 4;

pub async fn notify(jobs: &WorkerContext, key: &Key, ask: Asks) -> Result<(), JobError> {
    let Some(notice) = jobs.store.get_at::<Notice>(key).await? else { return Ok(()) };
    let now = jobs.clock.now();
    if notice.has_come_back(now) {
        return send_another_way(jobs, key, &notice).await;
    }
    if !notice.is_due(now) {
        return Ok(());
    }
    jobs.await_turn().await;
    // It may have been a while.
    let now = jobs.clock.now();
    let verdict = cause::verdict(jobs, &notice, now, ask).await?;
    let occasion = jobs.occasion(JOB, key);
    match verdict {
        Verdict::Stands => {}
        Verdict::Gone => return jobs.commit(Notice::supersede(&notice, None, &occasion)).await,
        Verdict::Outdated(reminder) => {
            let reach = reminder.reach(&notice.recipient);
            let put = Some((&reach, &*reminder.message));
            return jobs.commit(Notice::supersede(&notice, put, &occasion)).await;
        }
    }
    if cause::earlier_waits(jobs, &notice, now, ask).await? {
        return jobs.commit(Notice::hold_back(&notice, &occasion)).await;
    }
    let Some((claimed, change)) = Notice::claim(&notice, &occasion) else { return Ok(()) };
    // As it is stored it may lack its text, which the record of what became of it names.
    let mut committed = committed::<Notice>(&change, key);
    if let Some(committed) = &mut committed {
        committed.state.complete(&claimed);
    }
    jobs.commit(Some(change)).await?;
    if !matches!(claimed.status, NoticeStatus::Queued { .. }) {
        alert(key, &claimed);
        return Ok(());
    }
    let outcome = jobs.gateways.send(&claimed).await;
    record(jobs, key, committed, claimed.status.tries(), outcome).await
}

/// A mailbox answered with a temporary failure, and nothing followed.
async fn send_another_way(jobs: &WorkerContext, key: &Key, notice: &Loaded<Notice>) -> Result<(), JobError> {
    let contacts = contacts(&jobs.store, &notice.recipient).await?;
    let contacts = contacts.ok_or_else(|| JobError::Orphan(key.clone()))?;
    let occasion = jobs.occasion(JOB, key);
    let Some((bounced, change)) = Notice::give_up_waiting(notice, &contacts, &occasion) else {
        return Ok(());
    };
    jobs.commit(Some(change)).await?;
    alert_of_bounce(&jobs.metrics, occasion.at, key, &bounced);
    Ok(())
}

/// Writes down what became of an attempt, on the notice as its claim left it, or as it is by now where something else
/// was heard of it meanwhile.
async fn record(
    jobs: &WorkerContext,
    key: &Key,
    mut claimed: Option<Loaded<Notice>>,
    attempt: u32,
    outcome: Sending,
) -> Result<(), JobError> {
    let hindrance = match &outcome {
        Sending::Failed { by, .. } => Some(*by),
        // Nothing of it is recorded: the claim says so already, and when to try again.
        Sending::Unknown => Some(Hindrance::Unanswered),
        Sending::Accepted { .. } | Sending::Refused { .. } => None,
    };
    let mut left = RECORDS;
    loop {
        let notice = match claimed.take() {
            Some(claimed) => claimed,
            None => match jobs.store.get_at::<Notice>(key).await? {
                Some(notice) => notice,
                None => return Ok(()),
            },
        };
        let occasion = jobs.occasion(JOB, key);
        let recorded = Notice::record(&notice, &occasion, attempt, outcome.clone());
        let Some((after, change)) = recorded else {
            delayed(jobs, key, &notice, hindrance);
            return Ok(());
        };
        left -= 1;
        match jobs.commit(Some(change)).await {
            Err(JobError::Commit(CommitError::Conflict)) if left > 0 => {}
            Err(error) => return Err(error),
            Ok(()) => {
                delayed(jobs, key, &after, hindrance);
                alert(key, &after);
                return Ok(());
            }
        }
    }
}

/// Tells of an attempt that did not succeed; from the third on it is counted. What is given up is told of as such.
fn delayed(jobs: &WorkerContext, key: &Key, notice: &Notice, by: Option<Hindrance>) {
    let (Some(by), NoticeStatus::Queued { attempts, next_attempt_at, .. }) = (by, &notice.status) else {
        return;
    };
    let (tries, reason) = (notice.status.tries(), by.name());
    tracing::warn!(notice = %key.told(), tries, attempts, reason, %next_attempt_at, "a notice is delayed");
    if tries >= DELAYED_FROM {
        jobs.metrics.put(jobs.clock.now(), &[(Metric::NoticesDelayed(by), 1.0)]);
    }
}

/// Calls a human where a notice cannot be delivered, or has been excused for as long as it is: it is in their list.
fn alert(key: &Key, notice: &Notice) {
    if !notice.needs_a_human() {
        return;
    }
    match &notice.status {
        NoticeStatus::Undeliverable { attempts, reason, .. } => {
            tracing::error!(notice = %key.told(), attempts, %reason, "a notice cannot be delivered; a human has to");
        }
        NoticeStatus::Queued { attempts, .. } => {
            tracing::error!(notice = %key.told(), attempts, "a notice is excused no more; a human has to see to it");
        }
        _ => {}
    }
}
