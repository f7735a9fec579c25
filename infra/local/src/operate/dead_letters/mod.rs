//! `market dead-letters`: the messages that failed every time they were received.
//!
//! To look at them changes nothing but their receive count: they are shown again to others at once. To send
//! one back is to send it to its queue and then delete it here, in this order, so that a command that breaks
//! off loses nothing. The worst is that a message goes out twice, and no worker minds: a wake-up carries no
//! decision, and mail feedback that is known already changes nothing. SQS's own redrive
//! (`StartMessageMoveTask`) is not used, because the partition `aws-cn` has none.
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

use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use self::outcomes::Counts;
pub use self::outcomes::{Count, DeadLetter, Inspected, Redriven};
pub use self::queue::Queue;
pub use self::queues::DeadLetterQueues;
use crate::operate::stack::Stack;
use crate::operate::{Common, OperateError, exit, progress, say};

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
        #[arg(value_parser = clap::value_parser!(u16).range(1..=100))]
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
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        #[command(flatten)]
        common: Common,
    },
}

fn queues() -> impl TypedValueParser<Value = Queue> {
    let named =
        |name: String| Queue::all().find(|queue| queue.name() == name).ok_or("there is no such queue");
    PossibleValuesParser::new(Queue::all().map(Queue::name)).try_map(named)
}

pub(super) async fn run(command: DeadLetters) -> Result<ExitCode, OperateError> {
    match command {
        DeadLetters::List { common } => {
            let queues = DeadLetterQueues::of(&Stack::find(&common.stack).await?)?;
            let mut counts = Vec::new();
            for queue in Queue::all() {
                counts.push(queues.count(queue).await?);
            }
            say(&Counts(counts), common.json)?;
            Ok(ExitCode::SUCCESS)
        }
        DeadLetters::Inspect { queue, limit, common } => {
            let queues = DeadLetterQueues::of(&Stack::find(&common.stack).await?)?;
            say(&queues.inspect(queue, limit).await?, common.json)?;
            Ok(ExitCode::SUCCESS)
        }
        DeadLetters::Redrive { queue, limit, common } => {
            queue.check_redriven()?;
            let queues = DeadLetterQueues::of(&Stack::find(&common.stack).await?)?;
            let bar = progress("Sending back", common.json);
            let redriven = queues.redrive(queue, limit, &bar).await?;
            say(&redriven, common.json)?;
            Ok(exit(redriven.stopped.is_none()))
        }
    }
}
