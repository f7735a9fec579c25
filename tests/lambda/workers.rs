//! The handlers `worker/<job>`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use market_kernel::keys::Key;
use market_kernel::notices::NoticeStatus;
use serde_json::{Value, json};

use crate::function::Function;
use crate::json::Json;
use crate::serve;
use crate::surroundings::{Surroundings, email, far_ahead, long_ago, messages, wake_up};

pub fn failures(response: &Json) -> Vec<&str> {
    let failures = response["batchItemFailures"].as_array().expect("a batch response");
    let mut ids: Vec<_> = failures.iter().filter_map(|failure| failure["itemIdentifier"].as_str()).collect();
    ids.sort_unstable();
    ids
}

/// A way to the table on which the answer to one item's read never comes.
pub struct StuckWay {
    table: String,
    stuck: Key,
    hanging: AtomicU32,
}

impl StuckWay {
    pub async fn start(table: &str, stuck: &Key) -> (Arc<Self>, String) {
        let way =
            Arc::new(Self { table: table.to_owned(), stuck: stuck.clone(), hanging: AtomicU32::new(0) });
        let address = serve(Router::new().fallback(Self::pass).with_state(Arc::clone(&way))).await;
        (way, format!("http://{address}"))
    }

    async fn pass(State(way): State<Arc<Self>>, mut headers: HeaderMap, body: Bytes) -> Response {
        let request: Value = serde_json::from_slice(&body).expect("the SDK speaks JSON");
        let of_item =
            request["Key"]["pk"]["S"] == *way.stuck.partition && request["Key"]["sk"]["S"] == *way.stuck.sort;
        if of_item && headers.get("x-amz-target").is_some_and(|target| target == "DynamoDB_20120810.GetItem")
        {
            way.hanging.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
        headers.remove("host");
        let answer = reqwest::Client::new().post(&way.table).headers(headers).body(body).send().await;
        let answer = answer.expect("the engine answers");
        let (status, headers) = (answer.status(), answer.headers().clone());
        (status, headers, answer.bytes().await.expect("the engine answers")).into_response()
    }
}

#[tokio::test]
async fn of_ten_messages_exactly_those_come_back_whose_job_failed_panicked_hung_or_could_not_be_read() {
    let around = Surroundings::start().await;
    let key = |name: &str| Key::stored("provider#northwind", format!("notice#{name}"));
    let (due, early) =
        (around.notice_due("due", long_ago()).await, around.notice_due("early", far_ahead()).await);
    around.corrupt(&key("corrupt"), "notice").await;
    let (way, way_url) = StuckWay::start(&around.dynamodb_url, &key("stuck")).await;
    let settings = around
        .settings()
        .with("AWS_ENDPOINT_URL_DYNAMODB", way_url)
        .with("MARKET_DRILL", key("drilled").sort.as_str())
        .with("MARKET_JOB_TIMEOUT_MS", "1500");
    let mut worker = Function::start("worker/notify", settings).await;

    let response = worker
        .invoke(messages(&[
            ("absent-1", wake_up(&key("absent-1")), 1),
            ("error", wake_up(&key("corrupt")), 1),
            ("due", wake_up(&due), 1),
            ("panic", wake_up(&key("drilled")), 2),
            ("absent-2", wake_up(&key("absent-2")), 1),
            ("hang", wake_up(&key("stuck")), 3),
            ("early", wake_up(&early), 1),
            ("unreadable", "{".to_owned(), 1),
            ("absent-3", wake_up(&key("absent-3")), 1),
            ("absent-4", wake_up(&key("absent-4")), 1),
        ]))
        .await
        .expect("a batch response and no function error");
    assert_eq!(failures(&response), ["error", "hang", "panic", "unreadable"]);

    assert_eq!(way.hanging.load(Ordering::SeqCst), 1, "one read hung");
    let mails = around.services.calls("SendEmail");
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["Destination"]["ToAddresses"], json!([email("due")]));
    let served = around.notice(&due).await.status;
    assert!(matches!(served, NoticeStatus::Sent { gateway_id: Some(id), .. } if id == "ses-1"));
    assert!(matches!(around.notice(&early).await.status, NoticeStatus::Queued { attempts: 0, .. }));
    let postponed: BTreeMap<String, i64> = around
        .services
        .calls("ChangeMessageVisibility")
        .iter()
        .map(|call| (call["ReceiptHandle"].to_string(), call["VisibilityTimeout"].as_i64().unwrap_or(0)))
        .collect();
    let expected = [("error", 1), ("panic", 2), ("hang", 4)];
    assert_eq!(postponed, expected.map(|(id, seconds)| (format!("\"handle of {id}\""), seconds)).into());

    let next = worker.invoke(messages(&[("next", wake_up(&key("absent-5")), 1)])).await;
    assert_eq!(failures(&next.expect("a batch response")), [""; 0], "the worker outlives what failed");
}

#[tokio::test]
async fn a_message_of_another_job_comes_back_and_is_not_worked_off() {
    let around = Surroundings::start().await;
    let due = around.notice_due("northwind", long_ago()).await;
    let mut worker = Function::start("worker/expire_grant", around.settings()).await;
    let response = worker.invoke(messages(&[("astray", wake_up(&due), 1)])).await;
    assert_eq!(failures(&response.expect("a batch response")), ["astray"]);
    assert!(matches!(around.notice(&due).await.status, NoticeStatus::Queued { attempts: 0, .. }));
}
