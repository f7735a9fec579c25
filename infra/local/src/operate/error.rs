//! Why a command could not be carried out: for people in a sentence that says what to do, for programs as a code that
//! stays the same, and for shells as an exit code.

use std::path::PathBuf;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use market_outside::words;
use market_store::StoreError;

use super::ended::Ended;
use crate::folder::{FolderError, in_words};
use crate::{StartError, WITHOUT_AWS};

/// Why a command could not be carried out, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    /// There is no token to act with.
    #[error(
        "MARKET_TOKEN is not set: put an operator's bearer token of the market's issuer into it{}",
        if *.has_path { "; a market on this machine gives one by itself, at its address without a path" } else { "" }
    )]
    NoToken {
        /// Whether the URL goes on behind the host.
        has_path: bool,
    },
    /// `MARKET_URL` says no place.
    #[error("MARKET_URL: {0}")]
    NotAUrl(super::place::NotAUrl),
    /// No source names a region.
    #[error(
        "no region is known: say --region, or set AWS_REGION, or a region in the profile; a market on this machine is \
         named with --url, and one that does not run with --data"
    )]
    NoRegion,
    /// The region has no such stack.
    #[error("there is no stack {stack} in {region}: say --stack-name and --region as it was deployed with")]
    NoStack {
        /// Its name.
        stack: String,
        /// Where it was looked for.
        region: String,
    },
    /// The stack is another one, or is not complete.
    #[error(
        "the stack {stack} has no output {output}: finish its deployment, or name the market's root stack"
    )]
    NoOutput {
        /// The stack.
        stack: String,
        /// The output.
        output: &'static str,
    },
    /// This program was built for one machine.
    #[error("{0} cannot be reached: {WITHOUT_AWS}")]
    WithoutAws(String),
    /// A flag, or a command, that means nothing at that place.
    #[error("{what} cannot be given with {place}: {why}")]
    NotThere {
        /// The flag.
        what: String,
        /// The flag that names the place.
        place: &'static str,
        /// Why not, and what does it.
        why: &'static str,
    },
    /// An AWS service did not do it.
    #[error("{asked}: {reason}\n(`aws sts get-caller-identity` shows with whose permissions it was tried)")]
    Aws {
        /// What was asked for.
        asked: String,
        /// What came back.
        reason: String,
    },
    /// What stands there is not what could be restored, or be gone on with.
    #[error("{0}")]
    NotRestored(String),
    /// The table did not do it.
    #[error("the table: {0}")]
    Store(#[from] StoreError),
    /// A file cannot be read.
    #[error("cannot read {file}: {reason}")]
    File {
        /// The file.
        file: String,
        /// Why not.
        reason: String,
    },
    /// A file cannot be written.
    #[error("cannot write {file}: {reason}")]
    NotWritten {
        /// The file.
        file: String,
        /// Why not.
        reason: String,
    },
    /// The data folder is not one.
    #[error("there is no market in the folder {}: name the one that a market was started on with --data", .0.display())]
    NoMarket(PathBuf),
    /// The data folder is held.
    #[error(
        "the folder {} is in use by {}",
        .folder.display(),
        .url.as_ref().map_or_else(
            || "a market that starts, or by a command: give the command again when it is done".to_owned(),
            |url| format!("a market: ask it with --url {url}, or stop it"),
        )
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// Where the market answers; none of a command, or of a market that is still starting.
        url: Option<String>,
    },
    /// A release before this one wrote the data folder, and what only looks does not complete it.
    #[error(
        "the folder {folder} was written by a release before 0.5.0, and its lists are not there yet: start a \
         market on it, or give `market lists fill --data {folder}`",
        folder = .0.display()
    )]
    Incomplete(PathBuf),
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(StartError),
    /// No answer came from the API.
    #[error("no answer from {url}: {reason}; it is safe to give the command again")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why none came.
        reason: String,
    },
    /// The API failed.
    #[error("the market could not do it: {0}; it is safe to give the command again")]
    Failed(String),
    /// The API refused.
    #[error("the market refused: {0}")]
    Refused(String),
    /// The API answered what cannot be understood.
    #[error("the market's answer is not understood: {0}")]
    NotUnderstood(String),
    /// The market has no such route.
    #[error("{url} does not show {what}: {remedy}")]
    NotShown {
        /// Where was asked.
        url: String,
        /// What for.
        what: &'static str,
        /// What else does.
        remedy: &'static str,
    },
    /// Its dead letters are no messages that could be sent again.
    #[error("the dead letters of {queue} are not sent again: {why}")]
    NotRedriven {
        /// The queue.
        queue: &'static str,
        /// Why not.
        why: &'static str,
    },
    /// What was found cannot be written down.
    #[error("the outcome cannot be written as JSON: {0}")]
    Unwritable(serde_json::Error),
    /// Standard output does not take what was found.
    #[error("standard output does not take what came of it: {}", in_words(.0))]
    NotSaid(std::io::Error),
}

impl From<StartError> for OperateError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Folder(FolderError::InUse { folder, url }) => Self::InUse { folder, url },
            error => Self::Folder(error),
        }
    }
}

impl OperateError {
    /// A code for programs. One that was published stays.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoToken { .. } => "no-token",
            Self::NotAUrl(_) => "usage",
            Self::NoRegion => "no-region",
            Self::NoStack { .. } => "no-stack",
            Self::NoOutput { .. } => "no-output",
            Self::WithoutAws(_) => "built-without-aws",
            Self::NotThere { .. } => "not-there",
            Self::Aws { .. } => "aws",
            Self::NotRestored(_) => "not-restored",
            Self::Store(_) => "table",
            Self::File { .. } => "file-unreadable",
            Self::NotWritten { .. } => "file-unwritable",
            Self::NoMarket(_) => "no-market",
            Self::InUse { .. } => "folder-in-use",
            Self::Incomplete(_) => "folder-incomplete",
            Self::Folder(_) => "folder",
            Self::Unreachable { .. } => "unreachable",
            Self::Failed(_) => "market-failed",
            Self::Refused(_) => "refused",
            Self::NotUnderstood(_) => "not-understood",
            Self::NotShown { .. } => "not-shown",
            Self::NotRedriven { .. } => "not-redriven",
            Self::Unwritable(_) => "unwritable",
            Self::NotSaid(_) => "output-unwritable",
        }
    }

    /// How the command ended with it.
    #[must_use]
    pub fn ended(&self) -> Ended {
        match self {
            Self::NoToken { .. }
            | Self::NotAUrl(_)
            | Self::NoRegion
            | Self::WithoutAws(_)
            | Self::NotThere { .. }
            | Self::NotRedriven { .. } => Ended::Usage,
            Self::Refused(_) => Ended::Refused,
            Self::Folder(error) => error.into(),
            Self::NoStack { .. }
            | Self::NoOutput { .. }
            | Self::Aws { .. }
            | Self::NotRestored(_)
            | Self::Store(_)
            | Self::File { .. }
            | Self::NotWritten { .. }
            | Self::NoMarket(_)
            | Self::InUse { .. }
            | Self::Incomplete(_)
            | Self::Unreachable { .. }
            | Self::Failed(_)
            | Self::NotUnderstood(_)
            | Self::NotShown { .. }
            | Self::Unwritable(_)
            | Self::NotSaid(_) => Ended::NotDone,
        }
    }
}

/// What an SDK's error means for whoever asked.
pub(super) fn aws_error<E>(asked: impl Into<String>, error: &SdkError<E>) -> OperateError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    OperateError::Aws { asked: asked.into(), reason: words("AWS's endpoint", error) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::commands::EXITS;
    use crate::operate::place::NotAUrl;

    /// One error of each kind; a kind that is not here does not compile.
    macro_rules! one_of_each {
        ($($kind:pat => $error:expr,)*) => {{
            let _each = |error: &OperateError| match error { $($kind => (),)* };
            [$($error),*]
        }};
    }

    fn text() -> String {
        "text".to_owned()
    }

    #[test]
    fn the_codes_and_the_exit_codes_are_those_that_are_promised() {
        let not_json = serde_json::from_str::<u8>("").unwrap_err();
        let errors = one_of_each! {
            OperateError::NoToken { .. } => OperateError::NoToken { has_path: false },
            OperateError::NotAUrl(_) => OperateError::NotAUrl(NotAUrl),
            OperateError::NoRegion => OperateError::NoRegion,
            OperateError::NoStack { .. } => OperateError::NoStack { stack: text(), region: text() },
            OperateError::NoOutput { .. } => OperateError::NoOutput { stack: text(), output: "" },
            OperateError::WithoutAws(_) => OperateError::WithoutAws(text()),
            OperateError::NotThere { .. } => OperateError::NotThere { what: text(), place: "", why: "" },
            OperateError::Aws { .. } => OperateError::Aws { asked: text(), reason: text() },
            OperateError::NotRestored(_) => OperateError::NotRestored(text()),
            OperateError::Store(_) => OperateError::Store(StoreError::OutsideQuery),
            OperateError::File { .. } => OperateError::File { file: text(), reason: text() },
            OperateError::NotWritten { .. } => OperateError::NotWritten { file: text(), reason: text() },
            OperateError::NoMarket(_) => OperateError::NoMarket(PathBuf::new()),
            OperateError::InUse { .. } => OperateError::InUse { folder: PathBuf::new(), url: None },
            OperateError::Incomplete(_) => OperateError::Incomplete(PathBuf::new()),
            OperateError::Folder(_) => OperateError::Folder(StartError::Part(text())),
            OperateError::Unreachable { .. } => OperateError::Unreachable { url: text(), reason: text() },
            OperateError::Failed(_) => OperateError::Failed(text()),
            OperateError::Refused(_) => OperateError::Refused(text()),
            OperateError::NotUnderstood(_) => OperateError::NotUnderstood(text()),
            OperateError::NotShown { .. } => OperateError::NotShown { url: text(), what: "", remedy: "" },
            OperateError::NotRedriven { .. } => OperateError::NotRedriven { queue: "", why: "" },
            OperateError::Unwritable(_) => OperateError::Unwritable(not_json),
            OperateError::NotSaid(_) => OperateError::NotSaid(std::io::Error::other("text")),
        };
        let own: BTreeMap<&str, u8> =
            errors.iter().map(|error| (error.code(), error.ended() as u8)).collect();
        assert_eq!(own.len(), errors.len(), "no two have the same");

        let commands = include_str!("../../../../docs/COMMANDS.md");
        let codes = commands.split_once("Codes stay:").unwrap().1.split_once(". The message").unwrap().0;
        let mut promised = BTreeMap::new();
        for group in codes.split(';') {
            let (names, exit) = group.rsplit_once('(').unwrap();
            let exit: u8 = exit.trim_end().trim_end_matches(')').parse().unwrap();
            promised.extend(names.split('`').skip(1).step_by(2).map(|name| (name, exit)));
        }
        assert_eq!(own, promised);
        for (ended, _) in EXITS {
            assert!(commands.contains(&format!("\n| {} | ", ended as u8)), "{ended:?}");
        }
    }
}
