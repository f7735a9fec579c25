//! Due work, as a market tells it over its API.

use std::collections::HashSet;
use std::time::Duration;

use indicatif::ProgressBar;
use market_kernel::Timestamp;
use market_kernel::aggregate::Lane;
use serde::Deserialize;

use super::outcomes::{Late, LateJobs, Redriven, Waiting};
use crate::operate::OperateError;
use crate::operate::api::Api;

/// Parked items that the API shows of a job.
pub(super) const SHOWN: u16 = 100;
/// Requests of one command. What fails again is parked again only hours later, so they come to an end by themselves.
const REQUESTS: u32 = 10_000;
/// The index follows the table with a delay: how often it is looked again at what it still shows, and how long is
/// waited before each look.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

#[derive(Deserialize)]
struct Items<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
struct LateAnswer {
    job: Lane,
    counted_at: Timestamp,
    late: usize,
    tried: usize,
    more: bool,
    oldest: Option<OldestAnswer>,
}

#[derive(Deserialize)]
struct OldestAnswer {
    item: String,
    due_at: Timestamp,
    tries: u32,
}

impl From<LateAnswer> for Late {
    fn from(answer: LateAnswer) -> Self {
        let LateAnswer { job, counted_at: _, late, tried, more, oldest } = answer;
        let oldest = oldest.map(|OldestAnswer { item, due_at, tries }| Waiting { job, item, due_at, tries });
        Self { job, late, tried, more, oldest }
    }
}

/// What is late of every job.
///
/// # Errors
/// Where the market refuses, does not answer, or is of a release before this list.
pub async fn late_of_all(api: &Api) -> Result<LateJobs, OperateError> {
    let answer = api.get("/jobs/late", api.token()?).await?;
    if answer.status == 404 {
        return Err(OperateError::NotShown {
            url: api.url().to_owned(),
            what: "what is late",
            remedy: "a market does from 0.6.0 on; name its stack, or its folder",
        });
    }
    let Items { items } = answer.told::<Items<LateAnswer>>("late jobs")?;
    let at = items.iter().map(|job| job.counted_at).max();
    let at = at.ok_or_else(|| OperateError::NotUnderstood("it names no job".to_owned()))?;
    Ok(LateJobs { at, jobs: items.into_iter().map(Late::from).collect() })
}

/// What was given up on of a job, the oldest first.
///
/// # Errors
/// Where the market refuses, or does not answer.
pub async fn parked(api: &Api, job: Lane, limit: u16) -> Result<Vec<Waiting>, OperateError> {
    let answer = api.get(&format!("/jobs/{job}/parked"), api.token()?).await?;
    let Items { mut items } = answer.told::<Items<Waiting>>("parked jobs")?;
    items.truncate(limit.into());
    Ok(items)
}

/// Hands everything back that was given up on of a job: until none is shown, or what is shown was not handed back
/// again and again.
///
/// # Errors
/// Where the market refuses, or does not answer; what was handed back by then stays so.
pub async fn redrive(api: &Api, job: Lane, progress: &ProgressBar) -> Result<Redriven, OperateError> {
    #[derive(Deserialize)]
    struct Handed {
        items: u64,
    }
    let mut redriven = Redriven { job, items: 0, changed: 0 };
    let (mut seen, mut looks) = (HashSet::new(), 0);
    for _ in 0..REQUESTS {
        let parked = parked(api, job, SHOWN).await?;
        let is_over = parked.is_empty();
        seen.extend(parked.into_iter().map(|waiting| waiting.item));
        progress.set_length(seen.len() as u64);
        if is_over || looks == LOOKS {
            break;
        }
        let path = format!("/jobs/{job}/redrive");
        let Handed { items } =
            api.post(&path, api.token()?, &[], Vec::new()).await?.told("number of items")?;
        redriven.items += items;
        progress.inc(items);
        // How many were handed back does not say how many are left: the index may have shown what was handed back
        // before.
        if items > 0 {
            looks = 0;
        } else {
            looks += 1;
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }
    progress.finish_and_clear();
    redriven.changed = (seen.len() as u64).saturating_sub(redriven.items);
    Ok(redriven)
}
