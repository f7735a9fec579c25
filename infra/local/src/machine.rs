//! What moves the market: the relay, the sweep, the queues, and the clock that ties them together.
//!
//! With the embedded engine every commit is seen ([`Commits`]), so the market sleeps until something is committed
//! or due, asks the table nothing meanwhile, and then looks only at the shards of the due index in which something is. A
//! server elsewhere may have other writers: there it looks at the stream and sweeps everything, again and again.

use std::sync::Arc;
use std::time::Duration;

use jiff::{Span, Timestamp};
use market_ambient::Clock;
use market_jobs::Queues;
use market_jobs::sweep::Sweep;
use market_kernel::aggregate::Lane;
use market_store::Store;
use market_store::due::Shard;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use crate::clock::{self, LocalClock};
use crate::commits::{self, Commits, Wakes};
use crate::engine::Engine;
use crate::figures::Figures;
use crate::permissions::Permissions;
use crate::queues::LocalQueues;
#[cfg(feature = "stack")]
use crate::stream::Stream;

/// How often the relay looks at a stream, while the clock ticks.
#[cfg(feature = "stack")]
const TICK: Duration = Duration::from_millis(200);
/// How many looks of the relay to one of the sweep.
#[cfg(feature = "stack")]
const TICKS_OF_A_SWEEP: u32 = 5;
/// How long a sweep that has handed out nothing of what is due is not repeated.
const REST: Duration = Duration::from_millis(500);
/// Rounds after which a market that keeps making work due at once is given up on.
const MAX_ROUNDS: u32 = 10_000;

/// The market could not be moved on.
#[derive(Debug, thiserror::Error)]
#[error("the market could not be moved on: {0}")]
pub struct MachineError(pub String);

pub(crate) fn failed(error: impl std::fmt::Display) -> MachineError {
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
    #[cfg(feature = "stack")]
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
    figures: Arc<Figures>,
    /// Whose turn it is to move the market: someone's who advances the clock, or the machine's own; and what is known of
    /// the due index. Nothing waits in a shard that is not named. What waits in one that is, it may no longer.
    turn: Mutex<Wakes>,
    doing: watch::Sender<Doing>,
}

impl Machine {
    pub(crate) fn new(
        clock: Arc<LocalClock>,
        store: Store,
        queues: LocalQueues,
        feed: Feed,
        engine: Option<Engine>,
        figures: Arc<Figures>,
    ) -> Self {
        // What a crash left is in the index alone, so the first turn looks everywhere.
        let (turn, doing) = (Mutex::new(everywhere()), watch::Sender::new(Doing::Works));
        Self { clock, store, queues, feed, engine, figures, turn, doing }
    }

    /// Hands out what became due at once. How many wake-ups were sent.
    async fn relay(&self) -> Result<usize, MachineError> {
        let outgoing = match &self.feed {
            Feed::Commits(commits) => commits.take_outgoing(),
            #[cfg(feature = "stack")]
            Feed::Stream(stream) => stream.lock().await.read().await.map_err(failed)?,
        };
        let count = outgoing.len();
        match self.queues.send(outgoing).await.into_iter().next() {
            None => Ok(count),
            Some(unsent) => Err(failed(unsent)),
        }
    }

    /// Hands out what has become due in these shards. How many wake-ups were sent.
    async fn sweep(&self, shards: Vec<(Lane, Shard)>) -> Result<usize, MachineError> {
        let pass = Sweep {
            store: &self.store,
            queues: &self.queues,
            now: || self.clock.now(),
            horizon: Duration::ZERO,
            stops_at: None,
            paced: None,
        };
        let swept = Permissions::of_handler("sweep", pass.pass_over(shards)).await.map_err(failed)?;
        self.figures.swept(&swept);
        Ok(swept.sent)
    }

    /// The shards in which something may be due by now.
    fn due_in(&self, wakes: &Wakes) -> Vec<(Lane, Shard)> {
        let now = self.clock.now();
        wakes.iter().filter(|(_, at)| **at <= now).map(|(shard, _)| *shard).collect()
    }

    /// Takes note of what was committed.
    fn learn(&self, wakes: &mut Wakes) {
        match &self.feed {
            Feed::Commits(commits) => commits::add(wakes, commits.take_wakes()),
            #[cfg(feature = "stack")]
            Feed::Stream(_) => *wakes = everywhere(),
        }
    }

    /// Looks at when these shards have something to hand out next.
    async fn look(&self, wakes: &mut Wakes, shards: Vec<(Lane, Shard)>) -> Result<(), MachineError> {
        let found = self.store.wakes(shards.iter().copied()).await.map_err(failed)?;
        for (shard, at) in shards.into_iter().zip(found) {
            match at {
                Some(at) => wakes.insert(shard, at),
                None => wakes.remove(&shard),
            };
        }
        Ok(())
    }

    /// When something is due next. What is known may be out of date, so the earliest of it is looked at.
    async fn next_wake(&self, wakes: &mut Wakes) -> Result<Option<Timestamp>, MachineError> {
        self.learn(wakes);
        loop {
            let Some(first) = wakes.values().min().copied() else { return Ok(None) };
            let shards = wakes.iter().filter(|(_, at)| **at == first).map(|(shard, _)| *shard).collect();
            self.look(wakes, shards).await?;
            if wakes.values().min() == Some(&first) {
                return Ok(Some(first));
            }
        }
    }

    /// Works off everything that is due now, and what that makes due. When something will be due next.
    ///
    /// # Errors
    /// See [`MachineError`].
    pub async fn settle(&self) -> Result<Option<Timestamp>, MachineError> {
        let mut wakes = self.turn.lock().await;
        self.work_off(&mut wakes, &mut 0).await
    }

    async fn work_off(
        &self,
        wakes: &mut Wakes,
        wake_ups: &mut usize,
    ) -> Result<Option<Timestamp>, MachineError> {
        for _ in 0..MAX_ROUNDS {
            self.queues.idle().await?;
            let mut sent = self.relay().await?;
            if sent == 0 {
                let next = self.next_wake(wakes).await?;
                if next.is_none_or(|next| next > self.clock.now()) {
                    return Ok(next);
                }
                sent = self.sweep(self.due_in(wakes)).await?;
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
        let mut wakes = self.turn.lock().await;
        self.go_on_to(&mut wakes, to).await
    }

    /// Advances the clock by a span, from where it stands when its turn comes. Nothing happens where the span does
    /// not lead on from there.
    ///
    /// # Errors
    /// See [`MachineError`].
    pub async fn advance_by(&self, span: Span) -> Result<Option<Advanced>, MachineError> {
        let mut wakes = self.turn.lock().await;
        match clock::later(self.clock.now(), span) {
            Some(to) => self.go_on_to(&mut wakes, to).await.map(Some),
            None => Ok(None),
        }
    }

    async fn go_on_to(&self, wakes: &mut Wakes, to: Timestamp) -> Result<Advanced, MachineError> {
        let (from, mut wake_ups) = (self.clock.now(), 0);
        while let Some(next) = self.work_off(wakes, &mut wake_ups).await?.filter(|next| *next <= to) {
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
            #[cfg(feature = "stack")]
            Feed::Stream(_) => self.look_again_and_again().await,
        }
    }

    async fn wake_by(&self, commits: &Commits) {
        let mut rests_until = None;
        loop {
            self.doing.send_replace(Doing::Works);
            let next = {
                let mut wakes = self.turn.lock().await;
                if let Err(error) = self.hand_out(&mut wakes, &mut rests_until).await {
                    tracing::warn!(%error, "a turn failed; the next one goes on");
                }
                wakes.values().min().copied()
            };
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

    /// Hands out what is due.
    async fn hand_out(
        &self,
        wakes: &mut Wakes,
        rests_until: &mut Option<Instant>,
    ) -> Result<(), MachineError> {
        self.learn(wakes);
        self.relay().await?;
        let due = self.due_in(wakes);
        if !due.is_empty() && rests_until.is_none_or(|until| until <= Instant::now()) {
            // Whatever cannot be handed out must not keep the machine busy.
            *rests_until = Some(Instant::now() + REST);
            let sent = self.sweep(due.clone()).await?;
            self.look(wakes, due).await?;
            if sent > 0 || self.due_in(wakes).is_empty() {
                *rests_until = None;
            }
            self.keep_time().await?;
        }
        Ok(())
    }

    /// Looks at the stream and sweeps.
    #[cfg(feature = "stack")]
    async fn look_again_and_again(&self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for tick in 0_u32.. {
            ticks.tick().await;
            let turned = match tick % TICKS_OF_A_SWEEP {
                0 => self.sweep(Shard::of_all_lanes().collect()).await,
                _ => self.relay().await,
            };
            if let Err(error) = turned {
                tracing::warn!(%error, "a turn failed; the next one goes on");
            }
        }
    }
}

/// Anything may wait anywhere.
fn everywhere() -> Wakes {
    Shard::of_all_lanes().map(|shard| (shard, Timestamp::MIN)).collect()
}
