//! The embedded DynamoDB engine: in this process, and by no port. The SDK's requests are handed over within the
//! process, so no page in a browser and no other program can read or write the table.
//!
//! It has a thread of its own, because it works synchronously under one lock. Whoever has a handle can ask;
//! what was answered is durable.

mod file;
mod operations;

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use dynoxide::Database;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

pub use self::file::EngineError;
use self::file::EngineFile;
use crate::commits::Commits;

/// A handle of a running engine; it stops when it is closed, or the last handle is dropped.
#[derive(Debug, Clone)]
pub struct Engine {
    calls: mpsc::UnboundedSender<Call>,
}

#[derive(Debug)]
enum Call {
    Operation {
        target: String,
        body: Vec<u8>,
        reply: oneshot::Sender<Reply>,
    },
    Keep {
        shown: Timestamp,
        kept: oneshot::Sender<Result<(), EngineError>>,
    },
    /// The sender is dropped when all is closed.
    Close {
        closed: oneshot::Sender<Infallible>,
    },
}

/// What DynamoDB would reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// The engine gives no answer: it has stopped, or broke on the request.
#[derive(Debug, thiserror::Error)]
#[error("the embedded database engine gives no answer")]
pub(crate) struct Stopped;

impl Engine {
    /// Starts it in memory.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub fn in_memory(commits: Arc<Commits>) -> Result<Self, EngineError> {
        let database = Database::memory().map_err(EngineError::new)?;
        Self::serve(database, None, commits)
    }

    /// Starts it on a file, which is made where it does not exist; and the latest instant that was kept in it.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub fn on_file(file: &Path, commits: Arc<Commits>) -> Result<(Self, Option<Timestamp>), EngineError> {
        let (database, file, shown) = file::open(file)?;
        Ok((Self::serve(database, Some(file), commits)?, shown))
    }

    /// Serves a database that is open.
    pub(crate) fn serve(
        database: Database,
        file: Option<EngineFile>,
        commits: Arc<Commits>,
    ) -> Result<Self, EngineError> {
        let (calls, waiting) = mpsc::unbounded_channel();
        std::thread::Builder::new()
            .name("dynamodb-engine".to_owned())
            .spawn(move || work(database, file.as_ref(), &commits, waiting))
            .map_err(EngineError::new)?;
        Ok(Self { calls })
    }

    /// Carries out an operation, as its name and body came over the wire.
    pub(crate) async fn call(&self, target: String, body: Vec<u8>) -> Result<Reply, Stopped> {
        let (reply, replied) = oneshot::channel();
        self.calls.send(Call::Operation { target, body, reply }).map_err(|_| Stopped)?;
        replied.await.map_err(|_| Stopped)
    }

    /// Keeps in its file that the market's clock has shown this instant. In memory nothing is kept.
    ///
    /// # Errors
    /// Where the file does not take it.
    pub async fn keep(&self, shown: Timestamp) -> Result<(), EngineError> {
        let (kept, answer) = oneshot::channel();
        self.calls.send(Call::Keep { shown, kept }).map_err(|_| EngineError::new(Stopped))?;
        answer.await.map_err(|_| EngineError::new(Stopped))?
    }

    /// Stops it, whoever still has a handle. Its file then holds everything, and stands alone.
    pub async fn close(self) {
        let (closed, answer) = oneshot::channel();
        if self.calls.send(Call::Close { closed }).is_ok() {
            drop(answer.await);
        }
    }
}

fn work(
    database: Database,
    file: Option<&EngineFile>,
    commits: &Commits,
    mut waiting: mpsc::UnboundedReceiver<Call>,
) {
    while let Some(call) = waiting.blocking_recv() {
        // Whoever asked may have gone.
        match call {
            Call::Operation { target, body, reply } => {
                // A request that the engine breaks on is without an answer; the next one has its own.
                let answer = || operations::answer(&database, commits, &target, &body);
                if let Ok(answer) = catch_unwind(AssertUnwindSafe(answer)) {
                    drop(reply.send(answer));
                }
            }
            Call::Keep { shown, kept } => drop(kept.send(file.map_or(Ok(()), |file| file.keep(shown)))),
            Call::Close { closed } => {
                // The last to close a file folds its log into it.
                drop(database);
                if let Some(file) = file {
                    file.fold();
                }
                drop(closed);
                return;
            }
        }
    }
}

/// The SDK's requests go to the engine in place of the network.
impl HttpConnector for Engine {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = self.clone();
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
            let body = request.body().bytes().unwrap_or_default().to_vec();
            let reply = Self::call(&engine, target, body).await;
            let Reply { status, body } = reply.map_err(|stopped| ConnectorError::io(stopped.into()))?;
            let status = status.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
            Ok(HttpResponse::new(status, SdkBody::from(body)))
        })
    }
}

/// Where a service of AWS is: at an address, or within this process.
#[derive(Debug, Clone)]
pub enum Endpoint {
    /// A server that speaks the protocol.
    Url(String),
    /// The embedded engine.
    Embedded(Engine),
}

impl From<&Self> for Endpoint {
    fn from(endpoint: &Self) -> Self {
        endpoint.clone()
    }
}

impl From<&str> for Endpoint {
    fn from(url: &str) -> Self {
        Self::Url(url.to_owned())
    }
}

impl From<&String> for Endpoint {
    fn from(url: &String) -> Self {
        Self::Url(url.clone())
    }
}

impl From<&Engine> for Endpoint {
    fn from(engine: &Engine) -> Self {
        Self::Embedded(engine.clone())
    }
}

/// The SDK's configuration for an endpoint on this machine, with the timeouts and retries of everywhere.
pub async fn sdk_at(endpoint: impl Into<Endpoint>) -> SdkConfig {
    let defaults = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .timeout_config(market_outside::sdk::timeouts())
        .retry_config(market_outside::sdk::retry());
    match endpoint.into() {
        Endpoint::Url(url) => defaults.endpoint_url(url),
        Endpoint::Embedded(engine) => {
            let connector = SharedHttpConnector::new(engine);
            // The name is for signatures and logs; nothing connects to it.
            defaults
                .endpoint_url("http://embedded.invalid")
                .http_client(http_client_fn(move |_, _| connector.clone()))
        }
    }
    .load()
    .await
}
