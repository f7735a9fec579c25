//! What a function finds around it: the table (the embedded engine, in memory), an issuer of tokens, the
//! queues, and the mail. Each test has its own.

mod issuer;
mod services;

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use axum::routing::{get, post};
use market_jobs::WakeUp;
use market_kernel::Timestamp;
use market_kernel::aggregate::Lane;
use market_kernel::change::Change;
use market_kernel::keys::Key;
use market_kernel::notices::{Channel, Notice, Sending, samples};
use market_kernel::occasion::Occasion;
use market_kernel::party::{Actor, Contacts, Language};
use market_kernel::salt::Salts;
use market_kernel::stored::{self, AsRead};
use market_parties::applications::Application;
use market_parties::credit_code::CreditCode;
use market_parties::providers::Provider;
use market_store::Store;
use serde_json::{Value, json};
use tokio::sync::oneshot;

pub use self::issuer::Issuer;
use self::services::{Services, aws, ses};
pub use self::services::{Trouble, actions};
use crate::function::Settings;
use crate::serve;

const TABLE: &str = "market";

const ISSUER: &str = "https://issuer.example";

const AUDIENCE: &str = "service-market";

const KEY_ID: &str = "test-1";

/// What the payment system signs with.
pub const PAYMENT_KEY: &str = "whsec_dGhlIHBheW1lbnQgc3lzdGVtJ3Mga2V5";

/// Where the key is by which subjects become ids, and what it is.
pub const SUBJECT_KEY_SECRET: &str = "market/subject-key";

const SUBJECT_KEY: &str = "dGhlIGtleSBieSB3aGljaCBzdWJqZWN0cyBiZWNvbWUgaWRz";

/// Where the account at the mail server is, and what it is.
const SMTP_SECRET: &str = "market/smtp";

const SMTP_ACCOUNT: &str = r#"{"username": "market", "password": "secret"}"#;

pub struct Surroundings {
    /// The table, as the market's own store sees it.
    pub store: Store,
    /// The table, as anyone sees it.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Where the table's engine listens.
    pub dynamodb_url: String,
    pub issuer: Issuer,
    pub services: Arc<Services>,
    services_url: String,
    jwks_url: String,
    _engine: oneshot::Sender<()>,
}

impl Surroundings {
    pub async fn start() -> Self {
        let (dynamodb_url, engine) = start_engine();
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(&dynamodb_url)
            .region(Region::new("cn-north-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .load()
            .await;
        let dynamodb = aws_sdk_dynamodb::Client::new(&sdk);
        market_store::schema::create_table(&dynamodb, TABLE).await.expect("the engine makes a table");
        let issuer = Issuer::new();
        let keys = axum::Json(issuer.key_set());
        let jwks = serve(Router::new().route("/jwks.json", get(async || keys))).await;
        let services = Arc::<Services>::default();
        let router = Router::new()
            .route("/", post(aws))
            .route("/v2/email/outbound-emails", post(ses))
            .with_state(Arc::clone(&services));
        Self {
            store: Store::new(dynamodb.clone(), TABLE),
            dynamodb,
            dynamodb_url,
            issuer,
            services,
            services_url: format!("http://{}", serve(router).await),
            jwks_url: format!("http://{jwks}/jwks.json"),
            _engine: engine,
        }
    }

    /// The settings of every handler.
    pub fn settings(&self) -> Settings {
        Settings(BTreeMap::from([
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb_url.clone()),
            ("AWS_ENDPOINT_URL_SQS", self.services_url.clone()),
            ("AWS_ENDPOINT_URL_SESV2", self.services_url.clone()),
            ("AWS_ENDPOINT_URL_SNS", self.services_url.clone()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", self.services_url.clone()),
            ("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true".to_owned()),
            ("MARKET_TABLE", TABLE.to_owned()),
            ("MARKET_QUEUE_URLS", "https://sqs.example/000000000000/market-{job}".to_owned()),
            ("MARKET_ISSUER", ISSUER.to_owned()),
            ("MARKET_AUDIENCE", AUDIENCE.to_owned()),
            ("MARKET_JWKS_URL", self.jwks_url.clone()),
            ("MARKET_TOKEN_ALGORITHM", "ES256".to_owned()),
            ("MARKET_PAYMENT_KEYS_SECRET", "payment-keys".to_owned()),
            ("MARKET_SUBJECT_KEY_SECRET", SUBJECT_KEY_SECRET.to_owned()),
            ("MARKET_OPERATOR_ZH", "服务市场示例运营有限公司".to_owned()),
            ("MARKET_OPERATOR_EN", "Sample Market Ltd.".to_owned()),
            ("MARKET_OFFICIAL_ADDRESS", "notices@market.example.com".to_owned()),
            ("MARKET_EMAIL_BY", "ses".to_owned()),
            ("MARKET_EMAIL_FROM", "market@example.com".to_owned()),
            ("MARKET_SMS_BY", "none".to_owned()),
        ]))
    }

    /// An item, attribute by attribute.
    pub async fn item(&self, key: &Key) -> HashMap<String, AttributeValue> {
        let found = self
            .dynamodb
            .get_item()
            .table_name(TABLE)
            .key("pk", AttributeValue::S(key.partition.to_string()))
            .key("sk", AttributeValue::S(key.sort.to_string()))
            .send()
            .await;
        found.expect("the engine answers").item.expect("the item is there")
    }

    /// Writes an aggregate whose state nobody can read.
    pub async fn corrupt(&self, key: &Key, kind: &str) {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let put = self
            .dynamodb
            .put_item()
            .table_name(TABLE)
            .item("pk", text(&key.partition))
            .item("sk", text(&key.sort))
            .item("kind", text(kind))
            .item("v", AttributeValue::N("1".to_owned()))
            .item("head", text(&"0".repeat(64)))
            .item("body", text("{"));
        put.send().await.expect("the engine takes an item");
    }

    pub async fn commit(&self, change: &Change) {
        self.store.commit(change, None).await.expect("nobody else writes");
    }

    /// Approves a provider at an instant, and tells the key of the notice that goes to its e-mail address
    /// because of it: due at that very instant.
    pub async fn notice_due(&self, provider: &str, at: Timestamp) -> Key {
        let occasion = occasion(at);
        let application = Application {
            id: provider.parse().expect("an id"),
            legal_name: "北风软件有限公司".try_into().expect("a line"),
            credit_code: CreditCode::with_check_characters("91330100MA27XY01").expect("a code"),
            vouching: None,
            contacts: contacts(provider),
        };
        let (_, applied) = Provider::apply(None, application, &occasion).expect("it has not applied yet");
        self.commit(&applied).await;
        let loaded = self.store.get::<Provider>(&provider.parse().expect("an id")).await;
        let (_, approved) =
            Provider::approve(&loaded.expect("the engine answers").expect("it has applied"), &occasion)
                .expect("it is not approved yet");
        self.commit(&approved).await;
        let due = approved.writes.into_iter().find(|write| write.due.is_some());
        due.expect("an approval is told by e-mail").key
    }

    /// Has a notice refused for good: it waits for a human.
    pub async fn give_up(&self, key: &Key) {
        for outcome in [None, Some(Sending::Refused { reason: "smtp 550".to_owned() })] {
            let notice = self.store.get_at::<Notice>(key).await.expect("the engine answers");
            let notice = notice.expect("it is there");
            let step = match outcome {
                None => Notice::claim(&notice, &occasion(long_ago())),
                Some(outcome) => Notice::record(&notice, &occasion(long_ago()), 1, outcome),
            };
            self.commit(&step.expect("it is due").1).await;
        }
    }

    /// Has what is due of a thing parked, as if it had been handed out ten times.
    pub async fn park(&self, lane: Lane, key: &Key) {
        let mut item = self.item(key).await;
        item.insert("due_shard".to_owned(), AttributeValue::S(format!("parked#{lane}")));
        let until = format!("{:015}", far_ahead().as_millisecond());
        item.insert("wake_at".to_owned(), AttributeValue::S(until));
        let put = self.dynamodb.put_item().table_name(TABLE).set_item(Some(item));
        put.send().await.expect("the engine takes an item");
    }

    /// Makes a text message of a notice that is due.
    pub async fn make_text(&self, key: &Key) {
        let mut item = self.item(key).await;
        let mut notice = self.notice(key).await;
        notice.channel = Channel::Sms;
        notice.address = Some("+8613800000001".to_owned());
        let body = stored::write(&notice, &AsRead::default(), None);
        item.insert("body".to_owned(), AttributeValue::S(body));
        let put = self.dynamodb.put_item().table_name(TABLE).set_item(Some(item));
        put.send().await.expect("the engine takes an item");
    }

    /// A notice as it stands.
    pub async fn notice(&self, key: &Key) -> Notice {
        let notice = self.store.get_at::<Notice>(key).await.expect("the engine answers");
        notice.expect("it was drafted").state
    }
}

impl Settings {
    /// With e-mail by a mail server.
    pub fn by_smtp(self, server: &str, port: u16) -> Self {
        self.with("MARKET_EMAIL_BY", "smtp")
            .with("MARKET_SMTP_SERVER", server)
            .with("MARKET_SMTP_PORT", port.to_string())
            .with("MARKET_SMTP_SECRET", SMTP_SECRET)
    }

    /// With text messages by a supplier's gateway.
    pub fn by_http(self, url: &str) -> Self {
        self.with("MARKET_SMS_BY", "http").with("MARKET_SMS_URL", url).with("MARKET_SMS_SECRET", "market/sms")
    }
}

/// Long ago: whatever is due then is due.
pub fn long_ago() -> Timestamp {
    "2020-01-01T00:00:00Z".parse().expect("an instant")
}

/// Beyond any test's end.
pub fn far_ahead() -> Timestamp {
    "2100-01-01T00:00:00Z".parse().expect("an instant")
}

pub fn occasion(at: Timestamp) -> Occasion {
    Occasion {
        at,
        actor: Actor::Operator("ops".to_owned()),
        request: "test".to_owned(),
        salts: Salts::drawn([7; 32]),
        operator: Arc::new(samples::operator()),
    }
}

pub fn contacts(party: &str) -> Contacts {
    Contacts { email: email(party).try_into().expect("an address"), phone: None, language: Language::Chinese }
}

pub fn email(party: &str) -> String {
    format!("{party}@example.com")
}

/// Messages as SQS hands them over: each by its id, body and how often it was received.
pub fn messages(messages: &[(&str, String, u32)]) -> Value {
    let record = |(id, body, received): &(&str, String, u32)| {
        json!({
            "messageId": id,
            "receiptHandle": format!("handle of {id}"),
            "body": body,
            "attributes": { "ApproximateReceiveCount": received.to_string(), "SentTimestamp": "1577836800000" },
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws-cn:sqs:cn-north-1:000000000000:market-notify",
            "awsRegion": "cn-north-1",
        })
    };
    json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() })
}

/// What wakes `notify` up for a notice.
pub fn wake_up(key: &Key) -> String {
    serde_json::to_string(&WakeUp { lane: Lane::Notify, key: key.clone() }).expect("a wake-up is JSON")
}

/// The engine has a thread and runtime of its own: it works synchronously.
fn start_engine() -> (String, oneshot::Sender<()>) {
    let database = dynoxide::Database::memory().expect("an engine in memory");
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has ports");
    listener.set_nonblocking(true).expect("a listener of tokio's does not block");
    let url = format!("http://{}", listener.local_addr().expect("a listener has an address"));
    let (stop, stopped) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    std::thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("it does not block");
            dynoxide::server::serve_with_shutdown(listener, database, async { drop(stopped.await) }).await
        })
    });
    (url, stop)
}
