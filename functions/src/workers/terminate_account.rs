//! `terminate_account` – reminds of a termination, makes it effective when its period has fully run, and
//! runs its cascade over grants and orders (10.1, 10.2).
//!
//! The cascade deals with one target in each transaction, together with the cursor's step. A wake-up does a
//! bounded number of steps; what is left is due at once and wakes the next. A target that cannot be read holds up
//! none of the others, and the termination is not complete before it has ended too.

use market_domain::accounts::MarketAccount;
use market_domain::accounts::termination::Termination;
use market_domain::aggregate::{Aggregate, Job, Key, Loaded};
use market_domain::change::{Change, Occasion};
use market_domain::grants::{EndCause, Grant, GrantStatus};
use market_domain::ids::{GrantId, OrderId, ProviderId};
use market_domain::orders::{CloseReason, Order};
use market_domain::providers::Provider;
use market_store::StoreError;

use super::{JobError, Jobs};

/// Targets of one wake-up: well within a job's time, even on a slow day.
const STEPS: usize = 10;
/// Items of one page of possible targets.
const PAGE: u16 = 25;

const GRANTS: &str = "grant#";
const ORDERS: &str = "order#";

pub(super) async fn terminate_account(jobs: &Jobs, key: &Key) -> Result<(), JobError> {
    for _ in 0..STEPS {
        let Some(termination) = jobs.store.get_at::<Termination>(key).await? else { return Ok(()) };
        let account = jobs
            .store
            .get::<MarketAccount>(&termination.account_id)
            .await?
            .ok_or_else(|| JobError::Orphan(key.clone()))?;
        let occasion = jobs.occasion(Job::TerminateAccount, key);
        let Some(cursor) = termination.cursor(occasion.at) else {
            let change = Termination::advance(&termination, &account, &occasion);
            let took_effect = change.is_some() && termination.ends_at <= occasion.at;
            jobs.commit(change).await?;
            if took_effect { continue } else { return Ok(()) }
        };
        let mut unreadable = Vec::new();
        match next_target(jobs, &termination, &account, cursor, &occasion, &mut unreadable).await? {
            Some((target, change)) => {
                // The cursor waits before what cannot be read, so that it is found again once it is mended.
                let place =
                    if unreadable.is_empty() { Some(target.sort.clone()) } else { cursor.map(str::to_owned) };
                let step = Termination::step(&termination, &target, place, &occasion);
                jobs.commit(Some(change.and(step))).await?;
            }
            None => match unreadable.pop() {
                None => return jobs.commit(Some(Termination::complete(&termination, &occasion))).await,
                // Everything else has ended. The message comes again until a human has mended it.
                Some(error) => return Err(error.into()),
            },
        }
    }
    Ok(())
}

/// The first thing after the cursor that has to end, and its end: grants first, then orders. What could not be read
/// on the way is added to `unreadable`.
async fn next_target(
    jobs: &Jobs,
    termination: &Loaded<Termination>,
    account: &Loaded<MarketAccount>,
    cursor: Option<&str>,
    occasion: &Occasion,
    unreadable: &mut Vec<StoreError>,
) -> Result<Option<(Key, Change)>, JobError> {
    let partition = termination.key().partition;
    // Ids sort by the instant that they were made at.
    let since = termination.stragglers_since();
    let (first_grant, first_order) = (
        since.map(|since| format!("{GRANTS}{}", GrantId::first_of(since))),
        since.map(|since| format!("{ORDERS}{}", OrderId::first_of(since))),
    );
    let mut after = cursor.map(str::to_owned).or(first_grant);
    if after.as_deref().is_none_or(|after| after.starts_with(GRANTS)) {
        loop {
            let page = jobs.store.list::<Grant>(&partition, GRANTS, after.as_deref(), PAGE).await?;
            unreadable.extend(page.unreadable);
            for grant in page.items.into_iter().filter(|grant| grant.status == GrantStatus::Active) {
                let Some(provider) = provider_of(jobs, &grant.key(), &grant.provider_id, unreadable).await?
                else {
                    continue;
                };
                let end = Grant::end(
                    &grant,
                    account,
                    &provider,
                    EndCause::AgreementEnded,
                    termination.ends_at,
                    occasion,
                );
                if let Some((_, change)) = end {
                    return Ok(Some((grant.key(), change)));
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        after = first_order;
    }
    loop {
        let page = jobs.store.list::<Order>(&partition, ORDERS, after.as_deref(), PAGE).await?;
        unreadable.extend(page.unreadable);
        for order in page.items.into_iter().filter(|order| order.is_open()) {
            let Some(provider) = provider_of(jobs, &order.key(), &order.provider_id, unreadable).await?
            else {
                continue;
            };
            let close = Order::close(&order, account, &provider, CloseReason::AgreementEnded, occasion);
            if let Some(change) = close {
                return Ok(Some((order.key(), change)));
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(None),
        }
    }
}

/// The provider of a target, who will be told; none where its item cannot be read, which is added to `unreadable`.
async fn provider_of(
    jobs: &Jobs,
    target: &Key,
    provider: &ProviderId,
    unreadable: &mut Vec<StoreError>,
) -> Result<Option<Loaded<Provider>>, JobError> {
    match jobs.store.get::<Provider>(provider).await {
        Ok(Some(provider)) => Ok(Some(provider)),
        Ok(None) => Err(JobError::Orphan(target.clone())),
        Err(error @ StoreError::Corrupt { .. }) => {
            unreadable.push(error);
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
