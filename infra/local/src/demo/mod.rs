//! *A merchant's year*: one whole story through the real routes and the real workers, on a clock that stands
//! still until it is set ahead, printed as a timeline. It fails when any expectation in it does.

mod script;
mod story;
mod timeline;

use std::net::{Ipv4Addr, SocketAddr};

use crate::permissions::Permissions;
use crate::running::{Clockwork, Options, Running};

pub use timeline::Timeline;

/// The agreement that is played where no other is named.
pub const AGREEMENT: &str = include_str!("agreement.zh.md");

/// Why the story could not be told to its end.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The market did not start or move.
    #[error("{0}")]
    Market(String),
    /// A request was not answered.
    #[error("a request was not answered: {0}")]
    Http(#[from] reqwest::Error),
    /// Something that the rest of the story needs did not happen.
    #[error("the story cannot go on: {0}")]
    Stuck(String),
}

/// Plays the story on an agreement's text, with handlers that may do what is given.
///
/// # Errors
/// See [`DemoError`]; expectations that fail are in the timeline.
pub async fn play(agreement: &str, permissions: Permissions) -> Result<Timeline, DemoError> {
    let script = script::Script::read()?;
    let folder = tempfile::tempdir().map_err(|error| DemoError::Market(error.to_string()))?;
    let options = Options {
        folder: folder.path().to_owned(),
        in_memory: true,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        clockwork: Clockwork::Standing(script.begins),
        sqs_endpoint: None,
        dynamodb_endpoint: None,
        permissions,
        allow_origin: None,
    };
    let running = Running::start(options).await.map_err(|error| DemoError::Market(error.to_string()))?;
    let told = story::tell(&running, &script, agreement).await;
    running.stop().await;
    told
}
