//! A client of the market's API, over HTTP like anyone's: for the demo, the benchmarks and the tests.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use market_ambient::{Clock, SystemEntropy, random};
use market_functions::http::versioned;
use market_identity::Role;
use market_kernel::hash::Sha256Hash;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::clock::LocalClock;
use crate::issuer::Issuer;
use crate::json::Json;
use crate::running::Running;

/// A request and its answer.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, with its query.
    pub path: &'a str,
    /// The body that was sent; empty where none was.
    pub sent: &'a [u8],
    /// What came back.
    pub answer: &'a Answer,
}

type Witness = Arc<dyn Fn(&Exchange<'_>) + Send + Sync>;

tokio::task_local! {
    /// Who sees what this task exchanges with the market.
    static WITNESS: Witness;
}

/// Lets `witness` see all that is exchanged with a market by the task that does this.
pub async fn witnessed<T>(witness: Witness, what: impl Future<Output = T>) -> T {
    WITNESS.scope(witness, what).await
}

/// Someone who calls the market in one capacity.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    role: Option<Role>,
    subject: String,
    /// What its tokens may do of what its role may.
    scopes: Option<String>,
    issuer: Arc<Issuer>,
    clock: Arc<LocalClock>,
    /// The token in use, and when it was given.
    token: Arc<Mutex<Option<(Timestamp, String)>>>,
}

/// What a market on one machine has beside its API.
const BESIDE: [&str; 5] = ["", "_local", "metrics", "reference", "reference.html"];

/// Where a path is: one of the API, as routes declare it, is below its version.
fn address(path: &str) -> String {
    let first = path.split(['/', '?']).nth(1).unwrap_or_default();
    if BESIDE.contains(&first) || path.starts_with(&versioned("/")) {
        path.to_owned()
    } else {
        versioned(path)
    }
}

/// How long a token is used.
const USED_FOR: SignedDuration = SignedDuration::from_secs(60);

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The body, read as JSON; null where it is none.
    pub body: Json,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    /// Whether it succeeded.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.status.is_success()
    }

    /// The code of a problem document; empty for a success.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body.get("code").and_then(Value::as_str).unwrap_or_default()
    }

    /// A text of the body.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn text_at(&self, pointer: &str) -> &str {
        let found = self.body.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("there is no text {pointer} in {} {}", self.status, self.text))
    }
}

impl Client {
    /// Someone with a token.
    #[must_use]
    pub fn of(running: &Running, role: Role, subject: &str) -> Self {
        Self { role: Some(role), subject: subject.to_owned(), ..Self::anonymous(running) }
    }

    /// Someone with a token that may do what its scopes name.
    #[must_use]
    pub fn narrowed(running: &Running, role: Role, subject: &str, scopes: &str) -> Self {
        Self { scopes: Some(scopes.to_owned()), ..Self::of(running, role, subject) }
    }

    /// Someone without one.
    #[must_use]
    pub fn anonymous(running: &Running) -> Self {
        Self {
            http: reqwest::Client::new(),
            url: running.url.clone(),
            role: None,
            subject: String::new(),
            scopes: None,
            issuer: Arc::clone(&running.issuer),
            clock: Arc::clone(&running.machine.clock),
            token: Arc::default(),
        }
    }

    /// Its token; another one when the last is a minute old, as it is given for a while only.
    fn token(&self, role: Role) -> String {
        let now = self.clock.now();
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        match &*token {
            Some((given, token)) if now.duration_since(*given) < USED_FOR => token.clone(),
            _ => {
                let given = self.issuer.narrowed(role, &self.subject, self.scopes.clone(), now);
                token.insert((now, given)).1.clone()
            }
        }
    }

    /// Reads.
    ///
    /// # Errors
    /// Where no answer came.
    pub async fn get(&self, path: &str) -> reqwest::Result<Answer> {
        self.send(Method::GET, path, HeaderMap::new(), Vec::new()).await
    }

    /// Changes something, under a fresh idempotency key.
    ///
    /// # Errors
    /// Where no answer came.
    pub async fn post(&self, path: &str, body: Value) -> reqwest::Result<Answer> {
        let key: [u8; 16] = random(&SystemEntropy);
        self.post_as(&format!("{:032x}", u128::from_be_bytes(key)), path, body).await
    }

    /// Changes something, under this idempotency key.
    ///
    /// # Errors
    /// Where no answer came.
    pub async fn post_as(&self, key: &str, path: &str, body: Value) -> reqwest::Result<Answer> {
        let mut headers = json_headers();
        if let Ok(key) = HeaderValue::from_str(key) {
            headers.insert("idempotency-key", key);
        }
        self.send(Method::POST, path, headers, body.to_string().into_bytes()).await
    }

    /// Sends exactly this, with the caller's token.
    ///
    /// # Errors
    /// Where no answer came.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> reqwest::Result<Answer> {
        let mut request = self.http.request(method.clone(), format!("{}{}", self.url, address(path)));
        request = request.headers(headers).body(body.clone());
        if let Some(role) = self.role {
            request = request.bearer_auth(self.token(role));
        }
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let read = serde_json::from_str(&text).unwrap_or_default();
        let answer = Answer { status, headers, body: read, text };
        // Where nobody watches there is no witness.
        let _ = WITNESS.try_with(|witness| {
            witness(&Exchange { method: &method, path, sent: &body, answer: &answer });
        });
        Ok(answer)
    }

    /// Every item of a list, page by page.
    ///
    /// # Errors
    /// Where no answer came.
    ///
    /// # Panics
    /// Where the answer is no list: nothing would be found in one that cannot be read.
    pub async fn all(&self, path: &str) -> reqwest::Result<Vec<Json>> {
        let mut items = Vec::new();
        let mut query = "?limit=100".to_owned();
        loop {
            let page = self.get(&format!("{path}{query}")).await?;
            items.extend(page.body["items"].as_array().unwrap_or_default().into_iter().cloned());
            match page.body.get("next_cursor").and_then(Value::as_str) {
                Some(cursor) => query = format!("?limit=100&cursor={cursor}"),
                None => return Ok(items),
            }
        }
    }
}

/// The headers of a JSON body.
#[must_use]
pub fn json_headers() -> HeaderMap {
    HeaderMap::from_iter([(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("application/json"))])
}

/// Pays an order, as the payment system does.
///
/// # Errors
/// Where no answer came.
pub async fn pay(
    running: &Running,
    payment: &str,
    account: &str,
    order: &str,
    amount_fen: i64,
) -> reqwest::Result<Answer> {
    let now = running.machine.clock.now();
    let payment = json!({
        "payment_id": payment, "account_id": account, "order_id": order, "amount_fen": amount_fen, "paid_at": now,
    });
    report(running, "/payments", payment.to_string().as_bytes()).await
}

/// Signs a report and sends it, as the payment system does.
///
/// # Errors
/// Where no answer came.
pub async fn report(running: &Running, path: &str, body: &[u8]) -> reqwest::Result<Answer> {
    let mut headers = json_headers();
    // The same report is the same message.
    let message = Sha256Hash::of(body);
    headers.extend(running.payments.sign(message.as_str(), running.machine.clock.now(), body));
    Client::anonymous(running).send(Method::POST, path, headers, body.to_vec()).await
}
