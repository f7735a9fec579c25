//! How a command ended, as its exit code says it. docs/COMMANDS.md promises these numbers.

use std::process::ExitCode;

use crate::StartError;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Ended {
    /// It was done, and all is well.
    Good = 0,
    /// It was done, and a human has to look at what it found.
    Found = 1,
    /// The command line, or a setting, cannot be followed; as clap has it.
    Usage = 2,
    /// It could not be carried out: someone did not answer, or a file or folder cannot be used.
    NotDone = 3,
    /// The market refused it.
    Refused = 4,
}

impl Ended {
    /// All is well, or a human has to look.
    pub(crate) const fn well(is_good: bool) -> Self {
        if is_good { Self::Good } else { Self::Found }
    }
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        Self::from(ended as u8)
    }
}

/// How a start ended that failed.
impl From<&StartError> for Ended {
    fn from(error: &StartError) -> Self {
        match error {
            StartError::WithoutAws(_) | StartError::NotLoopback(_) => Self::Usage,
            StartError::Folder(_)
            | StartError::Io { .. }
            | StartError::Taken(_)
            | StartError::Engine(_)
            | StartError::Part(_) => Self::NotDone,
        }
    }
}
