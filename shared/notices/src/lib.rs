//! The channels on which a notice leaves the market.
//!
//! A channel is handed one notice and says what became of it ([`Sending`]); it neither retries beyond the
//! SDK's bounded attempts nor writes: the job does both, from the notice's own state. In-site messages
//! and announcements need no channel: they are served by being committed.

mod http_text;
mod mime;
mod ses;
mod smtp;
mod sns;

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use market_domain::notices::{Channel, Notice, Sending};

pub use http_text::HttpText;
pub use lettre::message::Mailbox;
pub use mime::mime;
pub use ses::{NOTICE_TAG, RECIPIENT_TAG, SesEmail, recipient_of_tag};
pub use smtp::{BadServer, SmtpEmail, SmtpServer};
pub use sns::SnsText;

/// A way out of the market.
pub trait Gateway: Send + Sync {
    /// Sends one notice. Sending it again must not deliver it twice where the gateway allows a key.
    fn send<'a>(&'a self, notice: &'a Notice) -> BoxFuture<'a, Sending>;
}

/// A channel that this market does not have.
#[derive(Debug, Clone, Copy)]
pub struct NoGateway;

impl NoGateway {
    /// Why it refuses.
    pub const REASON: &'static str = "the market has no gateway for this channel";
}

impl Gateway for NoGateway {
    fn send<'a>(&'a self, _: &'a Notice) -> BoxFuture<'a, Sending> {
        async { Sending::Refused { reason: Self::REASON.to_owned() } }.boxed()
    }
}

/// The ways out that this market has.
#[derive(Clone)]
pub struct Gateways {
    /// For e-mail.
    pub email: Arc<dyn Gateway>,
    /// For text messages.
    pub sms: Arc<dyn Gateway>,
}

impl std::fmt::Debug for Gateways {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gateways")
    }
}

impl Gateways {
    /// Sends a notice on its channel.
    pub async fn send(&self, notice: &Notice) -> Sending {
        match notice.channel {
            Channel::Email => self.email.send(notice).await,
            Channel::Sms => self.sms.send(notice).await,
            Channel::InSite | Channel::Announcement => Sending::Accepted { gateway_id: None },
        }
    }
}

/// What an SDK error means for a notice: refused for good where the service said so of this message,
/// worth another attempt otherwise. The text names the kind of error only: gateways echo addresses.
pub(crate) fn failed<E, R>(error: &aws_sdk_sesv2::error::SdkError<E, R>, refusals: &[&str]) -> Sending
where
    E: aws_sdk_sesv2::error::ProvideErrorMetadata,
{
    use aws_sdk_sesv2::error::SdkError;
    let reason = match error {
        SdkError::ServiceError(service) => service.err().code().unwrap_or("unknown").to_owned(),
        SdkError::TimeoutError(_) => "timeout".to_owned(),
        SdkError::DispatchFailure(_) => "unreachable".to_owned(),
        _ => "broken answer".to_owned(),
    };
    if refusals.contains(&reason.as_str()) { Sending::Refused { reason } } else { Sending::Failed { reason } }
}
