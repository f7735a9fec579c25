//! `seal_ledger` – closes a day of a grant's ledger: its lines are hashed into the grant's chain (4.4.3).

use market_entrustment::grants::Grant;
use market_entrustment::grants::ledger::Ledger;
use market_kernel::keys::Key;

use crate::workers::{JobError, WorkerContext};

pub(super) async fn seal_ledger(jobs: &WorkerContext, key: &Key) -> Result<(), JobError> {
    let Some(ledger) = jobs.store.get_at::<Ledger>(key).await? else { return Ok(()) };
    let occasion = jobs.occasion("seal_ledger", key);
    let Some((from, until)) = ledger.span_to_seal(occasion.at) else { return Ok(()) };
    let id = (ledger.account_id.clone(), ledger.grant_id.clone());
    let grant = jobs.store.get::<Grant>(&id).await?.ok_or_else(|| JobError::Orphan(key.clone()))?;
    let lines = jobs.store.ledger_between(&id.0, &id.1, ledger.partitions(), from, until).await?;
    jobs.commit(Ledger::seal(&ledger, &grant, &lines, &occasion)).await
}
