//! What moves the market: the relay, the sweep, the queues, and the clock that ties them together.
//!
//! With the embedded engine every commit is seen ([`Commits`]), so the market sleeps until something is committed
//! or due, and asks the table nothing meanwhile. A server elsewhere may have other writers: there it looks at the
//! stream and sweeps, again and again.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use jiff::{Span, Timestamp};
use market_ambient::Clock;
use market_jobs::memory::MemoryQueues;
use market_jobs::sqs::SqsQueues;
use market_jobs::sweep::Sweep;
use market_jobs::{Outgoing, Queues, Unsent};
use market_kernel::aggregate::Lane;
use market_store::Store;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use crate::clock::{self, LocalClock};
use crate::commits::Commits;
use crate::engine::Engine;
use crate::permissions::Permissions;
use crate::stream::Stream;

/// How often the relay looks at a stream, while the clock ticks.
const TICK: Duration = Duration::from_millis(200);
/// How many looks of the relay to one of the sweep.
const TICKS_OF_A_SWEEP: u32 = 5;
/// How long a sweep that has handed out nothing of what is due is not repeated.
const REST: Duration = Duration::from_millis(500);
/// Rounds after which a market that keeps making work due at once is given up on.
const MAX_ROUNDS: u32 = 10_000;

/// The queues of this market.
#[derive(Debug, Clone)]
pub enum LocalQueues {
    /// Within the process.
    Memory(MemoryQueues),
    /// On an SQS-compatible server.
    Sqs(SqsQueues, aws_sdk_sqs::Client),
}

impl Queues for LocalQueues {
    async fn send(&self, outgoing: Vec<Outgoing>) -> Vec<Unsent> {
        match self {
            Self::Memory(queues) => queues.send(outgoing).await,
            Self::Sqs(queues, _) => queues.send(outgoing).await,
        }
    }
}

impl LocalQueues {
    /// Waits until nothing is in hand.
    async fn idle(&self) -> Result<(), MachineError> {
        let (queues, client) = match self {
            Self::Memory(queues) => {
                queues.idle().await;
                return Ok(());
            }
            Self::Sqs(queues, client) => (queues, client),
        };
        let counts = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        for _ in 0..600 {
            let mut in_hand = 0;
            for lane in Lane::ALL {
                let answer = client
                    .get_queue_attributes()
                    .queue_url(queues.url(lane))
                    .set_attribute_names(Some(counts.to_vec()))
                    .send()
                    .await
                    .map_err(failed)?;
                let attributes = answer.attributes.unwrap_or_default();
                in_hand += attributes.values().filter_map(|count| count.parse::<u64>().ok()).sum::<u64>();
            }
            if in_hand == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(MachineError("the queues did not become idle within a minute".to_owned()))
    }
}

/// The market could not be moved on.
#[derive(Debug, thiserror::Error)]
#[error("the market could not be moved on: {0}")]
pub struct MachineError(pub String);

fn failed(error: impl std::fmt::Display) -> MachineError {
    MachineError(error.to_string())
}

/// How far the clock went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advanced {
    /// Where it stood.
    pub from: Timestamp,
    /// Where it stands.
    pub to: Timestamp,
    /// Wake-ups sent on the way.
    pub wake_ups: usize,
}

/// Where the relay learns what became due at once.
#[derive(Debug)]
pub(crate) enum Feed {
    /// From every commit of this process.
    Commits(Arc<Commits>),
    /// From the table's stream.
    Stream(Mutex<Stream>),
}

/// What a market that ticks is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It hands out work, or looks whether there is any.
    Works,
    /// It waits for a commit, and for this instant where there is one.
    Sleeps(Option<Timestamp>),
}

/// The moving parts.
#[derive(Debug)]
pub struct Machine {
    /// The market's clock.
    pub clock: Arc<LocalClock>,
    /// The sweep's way to the table.
    pub store: Store,
    queues: LocalQueues,
    feed: Feed,
    engine: Option<Engine>,
    /// Whose turn it is to move the market: someone's who advances the clock, or the machine's own.
    turn: Mutex<()>,
    doing: watch::Sender<Doing>,
}

impl Machine {
    pub(crate) fn new(
        clock: Arc<LocalClock>,
        store: Store,
        queues: LocalQueues,
        feed: Feed,
        engine: Option<Engine>,
    ) -> Self {
        let (turn, doing) = (Mutex::default(), watch::Sender::new(Doing::Works));
        Self { clock, store, queues, feed, engine, turn, doing }
    }

    /// Hands out what became due at once. How many wake-ups were sent.
    async fn relay(&self) -> Result<usize, MachineError> {
        let outgoing = match &self.feed {
            Feed::Commits(commits) => commits.take_outgoing(),
            Feed::Stream(stream) => stream.lock().await.read().await.map_err(failed)?,
        };
        let count = outgoing.len();
        match self.queues.send(outgoing).await.into_iter().next() {
            None => Ok(count),
            Some(unsent) => Err(failed(unsent)),
        }
    }

    /// Hands out what has become due. How many wake-ups were sent.
    async fn sweep(&self) -> Result<usize, MachineError> {
        let pass = Sweep {
            store: &self.store,
            queues: &self.queues,
            now: || self.clock.now(),
            horizon: Duration::ZERO,
            stops_at: None,
        };
        let swept = Permissions::of_handler("sweep", pass.pass()).await.map_err(failed)?;
        Ok(swept.sent)
    }

    /// Works off everything that is due now, and what that makes due. When something will be due next.
    ///
    /// # Errors
    /// See [`MachineError`].
    pub async fn settle(&self) -> Result<Option<Timestamp>, MachineError> {
        self.work_off(&mut 0).await
    }

    async fn work_off(&self, wake_ups: &mut usize) -> Result<Option<Timestamp>, MachineError> {
        for _ in 0..MAX_ROUNDS {
            self.queues.idle().await?;
            let mut sent = self.relay().await?;
            if sent == 0 {
                let next = self.store.next_wake().await.map_err(failed)?;
                if next.is_none_or(|next| next > self.clock.now()) {
                    return Ok(next);
                }
                sent = self.sweep().await?;
            }
            *wake_ups += sent;
        }
        Err(MachineError("work keeps becoming due at once".to_owned()))
    }

    /// Advances the clock: it stops at every instant at which something is due, and goes on when that is done.
    ///
    /// # Errors
    /// See [`MachineError`].
    pub async fn advance_to(&self, to: Timestamp) -> Result<Advanced, MachineError> {
        let _turn = self.turn.lock().await;
        self.go_on_to(to).await
    }

    /// Advances the clock by a span, from where it stands when its turn comes. Nothing happens where the span does
    /// not lead on from there.
    ///
    /// # Errors
    /// See [`MachineError`].
    pub async fn advance_by(&self, span: Span) -> Result<Option<Advanced>, MachineError> {
        let _turn = self.turn.lock().await;
        match clock::later(self.clock.now(), span) {
            Some(to) => self.go_on_to(to).await.map(Some),
            None => Ok(None),
        }
    }

    async fn go_on_to(&self, to: Timestamp) -> Result<Advanced, MachineError> {
        let (from, mut wake_ups) = (self.clock.now(), 0);
        while let Some(next) = self.work_off(&mut wake_ups).await?.filter(|next| *next <= to) {
            self.clock.advance_to(next).map_err(failed)?;
        }
        self.clock.advance_to(to).map_err(failed)?;
        self.keep_time().await?;
        Ok(Advanced { from, to: self.clock.now(), wake_ups })
    }

    /// Keeps the time with the table.
    pub(crate) async fn keep_time(&self) -> Result<(), MachineError> {
        match &self.engine {
            Some(engine) => engine.keep(self.clock.now()).await.map_err(failed),
            None => Ok(()),
        }
    }

    /// What it is doing, while the clock ticks.
    #[must_use]
    pub fn doing(&self) -> watch::Receiver<Doing> {
        self.doing.subscribe()
    }

    /// Hands out whatever becomes due, when it does.
    pub(crate) async fn run(self: Arc<Self>) {
        match &self.feed {
            Feed::Commits(commits) => self.wake_by(commits).await,
            Feed::Stream(_) => self.look_again_and_again().await,
        }
    }

    async fn wake_by(&self, commits: &Commits) {
        // What a crash left is in the index alone, so the first turn sweeps.
        let mut next = Some(Timestamp::MIN);
        let mut rests_until = None;
        loop {
            self.doing.send_replace(Doing::Works);
            if let Err(error) = self.hand_out(commits, &mut next, &mut rests_until).await {
                tracing::warn!(%error, "a turn failed; the next one goes on");
            }
            self.doing.send_replace(Doing::Sleeps(next));
            let due = async {
                self.clock.reaches(next).await;
                if let Some(until) = rests_until {
                    tokio::time::sleep_until(until).await;
                }
            };
            tokio::select! { () = commits.any() => {}, () = due => {} }
        }
    }

    /// Hands out what is due. `next` is when the index has something to hand out.
    async fn hand_out(
        &self,
        commits: &Commits,
        next: &mut Option<Timestamp>,
        rests_until: &mut Option<Instant>,
    ) -> Result<(), MachineError> {
        let _turn = self.turn.lock().await;
        *next = next.iter().copied().chain(commits.take_wake()).min();
        self.relay().await?;
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= self.clock.now());
        if is_due(*next) && rests_until.is_none_or(|until| until <= Instant::now()) {
            // Whatever cannot be handed out must not keep the machine busy.
            *rests_until = Some(Instant::now() + REST);
            let sent = self.sweep().await?;
            *next = self.store.next_wake().await.map_err(failed)?;
            if sent > 0 || !is_due(*next) {
                *rests_until = None;
            }
            self.keep_time().await?;
        }
        Ok(())
    }

    /// Looks at the stream and sweeps.
    async fn look_again_and_again(&self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for tick in 0_u32.. {
            ticks.tick().await;
            let turned = match tick % TICKS_OF_A_SWEEP {
                0 => self.sweep().await,
                _ => self.relay().await,
            };
            if let Err(error) = turned {
                tracing::warn!(%error, "a turn failed; the next one goes on");
            }
        }
    }
}
