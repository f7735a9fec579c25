//! The market's API, asked as anyone asks it: over HTTPS, one request at a time, following no redirects.
//!
//! It goes through the SDK's own connector, as all of the market's HTTPS does (`market_outside`), so the
//! program has one TLS stack. A status is an answer like any other; what it means is the caller's to say.

use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

use super::OperateError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The gateway gives up on a route after 29 s.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// An API at a place.
#[derive(Debug)]
pub struct Api {
    http: SharedHttpConnector,
    url: String,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body, read as JSON; null where it is none.
    pub body: Value,
    /// The body as it came.
    pub text: String,
    headers: Headers,
}

impl Answer {
    /// A header; empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_default()
    }

    /// What a problem document says, in a line; the beginning of whatever else it is.
    #[must_use]
    pub fn problem(&self) -> String {
        let text = |name: &str| self.body[name].as_str();
        let Some(code) = text("code") else {
            return format!("status {}: {}", self.status, self.text.chars().take(120).collect::<String>());
        };
        let mut line = format!("{} ({} {code})", text("title").unwrap_or_default(), self.status);
        if let Some(detail) = text("detail") {
            line.push_str(&format!(" {detail}"));
        }
        for error in self.body["errors"].as_array().into_iter().flatten() {
            let [pointer, detail] =
                ["pointer", "detail"].map(|name| error[name].as_str().unwrap_or_default());
            line.push_str(&format!(" {pointer}: {detail}."));
        }
        if let Some(request) = text("request_id") {
            line.push_str(&format!(" [request {request}]"));
        }
        line
    }
}

impl Api {
    /// The API at this URL, with or without a slash at its end.
    #[must_use]
    pub fn at(url: &str) -> Self {
        let settings = HttpConnectorSettings::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build();
        let connector = Connector::builder()
            .connector_settings(settings)
            .sleep_impl(TokioSleep::new())
            .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc))
            .build();
        Self { http: SharedHttpConnector::new(connector), url: url.trim_end_matches('/').to_owned() }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Reads.
    ///
    /// # Errors
    /// Where no answer came.
    pub async fn get(&self, path: &str, token: Option<&str>) -> Result<Answer, OperateError> {
        self.send("GET", path, token, &[], Vec::new()).await
    }

    /// Sends a JSON body, with headers.
    ///
    /// # Errors
    /// Where no answer came.
    pub async fn post(
        &self,
        path: &str,
        token: Option<&str>,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, OperateError> {
        self.send("POST", path, token, headers, body).await
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, OperateError> {
        let url = format!("{}{path}", self.url);
        let failed = |error: &dyn std::fmt::Display| OperateError::Unreachable {
            url: url.clone(),
            reason: error.to_string(),
        };
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method(method).map_err(|error| failed(&error))?;
        request.set_uri(url.as_str()).map_err(|error| failed(&error))?;
        let bearer = token.map(|token| ("authorization", format!("Bearer {token}")));
        let media_type = (method != "GET").then(|| ("content-type", "application/json".to_owned()));
        let given = headers.iter().map(|(name, value)| (*name, (*value).to_owned()));
        for (name, value) in bearer.into_iter().chain(media_type).chain(given) {
            request.headers_mut().try_insert(name, value).map_err(|error| failed(&error))?;
        }
        // The connector's errors say little by themselves, and all of it in their sources.
        let answer = self.http.call(request).await.map_err(|error| failed(&format!("{error:?}")))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let read = tokio::time::timeout(READ_TIMEOUT, ByteStream::new(answer.into_body()).collect()).await;
        let bytes = read
            .map_err(|_| failed(&"the body did not arrive in time"))?
            .map_err(|error| failed(&error))?
            .to_vec();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { status, body, text, headers })
    }
}
