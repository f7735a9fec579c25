//! As much of AWS as finds a stack: `CloudFormation` names its parts, its table is a market's on this machine, its queues hold
//! what is put into them. It remembers what it was asked.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use market::{Endpoint, Engine, Running, TABLE};
use serde_json::Value;
use tokio::net::TcpListener;

use super::dead_letters::Sqs;

/// A call: the service, the operation, what it was given.
pub type Call = (&'static str, String, Value);

pub struct Aws {
    api: String,
    engine: Engine,
    url: String,
    pub queues: Arc<Sqs>,
    calls: Mutex<Vec<Call>>,
}

/// The environment in which a market is the stack `market`.
pub async fn environment(running: &Running) -> Vec<(&'static str, String)> {
    Aws::start(running).await.environment()
}

impl Aws {
    /// A market is its stack `market`.
    pub async fn start(running: &Running) -> Arc<Self> {
        let Endpoint::Embedded(engine) = &running.table_endpoint else { panic!("its table is elsewhere") };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let aws = Arc::new(Self {
            api: running.url.clone(),
            engine: engine.clone(),
            url: format!("http://{}", listener.local_addr().unwrap()),
            queues: Arc::default(),
            calls: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&aws));
        tokio::spawn(async move { axum::serve(listener, router).await });
        aws
    }

    /// What it was asked since this was last called.
    pub fn asked(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    fn note(&self, service: &'static str, operation: &str, given: Value) {
        self.calls.lock().unwrap().push((service, operation.to_owned(), given));
    }

    /// The environment in which it is found.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", self.url.clone()),
            ("AWS_REGION", "cn-north-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ("AWS_CONFIG_FILE", "/nowhere".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere".to_owned()),
        ]
    }
}

async fn answer(State(aws): State<Arc<Aws>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").map_or("", |target| target.to_str().unwrap());
    let json = [("content-type", "application/x-amz-json-1.0")];
    let given = || serde_json::from_slice(&body).unwrap();
    match target.split_once('.') {
        None => {
            let form = std::str::from_utf8(&body).unwrap();
            let action = form.split('&').find_map(|field| field.strip_prefix("Action=")).unwrap();
            aws.note("cloudformation", action, Value::Null);
            ([("content-type", "text/xml")], aws.described()).into_response()
        }
        Some(("AmazonSQS", operation)) => {
            aws.note("sqs", operation, given());
            Sqs::answer(State(Arc::clone(&aws.queues)), headers, body).await.into_response()
        }
        Some((_, operation)) => {
            aws.note("dynamodb", operation, given());
            let mut request = HttpRequest::new(SdkBody::from(body.to_vec()));
            request.headers_mut().insert("x-amz-target", target.to_owned());
            let reply = aws.engine.call(request).await.unwrap();
            let status = StatusCode::from_u16(reply.status().as_u16()).unwrap();
            let body = reply.body().bytes().unwrap().to_vec();
            (status, json, body).into_response()
        }
    }
}

impl Aws {
    fn described(&self) -> String {
        let output = |(name, value): (&str, &str)| {
            format!("<member><OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue></member>")
        };
        let outputs = [
            ("ApiUrl", self.api.as_str()),
            ("TableName", TABLE),
            ("QueueUrls", "https://sqs.example.com/0/market-{job}"),
        ];
        let outputs: String = outputs.into_iter().map(output).collect();
        format!(
            r#"<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
            <DescribeStacksResult><Stacks><member><StackName>market</StackName>
            <CreationTime>2026-01-05T01:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>
            <Outputs>{outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"#
        )
    }
}
