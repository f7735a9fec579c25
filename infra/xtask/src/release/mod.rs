//! From a commit to a market that runs: `package` builds once and signs, `deploy` brings a package to an environment, `drift`
//! tells what was changed there by other hands.
//!
//! What reaches production is, byte for byte, what was tried before: a package is verified whenever it is deployed, and
//! environments differ in nothing but their files below `infra/environments`. A mistyped name makes nothing: a stack is
//! created only where that is asked for, and one that is there keeps what never changes.

mod aws;
mod deploy;
mod drift;
mod environment;
mod package;
mod protect;
mod runs;
mod sums;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub use deploy::deploy;
pub use drift::drift;
pub use package::package;

use crate::run::root;

#[derive(Debug, Args)]
pub struct Package {
    /// The private key that signs it, as ssh-keygen makes them; its public key stands in infra/environments/signers.
    /// Otherwise the variable `MARKET_RELEASE_KEY` names it.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The processor of the functions; environments name it as Architecture.
    #[arg(long, value_enum, default_value_t = Architecture::Arm64)]
    architecture: Architecture,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Architecture {
    Arm64,
    #[value(name = "x86_64")]
    X8664,
}

#[derive(Debug, Args)]
pub struct Deploy {
    /// The environment: its file below infra/environments, without suffix.
    environment: String,
    /// The folder that `cargo xtask package` made.
    #[arg(long, value_name = "FOLDER")]
    package: PathBuf,
    /// Make the stack, which is not there yet.
    #[arg(long)]
    create: bool,
    /// Verify the package and the environment's file, and show what would be run. Asks nothing of AWS.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask before the changes are made.
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub struct Drift {
    /// The environment: its file below infra/environments, without suffix.
    environment: String,
}

/// The programs that are run, where environments are described, and where something may be written.
#[derive(Debug)]
pub struct Tools {
    aws: Vec<OsString>,
    sam: Vec<OsString>,
    environments: PathBuf,
    scratch: PathBuf,
}

impl Default for Tools {
    fn default() -> Self {
        Self {
            aws: vec!["aws".into()],
            sam: vec!["sam".into()],
            environments: root().join("infra/environments"),
            scratch: root().join("target/deploy"),
        }
    }
}
