//! What the jobs know of a kind of thing: which of them works off what is due of it, on which lane, and whether it
//! answers for the notices that were drafted of it.

use std::fmt;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use market_kernel::Timestamp;
use market_kernel::aggregate::{Aggregate, Lane, Loaded};
use market_kernel::keys::{Key, Place};
use market_kernel::notices::{Message, Notice, Notified, Reach, Validity};
use market_kernel::party::{Party, PartyId, Recipient};
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;

use super::{JobError, WorkerContext};

/// Works off what is due of the thing under a key.
pub type Work = for<'a> fn(&'a WorkerContext, &'a Key) -> BoxFuture<'a, Result<(), JobError>>;

/// Asks the thing under a key whether a notice of it still stands.
pub type Ask =
    for<'a> fn(&'a WorkerContext, &'a Key, &'a Notice, Timestamp) -> BoxFuture<'a, Result<Verdict, JobError>>;

/// What the jobs know of one kind of thing.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// Where the things of it lie.
    pub place: Place,
    due: Option<(&'static [Lane], Work)>,
    ask: Option<Ask>,
}

impl Kind {
    /// One of which nothing becomes due, and whose notices say what stays so.
    #[must_use]
    pub const fn of<A: Aggregate>() -> Self {
        Self { name: A::KIND, place: A::PLACE, due: None, ask: None }
    }

    /// One whose notices speak of what may have moved on since.
    #[must_use]
    pub const fn notified<A: Notified + 'static>() -> Self {
        let ask: Ask = |jobs, key, notice, now| asked::<A>(jobs, key, notice, now).boxed();
        Self { ask: Some(ask), ..Self::of::<A>() }
    }

    /// One of which something becomes due: the lanes that its wake-ups come by, and the job.
    #[must_use]
    pub const fn due(self, lanes: &'static [Lane], work: Work) -> Self {
        Self { due: Some((lanes, work)), ..self }
    }

    /// The job that its wake-ups of this lane are for.
    #[must_use]
    pub fn work(&self, lane: Lane) -> Option<Work> {
        let (lanes, work) = self.due?;
        lanes.contains(&lane).then_some(work)
    }

    /// Whom to ask about its notices.
    #[must_use]
    pub const fn ask(&self) -> Option<Ask> {
        self.ask
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Whom to ask about a notice whose cause is of this kind; nobody where what it says stays so.
pub type Asks = fn(&str) -> Option<Ask>;

/// What the cause of a notice says of it.
pub enum Verdict {
    /// It stands.
    Stands,
    /// It does no longer.
    Gone,
    /// Its wording has to change.
    Outdated(Box<Reminder>),
}

/// A reminder as it is put now, and whom it names.
pub struct Reminder {
    /// What it says.
    pub message: Box<dyn Message>,
    account: Loaded<MarketAccount>,
    provider: Option<Loaded<Provider>>,
}

impl Reminder {
    /// To whom it goes.
    pub fn reach(&self, recipient: &Recipient) -> Reach<'_> {
        match (recipient, &self.provider) {
            (Recipient::Party(PartyId::Provider(_)), Some(provider)) => {
                Reach::ProviderOf(provider, &self.account)
            }
            _ => Reach::Party(&self.account),
        }
    }
}

/// Asks a thing of one kind.
async fn asked<A: Notified>(
    jobs: &WorkerContext,
    key: &Key,
    notice: &Notice,
    now: Timestamp,
) -> Result<Verdict, JobError> {
    let Some(cause) = jobs.store.get_at::<A>(key).await? else { return Ok(Verdict::Stands) };
    match cause.validity(notice, now) {
        Validity::Stands => return Ok(Verdict::Stands),
        Validity::Gone => return Ok(Verdict::Gone),
        Validity::Outdated => {}
    }
    let Some((account, provider)) = cause.parties() else { return Ok(Verdict::Gone) };
    let (account, provider) = match provider {
        Some(provider) => {
            let (account, provider) = jobs.parties(key, account, provider).await?;
            (account, Some(provider))
        }
        None => (jobs.account(key, account).await?, None),
    };
    let message = cause.reminder(
        &notice.about,
        &account,
        provider.as_ref().map(|provider| provider as &dyn Party),
        now,
    );
    Ok(message.map_or(Verdict::Gone, |message| {
        Verdict::Outdated(Box::new(Reminder { message, account, provider }))
    }))
}
