//! `expire_grant` – reminds of a grant's expiry and records its end (4.4.3, 4.4.5).

use market_entrustment::grants::Grant;
use market_kernel::keys::Key;

use crate::workers::{JobError, WorkerContext};

pub(super) async fn expire_grant(jobs: &WorkerContext, key: &Key) -> Result<(), JobError> {
    let Some(grant) = jobs.store.get_at::<Grant>(key).await? else { return Ok(()) };
    let (account, provider) = jobs.parties(key, &grant.account_id, &grant.provider_id).await?;
    let change = Grant::advance(&grant, &account, &provider, &jobs.occasion("expire_grant", key));
    jobs.commit(change).await
}
