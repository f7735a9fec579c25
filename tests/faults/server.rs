//! A service that fails as it is told. It stands before a real one where one is named, and remembers which
//! operations it was asked for.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::INTERNAL;

/// What becomes of a call.
#[derive(Clone)]
pub enum Fault {
    /// It is answered with this status and body; the real service does not learn of it.
    Answer(u16, String),
    /// The connection breaks in the middle of the answer, and nothing was done.
    BreakOff,
    /// It is never answered, and nothing is done.
    Hang,
    /// The real service does it, and its answer is lost.
    LoseAnswer,
    /// The real service is asked for the first key of a batch only; the rest is left for later.
    OneKeyOnly,
}

/// An error as AWS's JSON protocols tell it.
pub fn error(status: u16, code: &str) -> Fault {
    let body = json!({ "__type": format!("com.amazonaws.service#{code}"), "message": INTERNAL });
    Fault::Answer(status, body.to_string())
}

type Rule = Box<dyn FnMut(&str, &Value) -> Option<Fault> + Send>;

pub struct Faulty {
    pub url: String,
    behind: Option<String>,
    calls: Mutex<Vec<(String, Value)>>,
    /// Whether writes that meet are cancelled, and the items of those under way.
    contended: AtomicBool,
    in_flight: Mutex<BTreeSet<String>>,
    rule: Mutex<Rule>,
    http: reqwest::Client,
}

impl Faulty {
    /// A service that works, as far as there is a real one behind it.
    pub async fn start(behind: Option<String>) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let faulty = Arc::new(Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            behind,
            calls: Mutex::default(),
            contended: AtomicBool::default(),
            in_flight: Mutex::default(),
            rule: Mutex::new(Box::new(|_, _| None)),
            http: reqwest::Client::new(),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&faulty));
        tokio::spawn(async move { axum::serve(listener, router).await });
        faulty
    }

    /// From now on each call has the fault that `rule` finds for its operation and body.
    pub fn fail(&self, rule: impl FnMut(&str, &Value) -> Option<Fault> + Send + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
        self.calls.lock().unwrap().clear();
    }

    /// From now on every call of an operation has this fault.
    pub fn fail_at(&self, operation: &'static str, fault: Fault) {
        self.fail(move |called, _| (called == operation).then(|| fault.clone()));
    }

    /// From now on the first `times` calls of an operation have this fault.
    pub fn fail_times(&self, operation: &'static str, mut times: u32, fault: Fault) {
        self.fail(move |called, _| {
            (called == operation && times > 0).then(|| {
                times -= 1;
                fault.clone()
            })
        });
    }

    /// It works again.
    pub fn heal(&self) {
        self.fail(|_, _| None);
    }

    /// How often an operation was asked for since the fault was set.
    pub fn calls(&self, operation: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|(called, _)| called == operation).count()
    }

    /// What an operation was last asked for with.
    pub fn asked(&self, operation: &str) -> Value {
        let calls = self.calls.lock().unwrap();
        calls.iter().rfind(|(called, _)| called == operation).unwrap().1.clone()
    }

    /// From now on writes that name the same item at the same time are cancelled, conditions included, as DynamoDB
    /// does it. (The engine serves one after the other, and shows no contention.)
    pub fn contend(&self) {
        self.contended.store(true, Ordering::SeqCst);
    }

    /// How many transactions in which `part` stands were asked for.
    pub fn transactions(&self, part: &str) -> usize {
        let calls = self.calls.lock().unwrap();
        let with = |(called, body): &&(String, Value)| {
            called == "TransactWriteItems" && body.to_string().contains(part)
        };
        calls.iter().filter(with).count()
    }

    async fn pass_or_cancel(&self, headers: HeaderMap, body: Bytes, asked: &Value) -> Response {
        let items = written(asked);
        if items.is_empty() || !self.contended.load(Ordering::SeqCst) {
            return self.pass(headers, body).await;
        }
        {
            let mut in_flight = self.in_flight.lock().unwrap();
            let met: Vec<bool> = items.iter().map(|item| in_flight.contains(item)).collect();
            if met.contains(&true) {
                return conflict(&met, asked["TransactItems"].is_array());
            }
            in_flight.extend(items.iter().cloned());
        }
        let answer = self.pass(headers, body).await;
        let mut in_flight = self.in_flight.lock().unwrap();
        in_flight.retain(|item| !items.contains(item));
        answer
    }

    async fn pass(&self, mut headers: HeaderMap, body: Bytes) -> Response {
        let Some(behind) = &self.behind else { return StatusCode::NOT_FOUND.into_response() };
        headers.remove("host");
        headers.remove("content-length");
        let answer = self.http.post(behind).headers(headers).body(body).send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        (status, headers, answer.bytes().await.unwrap()).into_response()
    }
}

/// `DynamoDB_20120810.GetItem` and `AmazonSQS.SendMessageBatch` by their names; others by their path.
fn operation(headers: &HeaderMap, path: &str) -> String {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    target.and_then(|target| target.split('.').nth(1)).unwrap_or(path).to_owned()
}

async fn answer(
    State(faulty): State<Arc<Faulty>>,
    uri: axum::http::Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let operation = operation(&headers, uri.path());
    let mut asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let fault = (faulty.rule.lock().unwrap())(&operation, &asked);
    faulty.calls.lock().unwrap().push((operation, asked.clone()));
    match fault {
        None => faulty.pass_or_cancel(headers, body, &asked).await,
        Some(Fault::Answer(status, body)) => {
            (StatusCode::from_u16(status).unwrap(), [("content-type", "application/x-amz-json-1.0")], body)
                .into_response()
        }
        Some(Fault::BreakOff) => broken(),
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::LoseAnswer) => {
            assert!(faulty.pass(headers, body).await.status().as_u16() < 500);
            broken()
        }
        Some(Fault::OneKeyOnly) => {
            let wanted = asked["RequestItems"].as_object_mut().unwrap().values_mut().next().unwrap();
            let mut left = wanted.clone();
            wanted["Keys"].as_array_mut().unwrap().truncate(1);
            left["Keys"].as_array_mut().unwrap().remove(0);
            let table = asked["RequestItems"].as_object().unwrap().keys().next().unwrap().clone();
            let answer = faulty.pass(headers, asked.to_string().into()).await;
            let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            let mut body: Value = serde_json::from_slice(&body).unwrap();
            if left["Keys"].as_array().is_some_and(|keys| !keys.is_empty()) {
                body["UnprocessedKeys"] = json!({ table: left });
            }
            axum::Json(body).into_response()
        }
    }
}

/// The keys of the items that a write names, conditions included.
fn written(asked: &Value) -> Vec<String> {
    let key = |write: &Value| {
        let item = [&write["Key"], &write["Item"]].into_iter().find(|item| item.is_object())?;
        Some(format!("{}/{}", item["pk"]["S"].as_str()?, item["sk"]["S"].as_str()?))
    };
    match asked["TransactItems"].as_array() {
        Some(items) => {
            items.iter().flat_map(|item| item.as_object().unwrap().values()).filter_map(key).collect()
        }
        // A single write; a read has a key too, but nothing to write.
        None if asked["Item"].is_object() || asked["UpdateExpression"].is_string() => {
            key(asked).into_iter().collect()
        }
        None => Vec::new(),
    }
}

/// What DynamoDB says of writes that met.
fn conflict(met: &[bool], is_transaction: bool) -> Response {
    let kind = |name: &str| format!("com.amazonaws.dynamodb.v20120810#{name}");
    let reasons: Vec<Value> = met
        .iter()
        .map(|met| json!({ "Code": if *met { "TransactionConflict" } else { "None" }, "Message": INTERNAL }))
        .collect();
    let body = if is_transaction {
        json!({ "__type": kind("TransactionCanceledException"), "message": INTERNAL, "CancellationReasons": reasons })
    } else {
        json!({ "__type": kind("TransactionConflictException"), "message": INTERNAL })
    };
    (StatusCode::BAD_REQUEST, [("content-type", "application/x-amz-json-1.0")], body.to_string())
        .into_response()
}

/// Promises more than arrives.
fn broken() -> Response {
    let parts = [Ok(Bytes::from_static(b"{\"")), Err(std::io::Error::other("broken off"))];
    ([("content-length", "1000")], Body::from_stream(futures_util::stream::iter(parts))).into_response()
}
