//! Text messages by a supplier's HTTP gateway: one signed POST for each, by the Standard Webhooks scheme. The
//! `webhook-id` is the notice's id, so the supplier can drop a repeat.
//!
//! It is sent `{"id", "to", "text", "language"}`. 2xx takes the message, and 409 says that it was taken before;
//! a body `{"id": …}` names the supplier's own id. 400, 413 and 422 are said of the message and refuse it for good; anything
//! else may be tried again. 429 asks for less, and what is said of our key, our URL or the way in which we ask (401, 403, 404,
//! 410, a redirect and their like) is ours to mend: neither costs an attempt ([`hindrance`]).

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use market_ambient::Clock;
use market_kernel::notices::{Hindrance, Notice, Sending};
use market_outside::secret::FRESH_FOR;
use market_outside::{Kept, NoAnswer, Secret, Web, WebError, signing};
use serde::Deserialize;
use serde_json::json;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};

use crate::Gateway;
use crate::status::hindrance;

/// Sends to one address, signed with one key.
pub struct HttpText {
    web: Web,
    url: String,
    secret: Secret,
    key: Kept<Webhook>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for HttpText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpText").field("url", &self.url).finish_non_exhaustive()
    }
}

/// What the supplier answers.
#[derive(Deserialize)]
struct Taken {
    id: String,
}

impl HttpText {
    /// A gateway at this address. `secret` holds the key.
    #[must_use]
    pub fn new(url: impl Into<String>, secret: Secret, clock: Arc<dyn Clock>) -> Self {
        Self { web: Web::default(), url: url.into(), secret, key: Kept::fresh_for(FRESH_FOR), clock }
    }

    async fn deliver(&self, notice: &Notice) -> Sending {
        let now = self.clock.now();
        let failed = |by, reason: &str| Sending::Failed { by, reason: reason.to_owned() };
        let fetch =
            async || signing::key(self.secret.fetch().await?.trim()).map_err(|error| error.to_string());
        let key = match self.key.get(now, |_| true, fetch).await {
            Ok(key) => key,
            Err(error) => {
                tracing::error!(%error, secret = ?self.secret, "the text gateway's key cannot be had");
                return failed(Hindrance::Misconfigured, "no key");
            }
        };
        let id = notice.id.as_str();
        let body = json!({
            "id": id,
            "to": notice.address,
            "text": format!("{}\n{}", notice.subject, notice.body),
            "language": notice.language,
        })
        .to_string()
        .into_bytes();
        let Ok(signature) = key.sign(id, now.as_second(), &body) else {
            return failed(Hindrance::Misconfigured, "no signature");
        };
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            (HEADER_WEBHOOK_ID, id.to_owned()),
            (HEADER_WEBHOOK_TIMESTAMP, now.as_second().to_string()),
            (HEADER_WEBHOOK_SIGNATURE, signature),
        ];
        match self.web.send("POST", &self.url, headers, body).await {
            Ok(answer) => match answer.status {
                200..=299 | 409 => {
                    let taken = serde_json::from_slice::<Taken>(&answer.body).ok();
                    Sending::Accepted { gateway_id: taken.map(|taken| taken.id) }
                }
                status @ (400 | 413 | 422) => Sending::Refused { reason: format!("status {status}") },
                status => failed(hindrance(status), &format!("status {status}")),
            },
            Err(error) => {
                tracing::warn!(%error, "the text gateway did not answer");
                match error {
                    WebError::NoAnswer { why: NoAnswer::NotTrusted, .. } => {
                        failed(Hindrance::Misconfigured, "not trusted")
                    }
                    WebError::NoAnswer { .. } | WebError::Unusable(_) => {
                        failed(Hindrance::Unreachable, "unreachable")
                    }
                }
            }
        }
    }
}

impl Gateway for HttpText {
    fn send<'a>(&'a self, notice: &'a Notice) -> BoxFuture<'a, Sending> {
        self.deliver(notice).boxed()
    }
}
