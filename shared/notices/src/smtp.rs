//! E-mail by SMTP (RFC 5321), always over TLS: for regions without SES, and operators with a server of their
//! own. The Message-ID is the notice's id, so a server or mailbox that drops repeats can tell one.
//!
//! Each step of the conversation has its own time. Once the message has been written to its final dot, an answer that
//! does not come says nothing: the server may have taken it (RFC 5321, 6.1).

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use market_ambient::Clock;
use market_kernel::notices::{Hindrance, Notice, Sending};
use market_outside::secret::FRESH_FOR;
use market_outside::{Kept, NoAnswer, Secret};
use serde::Deserialize;

use crate::{Gateway, Sender, mime};

/// To reach the server, and until it has greeted us.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// For each further command, TLS and the account among them.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// For the message: servers look at all of it before they answer.
const MESSAGE_TIMEOUT: Duration = Duration::from_mins(2);
/// To take leave, which changes nothing any more.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);
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

/// Sends from one sender by one server.
pub struct SmtpEmail {
    server: SmtpServer,
    tls: Tls,
    sender: Sender,
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
    /// A gateway that sends from this sender. `secret` holds `{"username": …, "password": …}`.
    ///
    /// # Errors
    /// Where the server's name is none.
    pub fn new(
        server: SmtpServer,
        sender: Sender,
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
        Ok(Self { tls, ..Self::without_tls(server, sender, secret, clock) })
    }

    /// The same without TLS: for a server on this machine, in tests.
    #[must_use]
    pub fn without_tls(server: SmtpServer, sender: Sender, secret: Secret, clock: Arc<dyn Clock>) -> Self {
        let credentials = Kept::fresh_for(FRESH_FOR);
        Self { server, tls: Tls::None, sender, secret, credentials, clock }
    }

    async fn deliver(&self, notice: &Notice) -> Sending {
        let Some(message) = mime(notice, &self.sender) else {
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
                let by = Hindrance::Misconfigured;
                return Sending::Failed { by, reason: "no credentials".to_owned() };
            }
        };
        let (Some(to), text) = (message.envelope().to().first().cloned(), message.formatted()) else {
            return Sending::Refused { reason: "cannot be written as a message".to_owned() };
        };
        let mut connection = match step(CONNECT_TIMEOUT, self.connect()).await {
            Ok(connection) => connection,
            Err(why) => return why.of_ours(),
        };
        if let Tls::Required(parameters) = &self.tls {
            let us = ClientId::default();
            // Where the handshake fails there is no connection any more to take leave of: the library would panic.
            if let Err(why) = step(COMMAND_TIMEOUT, connection.starttls(parameters.clone(), &us)).await {
                return why.of_ours();
            }
        }
        let outcome = self.converse(&mut connection, &credentials, to, &text).await;
        drop(tokio::time::timeout(QUIT_TIMEOUT, connection.quit()).await);
        match outcome {
            Ok(()) => Sending::Accepted { gateway_id: Some(notice.id.as_str().to_owned()) },
            Err(sending) => sending,
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let implicit = match &self.tls {
            Tls::Wrapper(parameters) => Some(parameters.clone()),
            _ => None,
        };
        let address = (self.server.host.as_str(), self.server.port);
        AsyncSmtpConnection::connect_tokio1(address, None, &ClientId::default(), implicit, None).await
    }

    /// The conversation after the greeting and under TLS, up to the server's answer to the message.
    async fn converse(
        &self,
        connection: &mut AsyncSmtpConnection,
        credentials: &Credentials,
        to: Address,
        text: &[u8],
    ) -> Result<(), Sending> {
        step(COMMAND_TIMEOUT, connection.auth(DEFAULT_MECHANISMS, credentials))
            .await
            .map_err(Why::of_ours)?;
        let mail = Mail::new(Some(self.sender.address().clone()), Vec::new());
        step(COMMAND_TIMEOUT, connection.command(mail)).await.map_err(Why::of_ours)?;
        step(COMMAND_TIMEOUT, connection.command(Rcpt::new(to, Vec::new())))
            .await
            .map_err(Why::of_the_mailbox)?;
        step(COMMAND_TIMEOUT, connection.command(Data)).await.map_err(Why::of_ours)?;
        step(MESSAGE_TIMEOUT, connection.message(text)).await.map_err(Why::of_the_message)?;
        Ok(())
    }
}

/// Why a step of the conversation did not succeed.
enum Why {
    /// It took too long.
    Slow,
    /// The server refused it, or the connection broke.
    Broken(Error),
}

/// Of what a server says something (RFC 3463).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// Of the recipient's address (X.1 up to X.1.6).
    Address,
    /// Of the sender's (the rest of X.1).
    Sender,
    /// Of the recipient's mailbox (X.2).
    Mailbox,
    /// Of the mail system, the network, the content, or a policy.
    Other,
}

async fn step<T>(limit: Duration, step: impl Future<Output = Result<T, Error>>) -> Result<T, Why> {
    tokio::time::timeout(limit, step).await.map_err(|_| Why::Slow)?.map_err(Why::Broken)
}

impl Why {
    /// What the server said; the code alone, because servers echo addresses.
    fn code(&self) -> Option<u16> {
        match self {
            Self::Slow => None,
            Self::Broken(error) => error.status().map(u16::from),
        }
    }

    /// Said of our account, our address, the message's content, or of the server itself, it is not final: a server
    /// that blocks ours for an hour says 554 to everything. What it refuses is ours to mend.
    fn of_ours(self) -> Sending {
        let (by, reason) = match (&self, self.code()) {
            (_, Some(code)) if self.asks_for_less() => (Hindrance::Throttled, format!("smtp {code}")),
            (_, Some(code @ 500..)) => (Hindrance::Misconfigured, format!("smtp {code}")),
            (_, Some(code)) => (Hindrance::Failing, format!("smtp {code}")),
            (Self::Slow, None) => (Hindrance::Unreachable, "timeout".to_owned()),
            // No TLS, none that is trusted, or no way to sign in that both know.
            (Self::Broken(error), None)
                if error.is_client() || NoAnswer::of(error) == Some(NoAnswer::NotTrusted) =>
            {
                (Hindrance::Misconfigured, "not trusted".to_owned())
            }
            (Self::Broken(_), None) => (Hindrance::Unreachable, "unreachable".to_owned()),
        };
        Sending::Failed { by, reason }
    }

    /// Whether the server takes no more from us for now. No code says that alone: servers say 421, 450 and 454 of much
    /// else (SES says `454 Throttling failure`), and RFC 3463 knows congestion only (X.4.5).
    fn asks_for_less(&self) -> bool {
        const WORDS: [&str; 5] = ["throttl", "too many", "rate limit", "sending rate", " 4.4.5"];
        let Self::Broken(error) = self else { return false };
        let said = error.to_string().to_lowercase();
        matches!(self.code(), Some(400..=499)) && WORDS.iter().any(|word| said.contains(word))
    }

    /// Of what the server says that it refuses for good, by RFC 3463; none where it does not number it so. Some write the
    /// number behind the words: `(#5.7.1)`.
    fn subject(&self) -> Option<Subject> {
        let Self::Broken(error) = self else { return None };
        let said = error.to_string();
        let numbered = said.split(": ").find_map(|part| part.strip_prefix("5."));
        let number = numbered.or_else(|| said.split("(#").find_map(|part| part.strip_prefix("5.")))?;
        let begins = |with: &&str| number.starts_with(*with);
        Some(if ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6"].iter().any(begins) {
            Subject::Address
        } else if begins(&"1.") {
            Subject::Sender
        } else if begins(&"2.") {
            Subject::Mailbox
        } else {
            Subject::Other
        })
    }

    /// Whether the server does not relay what we send: it does not know us as who may send by it.
    fn is_of_relaying(&self) -> bool {
        const WORDS: [&str; 2] = ["relay", "allowed rcpthosts"];
        let Self::Broken(error) = self else { return false };
        let said = error.to_string().to_lowercase();
        matches!(self.code(), Some(500..)) && WORDS.iter().any(|word| said.contains(word))
    }

    /// What is said at `RCPT TO` of the recipient's address is final. Servers say 550 of much else, and any other code of
    /// the sender and of what they do not relay: those are true of every notice, and none is given up for them.
    fn of_the_mailbox(self) -> Sending {
        let subject = self.subject();
        let is_of_relaying = subject != Some(Subject::Address) && self.is_of_relaying();
        let is_final = match (self.code(), subject) {
            _ if is_of_relaying => false,
            (Some(501 | 550 | 551 | 553 | 556), Some(Subject::Address)) => true,
            (Some(501 | 551 | 553 | 556), None | Some(Subject::Mailbox)) => true,
            _ => false,
        };
        // A server that wants us to sign in says so here too.
        let is_ours = is_of_relaying
            || subject == Some(Subject::Sender)
            || matches!(self.code(), Some(530 | 535 | 538));
        match self.of_ours() {
            Sending::Failed { reason, .. } if is_final => Sending::Refused { reason },
            Sending::Failed { by: Hindrance::Misconfigured, reason } if !is_ours => {
                Sending::Failed { by: Hindrance::Failing, reason }
            }
            sending => sending,
        }
    }

    /// The message was written: what was not answered may have been taken.
    fn of_the_message(self) -> Sending {
        if self.code().is_none() {
            return Sending::Unknown;
        }
        let is_of_the_mailbox = matches!(self.subject(), Some(Subject::Address | Subject::Mailbox));
        match self.of_ours() {
            Sending::Failed { by: Hindrance::Misconfigured, reason } if is_of_the_mailbox => {
                Sending::Failed { by: Hindrance::Failing, reason }
            }
            sending => sending,
        }
    }
}

impl Gateway for SmtpEmail {
    fn send<'a>(&'a self, notice: &'a Notice) -> BoxFuture<'a, Sending> {
        self.deliver(notice).boxed()
    }
}
