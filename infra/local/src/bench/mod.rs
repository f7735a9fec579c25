//! `market bench`: figures, never verdicts. Nothing here passes or fails; every figure stands beside another of
//! the same run, because a number of one machine means little by itself and much beside its neighbour.
//!
//! `routes` and `jobs` measure the market as it runs here, on a file and in memory: client, market and engine
//! share the machine. `peer` holds the job path against a peer's. `sweep` holds the sweep against three sizes of the due index. `cold_start` holds the
//! deployed binary against the least program of its kind. docs/BENCHMARKS.md keeps a run of each.
//!
//! They are the feature `bench`: what they measure with is nothing that one machine needs.

#[cfg(feature = "bench")]
mod measured;

use std::path::PathBuf;

/// What can be measured.
#[derive(Debug, clap::Subcommand)]
#[allow(clippy::doc_markdown, reason = "printed as help")]
pub enum Bench {
    /// Requests per second and latencies of the busiest routes, on a file and in memory.
    Routes {
        /// A tenth of the requests.
        #[arg(long)]
        quick: bool,
    },
    /// Wake-ups per second through the whole job path, and how late jobs are while the clock ticks.
    Jobs {
        /// A tenth of the orders.
        #[arg(long)]
        quick: bool,
    },
    /// Wake-ups per second beside those of graphile-worker on PostgreSQL with the same durable effect, in turns. It
    /// needs PostgreSQL (initdb and postgres), Node 20 or later and npm, which fetches the peer the first time.
    Peer {
        /// The peer's program.
        #[arg(long, value_name = "FOLDER", default_value = "infra/local/peers/graphile-worker")]
        peer: PathBuf,
        /// Where initdb and postgres are, unless they are found by their names.
        #[arg(long, value_name = "FOLDER")]
        postgres: Option<PathBuf>,
        /// Turns.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// A fifth of the orders.
        #[arg(long)]
        quick: bool,
    },
    /// What one sweep costs with a thousand, a hundred thousand and a million timers pending.
    Sweep {
        /// Without the million.
        #[arg(long)]
        quick: bool,
    },
    /// A hundred thousand things that are due at one midnight: pass by pass, until nothing is left.
    Wave {
        /// A tenth of them.
        #[arg(long)]
        quick: bool,
    },
    /// From spawning the deployed binary to its first reply, beside the least program of its kind.
    ColdStart {
        /// The deployed binary.
        #[arg(long, value_name = "PATH", default_value = "target/release/bootstrap")]
        bootstrap: PathBuf,
        /// The least program of its kind.
        #[arg(long, value_name = "PATH", default_value = "target/release/examples/floor")]
        floor: PathBuf,
        /// A quarter of the starts.
        #[arg(long)]
        quick: bool,
    },
}

/// A benchmark that could not be carried out.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BenchError(String);

/// Measures, and prints as it goes.
///
/// # Errors
/// Where something could not be measured; what was found is not an error.
///
/// # Panics
/// Where the market refuses what a benchmark begins with.
#[cfg(feature = "bench")]
pub async fn run(bench: Bench) -> Result<(), BenchError> {
    measured::run(bench).await
}

/// Measures nothing.
///
/// # Errors
/// Always, and says what measures.
#[cfg(not(feature = "bench"))]
pub async fn run(_: Bench) -> Result<(), BenchError> {
    Err(BenchError(
        "this `market` was built without its benchmarks: `cargo build --profile measure --features bench` (docs/BENCHMARKS.md)"
            .to_owned(),
    ))
}
