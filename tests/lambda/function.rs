//! A function: the binary as a process, with nothing in its environment but what Lambda and the template put
//! there. It is killed when it is dropped.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::awaited;
use crate::json::Json;
use crate::runtime::Runtime;

/// The environment of a function.
#[derive(Clone)]
pub struct Settings(pub BTreeMap<&'static str, String>);

impl Settings {
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.insert(name, value.into());
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        assert!(self.0.remove(name).is_some(), "{name} is not a setting");
        self
    }
}

/// The binary under test.
pub fn binary() -> PathBuf {
    std::env::var_os("MARKET_BOOTSTRAP").map_or_else(|| env!("CARGO_BIN_EXE_bootstrap").into(), Into::into)
}

/// A function that was started.
pub struct Function {
    child: Child,
    runtime: Runtime,
    log: [JoinHandle<String>; 2],
}

/// How a function ended by itself.
pub struct Exit {
    pub status: ExitStatus,
    pub log: String,
    /// Whether it had come up so far that it asked for an event.
    pub came_up: bool,
}

impl Function {
    /// Starts the part of the binary that a handler's name chooses.
    pub async fn start(handler: &str, settings: Settings) -> Self {
        let runtime = Runtime::start().await;
        let mut child = Command::new(binary())
            .env_clear()
            .env("_HANDLER", handler)
            .env("AWS_LAMBDA_RUNTIME_API", &runtime.address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "market")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_REGION", "cn-north-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .envs(settings.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary was built");
        let out = read(child.stdout.take().expect("it is piped"));
        let err = read(child.stderr.take().expect("it is piped"));
        Self { child, runtime, log: [out, err] }
    }

    /// Gives it an event: `Ok` is its response, `Err` a function error.
    pub async fn invoke(&mut self, event: Value) -> Result<Json, Json> {
        self.invoke_with(event.to_string()).await
    }

    /// The same, with the event's very text.
    pub async fn invoke_with(&mut self, event: String) -> Result<Json, Json> {
        let id = self.runtime.hand_out(event);
        let posted = awaited("the outcome of an event", async {
            tokio::select! {
                posted = self.runtime.posted() => posted,
                ended = self.child.wait() => panic!("the function ended instead of answering: {ended:?}"),
            }
        })
        .await;
        assert_eq!(posted.id, id, "an outcome of another event, posted to {}", posted.to);
        match posted.to.as_str() {
            "response" => Ok(posted.body),
            "error" => Err(posted.body),
            other => panic!("nothing is posted to {other}"),
        }
    }

    /// The same, to be done by an instant.
    pub async fn invoke_until(&mut self, event: Value, deadline_ms: i64) -> Result<Json, Json> {
        self.runtime.deadline_ms = deadline_ms;
        self.invoke(event).await
    }

    /// Ends it, as Lambda does, and tells what it logged.
    pub async fn end(mut self) -> String {
        self.child.kill().await.expect("it is running");
        let [out, err] = self.log;
        awaited("its log", async { out.await.expect("it is read") + &err.await.expect("it is read") }).await
    }

    /// Waits for its end; nobody makes it end.
    pub async fn exit(mut self) -> Exit {
        let status = awaited("the end of a function that cannot work", self.child.wait()).await;
        let [out, err] = self.log;
        let log =
            awaited("its log", async { out.await.expect("it is read") + &err.await.expect("it is read") })
                .await;
        Exit { status: status.expect("a child can be waited for"), log, came_up: self.runtime.was_asked() }
    }
}

/// Reads a log to its end, and shows it where the test fails.
fn read(pipe: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<String> {
    tokio::spawn(async move {
        let (mut lines, mut log) = (BufReader::new(pipe).lines(), String::new());
        while let Ok(Some(line)) = lines.next_line().await {
            println!("{line}");
            log = log + &line + "\n";
        }
        log
    })
}
