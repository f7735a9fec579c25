//! Queues and mail, as AWS answers, and what was asked of them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{PAYMENT_KEY, SMTP_ACCOUNT, SMTP_SECRET, SUBJECT_KEY, SUBJECT_KEY_SECRET};
use crate::json::Json;

/// The queues and the mail, as far as the market uses them. They remember every call.
#[derive(Default)]
pub struct Services {
    calls: Mutex<Vec<(String, Value)>>,
    trouble: Mutex<Option<Trouble>>,
    /// The actions that the caller's role allows; whatever is asked, where there is none. And what was refused for it.
    role: Mutex<Option<BTreeSet<String>>>,
    refused: Mutex<BTreeSet<&'static str>>,
}

/// The actions that allow an operation.
pub fn actions(operation: &str) -> &'static [&'static str] {
    match operation {
        "ChangeMessageVisibility" => &["sqs:ChangeMessageVisibility"],
        "GetSecretValue" => &["secretsmanager:GetSecretValue"],
        "Publish" => &["sns:Publish"],
        // SES asks for the second where the message is composed already, as ours is.
        "SendEmail" => &["ses:SendEmail", "ses:SendRawEmail"],
        "SendMessageBatch" => &["sqs:SendMessage"],
        other => panic!("no handler is to call {other}"),
    }
}

/// What is wrong with the queues.
#[derive(Clone, Copy)]
pub enum Trouble {
    /// Every call is answered with status 500.
    Down,
    /// A batch is answered with status 200 and its first entry is refused.
    TakesOnlyPart,
}

impl Services {
    /// From now on the queues are in trouble.
    pub fn fall_into(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap() = Some(trouble);
    }

    /// From now on a call is refused that none of these actions allows, as IAM does it.
    pub fn allow_only(&self, actions: BTreeSet<String>) {
        *self.role.lock().unwrap() = Some(actions);
    }

    /// The actions that were missing so far.
    pub fn refused(&self) -> BTreeSet<&'static str> {
        self.refused.lock().unwrap().clone()
    }

    /// The answer to a call that the role does not allow.
    fn denial(&self, operation: &str) -> Option<Response> {
        let role = self.role.lock().unwrap();
        let allowed = role.as_ref()?;
        let missing: Vec<_> =
            actions(operation).iter().copied().filter(|action| !allowed.contains(*action)).collect();
        if missing.is_empty() {
            return None;
        }
        self.refused.lock().unwrap().extend(missing);
        let error = ("x-amzn-errortype", "AccessDeniedException");
        Some(match operation {
            // It speaks XML.
            "Publish" => {
                let text = "<ErrorResponse><Error><Code>AuthorizationError</Code></Error></ErrorResponse>";
                (StatusCode::FORBIDDEN, text).into_response()
            }
            _ => {
                let body = json!({ "__type": "AccessDeniedException", "message": "not authorized" });
                (StatusCode::FORBIDDEN, [error], axum::Json(body)).into_response()
            }
        })
    }

    /// The bodies of all calls of an operation so far.
    pub fn calls(&self, operation: &str) -> Vec<Json> {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|(called, _)| called == operation).map(|(_, body)| body.clone().into()).collect()
    }

    /// The operations that were called so far, each once.
    pub fn operations(&self) -> BTreeSet<String> {
        self.calls.lock().unwrap().iter().map(|(operation, _)| operation.clone()).collect()
    }

    /// The messages sent so far: the queue, the wake-up and the delay of each, in the queues' order.
    pub fn sent(&self) -> Vec<(String, Value, i64)> {
        let mut sent = Vec::new();
        for batch in self.calls("SendMessageBatch") {
            let queue = batch["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
            for entry in batch["Entries"].as_array().expect("a batch has entries") {
                let body = entry["MessageBody"].as_str().expect("a message has a body");
                let wake_up: Value = serde_json::from_str(body).expect("a wake-up is JSON");
                sent.push((queue.to_owned(), wake_up, entry["DelaySeconds"].as_i64().unwrap_or(0)));
            }
        }
        sent.sort_by_key(|(queue, wake_up, _)| (queue.clone(), wake_up.to_string()));
        sent
    }

    fn record(&self, operation: &str, body: &[u8]) -> Value {
        let body: Value = serde_json::from_slice(body).expect("the SDK speaks JSON");
        self.calls.lock().unwrap().push((operation.to_owned(), body.clone()));
        body
    }
}

/// SQS and Secrets Manager, which speak alike; and SNS, which speaks by forms.
pub(super) async fn aws(State(services): State<Arc<Services>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    if target == "secretsmanager.GetSecretValue" {
        let asked = services.record("GetSecretValue", &body);
        if let Some(denial) = services.denial("GetSecretValue") {
            return denial;
        }
        let secret = match asked["SecretId"].as_str() {
            Some(SMTP_SECRET) => SMTP_ACCOUNT,
            Some(SUBJECT_KEY_SECRET) => SUBJECT_KEY,
            _ => PAYMENT_KEY,
        };
        return axum::Json(json!({ "Name": asked["SecretId"], "SecretString": secret })).into_response();
    }
    if body.starts_with(b"Action=Publish&") {
        services.record("Publish", b"null");
        if let Some(denial) = services.denial("Publish") {
            return denial;
        }
        let published =
            "<PublishResponse><PublishResult><MessageId>sns-1</MessageId></PublishResult></PublishResponse>";
        return published.into_response();
    }
    let operation = target.strip_prefix("AmazonSQS.").expect("a call of SQS");
    let body = services.record(operation, &body);
    if let Some(denial) = services.denial(operation) {
        return denial;
    }
    let trouble = *services.trouble.lock().unwrap();
    if let Some(Trouble::Down) = trouble {
        let failure = json!({ "__type": "com.amazonaws.sqs#InternalFailure" });
        return (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(failure)).into_response();
    }
    let mut failed = Vec::new();
    let mut successful = Vec::new();
    for entry in body["Entries"].as_array().into_iter().flatten() {
        if matches!(trouble, Some(Trouble::TakesOnlyPart)) && failed.is_empty() {
            failed.push(json!({ "Id": entry["Id"], "Code": "InternalError", "SenderFault": false }));
        } else {
            successful.push(json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "" }));
        }
    }
    axum::Json(match operation {
        "SendMessageBatch" => json!({ "Successful": successful, "Failed": failed }),
        _ => json!({}),
    })
    .into_response()
}

pub(super) async fn ses(State(services): State<Arc<Services>>, body: Bytes) -> Response {
    services.record("SendEmail", &body);
    let sent = || axum::Json(json!({ "MessageId": "ses-1" })).into_response();
    services.denial("SendEmail").unwrap_or_else(sent)
}
