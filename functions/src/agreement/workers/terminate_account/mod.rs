//! `terminate_account` – reminds of a termination, makes it effective when its period has fully run, and
//! runs its cascade over grants and orders (10.1, 10.2).
//!
//! The cascade deals with one target in each transaction, together with the cursor's step. A wake-up does a
//! bounded number of steps and is alone at it meanwhile; what is left is due at once when it has done its share, and
//! wakes the next. A target that cannot be read holds up none of the others, and the termination is not complete before
//! it has ended too.

mod targets;

use market_agreement::terminations::{Next, Termination};
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::keys::Key;
use market_parties::accounts::MarketAccount;
use targets::{SearchResult, Targets};

use crate::schedules::calendar_for;
use crate::workers::{JobError, WorkerContext};

/// Its name, as evidence shows who did it.
const JOB: &str = "terminate_account";
/// Steps of one wake-up: well within a job's time, even on a slow day.
const STEPS: usize = 10;

pub(super) async fn terminate_account(jobs: &WorkerContext, key: &Key) -> Result<(), JobError> {
    let mut targets = None;
    // The version that this wake-up wrote: while it is the newest, nobody else is at the cascade.
    let mut written = None;
    for step in 1..=STEPS {
        let Some(termination) = jobs.store.get_at::<Termination>(key).await? else { return Ok(()) };
        let account = jobs.account(key, &termination.account_id).await?;
        let occasion = jobs.occasion(JOB, key);
        let Some(cascade) = termination.cascade(occasion.at, written == Some(termination.version)) else {
            if !advance(jobs, &termination, &account).await? {
                return Ok(());
            }
            written = Some(termination.version + 1);
            continue;
        };
        let targets = targets.get_or_insert_with(|| Targets::of(jobs, &termination, cascade));
        let next = if step == STEPS { Next::Anyone } else { Next::Same };
        let change = match targets.next(&termination, &account, &occasion).await? {
            SearchResult::Target(target, end) => {
                let stepped = Termination::step(&termination, &target, targets.place(), next, &occasion);
                stepped.map(|stepped| end.and(stepped))
            }
            // Everything else has ended. The message comes again until a human has mended it.
            SearchResult::Aside(error) if cascade.aside == targets.place().1 => return Err(error),
            SearchResult::Nothing | SearchResult::Aside(_) => {
                // The cursor is kept for the next wake-up.
                let passed = Termination::pass(&termination, targets.place(), Next::Anyone, &occasion);
                return jobs.commit(passed).await;
            }
            SearchResult::End => return jobs.commit(Termination::complete(&termination, &occasion)).await,
        };
        jobs.commit(change).await?;
        written = Some(termination.version + 1);
    }
    Ok(())
}

/// What is due of a notice whose period runs; whether there may be more at once: it took effect, so that its cascade
/// begins, or it was reckoned again.
async fn advance(
    jobs: &WorkerContext,
    termination: &Loaded<Termination>,
    account: &Loaded<MarketAccount>,
) -> Result<bool, JobError> {
    let occasion = jobs.occasion(JOB, &termination.key());
    if let Some(period) = termination.open_period().filter(|period| period.look_is_due(occasion.at)) {
        let calendar = calendar_for(&jobs.store, period.start, period.rule).await?;
        let change = Termination::reckon_again(termination, account, &calendar, &occasion);
        if change.is_some() {
            jobs.commit(change).await?;
            return Ok(true);
        }
    }
    let change = Termination::advance(termination, account, &occasion);
    let took_effect = change.is_some() && termination.ends_at <= occasion.at;
    jobs.commit(change).await?;
    Ok(took_effect)
}
