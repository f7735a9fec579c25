//! `notify` – sends one notice on one channel and records the proof (11.1).

use market_domain::aggregate::{Job, Key};
use market_domain::notices::{Delivery, Notice};
use market_notices::NoGateway;

use super::{JobError, Jobs};
use crate::metrics::Metric;

pub(super) async fn notify(jobs: &Jobs, key: &Key) -> Result<(), JobError> {
    let Some(notice) = jobs.store.get_at::<Notice>(key).await? else { return Ok(()) };
    if !notice.is_due(jobs.clock.now()) {
        return Ok(());
    }
    let outcome = jobs.gateways.send(&notice).await;
    let occasion = jobs.occasion(Job::Notify, key);
    let Some((after, change)) = Notice::record(&notice, &occasion, outcome) else { return Ok(()) };
    jobs.commit(Some(change)).await?;
    // A channel that the operator chose not to have is nothing to call anyone for, where others carry the message.
    if let Delivery::Undeliverable { attempts, reason } = &after.delivery
        && (reason != NoGateway::REASON || after.is_follow_up())
    {
        tracing::error!(%key, attempts, %reason, "a notice cannot be delivered; a human has to");
        jobs.metrics.put(occasion.at, &[(Metric::NoticesUndeliverable, 1.0)]);
    }
    Ok(())
}
