//! `remind_deletion` – reminds both sides of a deletion demand and marks it overdue (4.4.5).

use market_domain::aggregate::{Job, Key};
use market_domain::deletion::DeletionDemand;

use super::{JobError, Jobs};

pub(super) async fn remind_deletion(jobs: &Jobs, key: &Key) -> Result<(), JobError> {
    let Some(demand) = jobs.store.get_at::<DeletionDemand>(key).await? else { return Ok(()) };
    let (account, provider) = jobs.parties(key, &demand.account_id, &demand.provider_id).await?;
    let occasion = jobs.occasion(Job::RemindDeletion, key);
    jobs.commit(DeletionDemand::advance(&demand, &account, &provider, &occasion)).await
}
