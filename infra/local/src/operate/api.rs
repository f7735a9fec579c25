//! The market's API, asked as anyone asks it: over HTTPS, one request at a time, following no redirects.
//!
//! A status is an answer like any other; what it means is the caller's to say.

use std::time::Duration;

use aws_smithy_runtime_api::http::Headers;
use market_functions::http::versioned;
use market_outside::Web;
use market_outside::web::Patience;
use serde_json::Value;

use super::OperateError;

/// The gateway gives up on a route after 29 s.
const PATIENCE: Patience = Patience { connect: Duration::from_secs(5), read: Duration::from_secs(30) };

/// An API at a place.
#[derive(Debug)]
pub struct Api {
    web: Web,
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
        Self { web: Web::with(PATIENCE), url: url.trim_end_matches('/').to_owned() }
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
        let url = format!("{}{}", self.url, versioned(path));
        let bearer = token.map(|token| ("authorization", format!("Bearer {token}")));
        let media_type = (method != "GET").then(|| ("content-type", "application/json".to_owned()));
        let given = headers.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let headers = bearer.into_iter().chain(media_type).chain(given).collect();
        let answer = self.web.send(method, &url, headers, body).await;
        let answer = answer.map_err(|error| OperateError::Unreachable { url, reason: error.to_string() })?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { status: answer.status, body, text, headers: answer.headers })
    }
}
