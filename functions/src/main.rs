//! The artifact that is deployed: one binary for every function.

mod lambda;

use std::process::ExitCode;

use market_functions::handler::Handler;

// Single-threaded: a Lambda instance answers one request at a time, and more threads double its CPU.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .json()
        // What cannot be logged must not end what is being done.
        .log_internal_errors(false)
        // A level and no more: directives would bring regular expressions into every cold start.
        .with_max_level(
            std::env::var("RUST_LOG")
                .ok()
                .and_then(|level| level.parse().ok())
                .unwrap_or(tracing::Level::INFO)
                // Beyond it the runtime and the SDK write whole requests: tokens, contacts.
                .min(tracing::Level::DEBUG),
        )
        .with_current_span(true)
        .init();
    let name = std::env::var("_HANDLER").unwrap_or_default();
    let outcome = match name.parse::<Handler>() {
        Ok(handler) => lambda::run(handler).await,
        Err(unknown) => Err(unknown.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "cannot start");
            ExitCode::FAILURE
        }
    }
}
