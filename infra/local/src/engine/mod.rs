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

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::config::auth::{self, ResolveAuthScheme};
use aws_sdk_dynamodb::config::endpoint::{self, Endpoint as EndpointUrl, EndpointFuture, ResolveEndpoint};
use aws_smithy_runtime_api::client::auth::{AuthSchemeId, AuthSchemeOption, AuthSchemeOptionsFuture};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
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
            defaults.endpoint_url(WITHIN).http_client(http_client_fn(move |_, _| connector.clone()))
        }
    }
    .load()
    .await
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
mod tests {
    use std::io;
    use std::path::PathBuf;
    use std::sync::Mutex;

    use market_jobs::relay;
    use market_store::due;
    use serde_json::{Value, json};
    use tempfile::TempDir;

    use super::durable::Disk;
    use super::*;

    /// A disk that has what it was asked to keep and nothing else, until the power goes.
    struct Mortal {
        file: PathBuf,
        syncs_left: u32,
        kept: Arc<Mutex<TempDir>>,
    }

    impl Disk for Mortal {
        fn sync(&mut self) -> io::Result<()> {
            self.syncs_left = self.syncs_left.checked_sub(1).ok_or_else(|| io::Error::other("no power"))?;
            let kept = tempfile::tempdir()?;
            for name in ["market.db", "market.db-wal"] {
                std::fs::copy(self.file.with_file_name(name), kept.path().join(name))?;
            }
            *self.kept.lock().unwrap() = kept;
            Ok(())
        }
    }

    async fn asked(engine: &Engine, operation: &str, body: Value) -> Option<Value> {
        let target = format!("DynamoDB_20120810.{operation}");
        let reply = engine.call(Request { target, body: body.to_string().into_bytes() }).await.ok()?;
        assert_eq!(reply.status, 200, "{}", reply.body);
        Some(serde_json::from_str(&reply.body).unwrap())
    }

    fn table() -> Value {
        json!({
            "TableName": "market", "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" },
        })
    }

    fn put(name: &str) -> Value {
        json!({ "TableName": "market", "Item": { "pk": { "S": name } } })
    }

    /// A transaction that puts one item which must not be there yet.
    fn transaction(name: &str, token: &str) -> Value {
        let put = json!({ "TableName": "market", "Item": { "pk": { "S": name } },
            "ConditionExpression": "attribute_not_exists(pk)" });
        json!({ "TransactItems": [{ "Put": put }], "ClientRequestToken": token })
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_transaction_that_is_asked_for_again_is_answered_and_takes_effect_once() {
        let engine = Engine::in_memory(Arc::default()).unwrap();
        asked(&engine, "CreateTable", table()).await.unwrap();
        let said = async |body: Value| {
            let target = "DynamoDB_20120810.TransactWriteItems".to_owned();
            engine.call(Request { target, body: body.to_string().into_bytes() }).await.unwrap()
        };
        assert_eq!(said(transaction("a", "t-1")).await.status, 200);
        assert_eq!(said(transaction("a", "t-1")).await.status, 200, "the same again");
        let other = said(transaction("b", "t-1")).await;
        assert!(other.body.contains("IdempotentParameterMismatchException"), "{}", other.body);
        let refused = said(transaction("a", "t-2")).await;
        assert!(refused.body.contains("TransactionCanceledException"), "{}", refused.body);
        assert_eq!(
            said(transaction("a", "t-2")).await.body,
            refused.body,
            "what was refused is decided again"
        );
    }

    fn get(name: &str) -> Value {
        json!({ "TableName": "market", "Key": { "pk": { "S": name } }, "ConsistentRead": true })
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn when_the_power_goes_nothing_is_lost_that_was_answered_however_many_came_together() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("market.db");
        let kept = Arc::new(Mutex::new(tempfile::tempdir().unwrap()));
        let (database, file, _) = file::open(&path).unwrap();
        let disk = Mortal { file: path, syncs_left: 12, kept: Arc::clone(&kept) };
        let answers = Answers::of(disk).unwrap();
        let engine = Engine::serve(database, Some(file), answers, Arc::default()).unwrap();
        asked(&engine, "CreateTable", table()).await.unwrap();
        let writers = (0..16).map(|writer| {
            let engine = engine.clone();
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for n in 0.. {
                    let name = format!("{writer}-{n}");
                    // What was read was committed, and is as durable as what was acknowledged.
                    let Some(_) = asked(&engine, "PutItem", put(&name)).await else { break };
                    let Some(read) = asked(&engine, "GetItem", get(&name)).await else { break };
                    assert_eq!(read["Item"]["pk"]["S"], name);
                    acknowledged.push(name);
                }
                acknowledged
            })
        });
        let mut acknowledged = Vec::new();
        for writer in writers.collect::<Vec<_>>() {
            acknowledged.extend(writer.await.unwrap());
        }
        assert!(
            asked(&engine, "GetItem", get("0-0")).await.is_none(),
            "it answers after its disk has failed"
        );
        assert!(!acknowledged.is_empty());

        let (again, _) =
            Engine::on_file(&kept.lock().unwrap().path().join("market.db"), Arc::default()).unwrap();
        for name in &acknowledged {
            let read = asked(&again, "GetItem", get(name)).await.unwrap();
            assert_eq!(read["Item"]["pk"]["S"], *name);
        }
        again.close().await;
    }

    #[tokio::test]
    async fn an_update_is_noted_as_what_a_reading_then_finds() {
        let commits = Arc::new(Commits::default());
        let engine = Engine::in_memory(Arc::clone(&commits)).unwrap();
        let mut table = table();
        for (list, sort) in [
            ("KeySchema", json!({ "AttributeName": "sk", "KeyType": "RANGE" })),
            ("AttributeDefinitions", json!({ "AttributeName": "sk", "AttributeType": "S" })),
        ] {
            table[list].as_array_mut().unwrap().push(sort);
        }
        asked(&engine, "CreateTable", table).await.unwrap();
        let key = json!({ "pk": { "S": "account#shop-1" }, "sk": { "S": "order#1" } });
        let names =
            json!({ "#s": "due_shard", "#w": "wake_at", "#d": "due_at", "#t": "tries", "#n": "note" });
        // Each says what it sets and removes, or leaves something as it was, or cannot be told without a reading.
        let updates = [
            "SET #s = :s, #w = :w, #d = :d REMOVE #t",
            "SET #s = :s, #w = :w, #t = :t",
            "SET #n = :w",
            "SET #w = if_not_exists(#n, :w), #d = :w",
            "SET #t = #t + :t",
            "REMOVE #t, #n",
            "SET #n = :w REMOVE #s, #w, #d, #t",
            "SET #s = :s, #w = :w",
        ];
        let item = json!({
            "pk": { "S": "account#shop-1" }, "sk": { "S": "order#1" }, "tries": { "N": "1" },
            "due_shard": { "S": "due#advance_case#3" }, "wake_at": { "S": "000001780000000" },
            "due_at": { "N": "1780000000" },
        });
        asked(&engine, "PutItem", json!({ "TableName": "market", "Item": item })).await.unwrap();
        for (n, update) in updates.into_iter().enumerate() {
            let values = json!({
                ":s": { "S": format!("due#notify#{n}") }, ":w": { "S": format!("{:015}", 1_790_000_000 + n) },
                ":d": { "N": "1780000000" }, ":t": { "N": "1" },
            });
            let used = |all: &Value| {
                let used = all.as_object().unwrap().iter().filter(|(name, _)| update.contains(name.as_str()));
                used.map(|(name, value)| (name.clone(), value.clone())).collect::<serde_json::Map<_, _>>()
            };
            let mut update = json!({
                "TableName": "market", "Key": key,
                "UpdateExpression": update, "ExpressionAttributeNames": used(&names),
            });
            let values = used(&values);
            if !values.is_empty() {
                update["ExpressionAttributeValues"] = values.into();
            }
            for update in [update.clone(), update] {
                commits.take_outgoing();
                commits.take_wakes();
                let transaction = json!({ "TransactItems": [{ "Update": update }] });
                asked(&engine, "TransactWriteItems", transaction).await.unwrap();
                let asks = json!({ "TableName": "market", "Key": key, "ConsistentRead": true });
                let read = asked(&engine, "GetItem", asks).await.unwrap();
                let attribute = |name: &str| {
                    let value = read["Item"].get(name)?;
                    value["S"].as_str().or(value["N"].as_str())
                };
                let sent: Vec<_> = commits.take_outgoing().into_iter().map(|sent| sent.wake_up).collect();
                let found: Vec<_> =
                    relay::wake_up(attribute).into_iter().map(|found| found.wake_up).collect();
                assert_eq!(sent, found, "{update}");
                assert_eq!(commits.take_wakes(), due::wakes_at(attribute).into_iter().collect(), "{update}");
            }
        }
    }

    #[tokio::test]
    async fn a_table_has_a_stream_when_its_file_is_closed_and_none_once_it_is_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("market.db");
        let described = json!({ "TableName": "market" });
        for created in [false, true] {
            let (engine, _) = Engine::on_file(&path, Arc::default()).unwrap();
            if !created {
                asked(&engine, "CreateTable", table()).await.unwrap();
            }
            asked(&engine, "PutItem", put("a write")).await.unwrap();
            let open = asked(&engine, "DescribeTable", described.clone()).await.unwrap();
            assert_eq!(open.pointer("/Table/StreamSpecification"), None, "{open}");
            engine.close().await;
            // As another release finds it.
            let database = Database::new(&path.to_string_lossy()).unwrap();
            let asks = serde_json::from_value(described.clone()).unwrap();
            let closed = serde_json::to_value(database.describe_table(asks).unwrap()).unwrap();
            let stream = json!({ "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" });
            assert_eq!(closed.pointer("/Table/StreamSpecification"), Some(&stream), "{closed}");
        }
    }
}
