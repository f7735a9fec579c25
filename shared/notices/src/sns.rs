//! Text messages by Amazon SNS (not in the China regions). SNS knows no idempotency key for them, so each attempt that
//! was claimed is sent once.

use aws_sdk_sns::Client;
use aws_types::SdkConfig;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use market_kernel::notices::{Notice, Sending};
use market_outside::sdk::once;

use crate::Gateway;
use crate::sdk_error::{Codes, failed};

/// Publishes straight to a telephone number.
#[derive(Debug, Clone)]
pub struct SnsText {
    client: Client,
}

/// What SNS says.
const CODES: Codes = Codes {
    refused: &["InvalidParameter", "InvalidParameterValue", "OptedOut"],
    throttled: &[],
    ours: &["InvalidSecurity"],
};

impl SnsText {
    /// A gateway.
    #[must_use]
    pub fn new(sdk: &SdkConfig) -> Self {
        Self { client: Client::new(&once(sdk)) }
    }

    async fn deliver(&self, notice: &Notice) -> Sending {
        let sent = self
            .client
            .publish()
            .set_phone_number(notice.address.clone())
            .message(format!("{}\n{}", notice.subject, notice.body))
            .send()
            .await;
        match sent {
            Ok(sent) => Sending::Accepted { gateway_id: sent.message_id },
            Err(error) => failed(&error, &CODES),
        }
    }
}

impl Gateway for SnsText {
    fn send<'a>(&'a self, notice: &'a Notice) -> BoxFuture<'a, Sending> {
        self.deliver(notice).boxed()
    }
}
