//! E-mail by Amazon SES. SES knows no idempotency key, so a message is sent once for each attempt that was claimed:
//! what is not answered may have left, and what SES publishes of it later tells.
//!
//! Each message carries two tags, the notice's id and its recipient's partition, so that what SES learns of it
//! later finds the notice without an index.

use aws_config::SdkConfig;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use market_domain::notices::{Notice, Sending, partition};
use market_outside::sdk::once;

use crate::{Gateway, failed};

/// Sends from one address, under one configuration set where one is named.
#[derive(Debug, Clone)]
pub struct SesEmail {
    client: Client,
    from: String,
    configuration_set: Option<String>,
}

/// The tag with the notice's id.
pub const NOTICE_TAG: &str = "notice";
/// The tag with its recipient's partition, in base64: a tag's value has few other characters.
pub const RECIPIENT_TAG: &str = "recipient";

/// The partition that a recipient's tag names.
#[must_use]
pub fn recipient_of_tag(value: &str) -> Option<String> {
    String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(value).ok()?).ok()
}

/// What SES says of a message that it will never take. `MessageRejected` is not among them: it is also what SES
/// says while the sender's identity is not verified, which the operator can mend.
const REFUSALS: &[&str] = &["BadRequestException"];

impl SesEmail {
    /// A gateway that sends from this address.
    #[must_use]
    pub fn new(sdk: &SdkConfig, from: impl Into<String>, configuration_set: Option<String>) -> Self {
        Self { client: Client::new(&once(sdk)), from: from.into(), configuration_set }
    }

    async fn deliver(&self, notice: &Notice) -> Sending {
        let content = |data: &str| Content::builder().data(data).charset("UTF-8").build();
        let tag = |name: &str, value: &str| MessageTag::builder().name(name).value(value).build();
        let recipient = BASE64_URL_SAFE_NO_PAD.encode(partition(&notice.recipient));
        let (Ok(subject), Ok(text), Ok(id_tag), Ok(recipient_tag)) = (
            content(&notice.subject),
            content(&notice.body),
            tag(NOTICE_TAG, notice.id.as_str()),
            tag(RECIPIENT_TAG, &recipient),
        ) else {
            return Sending::Refused { reason: "cannot be written as a message".to_owned() };
        };
        let message = Message::builder().subject(subject).body(Body::builder().text(text).build()).build();
        let sent = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(
                Destination::builder().set_to_addresses(notice.address.clone().map(|to| vec![to])).build(),
            )
            .content(EmailContent::builder().simple(message).build())
            .email_tags(id_tag)
            .email_tags(recipient_tag)
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await;
        match sent {
            Ok(sent) => Sending::Accepted { gateway_id: sent.message_id },
            Err(error) => failed(&error, REFUSALS),
        }
    }
}

impl Gateway for SesEmail {
    fn send<'a>(&'a self, notice: &'a Notice) -> BoxFuture<'a, Sending> {
        self.deliver(notice).boxed()
    }
}
