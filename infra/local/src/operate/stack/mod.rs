//! The deployed stack, found as the AWS CLI would find it: by name, region and profile.
//!
//! What the commands need to know of it is in its outputs, so an operator names nothing else, and a command
//! can never act on the table of one market and the queues of another.
//!
//! A `market` without the feature `stack` has the same command line, finds none, and says so.

#[cfg(feature = "stack")]
mod found;
#[cfg(not(feature = "stack"))]
#[path = "never_found.rs"]
mod found;

pub use self::found::Stack;

/// A stack, as the AWS CLI names it.
#[derive(Debug, Clone, clap::Args)]
pub struct StackName {
    /// The stack; market where no place is named.
    #[arg(long, value_name = "NAME")]
    stack_name: Option<String>,
    /// Its region; the environment's or the profile's otherwise.
    #[arg(long)]
    region: Option<String>,
    /// The profile whose credentials to use.
    #[arg(long)]
    profile: Option<String>,
}

impl StackName {
    /// Its name.
    fn name(&self) -> &str {
        self.stack_name.as_deref().unwrap_or("market")
    }

    /// Whether anything of it is said.
    pub(super) const fn is_said(&self) -> bool {
        self.stack_name.is_some() || self.region.is_some() || self.profile.is_some()
    }
}
