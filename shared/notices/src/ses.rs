//! E-mail by Amazon SES. SES knows no idempotency key, so a message is sent once for each attempt that was claimed:
//! what is not answered may have left, and what SES publishes of it later tells.
//!
//! It is the message that SMTP would carry, as it is. SES replaces its Message-ID and date: which message it
//! was, its own id tells, and the tags.
//!
//! Each message carries two tags ([`crate::tags`]).

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, MessageTag, RawMessage};
use aws_types::SdkConfig;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use market_kernel::keys::Owner;
use market_kernel::notices::{Notice, Sending};
use market_outside::sdk::once;

use crate::sdk_error::{Codes, failed};
use crate::tags::{NOTICE_TAG, RECIPIENT_TAG, recipient_tag};
use crate::{Gateway, Sender, mime};

/// Sends from one sender, under one configuration set where one is named.
#[derive(Debug, Clone)]
pub struct SesEmail {
    client: Client,
    sender: Sender,
    configuration_set: Option<String>,
}

/// What SES says. `MessageRejected` is not final: it is what SES says while the sender's identity is not verified, or the
/// account is in the sandbox, which the operator can mend.
const CODES: Codes = Codes {
    refused: &["BadRequestException"],
    // Of the rate, and of the quota of a day.
    throttled: &["LimitExceededException"],
    ours: &[
        "AccountSuspendedException",
        "MailFromDomainNotVerifiedException",
        "MessageRejected",
        // The configuration set.
        "NotFoundException",
        "SendingPausedException",
    ],
};

impl SesEmail {
    /// A gateway that sends from this sender.
    #[must_use]
    pub fn new(sdk: &SdkConfig, sender: Sender, configuration_set: Option<String>) -> Self {
        Self { client: Client::new(&once(sdk)), sender, configuration_set }
    }

    async fn deliver(&self, notice: &Notice) -> Sending {
        let tag = |name: &str, value: &str| MessageTag::builder().name(name).value(value).build();
        let recipient = recipient_tag(&notice.recipient.partition());
        let message = mime(notice, &self.sender);
        let raw = message.map(|message| RawMessage::builder().data(Blob::new(message.formatted())).build());
        let (Some(Ok(raw)), Ok(id_tag), Ok(recipient_tag)) =
            (raw, tag(NOTICE_TAG, notice.id.as_str()), tag(RECIPIENT_TAG, &recipient))
        else {
            return Sending::Refused { reason: "cannot be written as a message".to_owned() };
        };
        // No address to send from: where one is named beside the message, SES writes it over the message's own.
        let sent = self
            .client
            .send_email()
            .destination(
                Destination::builder().set_to_addresses(notice.address.clone().map(|to| vec![to])).build(),
            )
            .content(EmailContent::builder().raw(raw).build())
            .email_tags(id_tag)
            .email_tags(recipient_tag)
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await;
        match sent {
            Ok(sent) => Sending::Accepted { gateway_id: sent.message_id },
            Err(error) => failed(&error, &CODES),
        }
    }
}

impl Gateway for SesEmail {
    fn send<'a>(&'a self, notice: &'a Notice) -> BoxFuture<'a, Sending> {
        self.deliver(notice).boxed()
    }
}
