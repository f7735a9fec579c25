//! `market jobs`: due work that is late, or was given up on.
//!
//! What is late is told in `market_functions::market::jobs::late`. After ten tries work is *parked* and waits for a human.
//! Handing it back is one conditional write, so an item that changed meanwhile is left as it is.
//!
//! In a folder and in a stack the table is read; at a URL the API is asked, which shows 100 parked items of a job.

mod outcomes;
pub mod table;
pub mod told;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use indicatif::ProgressBar;
use market_kernel::aggregate::Lane;

pub use self::outcomes::{Late, LateJobs, Redriven, Waiting};
use self::outcomes::{Parked, WouldRedrive};
use super::api::Api;
use super::place::Place;
use super::source::Source;
use super::{Common, Ended, OperateError, given, progress, say};

/// Parked items that a dry run shows.
const SHOWN: u16 = 1_000;

/// What to do with due work.
#[derive(Debug, clap::Subcommand)]
pub enum JobsCommand {
    /// Count what is late, job by job.
    Late {
        #[command(flatten)]
        common: Common,
    },
    /// Show what was given up on.
    Parked {
        /// Of one job only.
        #[arg(value_parser = jobs())]
        job: Option<Lane>,
        /// How many of each job at most; the API shows 100.
        #[arg(long, value_name = "N")]
        #[arg(value_parser = |text: &str| given::whole::<u16>(text, 1_000))]
        limit: Option<u16>,
        #[command(flatten)]
        common: Common,
    },
    /// Hand everything back that was given up on, as if for the first time.
    Redrive {
        /// Of which job.
        #[arg(value_parser = jobs())]
        job: Lane,
        /// Show what would be handed back; change nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        common: Common,
    },
}

impl JobsCommand {
    pub(super) const fn common(&self) -> &Common {
        let (Self::Late { common } | Self::Parked { common, .. } | Self::Redrive { common, .. }) = self;
        common
    }
}

fn jobs() -> impl TypedValueParser<Value = Lane> {
    PossibleValuesParser::new(Lane::ALL.map(Lane::name)).try_map(|name| name.parse::<Lane>())
}

/// Where due work is seen.
enum Jobs {
    InTable(Source),
    Told(Api),
}

impl Jobs {
    async fn at(common: &Common) -> Result<Self, OperateError> {
        Ok(match common.at.find().await? {
            Place::Folder(folder) => Self::InTable(Source::Folder(folder)),
            Place::Stack(stack) => Self::InTable(Source::stack(&stack)?),
            Place::Url(api) => Self::Told(api),
        })
    }

    async fn late(&self) -> Result<LateJobs, OperateError> {
        match self {
            Self::InTable(source) => table::late_of_all(source.store(), source.now()).await,
            Self::Told(api) => told::late_of_all(api).await,
        }
    }

    async fn parked(&self, job: Lane, limit: u16) -> Result<Vec<Waiting>, OperateError> {
        match self {
            Self::InTable(source) => table::parked(source.store(), job, limit).await,
            Self::Told(api) => told::parked(api, job, limit).await,
        }
    }

    async fn redrive(&self, job: Lane, bar: &ProgressBar) -> Result<Redriven, OperateError> {
        match self {
            Self::InTable(source) => {
                let redriven = table::redrive(source.store(), job, source.now(), bar).await;
                source.keep_time().await?;
                redriven
            }
            Self::Told(api) => told::redrive(api, job, bar).await,
        }
    }

    /// How many parked items of a job can be seen at most.
    const fn most_shown(&self) -> u16 {
        match self {
            Self::InTable(_) => SHOWN,
            Self::Told(_) => told::SHOWN,
        }
    }

    async fn close(self) {
        if let Self::InTable(source) = self {
            source.close().await;
        }
    }
}

pub(super) async fn run(command: JobsCommand) -> Result<Ended, OperateError> {
    if let JobsCommand::Parked { limit: Some(limit), common, .. } = &command
        && *limit > told::SHOWN
        && common.at.url()?.is_some()
    {
        return Err(OperateError::NotThere {
            what: "--limit over 100".to_owned(),
            place: "--url",
            why: "the API shows 100 parked items of a job; name the stack or the folder",
        });
    }
    let jobs = Jobs::at(command.common()).await?;
    let done = run_at(&jobs, command).await;
    jobs.close().await;
    done.map(|()| Ended::Good)
}

async fn run_at(at: &Jobs, command: JobsCommand) -> Result<(), OperateError> {
    match command {
        JobsCommand::Late { common } => say(&at.late().await?, common.json),
        JobsCommand::Parked { job, limit, common } => {
            let mut items = Vec::new();
            for job in Lane::ALL.into_iter().filter(|one| job.is_none_or(|wanted| wanted == *one)) {
                items.extend(at.parked(job, limit.unwrap_or(100)).await?);
            }
            say(&Parked { items }, common.json)
        }
        JobsCommand::Redrive { job, dry_run: true, common } => {
            let items = at.parked(job, at.most_shown()).await?;
            let more = items.len() >= usize::from(at.most_shown());
            say(&WouldRedrive { dry_run: true, job, items, more }, common.json)
        }
        JobsCommand::Redrive { job, dry_run: false, common } => {
            let bar = progress("Handing back", common.json);
            say(&at.redrive(job, &bar).await?, common.json)
        }
    }
}
