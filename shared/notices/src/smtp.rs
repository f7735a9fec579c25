//! E-mail by SMTP (RFC 5321), always over TLS: for regions without SES, and operators with a server of their
//! own. The Message-ID is the notice's id, so a server or mailbox that drops repeats can tell one.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use market_ambient::Clock;
use market_domain::notices::{Notice, Sending};
use market_outside::secret::FRESH_FOR;
use market_outside::{Kept, Secret};
use serde::Deserialize;

use crate::{Gateway, Mailbox, mime};

/// For all of it, the secret and the whole conversation with the server: the job has to record the outcome
/// within its own time, or the message goes out again uncounted.
const TIMEOUT: Duration = Duration::from_secs(6);
/// TLS from the first byte (RFC 8314); on any other port the conversation begins with STARTTLS.
const IMPLICIT_TLS: u16 = 465;

/// A server to send by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpServer {
    /// Its name, which its certificate bears.
    pub host: String,
    /// Its port: 465 for TLS from the start, 587 for STARTTLS.
    pub port: u16,
}

/// Sends from one address by one server.
pub struct SmtpEmail {
    server: SmtpServer,
    tls: Tls,
    from: Mailbox,
    secret: Secret,
    credentials: Kept<Credentials>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for SmtpEmail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpEmail").field("server", &self.server).finish_non_exhaustive()
    }
}

/// The secret: a JSON object, as Secrets Manager's own forms write it.
#[derive(Deserialize)]
struct Account {
    username: String,
    password: String,
}

/// The server's name is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not the name of a server")]
pub struct BadServer(String);

impl SmtpEmail {
    /// A gateway that sends from this address. `secret` holds `{"username": …, "password": …}`.
    ///
    /// # Errors
    /// Where the server's name is none.
    pub fn new(
        server: SmtpServer,
        from: Mailbox,
        secret: Secret,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BadServer> {
        // The library would find out at the first handshake.
        let is_label =
            |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !server.host.split('.').all(is_label) {
            return Err(BadServer(server.host));
        }
        let parameters =
            TlsParameters::new(server.host.clone()).map_err(|_| BadServer(server.host.clone()))?;
        let tls =
            if server.port == IMPLICIT_TLS { Tls::Wrapper(parameters) } else { Tls::Required(parameters) };
        Ok(Self { tls, ..Self::without_tls(server, from, secret, clock) })
    }

    /// The same without TLS: for a server on this machine, in tests.
    #[must_use]
    pub fn without_tls(server: SmtpServer, from: Mailbox, secret: Secret, clock: Arc<dyn Clock>) -> Self {
        let credentials = Kept::fresh_for(FRESH_FOR);
        Self { server, tls: Tls::None, from, secret, credentials, clock }
    }

    async fn deliver(&self, notice: &Notice) -> Sending {
        let Some(message) = mime(notice, self.from.clone()) else {
            return Sending::Refused { reason: "cannot be written as a message".to_owned() };
        };
        let fetch = async || {
            let account: Account = serde_json::from_str(&self.secret.fetch().await?)
                .map_err(|_| "the secret is not {\"username\": …, \"password\": …}".to_owned())?;
            Ok(Credentials::new(account.username, account.password))
        };
        let credentials = match self.credentials.get(self.clock.now(), |_| true, fetch).await {
            Ok(credentials) => credentials,
            Err(error) => {
                tracing::error!(%error, secret = ?self.secret, "the mail server's account cannot be had");
                return Sending::Failed { reason: "no credentials".to_owned() };
            }
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(self.server.host.as_str())
            .port(self.server.port)
            .tls(self.tls.clone())
            .credentials((*credentials).clone())
            .timeout(Some(TIMEOUT))
            .build();
        match transport.send(message).await {
            Ok(_) => Sending::Accepted { gateway_id: Some(notice.id.as_str().to_owned()) },
            Err(error) => failed(&error),
        }
    }
}

/// What the server said of this mailbox is final (RFC 3463 numbers those 5.1); of our account, our address, the
/// message's content or of itself is not: a server that blocks ours for an hour says 554 to every message. The
/// text is the code alone: servers echo addresses.
fn failed(error: &Error) -> Sending {
    let Some(code) = error.status() else {
        let reason = if error.is_timeout() { "timeout" } else { "unreachable" };
        return Sending::Failed { reason: reason.to_owned() };
    };
    let code = u16::from(code);
    let reason = format!("smtp {code}");
    let is_of_the_mailbox = match code {
        550 => error.to_string().contains(": 5.1."),
        501 | 551 | 553 | 556 => true,
        _ => false,
    };
    if is_of_the_mailbox { Sending::Refused { reason } } else { Sending::Failed { reason } }
}

impl Gateway for SmtpEmail {
    fn send<'a>(&'a self, notice: &'a Notice) -> BoxFuture<'a, Sending> {
        async move {
            let timeout = |_| Sending::Failed { reason: "timeout".to_owned() };
            tokio::time::timeout(TIMEOUT, self.deliver(notice)).await.unwrap_or_else(timeout)
        }
        .boxed()
    }
}
