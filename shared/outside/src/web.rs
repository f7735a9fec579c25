//! One HTTPS client for everything that is no AWS service: the SDK's own connector, so that the binary
//! carries one TLS stack. It follows no redirects.

use std::sync::OnceLock;
use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

const CONNECT_TIMEOUT: Duration = Duration::from_millis(1_000);
/// For the head of an answer, and again for its body.
const READ_TIMEOUT: Duration = Duration::from_millis(2_000);
const ATTEMPTS: u32 = 3;
/// What is asked for is a few kilobytes; whatever is larger is something else.
const MAX_BYTES: usize = 256 * 1024;

/// No answer came that can be used. The text is for logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WebError(pub String);

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// A client.
#[derive(Debug, Default)]
pub struct Web {
    /// Made when it is first needed: it reads every root certificate.
    http: OnceLock<SharedHttpConnector>,
}

impl Web {
    /// A client through a connector of the caller's.
    #[must_use]
    pub fn through(http: SharedHttpConnector) -> Self {
        Self { http: http.into() }
    }

    /// Reads; what fails or cannot be understood is asked for again, at most twice.
    ///
    /// # Errors
    /// Where no success came back, or none that `understand` could read.
    pub async fn get<T>(
        &self,
        url: &str,
        understand: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, WebError> {
        let mut failure = WebError(String::new());
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
            }
            match self.call(HttpRequest::new(SdkBody::empty()), url).await {
                Ok(Answer { status: 200..=299, body }) => match understand(&body) {
                    Ok(understood) => return Ok(understood),
                    Err(reason) => failure = WebError(reason),
                },
                Ok(Answer { status, .. }) => failure = WebError(format!("status {status}")),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Sends a body once. Whether to send it again is the caller's to decide.
    ///
    /// # Errors
    /// Where no answer came back, whatever its status.
    pub async fn post(
        &self,
        url: &str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Result<Answer, WebError> {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").map_err(|error| WebError(error.to_string()))?;
        for (name, value) in headers {
            request.headers_mut().try_insert(name, value).map_err(|error| WebError(error.to_string()))?;
        }
        self.call(request, url).await
    }

    async fn call(&self, mut request: HttpRequest, url: &str) -> Result<Answer, WebError> {
        request.set_uri(url).map_err(|error| WebError(error.to_string()))?;
        let http = self.http.get_or_init(connector);
        let answer = http.call(request).await.map_err(|error| WebError(format!("{error:?}")))?;
        let status = answer.status().as_u16();
        let body = tokio::time::timeout(READ_TIMEOUT, ByteStream::new(answer.into_body()).collect())
            .await
            .map_err(|_| WebError("the body did not arrive in time".to_owned()))?
            .map_err(|error| WebError(error.to_string()))?
            .to_vec();
        if body.len() > MAX_BYTES {
            return Err(WebError(format!("{} bytes are too many", body.len())));
        }
        Ok(Answer { status, body })
    }
}

fn connector() -> SharedHttpConnector {
    let settings =
        HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .sleep_impl(TokioSleep::new())
        .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc))
        .build();
    SharedHttpConnector::new(connector)
}
