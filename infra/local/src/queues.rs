//! The queues of a market on one machine: in memory, or on an SQS-compatible server.

use market_jobs::memory::MemoryQueues;
use market_jobs::{Outgoing, Queues, Unsent};

use crate::machine::MachineError;
use crate::operate::dead_letters::DeadLetterQueues;

#[cfg(feature = "stack")]
pub use self::server::at;
#[cfg(feature = "stack")]
use self::server::{Client, SqsQueues};

/// The queues of this market.
#[derive(Debug, Clone)]
pub enum LocalQueues {
    /// Within the process.
    Memory(MemoryQueues),
    /// On an SQS-compatible server.
    #[cfg(feature = "stack")]
    Sqs(SqsQueues, Client),
}

impl Queues for LocalQueues {
    async fn send(&self, outgoing: Vec<Outgoing>) -> Vec<Unsent> {
        match self {
            Self::Memory(queues) => queues.send(outgoing).await,
            #[cfg(feature = "stack")]
            Self::Sqs(queues, _) => queues.send(outgoing).await,
        }
    }
}

impl LocalQueues {
    /// Their dead letters, where they keep any.
    pub(crate) fn dead_letters(&self) -> Option<DeadLetterQueues> {
        match self {
            Self::Memory(_) => None,
            #[cfg(feature = "stack")]
            Self::Sqs(queues, client) => Some(DeadLetterQueues::new(client.clone(), queues.url_pattern())),
        }
    }

    /// Waits until nothing is in hand.
    pub(crate) async fn idle(&self) -> Result<(), MachineError> {
        match self {
            Self::Memory(queues) => queues.idle().await,
            #[cfg(feature = "stack")]
            Self::Sqs(queues, client) => server::idle(queues, client).await?,
        }
        Ok(())
    }
}

#[cfg(feature = "stack")]
mod server {
    use std::time::Duration;

    pub(super) use aws_sdk_sqs::Client;
    use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
    use aws_sdk_sqs::types::QueueAttributeName::{
        ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible, QueueArn, RedrivePolicy,
        VisibilityTimeout,
    };
    pub(super) use market_jobs::sqs::SqsQueues;
    use market_kernel::aggregate::Lane;
    use market_outside::words;

    use crate::engine::sdk_at;
    use crate::machine::{MachineError, failed};

    /// Waits until nothing is in hand.
    pub(super) async fn idle(queues: &SqsQueues, client: &Client) -> Result<(), MachineError> {
        let counts = [ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible];
        for _ in 0..600 {
            let mut in_hand = 0;
            for lane in Lane::ALL {
                let answer = client
                    .get_queue_attributes()
                    .queue_url(queues.url(lane))
                    .set_attribute_names(Some(counts.to_vec()))
                    .send()
                    .await
                    .map_err(|error| failed(words("SQS's endpoint", &error)))?;
                let attributes = answer.attributes.unwrap_or_default();
                in_hand += attributes.values().filter_map(|count| count.parse::<u64>().ok()).sum::<u64>();
            }
            if in_hand == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(failed("the queues did not become idle within a minute"))
    }

    fn not_made<E>(endpoint: &str, error: &SdkError<E>) -> String
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let place = endpoint.split_once("://").map_or(endpoint, |(_, place)| place);
        format!("no queues are made at --sqs-endpoint: {}", words(place, error))
    }

    /// Each lane's queue with its dead-letter queue, as the template has them on AWS. They are made where they are not
    /// there.
    ///
    /// # Errors
    /// Where the server does not make them, in words.
    pub async fn at(endpoint: &str) -> Result<(SqsQueues, Client), String> {
        let client = Client::new(&sdk_at(endpoint).await);
        let mut pattern = String::new();
        for lane in Lane::ALL {
            let dead = client.create_queue().queue_name(format!("market-{lane}-dead")).send().await;
            let dead_url = dead.map_err(|error| not_made(endpoint, &error))?.queue_url.unwrap_or_default();
            let attributes =
                client.get_queue_attributes().queue_url(dead_url).attribute_names(QueueArn).send().await;
            let attributes =
                attributes.map_err(|error| not_made(endpoint, &error))?.attributes.unwrap_or_default();
            let arn = attributes.get(&QueueArn).cloned().unwrap_or_default();
            let redrive = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": "5" });
            let queue = client
                .create_queue()
                .queue_name(format!("market-{lane}"))
                .attributes(VisibilityTimeout, "60")
                .attributes(RedrivePolicy, redrive.to_string())
                .send()
                .await;
            let url = queue.map_err(|error| not_made(endpoint, &error))?.queue_url.unwrap_or_default();
            pattern = url.replace(lane.name(), "{job}");
        }
        let queues = SqsQueues::new(client.clone(), pattern);
        Ok((queues, client))
    }
}
