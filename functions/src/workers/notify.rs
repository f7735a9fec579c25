//! `notify` – sends one notice on one channel and records the proof (11.1).
//!
//! Claim, send, record: the attempt is committed before anything leaves, so that of two workers one sends, and a table
//! that takes no writes lets nothing out. A record that is lost is made up for by what the gateway tells later
//! ([`crate::feedback`]); where it tells nothing, the notice is sent again, an hour later at the earliest.

use market_domain::aggregate::{Job, Key};
use market_domain::notices::{Delivery, Notice, Sending};
use market_notices::NoGateway;
use market_store::CommitError;

use super::{JobError, Jobs};
use crate::metrics::Metric;

/// How often the outcome of an attempt is recorded anew, where something else was heard of the notice meanwhile.
const RECORDS: u32 = 4;

pub(super) async fn notify(jobs: &Jobs, key: &Key) -> Result<(), JobError> {
    let Some(notice) = jobs.store.get_at::<Notice>(key).await? else { return Ok(()) };
    let Some((claimed, change)) = Notice::claim(&notice, &jobs.occasion(Job::Notify, key)) else {
        return Ok(());
    };
    jobs.commit(Some(change)).await?;
    let Delivery::Queued { attempts, .. } = claimed.delivery else {
        alert(jobs, key, &claimed);
        return Ok(());
    };
    let outcome = jobs.gateways.send(&claimed).await;
    record(jobs, key, attempts, outcome).await
}

/// Writes down what became of an attempt, on the notice as it is by now.
async fn record(jobs: &Jobs, key: &Key, attempt: u32, outcome: Sending) -> Result<(), JobError> {
    let mut left = RECORDS;
    loop {
        let Some(notice) = jobs.store.get_at::<Notice>(key).await? else { return Ok(()) };
        let occasion = jobs.occasion(Job::Notify, key);
        let recorded = Notice::record(&notice, &occasion, attempt, outcome.clone());
        let Some((after, change)) = recorded else { return Ok(()) };
        left -= 1;
        match jobs.commit(Some(change)).await {
            Err(JobError::Commit(CommitError::Conflict)) if left > 0 => {}
            Err(error) => return Err(error),
            Ok(()) => {
                alert(jobs, key, &after);
                return Ok(());
            }
        }
    }
}

/// Calls a human where a notice cannot be delivered.
fn alert(jobs: &Jobs, key: &Key, notice: &Notice) {
    // A channel that the operator chose not to have is nothing to call anyone for, where others carry the message.
    if let Delivery::Undeliverable { attempts, reason } = &notice.delivery
        && (reason != NoGateway::REASON || notice.is_follow_up())
    {
        tracing::error!(%key, attempts, %reason, "a notice cannot be delivered; a human has to");
        jobs.metrics.put(jobs.clock.now(), &[(Metric::NoticesUndeliverable, 1.0)]);
    }
}
