//! E-mail by Amazon SES. SES knows no idempotency key: a crash between its answer and our record of it can
//! send a notice twice, never leave it unsent.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use market_domain::notices::{Notice, Sending};

use crate::{Gateway, failed};

/// Sends from one address, under one configuration set where one is named.
#[derive(Debug, Clone)]
pub struct SesEmail {
    client: Client,
    from: String,
    configuration_set: Option<String>,
}

/// What SES says of a message that it will never take.
const REFUSALS: &[&str] = &["MessageRejected", "BadRequestException"];

impl SesEmail {
    /// A gateway that sends from this address.
    #[must_use]
    pub fn new(client: Client, from: impl Into<String>, configuration_set: Option<String>) -> Self {
        Self { client, from: from.into(), configuration_set }
    }

    async fn deliver(&self, notice: &Notice) -> Sending {
        let content = |data: &str| Content::builder().data(data).charset("UTF-8").build();
        let (Ok(subject), Ok(text), Ok(tag)) = (
            content(&notice.subject),
            content(&notice.body),
            MessageTag::builder().name("notice").value(notice.id.as_str()).build(),
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
            .email_tags(tag)
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
