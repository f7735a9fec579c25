//! The channels on which a notice leaves the market.
//!
//! A channel is handed one notice, tries once, and says what became of it ([`Sending`]); it neither retries nor
//! writes: the job does both, from the notice's own state. Where no answer came to what had left already, it says that
//! nobody knows. In-site messages
//! and announcements need no channel: they are served by being committed.

mod http_text;
mod mime;
mod ses;
mod smtp;
mod sns;

use std::error::Error;
use std::iter;
use std::sync::Arc;

use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use market_kernel::notices::{Channel, NO_GATEWAY, Notice, Sending};

pub use http_text::HttpText;
pub use mime::{BadSender, Sender, mime};
pub use ses::{NOTICE_TAG, RECIPIENT_TAG, SesEmail, recipient_of_tag};
pub use smtp::{BadServer, SmtpEmail, SmtpServer};
pub use sns::SnsText;

/// Sends notices out of the market on one channel.
pub trait Gateway: Send + Sync {
    /// Sends one notice. Sending it again must not deliver it twice where the gateway allows a key.
    fn send<'a>(&'a self, notice: &'a Notice) -> BoxFuture<'a, Sending>;
}

/// A channel that this market does not have.
#[derive(Debug, Clone, Copy)]
pub struct NoGateway;

impl NoGateway {
    /// Why it refuses.
    pub const REASON: &'static str = NO_GATEWAY;
}

impl Gateway for NoGateway {
    fn send<'a>(&'a self, _: &'a Notice) -> BoxFuture<'a, Sending> {
        async { Sending::Refused { reason: Self::REASON.to_owned() } }.boxed()
    }
}

/// The gateways that this market has.
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

/// What an SDK error means for a notice: refused for good where the service said so of this message, worth another
/// attempt where it said anything else or was not reached at all, and unknown where it may have taken the message.
/// The text names the kind of error only: gateways echo addresses.
pub(crate) fn failed<E, R>(error: &SdkError<E, R>, refusals: &[&str]) -> Sending
where
    E: ProvideErrorMetadata,
{
    let reason = match error {
        SdkError::ServiceError(service) => service.err().code().unwrap_or("unknown").to_owned(),
        SdkError::ConstructionFailure(_) => "cannot be written as a request".to_owned(),
        SdkError::DispatchFailure(failure)
            if failure.as_connector_error().is_some_and(|error| was_never_connected(error)) =>
        {
            "unreachable".to_owned()
        }
        _ => return Sending::Unknown,
    };
    if refusals.contains(&reason.as_str()) { Sending::Refused { reason } } else { Sending::Failed { reason } }
}

/// Whether a call failed before there was a connection on which anything could have left.
fn was_never_connected(error: &(dyn Error + 'static)) -> bool {
    iter::successors(Some(error), |&error| error.source())
        .filter_map(|error| error.downcast_ref::<hyper_util::client::legacy::Error>())
        .any(hyper_util::client::legacy::Error::is_connect)
}
