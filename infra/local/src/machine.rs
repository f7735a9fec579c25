//! What moves the market: the relay, the sweep, the queues, and the clock that ties them together.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use jiff::Timestamp;
use market_ambient::Clock;
use market_domain::aggregate::Job;
use market_jobs::memory::MemoryQueues;
use market_jobs::sqs::SqsQueues;
use market_jobs::sweep::sweep;
use market_jobs::{Outgoing, QueueError, Queues};
use market_store::Store;
use tokio::sync::Mutex;

use crate::clock::LocalClock;
use crate::permissions::Permissions;
use crate::stream::Stream;

/// How often the relay looks, while the clock ticks.
const TICK: Duration = Duration::from_millis(100);
/// How many looks of the relay to one of the sweep.
const TICKS_OF_A_SWEEP: u32 = 5;
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
    async fn send(&self, outgoing: Vec<Outgoing>) -> Result<(), QueueError> {
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
            for job in Job::ALL {
                let answer = client
                    .get_queue_attributes()
                    .queue_url(queues.url(job))
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

/// The moving parts.
#[derive(Debug)]
pub struct Machine {
    /// The market's clock.
    pub clock: Arc<LocalClock>,
    /// The sweep's way to the table.
    pub store: Store,
    queues: LocalQueues,
    stream: Mutex<Stream>,
    advancing: Mutex<()>,
}

impl Machine {
    pub(crate) fn new(clock: Arc<LocalClock>, store: Store, queues: LocalQueues, stream: Stream) -> Self {
        Self { clock, store, queues, stream: Mutex::new(stream), advancing: Mutex::default() }
    }

    /// Hands out what the stream says became due at once. How many wake-ups were sent.
    async fn relay(&self) -> Result<usize, MachineError> {
        let outgoing = self.stream.lock().await.read().await.map_err(failed)?;
        let count = outgoing.len();
        self.queues.send(outgoing).await.map_err(failed)?;
        Ok(count)
    }

    /// Hands out what has become due. How many wake-ups were sent.
    async fn sweep(&self) -> Result<usize, MachineError> {
        let pass = sweep(&self.store, &self.queues, self.clock.now(), Duration::ZERO);
        let swept = Permissions::of_handler("sweep", pass).await.map_err(failed)?;
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
        let _one_at_a_time = self.advancing.lock().await;
        let (from, mut wake_ups) = (self.clock.now(), 0);
        while let Some(next) = self.work_off(&mut wake_ups).await?.filter(|next| *next <= to) {
            self.clock.advance_to(next).map_err(failed)?;
        }
        self.clock.advance_to(to).map_err(failed)?;
        Ok(Advanced { from, to: self.clock.now(), wake_ups })
    }

    /// Looks at the stream and sweeps, again and again.
    pub(crate) async fn run(self: Arc<Self>) {
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
