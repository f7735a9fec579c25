//! `notify` – sends one notice on one channel and records the proof (11.1).

use market_domain::aggregate::{Job, Key};
use market_domain::notices::Notice;

use super::{JobError, Jobs};

pub(super) async fn notify(jobs: &Jobs, key: &Key) -> Result<(), JobError> {
    let Some(notice) = jobs.store.get_at::<Notice>(key).await? else { return Ok(()) };
    if !notice.is_due(jobs.clock.now()) {
        return Ok(());
    }
    let outcome = jobs.gateways.send(&notice).await;
    let change = Notice::record(&notice, &jobs.occasion(Job::Notify, key), outcome);
    jobs.commit(change).await
}
