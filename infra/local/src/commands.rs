//! The command line of `market`. It is the same however the program was built: what a build does not serve is said where
//! it is asked for.

use std::path::PathBuf;

use axum::http::Uri;
use clap::{Parser, Subcommand, ValueEnum};

use crate::bench::Bench;
use crate::gate::Origin;
use crate::listening::Listen;
use crate::logging::LogFormat;
use crate::operate::{Ended, Operate};

/// What a running market has beside its API.
pub const BESIDE: &str = "\
GET  /                       the way in, for a browser; /reference to read and try the API, /openapi.json for programs
GET  /metrics                figures, for Prometheus
GET  /_local/token           a token: ?role=merchant&sub=shop-1
                             roles: merchant, provider, operator, data_gateway, upstream
                             and, for less than all of a role's rights, &scope=orders:read
GET  /_local/clock           the market's time
POST /_local/clock           {\"advance\": \"P15D\"}: an ISO 8601 duration; all that is due in between happens, in order
POST /_local/payment         {\"account_id\", \"order_id\", \"amount_fen\"}: pays as the payment system would,
                             each time anew; with \"payment_id\", a payment is told again
GET  /_local/dead-letters    what queues gave up on: none, but with --sqs-endpoint";
/// Whom it answers.
pub const ANSWERS: &str = "It answers programs on this machine. What is under /_local/ is refused to pages of other sites than --allow-origin.";

/// How commands end, by exit code.
pub const EXITS: [(Ended, &str); 5] = [
    (Ended::Good, "it was done, and all is well"),
    (Ended::Found, "it was done, and a human has to look at what it found"),
    (Ended::Usage, "the command line, or a setting, cannot be followed"),
    (Ended::NotDone, "it could not be carried out: no answer came, or a file or folder cannot be used"),
    (Ended::Refused, "the market refused it"),
];

/// What is read of the environment.
pub const ENVIRONMENT: [(&str, &str); 3] = [
    (
        "MARKET_URL",
        "where operators' commands find the market that are given no place; without it, the stack market",
    ),
    ("MARKET_TOKEN", "an operator's bearer token; a market on this machine gives one by itself"),
    (
        "RUST_LOG",
        "what is logged, to standard error: a level, or levels by module (warn,market_functions=debug)",
    ),
];

fn after_help() -> String {
    let mut said = "While it runs (these exist on one machine only, never in what is deployed):\n".to_owned();
    for line in BESIDE.lines() {
        said.push_str(&format!("  {line}\n"));
    }
    said.push_str(&format!("{ANSWERS}\n"));
    said.push_str("Environment:\n");
    for (name, what) in ENVIRONMENT {
        said.push_str(&format!("  {name:<13} {what}\n"));
    }
    said.push_str("A command ends with:\n");
    for (ended, what) in EXITS {
        said.push_str(&format!("  {}  {what}\n", ended as u8));
    }
    said
}

/// The service market, whole, on one machine
///
/// Every route, every worker, the sweep, and an embedded DynamoDB engine. Without a command it starts and keeps its
/// data in a folder.
#[derive(Debug, Parser)]
#[command(name = "market", version, after_help = after_help(), args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// What to do in place of starting.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to start.
    #[command(flatten)]
    pub serve: Serve,
    /// How lines of the log look.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub log_format: LogFormat,
}

const ALLOW_ORIGIN: &str =
    "The one site whose pages may call this market, such as http://localhost:5173. Without it, none";

/// How to start.
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// The folder that everything is kept in: the table, keys, the clock, outgoing mail.
    #[arg(long, default_value = "market-data")]
    pub data: PathBuf,
    /// The port to listen on, on this machine alone; or a loopback address with its port.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "[HOST:]PORT")]
    pub listen: Listen,
    /// An SQS-compatible server, in place of the queues in memory.
    #[arg(long, value_name = "URL", value_parser = server)]
    pub sqs_endpoint: Option<String>,
    /// A DynamoDB-compatible server with streams, in place of the embedded engine.
    #[arg(long, value_name = "URL", value_parser = server)]
    pub dynamodb_endpoint: Option<String>,
    /// The one site whose pages may call this market.
    #[arg(long, value_name = "URL", help = ALLOW_ORIGIN)]
    pub allow_origin: Option<Origin>,
}

/// A server, by its URL.
fn server(text: &str) -> Result<String, &'static str> {
    let said = "name a server by its URL, such as http://localhost:8000";
    let uri: Uri = text.parse().map_err(|_| said)?;
    match (uri.scheme_str(), uri.authority()) {
        (Some("http" | "https"), Some(_)) if uri.query().is_none() => Ok(text.to_owned()),
        _ => Err(said),
    }
}

/// What to do in place of starting.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play a merchant's year on a virtual clock, through the real routes and workers, and print it.
    Demo {
        /// The agreement to play it on.
        #[arg(long, value_name = "FILE")]
        agreement: Option<PathBuf>,
    },
    /// Print the OpenAPI 3.1 description.
    Openapi,
    /// Print what completes the commands in a shell.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page: `market man | man -l -`.
    Man,
    /// Print the names of the handlers, as templates may use them.
    #[command(hide = true)]
    Handlers,
    /// What operators do.
    #[command(flatten)]
    Operate(Operate),
    /// Measure, and print figures.
    #[command(subcommand)]
    Bench(Bench),
}

/// A shell that commands are completed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bash: source it, or put it into `~/.local/share/bash-completion/completions/market`.
    Bash,
    /// Zsh: put it as `_market` into a folder of `$fpath`.
    Zsh,
    /// Fish: put it into `~/.config/fish/completions/market.fish`.
    Fish,
}

impl Shell {
    /// What completes the commands there; made from the commands by a test.
    #[must_use]
    pub const fn completions(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../completions/market.bash"),
            Self::Zsh => include_str!("../completions/_market"),
            Self::Fish => include_str!("../completions/market.fish"),
        }
    }
}

/// The manual page, all commands in one; made from the commands by the same test. It names no release.
pub const MANUAL: &str = include_str!("../completions/market.1");

/// The manual page of this release.
#[must_use]
pub fn manual() -> String {
    MANUAL.replacen(TITLE, concat!(".TH market 1  \"market ", env!("CARGO_PKG_VERSION"), "\""), 1)
}

/// The line of the manual page that names what it is of.
const TITLE: &str = ".TH market 1  market";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn an_option_of_the_start_that_a_command_would_not_heed_is_refused() {
        Arguments::command().debug_assert();
        let parses = |line: &str| Arguments::try_parse_from(line.split(' ')).is_ok();
        for good in [
            "market",
            "market --data folder --listen 9103 --log-format json",
            "market demo",
            "market demo --agreement a.md --log-format json",
            "market notices --limit 5 --url http://127.0.0.1:8080",
        ] {
            assert!(parses(good), "{good}");
        }
        for bad in [
            "market --listen 9103 demo",
            "market --data folder openapi",
            "market --allow-origin http://localhost:5173 verify --all",
            "market --log-format xml",
            "market --listen 0.0.0.0:80:80",
            "market --sqs-endpoint foo",
            "market --dynamodb-endpoint localhost:8000",
            "market --dynamodb-endpoint ftp://a",
        ] {
            assert!(!parses(bad), "{bad}");
        }
    }
}
