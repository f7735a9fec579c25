//! `market dead-letters`: the messages that failed every time they were received.
//!
//! To look at them changes nothing but their receive count: they are shown again to others at once. To send
//! one back is to send it to its queue and then delete it here, in this order, so that a command that breaks
//! off loses nothing. The worst is that a message goes out twice, and no worker minds: a wake-up carries no
//! decision. What is no wake-up is not sent again: mail feedback is what proves that a notice arrived. SQS's own redrive
//! (`StartMessageMoveTask`) is not used, because the partition `aws-cn` has none.
//!
//! They are a stack's. A market on one machine tells of its own beside its API ([`told`]): it has some only with
//! `--sqs-endpoint`. A folder on which no market runs has no queues.
//!
//! One command sends back no more than its limit: what fails again comes back here, and must not go in
//! circles.

mod outcomes;
mod queue;
#[cfg(feature = "stack")]
mod queues;
#[cfg(not(feature = "stack"))]
#[path = "no_queues.rs"]
mod queues;
mod told;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use indicatif::ProgressBar;

pub use self::outcomes::{Count, DeadLetter, Inspected, Redriven};
use self::outcomes::{Counts, WouldRedrive};
pub use self::queue::{NoQueue, Queue};
pub use self::queues::DeadLetterQueues;
use crate::operate::api::Api;
use crate::operate::place::Place;
use crate::operate::{Common, Ended, OperateError, given, progress, say};

/// What is said of a folder.
const NO_QUEUES: &str =
    "A folder on which no market runs has no queues: what failed ten times is in `market jobs parked`.";

/// What to do with dead letters.
#[derive(Debug, clap::Subcommand)]
pub enum DeadLetters {
    /// Count them, queue by queue.
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Show them, and leave them where they are.
    Inspect {
        /// The queue that gave up on them.
        #[arg(value_parser = queues())]
        queue: Queue,
        /// How many at most.
        #[arg(long, value_name = "N", default_value_t = 10)]
        #[arg(value_parser = |text: &str| given::whole::<u16>(text, 100))]
        limit: u16,
        #[command(flatten)]
        common: Common,
    },
    /// Send them back to their queue, until none are left.
    Redrive {
        /// The queue that gave up on them.
        #[arg(value_parser = queues())]
        queue: Queue,
        /// How many at most.
        #[arg(long, value_name = "N", default_value_t = 10_000)]
        #[arg(value_parser = |text: &str| given::whole::<u32>(text, u32::MAX.into()))]
        limit: u32,
        /// Count what would be sent back; change nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        common: Common,
    },
}

impl DeadLetters {
    pub(super) const fn common(&self) -> &Common {
        let (Self::List { common } | Self::Inspect { common, .. } | Self::Redrive { common, .. }) = self;
        common
    }
}

fn queues() -> impl TypedValueParser<Value = Queue> {
    PossibleValuesParser::new(Queue::all().map(Queue::name)).try_map(|name| name.parse::<Queue>())
}

/// Where they are.
enum Held {
    InSqs(DeadLetterQueues),
    Told(Api),
    Nowhere,
}

impl Held {
    async fn at(common: &Common) -> Result<Self, OperateError> {
        Ok(match common.at.find().await? {
            Place::Stack(stack) => Self::InSqs(DeadLetterQueues::of(&stack)?),
            Place::Url(api) => Self::Told(api),
            Place::Folder(folder) => {
                folder.close().await;
                Self::Nowhere
            }
        })
    }

    async fn counts(&self) -> Result<Vec<Count>, OperateError> {
        match self {
            Self::InSqs(queues) => {
                let mut counts = Vec::new();
                for queue in Queue::all() {
                    counts.push(queues.count(queue).await?);
                }
                Ok(counts)
            }
            Self::Told(api) => told::counts(api).await,
            Self::Nowhere => Ok(Queue::all().map(Count::none).collect()),
        }
    }

    async fn inspect(&self, queue: Queue, limit: u16) -> Result<Inspected, OperateError> {
        match self {
            Self::InSqs(queues) => queues.inspect(queue, limit).await,
            Self::Told(api) => told::inspect(api, queue, limit).await,
            Self::Nowhere => Ok(Inspected::none(queue)),
        }
    }

    async fn redrive(&self, queue: Queue, limit: u32, bar: &ProgressBar) -> Result<Redriven, OperateError> {
        match self {
            Self::InSqs(queues) => queues.redrive(queue, limit, bar).await,
            Self::Told(api) => told::redrive(api, queue, limit).await,
            Self::Nowhere => Ok(Redriven::none(queue)),
        }
    }

    async fn would_redrive(&self, queue: Queue, limit: u32) -> Result<WouldRedrive, OperateError> {
        let counted = self.counts().await?.into_iter().find(|count| count.queue == queue);
        let Count { queue, waiting, held } = counted.unwrap_or_else(|| Count::none(queue));
        Ok(WouldRedrive { dry_run: true, queue, would_move: waiting.min(limit.into()), waiting, held })
    }
}

pub(super) async fn run(command: DeadLetters) -> Result<Ended, OperateError> {
    if let DeadLetters::Redrive { queue, .. } = &command {
        queue.check_redriven()?;
    }
    let held = Held::at(command.common()).await?;
    if matches!(held, Held::Nowhere) && !command.common().json {
        super::warn(NO_QUEUES);
    }
    match command {
        DeadLetters::List { common } => {
            let has_queues = !matches!(held, Held::Nowhere);
            say(&Counts { has_queues, items: held.counts().await? }, common.json)?;
        }
        DeadLetters::Inspect { queue, limit, common } => {
            say(&held.inspect(queue, limit).await?, common.json)?;
        }
        DeadLetters::Redrive { queue, limit, dry_run: true, common } => {
            say(&held.would_redrive(queue, limit).await?, common.json)?;
        }
        DeadLetters::Redrive { queue, limit, dry_run: false, common } => {
            let bar = progress("Sending back", common.json);
            let redriven = held.redrive(queue, limit, &bar).await?;
            say(&redriven, common.json)?;
            return Ok(Ended::well(redriven.stopped.is_none()));
        }
    }
    Ok(Ended::Good)
}
