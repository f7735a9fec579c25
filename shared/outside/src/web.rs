//! One HTTPS client for everything that is not an AWS service: the SDK's own connector, so that the binary
//! carries one TLS stack. It follows no redirects.
//!
//! Why no answer came is told in words ([`NoAnswer`]).

use std::error::Error;
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

use crate::no_answer::NoAnswer;

const ATTEMPTS: u32 = 3;
/// What a function asks for is a few kilobytes; whatever is larger is something else.
const MAX_BYTES: usize = 256 * 1024;

/// No answer came that can be used. The text is for logs and operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebError {
    /// None came.
    #[error("{}", .why.at(.place))]
    NoAnswer {
        /// Who was asked: `127.0.0.1:9000`.
        place: String,
        /// Why none came.
        why: NoAnswer,
    },
    /// The request could not be made, or what came cannot be used.
    #[error("{0}")]
    Unusable(String),
}

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
    max_bytes: usize,
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
        Self { patience, max_bytes: MAX_BYTES, http: OnceLock::new() }
    }

    /// The same, which takes answers of so many bytes.
    #[must_use]
    pub fn up_to(self, max_bytes: usize) -> Self {
        Self { max_bytes, ..self }
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
        let mut failure = WebError::Unusable(String::new());
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
            }
            match self.send("GET", url, Vec::new(), Vec::new()).await {
                Ok(Answer { status: 200..=299, body, .. }) => match understand(&body) {
                    Ok(understood) => return Ok(understood),
                    Err(reason) => failure = WebError::Unusable(reason),
                },
                Ok(Answer { status, .. }) => failure = WebError::Unusable(format!("status {status}")),
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
        request.set_method(method).map_err(|_| WebError::Unusable(format!("{method} is no method")))?;
        request.set_uri(url).map_err(|_| WebError::Unusable(format!("{url} is no URL")))?;
        for (name, value) in headers {
            let unsendable = |_| WebError::Unusable(format!("the header {name} cannot be sent as it is"));
            request.headers_mut().try_insert(name, value).map_err(unsendable)?;
        }
        let http = self.http.get_or_init(|| connector(self.patience));
        let broke = |error: &(dyn Error + 'static)| no_answer(url, NoAnswer::of(error));
        let answer = http.call(request).await.map_err(|error| broke(&error))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let mut stream = ByteStream::new(answer.into_body());
        let body = async {
            let mut body = Vec::new();
            while let Some(piece) = stream.try_next().await.map_err(|error| broke(&error))? {
                body.extend_from_slice(&piece);
                if body.len() > self.max_bytes {
                    let too_many = format!("more than {} bytes are too many", self.max_bytes);
                    return Err(WebError::Unusable(too_many));
                }
            }
            Ok(body)
        };
        let body = tokio::time::timeout(self.patience.read, body)
            .await
            .map_err(|_| no_answer(url, Some(NoAnswer::TimedOut)))??;
        Ok(Answer { status, headers, body })
    }
}

/// That none came from a URL's host. What nothing is known of broke somehow.
fn no_answer(url: &str, why: Option<NoAnswer>) -> WebError {
    let behind = url.split_once("://").map_or(url, |(_, behind)| behind);
    let place = behind.split(['/', '?']).next().unwrap_or_default().to_owned();
    WebError::NoAnswer { place, why: why.unwrap_or(NoAnswer::Broke) }
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
