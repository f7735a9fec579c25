//! One HTTPS client for everything that is not an AWS service: the SDK's own connector, so that the binary
//! carries one TLS stack. It follows no redirects.

use std::sync::OnceLock;
use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

const ATTEMPTS: u32 = 3;
/// What is asked for is a few kilobytes; whatever is larger is something else.
const MAX_BYTES: usize = 256 * 1024;

/// No answer came that can be used. The text is for logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WebError(pub String);

/// How long a call may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// To establish a connection.
    pub connect: Duration,
    /// For the head of an answer, and again for its body.
    pub read: Duration,
}

/// What a function has: a job or a request waits behind it.
const SHORT: Patience = Patience { connect: Duration::from_secs(1), read: Duration::from_secs(2) };

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// A client.
#[derive(Debug)]
pub struct Web {
    patience: Patience,
    /// Made when it is first needed: it reads every root certificate.
    http: OnceLock<SharedHttpConnector>,
}

impl Default for Web {
    fn default() -> Self {
        Self::with(SHORT)
    }
}

impl Web {
    /// A client with so much patience.
    #[must_use]
    pub const fn with(patience: Patience) -> Self {
        Self { patience, http: OnceLock::new() }
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
            match self.send("GET", url, Vec::new(), Vec::new()).await {
                Ok(Answer { status: 200..=299, body, .. }) => match understand(&body) {
                    Ok(understood) => return Ok(understood),
                    Err(reason) => failure = WebError(reason),
                },
                Ok(Answer { status, .. }) => failure = WebError(format!("status {status}")),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Sends a request once. Whether to send it again is the caller's to decide.
    ///
    /// # Errors
    /// Where no answer came back, whatever its status.
    pub async fn send(
        &self,
        method: &str,
        url: &str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Result<Answer, WebError> {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method(method).map_err(|error| WebError(error.to_string()))?;
        request.set_uri(url).map_err(|error| WebError(error.to_string()))?;
        for (name, value) in headers {
            request.headers_mut().try_insert(name, value).map_err(|error| WebError(error.to_string()))?;
        }
        let http = self.http.get_or_init(|| connector(self.patience));
        // The connector's errors say little by themselves, and all of it in their sources.
        let answer = http.call(request).await.map_err(|error| WebError(format!("{error:?}")))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = tokio::time::timeout(self.patience.read, body_of(ByteStream::new(answer.into_body())))
            .await
            .map_err(|_| WebError("the body did not arrive in time".to_owned()))??;
        Ok(Answer { status, headers, body })
    }
}

async fn body_of(mut stream: ByteStream) -> Result<Vec<u8>, WebError> {
    let mut body = Vec::new();
    while let Some(piece) = stream.try_next().await.map_err(|error| WebError(error.to_string()))? {
        body.extend_from_slice(&piece);
        if body.len() > MAX_BYTES {
            return Err(WebError(format!("more than {MAX_BYTES} bytes are too many")));
        }
    }
    Ok(body)
}

fn connector(patience: Patience) -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(patience.connect)
        .read_timeout(patience.read)
        .build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .sleep_impl(TokioSleep::new())
        .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc))
        .build();
    SharedHttpConnector::new(connector)
}
