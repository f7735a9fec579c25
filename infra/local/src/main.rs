//! `market`: the whole service market on one machine.

use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use market::commands::{Arguments, Command, Serve, manual};
use market::operate::{self, Ended};
use market::permissions::Permissions;
use market::{Clockwork, Options, Running, StartError, bench, demo, in_words, logging, pages};
use mimalloc::MiMalloc;

/// Small things are made and dropped all the time, by several threads.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What shells say of a program that an interrupt has ended.
const ENDED_AT_ONCE: i32 = 130;

/// Why nothing was done, and how that ends.
struct Undone {
    why: String,
    ended: Ended,
}

impl Undone {
    fn new(why: impl Display) -> Self {
        Self { why: why.to_string(), ended: Ended::NotDone }
    }

    fn usage(why: impl Display) -> Self {
        Self { why: why.to_string(), ended: Ended::Usage }
    }
}

impl From<StartError> for Undone {
    fn from(error: StartError) -> Self {
        Self { ended: (&error).into(), why: error.to_string() }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(refused) => return say_refused(&refused),
    };
    let json = matches!(&arguments.command, Some(Command::Operate(operate)) if operate.is_json());
    let ended = run(arguments).await.unwrap_or_else(|Undone { why, ended }| {
        // What operators' commands cannot carry out they say themselves; what is left are settings.
        operate::say_error("usage", &why, ended, json);
        ended
    });
    ended.into()
}

/// Says why a command line is none, or the help that was asked for. Whoever asked for JSON reads JSON.
fn say_refused(refused: &clap::Error) -> ExitCode {
    let mut given = std::env::args_os().skip(1).take_while(|argument| argument != "--");
    if !refused.use_stderr() {
        return say(refused.render().to_string().trim_end()).map_or_else(
            |Undone { why, ended }| {
                operate::say_error("output-unwritable", &why, ended, false);
                ended.into()
            },
            ExitCode::from,
        );
    }
    let message = refused.render().to_string();
    let message = message.trim().strip_prefix("error: ").unwrap_or(message.trim());
    operate::say_error("usage", message, Ended::Usage, given.any(|argument| argument == "--json"));
    Ended::Usage.into()
}

async fn run(arguments: Arguments) -> Result<Ended, Undone> {
    let Arguments { command, serve: how, log_format } = arguments;
    let usual = if command.is_some() { logging::OF_A_COMMAND } else { logging::OF_A_MARKET };
    logging::begin(log_format, usual).map_err(Undone::usage)?;
    match command {
        None => serve(how).await,
        Some(Command::Demo { agreement }) => play(agreement).await,
        Some(Command::Bench(what)) => bench::run(what).await.map(|()| Ended::Good).map_err(Undone::new),
        Some(Command::Operate(operate)) => Ok(operate::run(operate).await),
        Some(Command::Handlers) => say(&market_functions::handler::names().join("\n")),
        Some(Command::Completions { shell }) => say(shell.completions().trim_end()),
        Some(Command::Man) => say(manual().trim_end()),
        Some(Command::Openapi) => say(&format!("{:#}", pages::openapi())),
    }
}

async fn serve(serve: Serve) -> Result<Ended, Undone> {
    let Serve { data, listen, sqs_endpoint, dynamodb_endpoint, allow_origin } = serve;
    let options = Options {
        folder: data.clone(),
        in_memory: false,
        listen: listen.0,
        clockwork: Clockwork::Ticking,
        sqs_endpoint,
        dynamodb_endpoint,
        permissions: Permissions::committed(),
        allow_origin,
    };
    let running = Running::start(options).await?;
    let mut signals =
        Signals::listen().map_err(|error| Undone::new(format!("cannot listen for signals: {error}")))?;
    let url = &running.url;
    tell(&format!(
        "The service market is running at {url}\n\
         Open {url}/ in a browser: sign in as anyone, read the API and try it.\n\
         \n\
         API description   {url}/openapi.json\n\
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
    tell("Stopping. Ctrl-C again ends it at once.");
    tokio::select! {
        () = running.stop() => Ok(Ended::Good),
        // Not by returning: that would wait for what still runs.
        () = signals.next() => std::process::exit(ENDED_AT_ONCE),
    }
}

/// Prints what was asked for.
fn say(text: &str) -> Result<Ended, Undone> {
    let unwritten = |error| Undone::new(format!("standard output takes nothing: {}", in_words(&error)));
    operate::print(text).map(|()| Ended::Good).map_err(unwritten)
}

/// Tells how it goes. A market runs on though nobody takes that.
fn tell(text: &str) {
    drop(operate::print(text));
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

async fn play(agreement: Option<PathBuf>) -> Result<Ended, Undone> {
    let text = match agreement {
        Some(file) => std::fs::read_to_string(&file)
            .map_err(|error| Undone::new(format!("cannot read {}: {}", file.display(), in_words(&error))))?,
        None => demo::AGREEMENT.to_owned(),
    };
    let timeline = demo::play(&text, Permissions::committed()).await.map_err(Undone::new)?;
    say(&timeline.to_string())?;
    Ok(if timeline.failed == 0 { Ended::Good } else { Ended::Found })
}
