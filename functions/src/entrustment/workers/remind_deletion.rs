//! `remind_deletion` – reminds both sides of a deletion demand and marks it overdue, and reckons its period again where
//! a holiday schedule was still to come (4.4.5).

use market_entrustment::deletion::DeletionDemand;
use market_kernel::keys::Key;

use crate::schedules::calendar_for;
use crate::workers::{JobError, WorkerContext};

pub(super) async fn remind_deletion(jobs: &WorkerContext, key: &Key) -> Result<(), JobError> {
    let Some(demand) = jobs.store.get_at::<DeletionDemand>(key).await? else { return Ok(()) };
    let (account, provider) = jobs.parties(key, &demand.account_id, &demand.provider_id).await?;
    let occasion = jobs.occasion("remind_deletion", key);
    if let Some(period) = demand.open_period().filter(|period| period.look_is_due(occasion.at)) {
        let calendar = calendar_for(&jobs.store, period.start, period.rule).await?;
        let change = DeletionDemand::reckon_again(&demand, &account, &provider, &calendar, &occasion);
        // What else is due of it is due at once, and wakes the next.
        if change.is_some() {
            return jobs.commit(change).await;
        }
    }
    jobs.commit(DeletionDemand::advance(&demand, &account, &provider, &occasion)).await
}
