//! The embedded DynamoDB engine: in this process, and by no port. The SDK's requests are handed over within the
//! process, so no page in a browser and no other program can read or write the table.
//!
//! It has a thread of its own, because it works synchronously under one lock. Whoever has a handle can ask;
//! what was answered is durable ([`durable`]).

mod durable;
mod file;
mod operations;
mod tokens;

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use aws_sdk_dynamodb::config::auth::{self, ResolveAuthScheme};
use aws_sdk_dynamodb::config::endpoint::{self, Endpoint as EndpointUrl, EndpointFuture, ResolveEndpoint};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::auth::{AuthSchemeId, AuthSchemeOption, AuthSchemeOptionsFuture};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::SdkConfig;
use dynoxide::Database;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use self::durable::Answers;
pub use self::file::EngineError;
use self::file::EngineFile;
use self::tokens::Tokens;
use crate::commits::Commits;

/// A handle of a running engine; it stops when it is closed, or the last handle is dropped.
#[derive(Debug, Clone)]
pub struct Engine {
    calls: mpsc::UnboundedSender<EngineCall>,
}

#[derive(Debug)]
enum EngineCall {
    Operation {
        request: Request,
        reply: oneshot::Sender<Reply>,
    },
    /// Tells of each operation from here on.
    #[cfg_attr(not(feature = "bench"), allow(dead_code, reason = "a benchmark asks for it"))]
    Record {
        told: std::sync::mpsc::Sender<Request>,
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

/// An operation, as its name and body came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) target: String,
    pub(crate) body: Vec<u8>,
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
        Self::without_file(database, commits)
    }

    /// Serves a database that is open, and answers at once.
    pub(crate) fn without_file(database: Database, commits: Arc<Commits>) -> Result<Self, EngineError> {
        Self::serve(database, None, Answers::at_once(), commits)
    }

    /// Starts it on a file, which is made where it does not exist; and the latest instant that was kept in it.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub fn on_file(file: &Path, commits: Arc<Commits>) -> Result<(Self, Option<Timestamp>), EngineError> {
        let (database, file, shown) = file::open(file)?;
        let answers = Answers::of(file.log()?).map_err(EngineError::new)?;
        Ok((Self::serve(database, Some(file), answers, commits)?, shown))
    }

    fn serve(
        database: Database,
        file: Option<EngineFile>,
        answers: Answers,
        commits: Arc<Commits>,
    ) -> Result<Self, EngineError> {
        let (calls, waiting) = mpsc::unbounded_channel();
        std::thread::Builder::new()
            .name("dynamodb-engine".to_owned())
            .spawn(move || work(database, file, &commits, answers, waiting))
            .map_err(EngineError::new)?;
        Ok(Self { calls })
    }

    /// Carries out an operation. It has its turn from here on, whether or not the reply is waited for.
    pub(crate) fn call(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<Reply, Stopped>> + Send + use<> {
        let (reply, replied) = oneshot::channel();
        let sent = self.calls.send(EngineCall::Operation { request, reply });
        async move {
            sent.map_err(|_| Stopped)?;
            replied.await.map_err(|_| Stopped)
        }
    }

    /// The operations from here on, in the order in which they are carried out.
    #[cfg_attr(not(feature = "bench"), allow(dead_code, reason = "a benchmark asks for it"))]
    pub(crate) fn record(&self) -> Result<std::sync::mpsc::Receiver<Request>, Stopped> {
        let (told, operations) = std::sync::mpsc::channel();
        self.calls.send(EngineCall::Record { told }).map_err(|_| Stopped)?;
        Ok(operations)
    }

    /// Keeps in its file that the market's clock has shown this instant. In memory nothing is kept.
    ///
    /// # Errors
    /// Where the file does not take it.
    pub async fn keep(&self, shown: Timestamp) -> Result<(), EngineError> {
        let (kept, answer) = oneshot::channel();
        self.calls.send(EngineCall::Keep { shown, kept }).map_err(|_| EngineError::new(Stopped))?;
        answer.await.map_err(|_| EngineError::new(Stopped))?
    }

    /// Stops it, whoever still has a handle. Its file then holds everything, and stands alone.
    pub async fn close(self) {
        let (closed, answer) = oneshot::channel();
        if self.calls.send(EngineCall::Close { closed }).is_ok() {
            drop(answer.await);
        }
    }
}

fn work(
    database: Database,
    mut file: Option<EngineFile>,
    commits: &Commits,
    mut answers: Answers,
    mut waiting: mpsc::UnboundedReceiver<EngineCall>,
) {
    let mut has_streams = file.is_some();
    let mut tokens = Tokens::default();
    let mut record: Option<std::sync::mpsc::Sender<Request>> = None;
    while let Some(call) = waiting.blocking_recv() {
        // Whoever asked may have gone.
        match call {
            EngineCall::Record { told } => record = Some(told),
            EngineCall::Operation { request, reply } => {
                if let Some(told) = &record
                    && told.send(request.clone()).is_err()
                {
                    record = None;
                }
                // Not before something is written: whoever only reads leaves the file as it was.
                if has_streams
                    && !operations::is_read(&request.target)
                    && let Some(file) = &file
                {
                    file.stop_streams(&database);
                    answers.note_write();
                    has_streams = false;
                }
                // A request that the engine breaks on is without an answer; the next one has its own.
                let answer = || operations::answer(&database, commits, &mut tokens, &request);
                let outcome = catch_unwind(AssertUnwindSafe(answer));
                // What it wrote before it broke, nobody knows.
                if outcome.as_ref().map_or(true, |outcome| outcome.has_written) {
                    answers.note_write();
                }
                if let Ok(outcome) = outcome
                    && answers.give(|| drop(reply.send(outcome.reply))).is_err()
                {
                    return;
                }
            }
            EngineCall::Keep { shown, kept } => {
                let outcome = file.as_mut().map_or(Ok(()), |file| file.keep(shown));
                answers.note_write();
                if answers.give(|| drop(kept.send(outcome))).is_err() {
                    return;
                }
            }
            EngineCall::Close { closed } => {
                answers.finish();
                if let Some(file) = file {
                    file.close(database, has_streams);
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
            let reply = Self::call(&engine, Request { target, body }).await;
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

/// The SDK's configuration for an endpoint on this machine, with the timeouts and retries of everywhere. Neither the
/// environment nor `~/.aws` says anything in it.
pub async fn sdk_at(endpoint: impl Into<Endpoint>) -> SdkConfig {
    let credentials = Credentials::new("local", "local", None, None, "local");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .timeout_config(market_outside::sdk::timeouts())
        .retry_config(market_outside::sdk::retry());
    match endpoint.into() {
        Endpoint::Url(url) => config.endpoint_url(url),
        Endpoint::Embedded(engine) => {
            let connector = SharedHttpConnector::new(engine);
            config.endpoint_url(WITHIN).http_client(http_client_fn(move |_, _| connector.clone()))
        }
    }
    .build()
}

/// The configuration of a table's client at an endpoint on this machine. To the embedded engine nothing is signed, and
/// no endpoint is looked for: a request does not leave the process.
pub async fn table_at(endpoint: impl Into<Endpoint>) -> aws_sdk_dynamodb::config::Builder {
    let endpoint = endpoint.into();
    let is_embedded = matches!(endpoint, Endpoint::Embedded(_));
    let config = aws_sdk_dynamodb::config::Builder::from(&sdk_at(endpoint).await);
    if !is_embedded {
        return config;
    }
    config
        .auth_scheme_resolver(Unsigned)
        .endpoint_resolver(Within(EndpointUrl::builder().url(WITHIN).build()))
}

/// The name is for logs; nothing connects to it.
const WITHIN: &str = "http://embedded.invalid";

/// The SDK's scheme that signs nothing.
const UNSIGNED: AuthSchemeId = AuthSchemeId::new("noAuth");

#[derive(Debug)]
struct Unsigned;

impl ResolveAuthScheme for Unsigned {
    fn resolve_auth_scheme<'a>(
        &'a self,
        _: &'a auth::Params,
        _: &'a ConfigBag,
        _: &'a RuntimeComponents,
    ) -> AuthSchemeOptionsFuture<'a> {
        AuthSchemeOptionsFuture::ready(Ok(vec![AuthSchemeOption::from(UNSIGNED)]))
    }
}

#[derive(Debug)]
struct Within(EndpointUrl);

impl ResolveEndpoint for Within {
    fn resolve_endpoint<'a>(&'a self, _: &'a endpoint::Params) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(self.0.clone()))
    }
}

#[cfg(test)]
mod tests;
