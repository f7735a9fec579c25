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

/// Whether a stack is at work, and how its last work ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StackState {
    /// It stands as its last update left it.
    Stands,
    /// Its last update failed and was taken back: it stands as the one before left it, and takes another.
    TakenBack {
        /// What `CloudFormation` says of it.
        reason: String,
    },
    /// It is being changed, by whoever.
    AtWork,
    /// It hangs, or was never made.
    Failed {
        /// What `CloudFormation` calls that.
        status: String,
        /// What it says of it.
        reason: String,
    },
}

impl StackState {
    /// By the name that `CloudFormation` gives it. What it cleans up behind an update was there before.
    #[cfg_attr(not(feature = "stack"), allow(dead_code, reason = "no stack is ever found"))]
    fn of(status: &str, reason: &str) -> Self {
        match status {
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => Self::Stands,
            "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE" => {
                Self::TakenBack { reason: reason.to_owned() }
            }
            working if working.ends_with("_IN_PROGRESS") => Self::AtWork,
            failed => Self::Failed { status: failed.to_owned(), reason: reason.to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_whose_update_was_taken_back_stands_and_one_that_hangs_or_was_never_made_does_not() {
        let of = |status| StackState::of(status, "no");
        for status in ["CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"] {
            assert_eq!(of(status), StackState::Stands, "{status}");
        }
        for status in ["UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"] {
            assert_eq!(of(status), StackState::TakenBack { reason: "no".to_owned() }, "{status}");
        }
        // What it cleans up behind an update, or behind one that was taken back.
        for status in ["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"]
        {
            assert_eq!(of(status), StackState::AtWork, "{status}");
        }
        for status in ["UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED", "ROLLBACK_COMPLETE", "CREATE_FAILED"] {
            assert!(matches!(of(status), StackState::Failed { .. }), "{status}");
        }
    }
}
