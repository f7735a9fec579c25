//! `cargo xtask`: what a developer, and CI, do to the project.
//!
//! It builds in seconds and knows nothing of the market: what needs the market's code is a test of it, which is run
//! from here in the right order. What an operator does is here where it needs the checkout: packages and deployments.

mod check;
mod first_run;
mod generate;
mod new;
mod release;
mod run;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make every generated file anew: read the diff, it is what clients and operators will see.
    Generate,
    /// Check what needs nothing but a Rust toolchain, the fast part first.
    Check {
        /// Check all there is, as CI does and more: every case of the slow matrices, and the artifact as it is shipped.
        #[arg(long)]
        all: bool,
        /// Only the steps with these words in their names.
        #[arg(long, value_name = "WORDS")]
        only: Option<String>,
    },
    /// Check as CI does (`.ci/run`): installs what is missing below target/.
    Ci {
        /// Only the steps with these words in their names.
        #[arg(long, value_name = "WORDS")]
        only: Option<String>,
    },
    /// Begin something new with files that compile.
    #[command(subcommand)]
    New(new::New),
    /// Build the commit once, with its templates, as a signed package that can be deployed anywhere.
    Package(release::Package),
    /// Deploy a package to an environment (infra/environments).
    Deploy(release::Deploy),
    /// Tell what in an environment is not as its templates made it.
    Drift(release::Drift),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Generate => generate::run_all(),
        Command::Check { all: false, only } => check::check(check::Extent::Code, only.as_deref()),
        Command::Check { all: true, only } => check::check(check::Extent::All, only.as_deref()),
        Command::Ci { only } => check::check(check::Extent::Ci, only.as_deref()),
        Command::New(what) => new::run(&what),
        Command::Package(what) => release::package(&what),
        Command::Deploy(what) => release::deploy(&what, &release::Tools::default()),
        Command::Drift(what) => release::drift(&what, &release::Tools::default()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
