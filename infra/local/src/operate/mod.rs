//! What operators do with a market that is deployed: `publish`, `holidays`, `notices`, `dead-letters`, `jobs`,
//! `verify`, `lists`, `smoke`.
//!
//! A stack is named as the AWS CLI names it; everything else is read from its outputs ([`stack`]). Nothing
//! here goes round the market's own rules: a document is published through the API, due work is handed back
//! by the store's conditional write, a dead letter is deleted only after its queue has taken it. So every
//! command may be broken off and given again.
//!
//! Each command is a function over a store, a queue's client or a URL. What it finds is data: printed for
//! people, or with `--json` as one document for programs. Progress goes to standard error, and only to a
//! terminal.

pub mod api;
pub mod dead_letters;
pub mod holidays;
pub mod late_jobs;
pub mod lists;
pub mod notices;
pub mod outline;
pub mod publish;
pub mod smoke;
pub mod stack;
pub mod verify;

use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use indicatif::{ProgressBar, ProgressStyle};
use market_outside::words;
use market_store::StoreError;
use serde::Serialize;

use self::stack::{Stack, StackName};
use crate::{StartError, WITHOUT_AWS};

/// What operators can do.
#[derive(Debug, clap::Subcommand)]
pub enum Operate {
    /// Publish the first or the next version of a document. MARKET_TOKEN holds an operator's bearer token.
    Publish(Box<publish::Arguments>),
    /// Publish what the State Council announced of a year's holidays.
    #[command(subcommand)]
    Holidays(holidays::Holidays),
    /// Show the notices that did not arrive and wait for a human, and send one again. MARKET_TOKEN holds an
    /// operator's bearer token.
    Notices(Box<notices::Arguments>),
    /// Count, show and send back the messages that failed every time they were received.
    #[command(subcommand)]
    DeadLetters(dead_letters::DeadLetters),
    /// Show due work that is late or was given up on, and hand it back.
    #[command(subcommand)]
    Jobs(late_jobs::JobsCommand),
    /// Verify that no evidence was edited, dropped, swapped or cut off, that states, timers and lists are what it
    /// says, and that nothing that it names is missing.
    Verify(Box<verify::Arguments>),
    /// Put what releases before 0.5.0 wrote into the lists in which it is looked for.
    #[command(subcommand)]
    Lists(lists::Lists),
    /// Ask a market a few harmless questions. With an operator's bearer token in MARKET_TOKEN, one more.
    Smoke(smoke::Arguments),
}

/// Which stack, and for whom to print.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    #[command(flatten)]
    stack: StackName,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Where the API is.
#[derive(Debug, Clone, clap::Args)]
pub struct ApiArgs {
    /// Where the API is, in place of what the stack says; no AWS is needed then.
    #[arg(long)]
    url: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl ApiArgs {
    async fn url(&self) -> Result<String, OperateError> {
        match &self.url {
            Some(url) => Ok(url.clone()),
            None => Stack::find(&self.common.stack).await?.api_url().map(str::to_owned),
        }
    }
}

/// Why a command could not be carried out, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    /// There is no token to act with.
    #[error("MARKET_TOKEN is not set: put an operator's bearer token of the market's issuer into it")]
    NoToken,
    /// No source names a region.
    #[error(
        "no region is known: say --region, or set AWS_REGION, or a region in the profile; a market on this machine is named with --url"
    )]
    NoRegion,
    /// The region has no such stack.
    #[error("there is no stack {stack} in {region}: say --stack-name and --region as it was deployed with")]
    NoStack {
        /// Its name.
        stack: String,
        /// Where it was looked for.
        region: String,
    },
    /// The stack is another one, or is not complete.
    #[error(
        "the stack {stack} has no output {output}: finish its deployment, or name the market's root stack"
    )]
    NoOutput {
        /// The stack.
        stack: String,
        /// The output.
        output: &'static str,
    },
    /// This program was built for one machine.
    #[error("{0} cannot be reached: {WITHOUT_AWS}")]
    WithoutAws(String),
    /// An AWS service did not do it.
    #[error("{asked}: {reason}\n(`aws sts get-caller-identity` shows with whose permissions it was tried)")]
    Aws {
        /// What was asked for.
        asked: String,
        /// What came back.
        reason: String,
    },
    /// The table did not do it.
    #[error("the table: {0}")]
    Store(#[from] StoreError),
    /// A file cannot be read.
    #[error("cannot read {file}: {reason}")]
    File {
        /// The file.
        file: String,
        /// Why not.
        reason: String,
    },
    /// A file cannot be written.
    #[error("cannot write {file}: {reason}")]
    NotWritten {
        /// The file.
        file: String,
        /// Why not.
        reason: String,
    },
    /// The data folder is not one.
    #[error("there is no market in the folder {}: name the one that a market was started on with --data", .0.display())]
    NoMarket(PathBuf),
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] StartError),
    /// No answer came from the API.
    #[error("no answer from {url}: {reason}; it is safe to give the command again")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why none came.
        reason: String,
    },
    /// The API refused, or answered what cannot be understood.
    #[error("the market refused: {0}")]
    Refused(String),
    /// Its dead letters are no messages that could be sent again.
    #[error("the dead letters of {queue} are not sent again: {why}")]
    NotRedriven {
        /// The queue.
        queue: &'static str,
        /// Why not.
        why: &'static str,
    },
    /// What was found cannot be written down.
    #[error("the outcome cannot be written as JSON: {0}")]
    Unwritable(serde_json::Error),
}

/// What an SDK's error means for whoever asked.
fn aws_error<E>(asked: impl Into<String>, error: &SdkError<E>) -> OperateError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    OperateError::Aws { asked: asked.into(), reason: words("AWS's endpoint", error) }
}

/// Carries out a command.
///
/// # Errors
/// Where it could not be carried out. What it found, good or bad, is printed and told by the exit code.
pub async fn run(operate: Operate) -> Result<ExitCode, OperateError> {
    match operate {
        Operate::Publish(arguments) => publish::run(*arguments).await,
        Operate::Holidays(command) => holidays::run(command).await,
        Operate::Notices(arguments) => notices::run(*arguments).await,
        Operate::DeadLetters(command) => dead_letters::run(command).await,
        Operate::Jobs(command) => late_jobs::run(command).await,
        Operate::Verify(arguments) => verify::run(*arguments).await,
        Operate::Lists(command) => lists::run(command).await,
        Operate::Smoke(arguments) => smoke::run(arguments).await,
    }
}

/// Prints what was found; whether anyone reads it is not our business.
fn say(found: &(impl Serialize + Display), json: bool) -> Result<(), OperateError> {
    let text = if json {
        serde_json::to_string_pretty(found).map_err(OperateError::Unwritable)?
    } else {
        found.to_string()
    };
    drop(writeln!(std::io::stdout(), "{}", text.trim_end()));
    Ok(())
}

/// A success, or something that a human has to look at.
fn exit(is_good: bool) -> ExitCode {
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A bar on standard error, for as long as the work lasts; none where a program reads.
fn progress(what: &'static str, json: bool) -> ProgressBar {
    if json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0).with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{msg:24} {wide_bar} {pos}/{len}") {
        bar.set_style(style);
    }
    bar
}

/// The token to act with, if there is one.
fn token() -> Option<String> {
    std::env::var("MARKET_TOKEN").ok().map(|token| token.trim().to_owned()).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(subcommand)]
        operate: Operate,
    }

    fn parses(line: &str) -> bool {
        Line::try_parse_from(line.split(' ')).is_ok()
    }

    #[test]
    fn the_commands_are_understood_and_what_is_none_is_refused() {
        Line::command().debug_assert();
        for good in [
            "market publish --file a.md --document agreement --kind body --title T --prominent 1.2,4.4.5",
            "market publish --file a --document a --kind rule --title T --effective-at 2026-01-13T00:00:00Z",
            "market publish --file a --document a --kind annex --title T --major --url http://127.0.0.1:8080",
            "market notices --url http://127.0.0.1:8080 --json",
            "market notices --limit 10 --stack-name test",
            "market notices resend account/shop-1 ntc_00000000000000000000000000000000 --stack-name test",
            "market notices resend provider/northwind ntc_00000000000000000000000000000000 --address +8613800000000",
            "market dead-letters list --stack-name test --region cn-north-1 --profile ops --json",
            "market dead-letters inspect relay --limit 5",
            "market dead-letters redrive mail_feedback",
            "market jobs late",
            "market jobs parked",
            "market jobs parked notify",
            "market jobs redrive expire_grant",
            "market verify --account shop-1 --account shop-2 --document market-agreement",
            "market verify --announcements",
            "market verify --holidays 2027",
            "market holidays publish --file 2027.json",
            "market holidays publish --file 2027.json --corrects 1 --url http://127.0.0.1:8080",
            "market verify --data market-data --all --export-heads heads.jsonl",
            "market verify --against heads.jsonl --stack-name market-restored",
            "market verify --account shop-1 --against heads.jsonl --export-heads next.jsonl",
            "market smoke --url https://market.example.com",
            "market lists fill --stack-name market",
            "market lists fill --provider northwind --document rules --account shop-1",
            "market lists fill --data market-data --json",
        ] {
            assert!(parses(good), "{good}");
        }
        for bad in [
            "market publish --file a.md --document agreement --kind subscription --title T",
            "market publish --file a.md --document agreement --kind body --title T --prominent 1/a",
            "market notices --limit 0",
            "market notices resend account/shop-1",
            "market notices resend shop-1 ntc_00000000000000000000000000000000",
            "market notices resend account/a#b ntc_00000000000000000000000000000000",
            "market notices resend account/shop-1 ord_00000000000000000000000000000000",
            "market notices resend account/shop-1 ntc_00000000000000000000000000000000 --address nowhere",
            "market dead-letters redrive everything",
            "market dead-letters inspect notify --limit 0",
            "market jobs redrive",
            "market holidays",
            "market holidays publish --corrects 1",
            "market lists",
            "market lists fill --data market-data --stack-name market",
            "market verify",
            "market verify --account a#b",
            "market verify --all",
            "market verify --export-heads heads.jsonl",
            "market verify --data market-data",
            "market verify --data market-data --all --stack-name market",
        ] {
            assert!(!parses(bad), "{bad}");
        }
    }
}
