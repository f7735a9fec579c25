//! Services that never answer. Their connections are not real, so that time need not be either: what is
//! measured are the timeouts of the configuration that is deployed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use market_jobs::sqs::SqsQueues;
use market_jobs::{Outgoing, Queues, WakeUp};
use market_kernel::aggregate::Lane;
use market_kernel::change::Change;
use market_kernel::keys::Key;
use market_kernel::notices::{Channel, Sending, samples};
use market_kernel::occasion::Occasion;
use market_kernel::party::Actor;
use market_kernel::salt::Salts;
use market_kernel::stored::FIRST_SCHEMA;
use market_notices::{Gateway, SesEmail, SnsText};
use market_outside::sdk::{ATTEMPT_TIMEOUT, MAX_ATTEMPTS, ONCE_TIMEOUT, OPERATION_TIMEOUT};
use market_parties::accounts::MarketAccount;
use market_store::due::Shard;
use market_store::{CommitError, Store, StoreError, of};
use tokio::time::Instant;

use crate::table::{at, notice, sender};

/// Takes a request and never answers.
#[derive(Debug, Clone, Default)]
struct Silence(Arc<AtomicUsize>);

impl HttpConnector for Silence {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        self.0.fetch_add(1, Ordering::SeqCst);
        HttpConnectorFuture::new(std::future::pending())
    }
}

/// What is deployed, but for the way out.
async fn silent() -> (SdkConfig, Silence) {
    let silence = Silence::default();
    let connector = SharedHttpConnector::new(silence.clone());
    let deployed = market_outside::sdk::from_environment().into_builder();
    let sdk = deployed
        .region(Region::new("nowhere"))
        .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(Credentials::new(
            "test", "test", None, None, "test",
        )))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    (sdk, silence)
}

/// Waits for a call that is never answered: how often it was made, for how long, and what came of it.
async fn waited<T>(silence: &Silence, call: impl Future<Output = T>) -> (usize, Duration, T) {
    let (before, start) = (silence.0.load(Ordering::SeqCst), Instant::now());
    let outcome = call.await;
    (silence.0.load(Ordering::SeqCst) - before, start.elapsed(), outcome)
}

/// Waits for a call that is never answered: it is given up in time, after every attempt had its own.
async fn given_up<T>(what: &str, silence: &Silence, call: impl Future<Output = T>) -> T {
    let (attempts, waited, outcome) = waited(silence, call).await;
    assert_eq!(attempts, MAX_ATTEMPTS as usize, "{what}");
    assert!(waited >= ATTEMPT_TIMEOUT * MAX_ATTEMPTS && waited <= OPERATION_TIMEOUT, "{what}: {waited:?}");
    outcome
}

#[tokio::test(start_paused = true)]
async fn a_table_that_hangs_is_given_up_and_what_is_known_of_the_outcome_is_said() {
    let (sdk, silence) = silent().await;
    let store = Store::new(aws_sdk_dynamodb::Client::new(&sdk), "market");
    let a = |id: &str| of::<MarketAccount>(id.parse().unwrap());
    let one = given_up("GetItem", &silence, store.get::<MarketAccount>(&"shop-1".parse().unwrap())).await;
    assert!(matches!(one, Err(StoreError::Unavailable(_))), "{one:?}");
    let two = given_up("BatchGetItem", &silence, store.load((a("shop-1"), a("shop-2")))).await;
    assert!(matches!(two, Err(StoreError::Unavailable(_))), "{two:?}");
    let due = given_up("Query", &silence, store.due(Lane::Notify, Shard::Due(0), at(0), None, 9)).await;
    assert!(matches!(due, Err(StoreError::Unavailable(_))), "{due:?}");
    let change = Change::on(&Occasion {
        at: at(0),
        actor: Actor::Payments,
        request: "test".to_owned(),
        salts: Salts::drawn([7; 32]),
        operator: Arc::new(samples::operator()),
    })
    .store(Key::stored("p", "text"), "text".to_owned(), FIRST_SCHEMA);
    let done = given_up("TransactWriteItems", &silence, store.commit(&change, None)).await;
    assert!(matches!(done, Err(CommitError::Store(StoreError::UnknownOutcome(_)))), "{done:?}");
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_hangs_is_given_up() {
    let (sdk, silence) = silent().await;
    let queues = SqsQueues::new(aws_sdk_sqs::Client::new(&sdk), "https://sqs.example/0/market-{job}");
    let wake_up = WakeUp { lane: Lane::Notify, key: Key::stored("p", "s") };
    let outgoing = Outgoing { wake_up, delay: Duration::ZERO };
    let sent = given_up("SendMessageBatch", &silence, queues.send(vec![outgoing])).await;
    assert_eq!(sent.len(), 1, "it is told to be unsent");
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_hangs_is_given_up_after_one_attempt_and_nobody_knows_what_became_of_the_notice() {
    let (sdk, silence) = silent().await;
    let ses = SesEmail::new(&sdk, sender(), None);
    let email = notice(Channel::Email, "shop@example.com");
    assert_eq!(waited(&silence, ses.send(&email)).await, (1, ONCE_TIMEOUT, Sending::Unknown));
    let sns = SnsText::new(&sdk);
    let text = notice(Channel::Sms, "+8613800000001");
    assert_eq!(waited(&silence, sns.send(&text)).await, (1, ONCE_TIMEOUT, Sending::Unknown));
}
