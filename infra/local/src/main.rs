//! `market`: the whole service market on one machine.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use market::bench::{self, Bench};
use market::operate::{self, Operate};
use market::permissions::Permissions;
use market::{Clockwork, Options, Origin, Running, demo, pages};
use mimalloc::MiMalloc;
use tracing_subscriber::EnvFilter;

/// Small things are made and dropped all the time, by several threads.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What shells say of a program that an interrupt has ended.
const ENDED_AT_ONCE: i32 = 130;

const AFTER_HELP: &str = "\
While it runs (these exist on one machine only, never in what is deployed):
  GET  /                       the API, to read; /openapi.json for programs
  GET  /_local/token           a token: ?role=merchant&sub=shop-1
                               roles: merchant, provider, operator, data_gateway, upstream
                               and, for less than all of a role's rights, &scope=orders:read
  GET  /_local/clock           the market's time
  POST /_local/clock           {\"advance\": \"P15D\"}: an ISO 8601 duration; all that is due in between happens, in order
  POST /_local/payment         {\"account_id\", \"order_id\", \"amount_fen\"}: pays as the payment system would,
                               each time anew; with \"payment_id\", a payment is told again
It answers programs on this machine. What is under /_local/ is refused to pages of other sites than --allow-origin.
RUST_LOG sets what is logged, to standard error.";

/// The service market, whole, on one machine: every route, every worker, the sweep, and an embedded DynamoDB
/// engine. Without a command it starts and keeps its data in a folder.
#[derive(Debug, Parser)]
#[command(name = "market", version, after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, clap::Args)]
struct Serve {
    /// The folder that everything is kept in: the table, keys, the clock, outgoing mail.
    #[arg(long, default_value = "market-data")]
    data: PathBuf,
    /// The loopback address to listen on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// An SQS-compatible server, in place of the queues in memory.
    #[arg(long, value_name = "URL")]
    sqs_endpoint: Option<String>,
    /// A DynamoDB-compatible server with streams, in place of the embedded engine.
    #[arg(long, value_name = "URL")]
    dynamodb_endpoint: Option<String>,
    /// The one site whose pages may call this market, such as <http://localhost:5173>. Without it, none.
    #[arg(long, value_name = "URL")]
    allow_origin: Option<Origin>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play a merchant's year on a virtual clock, through the real routes and workers, and print it.
    Demo {
        /// The agreement to play it on.
        #[arg(long, value_name = "FILE")]
        agreement: Option<PathBuf>,
    },
    /// Print the OpenAPI 3.1 description.
    Openapi,
    /// Print the names of the handlers, as templates may use them.
    #[command(hide = true)]
    Handlers,
    #[command(flatten)]
    Operate(Operate),
    /// Measure, and print figures.
    #[command(subcommand)]
    Bench(Bench),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let quiet = if arguments.command.is_some() { "error" } else { "warn,market=info" };
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(quiet)))
        .with_writer(std::io::stderr)
        // What cannot be logged, because the disk is full or the reader has gone, must not end what is being done.
        .log_internal_errors(false)
        .init();
    let outcome = match arguments.command {
        None => serve(arguments.serve).await,
        Some(Command::Demo { agreement }) => play(agreement).await,
        Some(Command::Bench(what)) => {
            bench::run(what).await.map(|()| ExitCode::SUCCESS).map_err(|error| error.to_string())
        }
        Some(Command::Operate(operate)) => operate::run(operate).await.map_err(|error| error.to_string()),
        Some(Command::Handlers) => {
            say(&market_functions::handler::names().join("\n"));
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Openapi) => {
            say(&format!("{:#}", pages::openapi()));
            Ok(ExitCode::SUCCESS)
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("market: {error}");
        ExitCode::FAILURE
    })
}

async fn serve(serve: Serve) -> Result<ExitCode, String> {
    let Serve { data, listen, sqs_endpoint, dynamodb_endpoint, allow_origin } = serve;
    let options = Options {
        folder: data.clone(),
        in_memory: false,
        listen,
        clockwork: Clockwork::Ticking,
        sqs_endpoint,
        dynamodb_endpoint,
        permissions: Permissions::committed(),
        allow_origin,
    };
    let running = Running::start(options).await.map_err(|error| error.to_string())?;
    let mut signals = Signals::listen().map_err(|error| format!("cannot listen for signals: {error}"))?;
    let url = &running.url;
    say(&format!(
        "The service market is running at {url}\n\
         \n\
         API description   {url}/openapi.json   (to read: {url}/)\n\
         A token           curl '{url}/_local/token?role=merchant&sub=shop-1'\n\
         \u{20}                 roles: merchant, provider, operator, data_gateway, upstream\n\
         The clock         curl {url}/_local/clock\n\
         \u{20}                 curl {url}/_local/clock -d '{{\"advance\": \"P15D\"}}'\n\
         A payment         curl {url}/_local/payment -d '{{\"account_id\": …, \"order_id\": …, \"amount_fen\": …}}'\n\
         Data              {}   (mail that went out: {}/outbox)\n\
         \n\
         Ctrl-C stops it; everything is kept.",
        data.display(),
        data.display(),
    ));
    signals.next().await;
    say("Stopping. Ctrl-C again ends it at once.");
    tokio::select! {
        () = running.stop() => Ok(ExitCode::SUCCESS),
        // Not by returning: that would wait for what still runs.
        () = signals.next() => std::process::exit(ENDED_AT_ONCE),
    }
}

/// Prints; whether anyone reads it is not our business.
fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// The signals that ask to stop. None is missed between two.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            interrupt: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?,
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        drop(tokio::signal::ctrl_c().await);
    }
}

async fn play(agreement: Option<PathBuf>) -> Result<ExitCode, String> {
    let text = match agreement {
        Some(file) => std::fs::read_to_string(&file)
            .map_err(|error| format!("cannot read {}: {error}", file.display()))?,
        None => demo::AGREEMENT.to_owned(),
    };
    let timeline = demo::play(&text, Permissions::committed()).await.map_err(|error| error.to_string())?;
    say(&timeline.to_string());
    Ok(if timeline.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
