//! The issuer's keys (JWKS, RFC 7517), fetched when they are needed and kept for an hour.
//!
//! A key id that is not known fetches them again, so that rotation needs no deploy, but at most once a
//! minute, so that forged tokens cannot make us a burden to the issuer. While the issuer is down, keys
//! that were fetched within a day go on serving.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;
use tokio::sync::Mutex;

use crate::IdentityError;

const FRESH: SignedDuration = SignedDuration::from_hours(1);
const USABLE: SignedDuration = SignedDuration::from_hours(24);
const REFETCH_AT_MOST_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// While the issuer is down, requests do not queue up behind it.
const RETRY_AT_MOST_EVERY: SignedDuration = SignedDuration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1_000);
const READ_TIMEOUT: Duration = Duration::from_millis(2_000);
const ATTEMPTS: u32 = 3;
/// A key set is a few kilobytes; whatever is larger is not one.
const MAX_BYTES: usize = 256 * 1024;

#[derive(Default)]
struct Cache {
    keys: HashMap<String, DecodingKey>,
    fetched_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
}

fn within(since: Option<Timestamp>, span: SignedDuration, now: Timestamp) -> bool {
    since.is_some_and(|at| now.duration_since(at) < span)
}

impl Cache {
    /// What can be said of a key without asking the issuer; none where it has to be asked.
    fn answer(&self, kid: &str, now: Timestamp) -> Option<Result<DecodingKey, IdentityError>> {
        let fresh = within(self.fetched_at, FRESH, now);
        if let (Some(key), true) = (self.keys.get(kid), fresh) {
            return Some(Ok(key.clone()));
        }
        if !within(self.asked_at, if fresh { REFETCH_AT_MOST_EVERY } else { RETRY_AT_MOST_EVERY }, now) {
            return None;
        }
        Some(match self.usable(kid, now) {
            Some(key) => Ok(key),
            None if fresh => Err(IdentityError::Invalid("unknown key".to_owned())),
            None => Err(IdentityError::Unavailable("the issuer did not answer lately".to_owned())),
        })
    }

    /// A key that may go on serving while the issuer is down.
    fn usable(&self, kid: &str, now: Timestamp) -> Option<DecodingKey> {
        self.keys.get(kid).filter(|_| within(self.fetched_at, USABLE, now)).cloned()
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

/// An issuer's published keys.
pub struct IssuerKeys {
    url: String,
    /// Made when it is first needed: it reads every root certificate, and public routes need none.
    http: OnceLock<SharedHttpConnector>,
    cache: std::sync::Mutex<Cache>,
    asking: Mutex<()>,
}

impl std::fmt::Debug for IssuerKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuerKeys").field("url", &self.url).finish_non_exhaustive()
    }
}

impl IssuerKeys {
    /// The keys at a JWKS address.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            http: OnceLock::new(),
            cache: std::sync::Mutex::default(),
            asking: Mutex::default(),
        }
    }

    /// The keys at a JWKS address, through a connector of the caller's.
    #[must_use]
    pub fn through(url: impl Into<String>, http: SharedHttpConnector) -> Self {
        Self {
            url: url.into(),
            http: http.into(),
            cache: std::sync::Mutex::default(),
            asking: Mutex::default(),
        }
    }

    pub(crate) async fn get(&self, kid: &str, now: Timestamp) -> Result<DecodingKey, IdentityError> {
        if let Some(known) = self.lock().answer(kid, now) {
            return known;
        }
        // One asks the issuer for all; whoever needs only a known key does not wait for it.
        let _asking = self.asking.lock().await;
        if let Some(known) = self.lock().answer(kid, now) {
            return known;
        }
        self.lock().asked_at = Some(now);
        match self.fetch().await {
            Ok(keys) => {
                let key = keys.get(kid).cloned();
                let mut cache = self.lock();
                cache.keys = keys;
                cache.fetched_at = Some(now);
                key.ok_or_else(|| IdentityError::Invalid("unknown key".to_owned()))
            }
            Err(reason) => match self.lock().usable(kid, now) {
                Some(key) => {
                    tracing::warn!(%reason, "the issuer's keys cannot be fetched; the known ones go on serving");
                    Ok(key)
                }
                None => Err(IdentityError::Unavailable(reason)),
            },
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn fetch(&self) -> Result<HashMap<String, DecodingKey>, String> {
        let mut reason = String::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
            }
            match self.fetch_once().await {
                Ok(keys) => return Ok(keys),
                Err(error) => reason = error,
            }
        }
        Err(reason)
    }

    async fn fetch_once(&self) -> Result<HashMap<String, DecodingKey>, String> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(self.url.as_str()).map_err(|error| error.to_string())?;
        let answer =
            self.http.get_or_init(connector).call(request).await.map_err(|error| format!("{error:?}"))?;
        if !answer.status().is_success() {
            return Err(format!("status {}", answer.status().as_u16()));
        }
        let body = aws_smithy_types::byte_stream::ByteStream::new(answer.into_body());
        let bytes = tokio::time::timeout(READ_TIMEOUT, body.collect())
            .await
            .map_err(|_| "the body did not arrive in time".to_owned())?
            .map_err(|error| error.to_string())?
            .into_bytes();
        if bytes.len() > MAX_BYTES {
            return Err(format!("{} bytes are not a key set", bytes.len()));
        }
        let set: JwkSet = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        Ok(set
            .keys
            .iter()
            .filter_map(|jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?)))
            .collect())
    }
}
