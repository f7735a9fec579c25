//! What every job has at hand, and what it is to the market: a file for each in its context's folder `workers`, named
//! in that context's list by the kind of thing that it works on. Each re-reads the item that its wake-up names, asks
//! the domain what is due of it *now*, and commits the answer in one transaction. A wake-up that finds nothing due is
//! done.

mod kind;

use std::sync::Arc;

use market_ambient::{Clock, Entropy, random};
use market_kernel::aggregate::{Lane, Loaded};
use market_kernel::change::Change;
use market_kernel::ids::{AccountId, ProviderId};
use market_kernel::keys::Key;
use market_kernel::occasion::Occasion;
use market_kernel::party::{Actor, Operator};
use market_kernel::salt::Salts;
use market_notices::{Gateways, Pace};
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;
use market_store::{CommitError, Store, StoreError, of};

use crate::http::CorruptionAlarm;
use crate::metrics::Metrics;

pub use kind::{Ask, Asks, Kind, Verdict, Work};

/// What a worker uses to carry out a job.
pub struct WorkerContext {
    /// The table.
    pub store: Store,
    /// The market's time.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for salts.
    pub entropy: Arc<dyn Entropy>,
    /// The ways out.
    pub gateways: Gateways,
    /// How fast this worker may use them; none where nobody counts.
    pub pace: Option<Arc<Pace>>,
    /// Who runs the market: its notices name it.
    pub operator: Arc<Operator>,
    /// What operators watch.
    pub metrics: Metrics,
    /// Raised when something that is stored cannot be read.
    pub corruption_alarm: CorruptionAlarm,
    /// A drill: wake-ups for this sort key panic, so that operators can see what a broken job looks like.
    pub drill: Option<String>,
}

impl std::fmt::Debug for WorkerContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkerContext").field("store", &self.store).finish_non_exhaustive()
    }
}

/// Why a job did not finish; its message comes again.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The state moved while the job decided.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The table did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A party that an item names does not exist.
    #[error("{key} names a party that does not exist", key = .0.told())]
    Orphan(Key),
    /// What a wake-up names is of no kind that a job of its lane works on.
    #[error("no job of {lane} works on {key}", lane = .0, key = .1.told())]
    Unhandled(Lane, Key),
}

impl WorkerContext {
    pub(crate) fn occasion(&self, job: &str, key: &Key) -> Occasion {
        Occasion {
            at: self.clock.now(),
            actor: Actor::Job(job.to_owned()),
            request: format!("wake-up {key}"),
            salts: Salts::drawn(random(&*self.entropy)),
            operator: Arc::clone(&self.operator),
        }
    }

    /// Waits until this worker may send again. What is read before may be old by then.
    pub(crate) async fn await_turn(&self) {
        let Some(pace) = &self.pace else { return };
        let now = self.clock.now();
        let wait = pace.turn(now).duration_since(now);
        tokio::time::sleep(wait.try_into().unwrap_or_default()).await;
    }

    pub(crate) async fn commit(&self, change: Option<Change>) -> Result<(), JobError> {
        match change {
            Some(change) => Ok(self.store.commit(&change, None).await?),
            None => Ok(()),
        }
    }

    pub(crate) async fn account(
        &self,
        key: &Key,
        account: &AccountId,
    ) -> Result<Loaded<MarketAccount>, JobError> {
        let account = self.store.get::<MarketAccount>(account).await?;
        account.ok_or_else(|| JobError::Orphan(key.clone()))
    }

    pub(crate) async fn parties(
        &self,
        key: &Key,
        account: &AccountId,
        provider: &ProviderId,
    ) -> Result<(Loaded<MarketAccount>, Loaded<Provider>), JobError> {
        let wishes = (of::<MarketAccount>(account.clone()), of::<Provider>(provider.clone()));
        match self.store.load(wishes).await? {
            (Some(account), Some(provider)) => Ok((account, provider)),
            _ => Err(JobError::Orphan(key.clone())),
        }
    }
}
