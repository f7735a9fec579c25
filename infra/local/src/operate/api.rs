//! The market's API, asked as anyone asks it: over HTTPS, one request at a time, following no redirects; or, of a folder on
//! this machine, the same routes within this process.
//!
//! A status is an answer like any other; what it means is the caller's to say.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::BodyExt;
use market_ambient::{Clock, SystemClock};
use market_functions::http::versioned;
use market_kernel::Timestamp;
use market_outside::Web;
use market_outside::web::Patience;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::ServiceExt;

use super::OperateError;

/// The gateway gives up on a route after 29 s.
const PATIENCE: Patience = Patience { connect: Duration::from_secs(5), read: Duration::from_secs(30) };

/// What a function can answer with is less.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// An API at a place, and who asks.
#[derive(Debug)]
pub struct Api {
    way: Way,
    url: String,
    token: Option<String>,
    /// The market's time, where it is known from the start.
    time: Option<Timestamp>,
}

#[derive(Debug)]
enum Way {
    Web(Web),
    /// In this process.
    Routes(Router),
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
    headers: HeaderMap,
}

impl Answer {
    /// A header; empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// What a problem document says, in a line; the beginning of whatever else it is. What is beside the API has no
    /// codes.
    #[must_use]
    pub fn problem(&self) -> String {
        let text = |name: &str| self.body[name].as_str();
        let mut line = match (text("title"), text("code")) {
            (title, Some(code)) => format!("{} ({} {code})", title.unwrap_or_default(), self.status),
            (Some(title), None) => format!("{title} ({})", self.status),
            (None, None) => {
                let begins = self.text.chars().take(120).collect::<String>();
                return format!("status {}: {}", self.status, begins.replace(char::is_control, " "));
            }
        };
        if let Some(detail) = text("detail") {
            line.push_str(&format!(" {detail}"));
        }
        for error in self.body["errors"].as_array().into_iter().flatten() {
            let said = |name: &str| error[name].as_str();
            let at = said("pointer").or_else(|| said("parameter")).unwrap_or_default();
            line.push_str(&format!(" {at}: {}", said("detail").unwrap_or_default()));
            if let Some(expected) = said("expected") {
                line.push_str(&format!(" (expected: {expected})"));
            }
            line.push('.');
        }
        if let Some(request) = text("request_id") {
            line.push_str(&format!(" [request {request}]"));
        }
        line.replace(char::is_control, " ")
    }

    /// That it is a success.
    ///
    /// # Errors
    /// Where the market refused, or failed.
    pub fn success(&self) -> Result<&Value, OperateError> {
        match self.status {
            200..=299 => Ok(&self.body),
            // Redirects are not followed: a token is for one place.
            300..=399 => {
                Err(OperateError::NotUnderstood(format!("it leads to another address ({})", self.status)))
            }
            500.. => Err(OperateError::Failed(self.problem())),
            _ => Err(OperateError::Refused(self.problem())),
        }
    }

    /// What a success says.
    ///
    /// # Errors
    /// Where the market refused or failed, or its answer is no such thing.
    pub fn told<T: DeserializeOwned>(&self, what: &str) -> Result<T, OperateError> {
        understood(self.success()?, what)
    }
}

/// What a part of an answer says.
///
/// # Errors
/// Where it is no such thing.
pub fn understood<T: DeserializeOwned>(part: &Value, what: &str) -> Result<T, OperateError> {
    T::deserialize(part)
        .map_err(|_| OperateError::NotUnderstood(format!("it has no {what} of the form described")))
}

/// A page of a list, as a market tells it.
#[derive(Debug, Deserialize)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last one.
    pub next_cursor: Option<String>,
    /// How many items could not be read.
    #[serde(default)]
    pub unreadable: u64,
}

impl Api {
    /// The API at this URL, with or without a slash at its end, for whoever has this token.
    #[must_use]
    pub fn at(url: &str, token: Option<String>) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        Self { way: Way::Web(Web::with(PATIENCE).up_to(MAX_BYTES)), url, token, time: None }
    }

    /// A page of a list, whose path has a query: the first, or the one behind a cursor. None where there is no such list.
    ///
    /// # Errors
    /// Where the market refused or failed, or its answer is no page that leads on.
    pub async fn page<T: DeserializeOwned>(
        &self,
        list: &str,
        after: Option<&str>,
        what: &str,
    ) -> Result<Option<Page<T>>, OperateError> {
        let path = after.map_or_else(|| list.to_owned(), |cursor| format!("{list}&cursor={cursor}"));
        let answer = self.get(&path, self.token()?).await?;
        if answer.status == 404 && answer.body["code"] == "not-found" {
            return Ok(None);
        }
        let page: Page<T> = answer.told(what)?;
        let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let leads_on = |next: &str| after != Some(next) && next.bytes().all(is_unreserved);
        match &page.next_cursor {
            Some(next) if !leads_on(next) => {
                Err(OperateError::NotUnderstood(format!("its page of {what} does not lead to another")))
            }
            _ => Ok(Some(page)),
        }
    }

    /// Routes in this process.
    pub(super) fn over(routes: Router, place: &str, token: String, now: Timestamp) -> Self {
        Self { way: Way::Routes(routes), url: place.to_owned(), token: Some(token), time: Some(now) }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The market's time. One on this machine tells it beside its API; everywhere else it is the time.
    pub(super) async fn now(&self) -> Timestamp {
        if let Some(time) = self.time {
            return time;
        }
        let told = self.beside("GET", "/_local/clock").await;
        let told = told.ok().and_then(|answer| answer.body["now"].as_str()?.parse().ok());
        told.unwrap_or_else(|| SystemClock.now())
    }

    /// Whether there is a token to act with.
    #[must_use]
    pub const fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// The token to act with.
    ///
    /// # Errors
    /// Where there is none.
    pub fn token(&self) -> Result<Option<&str>, OperateError> {
        let has_path = self.url.split_once("://").is_some_and(|(_, behind)| behind.contains('/'));
        self.token.as_deref().map(Some).ok_or(OperateError::NoToken { has_path })
    }

    /// Reads.
    ///
    /// # Errors
    /// Where no answer came.
    pub async fn get(&self, path: &str, token: Option<&str>) -> Result<Answer, OperateError> {
        self.send("GET", &versioned(path), token, &[], Vec::new()).await
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
        self.send("POST", &versioned(path), token, headers, body).await
    }

    /// Asks for what a market on one machine has beside its API.
    ///
    /// # Errors
    /// Where no answer came.
    pub async fn beside(&self, method: &'static str, path: &str) -> Result<Answer, OperateError> {
        self.send(method, path, None, &[], Vec::new()).await
    }

    async fn send(
        &self,
        method: &'static str,
        path: &str,
        token: Option<&str>,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, OperateError> {
        let bearer = token.map(|token| ("authorization", format!("Bearer {token}")));
        let media_type = (method != "GET").then(|| ("content-type", "application/json".to_owned()));
        let given = headers.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let headers: Vec<_> = bearer.into_iter().chain(media_type).chain(given).collect();
        let (status, headers, body) = match &self.way {
            Way::Web(web) => {
                let url = format!("{}{path}", self.url);
                let answer = web.send(method, &url, headers, body).await;
                let answer =
                    answer.map_err(|error| OperateError::Unreachable { url, reason: error.to_string() })?;
                let named = answer.headers.iter().filter_map(|(name, value)| {
                    Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
                });
                (answer.status, named.collect(), answer.body)
            }
            Way::Routes(routes) => {
                let request = Request::builder().method(method).uri(path);
                let request =
                    headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
                let failed = |error: &dyn std::fmt::Display| OperateError::Failed(error.to_string());
                let request = request.body(Body::from(body)).map_err(|error| failed(&error))?;
                let answer = routes.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
                let (parts, body) = answer.into_parts();
                let body = body.collect().await.map_err(|error| failed(&error))?;
                (parts.status.as_u16(), parts.headers, body.to_bytes().to_vec())
            }
        };
        let text = String::from_utf8_lossy(&body).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { status, body, text, headers })
    }
}
