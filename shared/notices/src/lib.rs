//! The channels on which a notice leaves the market.
//!
//! A channel is handed one notice, tries once, and says what became of it ([`Sending`]); it neither retries nor
//! writes: the job does both, from the notice's own state. Where no answer came to what had left already, it says that
//! nobody knows. In-site messages
//! and announcements need no channel: they are served by being committed.
//!
//! The gateways themselves are the feature `ways-out`: a market on one machine has none.

#[cfg(feature = "ways-out")]
mod http_text;
mod mime;
mod pace;
#[cfg(feature = "ways-out")]
mod sdk_error;
#[cfg(feature = "ways-out")]
mod ses;
#[cfg(feature = "ways-out")]
mod smtp;
#[cfg(feature = "ways-out")]
mod sns;
#[cfg(feature = "ways-out")]
mod status;
mod tags;

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use market_kernel::notices::{Channel, NO_GATEWAY, Notice, Sending};

#[cfg(feature = "ways-out")]
pub use http_text::HttpText;
pub use mime::{BadSender, Sender, mime};
pub use pace::{Pace, TooSlow};
#[cfg(feature = "ways-out")]
pub use ses::SesEmail;
#[cfg(feature = "ways-out")]
pub use smtp::{BadServer, SmtpEmail, SmtpServer};
#[cfg(feature = "ways-out")]
pub use sns::SnsText;
pub use tags::{NOTICE_TAG, RECIPIENT_TAG, recipient_of_tag, recipient_tag};

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
