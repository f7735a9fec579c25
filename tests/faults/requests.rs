//! What a client is told while something behind the market fails: a problem document that says what is
//! known, and nothing that is said inside.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use expect_test::expect_file;
use jsonwebtoken::Algorithm;
use market::client::{Answer, Client};
use market::permissions::Permissions;
use market::{Clockwork, Options, Running, requests};
use market_functions::http::{Callers, Market, PaymentKeys, versioned};
use market_identity::{IssuerKeys, Role, SubjectRule, Subjects, Terms, Verifier};
use market_outside::sdk::MAX_ATTEMPTS;
use serde_json::json;
use tempfile::TempDir;

use crate::server::{Fault, Faulty, error};
use crate::told::Page;
use crate::{INTERNAL, engine};

struct World {
    running: Running,
    table: Arc<Faulty>,
    merchant: Client,
    _folder: TempDir,
}

/// A merchant's application: the shortest way to a commit.
const PATH: &str = "/accounts/shop-1";

impl World {
    async fn new() -> Self {
        let table = Faulty::start(Some(engine::start())).await;
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            folder: folder.path().to_owned(),
            in_memory: true,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clockwork: Clockwork::Standing("2026-01-05T09:00:00+08:00".parse().unwrap()),
            sqs_endpoint: None,
            dynamodb_endpoint: Some(table.url.clone()),
            permissions: Permissions::committed(),
            allow_origin: None,
        };
        let running = Running::start(options).await.unwrap();
        let merchant = Client::of(&running, Role::Merchant, "shop-1");
        Self { running, table, merchant, _folder: folder }
    }

    async fn apply(&self, key: &str) -> Answer {
        let body = requests::merchant("shop-1", "91510100MA6C0QLJ");
        self.merchant.post_as(key, PATH, body).await.unwrap()
    }

    async fn read(&self) -> Answer {
        self.merchant.get(PATH).await.unwrap()
    }
}

/// That an answer is this problem, tells when to come again, and nothing of what was said inside.
fn assert_problem(answer: &Answer, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.code()), (503, code), "{}", answer.text);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert!(answer.headers.contains_key("retry-after"));
    let mut members: Vec<_> = answer.body.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["code", "request_id", "status", "title", "type"]);
    let (url, _) = answer.text_at("/type").split_once("/errors/").unwrap();
    let everything = format!("{:?} {}", answer.headers, answer.text.replace(url, "")).to_lowercase();
    for word in [INTERNAL, "dynamo", "aws", "exception", "error(", "127.0.0.1"] {
        assert!(!everything.contains(word), "{word}: {everything}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_while_the_table_fails_is_kept_to_be_read() {
    let mut page = Page::about("What cannot be answered.");
    let request = format!("POST {PATH}");
    let world = World::new().await;
    world.table.fail(|_, _| Some(error(400, "ThrottlingException")));
    page.tell("the table does not answer", &format!("GET {PATH}"), &world.read().await);
    world.table.fail_at("TransactWriteItems", error(400, "ThrottlingException"));
    page.tell("the table takes no writes", &request, &world.apply("first").await);
    world.table.fail_at("TransactWriteItems", Fault::LoseAnswer);
    page.tell("the answer to a commit is lost", &request, &world.apply("second").await);
    world.table.fail_at("PutItem", error(400, "TransactionConflictException"));
    page.tell("the state keeps moving", &request, &world.apply("third").await);
    expect_file!["../acceptance/refusals/table.txt"].assert_eq(&page.whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_table_cannot_be_read_the_client_is_told_to_come_again() {
    let world = World::new().await;
    assert_eq!(world.apply("first").await.status.as_u16(), 201);
    for fault in [error(400, "ThrottlingException"), error(500, "InternalServerError"), Fault::BreakOff] {
        world.table.fail(move |_, _| Some(fault.clone()));
        assert_problem(&world.read().await, "unavailable");
        assert_problem(&world.apply("second").await, "unavailable");
        world.table.heal();
        assert_eq!(world.read().await.status.as_u16(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_table_takes_no_writes_nothing_happens_and_the_client_is_told_to_come_again() {
    let world = World::new().await;
    world.table.fail_at("TransactWriteItems", error(400, "ThrottlingException"));
    assert_problem(&world.apply("key").await, "unavailable");
    assert_eq!(world.read().await.status.as_u16(), 404);
    world.table.heal();
    let done = world.apply("key").await;
    assert_eq!((done.status.as_u16(), done.headers.contains_key("idempotent-replayed")), (201, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_answer_to_a_commit_is_lost_the_client_is_told_so_and_a_repeat_tells_the_outcome() {
    for (fault, was_done) in
        [(Fault::LoseAnswer, true), (Fault::BreakOff, false), (error(500, "InternalServerError"), false)]
    {
        let world = World::new().await;
        world.table.fail_at("TransactWriteItems", fault);
        assert_problem(&world.apply("key").await, "outcome-unknown");
        assert_eq!(world.table.calls("TransactWriteItems"), MAX_ATTEMPTS as usize, "and not decided again");
        world.table.heal();
        assert_eq!(world.read().await.status.as_u16(), if was_done { 200 } else { 404 });
        let repeat = world.apply("key").await;
        assert_eq!(repeat.status.as_u16(), 201, "{}", repeat.text);
        assert_eq!(repeat.headers.contains_key("idempotent-replayed"), was_done);
        let again = world.apply("key").await;
        assert_eq!(again.text, repeat.text);
        assert_eq!(world.apply("another").await.code(), "already-applied");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_decided_again_and_one_that_does_not_end_is_given_up() {
    let world = World::new().await;
    let conflict = || {
        let body = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "message": INTERNAL, "CancellationReasons": [{ "Code": "TransactionConflict", "Message": INTERNAL }],
        });
        Fault::Answer(400, body.to_string())
    };
    world.table.fail_at("TransactWriteItems", conflict());
    assert_problem(&world.apply("key").await, "contended");
    assert_eq!(world.table.calls("TransactWriteItems"), 4);
    world.table.fail_times("TransactWriteItems", 3, conflict());
    assert_eq!(world.apply("key").await.status.as_u16(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_cannot_be_saved_is_not_given_as_if_it_were() {
    let world = World::new().await;
    assert_eq!(world.apply("first").await.status.as_u16(), 201);
    world.table.fail_at("PutItem", error(500, "InternalServerError"));
    assert_problem(&world.apply("second").await, "outcome-unknown");
    world.table.heal();
    assert_eq!(world.apply("second").await.code(), "already-applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_meets_the_commit_of_its_first_request_is_saved_a_moment_later_or_the_client_comes_again()
 {
    let world = World::new().await;
    assert_eq!(world.apply("first").await.status.as_u16(), 201);
    world.table.fail_times("PutItem", 2, error(400, "TransactionConflictException"));
    assert_eq!(world.apply("second").await.code(), "already-applied");
    world.table.fail_at("PutItem", error(400, "TransactionConflictException"));
    assert_problem(&world.apply("third").await, "contended");
    world.table.heal();
    assert_eq!(world.apply("third").await.code(), "already-applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_issuers_keys_cannot_be_had_the_client_is_told_to_come_again() {
    let world = World::new().await;
    let issuer = Faulty::start(None).await;
    issuer.fail(|_, _| Some(error(500, "InternalFailure")));
    let keys = IssuerKeys::at(format!("{}/jwks.json", issuer.url));
    let market = &world.running.market;
    let market = Market {
        store: market.store.clone(),
        clock: Arc::clone(&market.clock),
        entropy: Arc::clone(&market.entropy),
        callers: Callers::Tokens(Box::new(Verifier::new(
            keys,
            Terms::of("https://issuer.example", "service-market", Algorithm::ES256),
            Subjects::given("dGhlIGtleSBieSB3aGljaCBzdWJqZWN0cyBiZWNvbWUgaWRz", SubjectRule::Lawful).unwrap(),
        ))),
        payments: Some(PaymentKeys::given(world.running.payments.key()).unwrap()),
        calendar: market.calendar,
        publicity: market.publicity,
        operator: Arc::clone(&market.operator),
        codes: market.codes,
        corruption_alarm: Arc::clone(&market.corruption_alarm),
    };
    let router = market_functions::http::router(Arc::new(market), None, |routes| {
        market_functions::routes::visit(routes);
    });
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}{}", listener.local_addr().unwrap(), versioned(PATH));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let token = world.running.issuer.token(Role::Merchant, "shop-1", world.running.market.clock.now());
    let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap();
    assert_problem(&Answer { status, headers, body, text }, "unavailable");
}
