//! What operators do with a market: `publish`, `holidays`, `notices`, `dead-letters`, `jobs`, `verify`, `lists`, `restore`,
//! `smoke`.
//!
//! Each does so in a data folder, at a URL and in a deployed stack alike ([`place`]). A stack is named as the AWS CLI
//! names it; everything else is read from its outputs ([`stack`]). Nothing here goes round the market's own rules: a
//! document is published through the API, due work is handed back by the store's conditional write, a dead letter is
//! deleted only after its queue has taken it. So every command may be broken off and given again.
//!
//! Each command is a function over a store, a queue's client or an API. What it finds is data: printed for
//! people, or with `--json` as one document for programs, errors included ([`error`]). How it ended is the exit code
//! ([`ended`]). Progress goes to standard error, and only to a terminal.

pub mod api;
pub mod dead_letters;
pub mod ended;
pub mod error;
mod files;
mod given;
pub mod holidays;
pub mod jobs;
pub mod lists;
pub mod notices;
mod offline;
pub mod outline;
pub mod place;
pub mod publish;
pub mod restore;
pub mod smoke;
mod source;
pub mod stack;
pub mod verify;

use std::fmt::Display;
use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::json;

pub use self::ended::Ended;
pub use self::error::OperateError;
use self::place::Where;
pub(crate) use self::source::partitions;

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
    Jobs(jobs::JobsCommand),
    /// Verify that no evidence was edited, dropped, swapped or cut off, that states, timers and lists are what it
    /// says, and that nothing that it names is missing.
    Verify(Box<verify::Arguments>),
    /// Put what releases before 0.5.0 wrote into the lists in which it is looked for.
    #[command(subcommand)]
    Lists(lists::Lists),
    /// Put a deployed market on a table that is restored from point-in-time recovery, or on one that is there. Broken off
    /// and given again, it goes on where it stood.
    Restore(Box<restore::Arguments>),
    /// Ask a market a few harmless questions. With an operator's bearer token in MARKET_TOKEN, one more.
    Smoke(smoke::Arguments),
}

/// Where, and for whom to print.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    #[command(flatten)]
    at: Where,
    /// Print one JSON document, errors too.
    #[arg(long)]
    json: bool,
}

impl Operate {
    /// Whether a program reads what it says.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.common().json
    }

    const fn common(&self) -> &Common {
        match self {
            Self::Publish(arguments) => arguments.common(),
            Self::Holidays(command) => command.common(),
            Self::Notices(arguments) => arguments.common(),
            Self::DeadLetters(command) => command.common(),
            Self::Jobs(command) => command.common(),
            Self::Verify(arguments) => arguments.common(),
            Self::Lists(command) => command.common(),
            Self::Restore(arguments) => arguments.common(),
            Self::Smoke(arguments) => arguments.common(),
        }
    }
}

/// Carries out a command. What it found, good or bad, is printed, and so is why it could not be carried out.
pub async fn run(operate: Operate) -> Ended {
    let json = operate.common().json;
    let outcome = match operate {
        Operate::Publish(arguments) => publish::run(*arguments).await,
        Operate::Holidays(command) => holidays::run(command).await,
        Operate::Notices(arguments) => notices::run(*arguments).await,
        Operate::DeadLetters(command) => dead_letters::run(command).await,
        Operate::Jobs(command) => jobs::run(command).await,
        Operate::Verify(arguments) => verify::run(*arguments).await,
        Operate::Lists(command) => lists::run(command).await,
        Operate::Restore(arguments) => restore::run(*arguments).await,
        Operate::Smoke(arguments) => smoke::run(arguments).await,
    };
    outcome.unwrap_or_else(|error| {
        let ended = error.ended();
        // Where standard output takes nothing, standard error may.
        let json = json && !matches!(error, OperateError::NotSaid(_));
        say_error(error.code(), &error.to_string(), ended, json);
        ended
    })
}

/// Says why something was not done: to people on standard error, to programs as the one document on standard output.
pub fn say_error(code: &'static str, message: &str, ended: Ended, json: bool) {
    if json {
        let error = json!({ "error": { "code": code, "message": message, "exit": ended as u8 } });
        if let Err(error) = print(&format!("{error:#}")) {
            warn(&format!("market: {message}\nmarket: {}", OperateError::NotSaid(error)));
        }
    } else {
        warn(&format!("market: {}", shown(message)));
    }
}

/// Writes to standard error. Where that takes nothing, nobody is left to be told.
fn warn(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}

/// A text for a terminal: what a server tells moves no cursor and sets no colour.
fn shown(text: &str) -> String {
    text.replace(|c: char| c.is_control() && !"\n\t".contains(c), "\u{fffd}")
}

/// Prints a text. Whether anyone reads it to its end is not our business.
///
/// # Errors
/// Where it cannot be written.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Prints what was found.
fn say(found: &(impl Serialize + Display), json: bool) -> Result<(), OperateError> {
    let text = if json {
        serde_json::to_string_pretty(found).map_err(OperateError::Unwritable)?
    } else {
        shown(&found.to_string())
    };
    print(text.trim_end()).map_err(OperateError::NotSaid)
}

/// So many of something: `1 item`, `2 items`.
pub(crate) fn counted(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// A bar on standard error, for as long as the work lasts; none where a program reads, or the
/// terminal draws none.
fn progress(what: &'static str, json: bool) -> ProgressBar {
    let cannot_draw = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    if json || cannot_draw {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0).with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{msg:24} {wide_bar} {pos}/{len}") {
        bar.set_style(style);
    }
    bar
}

/// What is being waited for, and how long already, drawn where a bar would be.
fn waiting(json: bool) -> ProgressBar {
    let bar = progress("", json);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
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
            "market notices correct-service account/shop-1 ntc_00000000000000000000000000000000 --reason mistake --not-served",
            "market notices correct-service account/shop-1 ntc_00000000000000000000000000000000 --reason mistake --way letter --served-at 2026-01-05T00:00:00Z --evidence file-1",
            "market dead-letters list --stack-name test --region cn-north-1 --profile ops --json",
            "market dead-letters inspect relay --limit 5",
            "market dead-letters redrive notify",
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
            "market lists fill --data market-data --json --dry-run",
            "market restore --to market-restored --dry-run",
            "market restore --to market-restored --at 2026-11-27T09:00:00+08:00 --stack-name market --json",
            "market restore --to market-restored --adopt --against heads.jsonl --point",
            "market restore --give-up",
            "market jobs late --data market-data",
            "market jobs redrive notify --dry-run --url http://127.0.0.1:8080",
            "market dead-letters redrive notify --dry-run --data market-data",
            "market verify --account shop-1 --url http://127.0.0.1:8080/",
        ] {
            assert!(parses(good), "{good}");
        }
        for bad in [
            "market publish --file a.md --document agreement --kind subscription --title T",
            "market publish --file a.md --document agreement --kind body --title T --prominent 1/a",
            "market notices --limit 0",
            "market notices resend account/shop-1",
            "market notices correct-service account/shop-1 ntc_00000000000000000000000000000000 --not-served",
            "market notices correct-service account/shop-1 ntc_00000000000000000000000000000000 --reason mistake",
            "market notices correct-service account/shop-1 ntc_00000000000000000000000000000000 --reason mistake --way letter",
            "market notices correct-service account/shop-1 ntc_00000000000000000000000000000000 --reason mistake --evidence file-1 --not-served",
            "market notices resend shop-1 ntc_00000000000000000000000000000000",
            "market notices resend account/a#b ntc_00000000000000000000000000000000",
            "market notices resend account/shop-1 ord_00000000000000000000000000000000",
            "market notices resend account/shop-1 ntc_00000000000000000000000000000000 --address nowhere",
            "market dead-letters redrive everything",
            "market dead-letters inspect notify --limit 0",
            "market jobs redrive",
            "market holidays",
            "market holidays publish --corrects 1",
            "market restore",
            "market restore --to market-restored --give-up",
            "market restore --to a",
            "market restore --to market/restored",
            "market restore --to market-restored --at yesterday",
            "market lists",
            "market lists fill --data market-data --stack-name market",
            "market verify",
            "market verify --account a#b",
            "market verify --all",
            "market verify --export-heads heads.jsonl",
            "market verify --data market-data",
            "market verify --data market-data --all --stack-name market",
            "market verify --account shop-1 --url http://127.0.0.1:8080 --region cn-north-1",
            "market notices --url http://127.0.0.1:8080 --profile ops",
            "market notices --data market-data --url http://127.0.0.1:8080",
            "market jobs late --data market-data --region cn-north-1",
            "market dead-letters list --url 127.0.0.1:8080",
            "market notices --limit 5 resend account/shop-1 ntc_00000000000000000000000000000000",
        ] {
            assert!(!parses(bad), "{bad}");
        }
    }
}
