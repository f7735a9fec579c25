//! The handler `checks`: gateways inside the account invoke it themselves, with many checks as the event.

use market_entrustment::events::TokenIssued;
use market_entrustment::grants::access::{AccessEntry, CheckOutcome};
use market_entrustment::grants::token::{GrantToken, GrantTokens};
use market_entrustment::grants::{Grant, GrantStatus};
use market_identity::Role;
use market_kernel::change::{Change, Event};
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{GrantId, ListingId, OrderId};
use market_kernel::reminders::Reminders;
use market_kernel::text::Line;
use market_parties::accounts::MarketAccount;
use market_parties::applications::Application;
use market_parties::credit_code::CreditCode;
use market_store::Asked;
use market_trade::listings::Scope;
use serde_json::{Value, json};

use crate::function::Function;
use crate::gateway::Request;
use crate::json::Json;
use crate::surroundings::{Surroundings, contacts, far_ahead, long_ago, occasion};

fn line(text: &str) -> Line {
    text.to_owned().try_into().expect("a line")
}

/// A grant of shop-1 that holds, and its token.
async fn granted(around: &Surroundings) -> (Grant, String) {
    let application = Application {
        id: "shop-1".parse().expect("an id"),
        legal_name: line("成都示例商贸有限公司"),
        credit_code: CreditCode::with_check_characters("91510100MA6C0QLJ").expect("a code"),
        vouching: None,
        contacts: contacts("shop-1"),
    };
    let occasion = occasion(long_ago());
    let (_, applied) = MarketAccount::apply(None, application, &occasion).expect("it has not applied yet");
    around.commit(&applied).await;
    let grant = Grant {
        id: GrantId::new(long_ago(), [1; 10]),
        account_id: "shop-1".parse().expect("an id"),
        order_id: OrderId::new(long_ago(), [1; 10]),
        provider_id: "northwind".parse().expect("an id"),
        listing_id: ListingId::new(long_ago(), [1; 10]),
        listing_name: line("北风订单助手"),
        scopes: vec![Scope {
            name: "orders.read".parse().expect("a name"),
            purpose: line("同步订单"),
            method: line("接口读取"),
            data_kinds: vec![line("订单")],
        }],
        page_sha256: Sha256Hash::of(b""),
        granted_at: long_ago(),
        expires_at: far_ahead(),
        token: None,
        reminders: Reminders::default(),
        status: GrantStatus::Active,
    };
    let token = GrantToken::new(grant.account_id.clone(), grant.id.clone(), [7; 32]);
    let tokens = GrantTokens {
        account_id: grant.account_id.clone(),
        grant_id: grant.id.clone(),
        digests: vec![token.digest(long_ago())],
    };
    let event = || Event::of(TokenIssued { replaces: false });
    around.commit(&Change::on(&occasion).create(&grant, event()).create(&tokens, event())).await;
    (grant, token.to_string())
}

async fn ledger(around: &Surroundings, grant: &Grant) -> Vec<AccessEntry> {
    let page = around.store.ledger(&grant.account_id, &grant.id, Asked::page(None, 100)).await;
    page.expect("the engine answers").items
}

/// What is told of a refusal: its status, its code and the places that it names.
fn problem(reply: &Json) -> (u64, &str, Vec<&str>) {
    assert_eq!(reply.as_object().expect("an object").len(), 1, "a problem and nothing else: {reply}");
    let problem = &reply["problem"];
    assert_eq!(problem["request_id"].as_str().map(str::len), Some(32));
    let errors = problem.get("errors").and_then(Value::as_array).into_iter().flatten();
    let places = errors.map(|error| error["pointer"].as_str().expect("a place")).collect();
    (problem["status"].as_u64().expect("a status"), problem["code"].as_str().expect("a code"), places)
}

#[tokio::test]
async fn checks_from_inside_the_account_are_answered_and_counted_as_those_that_come_by_the_api() {
    let around = Surroundings::start().await;
    let (grant, token) = granted(&around).await;
    let checks = json!({ "checks": [
        { "token": token, "scope": "orders.read" },
        { "token": "stolen", "scope": "orders.read" },
        { "token": token, "scope": "stock.read" },
        { "token": token, "scope": "orders.read" },
    ]});
    // Whatever its setting says of callers: nobody but IAM lets anyone in here.
    let mut inside = Function::start("checks", around.settings()).await;
    let answered = inside.invoke(checks.clone()).await.expect("a reply");
    let outcomes = answered["answers"].as_array().expect("answers").into_iter();
    let outcomes: Vec<_> = outcomes.map(|one| one.get("outcome").and_then(Value::as_str)).collect();
    assert_eq!(outcomes, [Some("allowed"), None, Some("wrong_scope"), Some("allowed")]);

    let bearer = around.issuer.token(Role::DataGateway, "data-api");
    let mut route = Function::start("api/check_tokens", around.settings()).await;
    let by_the_api =
        route.answer(Request::post("/checks/batch", "none", checks.to_string()).bearer(&bearer)).await;
    assert_eq!((by_the_api.status, &by_the_api.body), (200, &answered));
    let counted: Vec<_> =
        ledger(&around, &grant).await.into_iter().map(|line| (line.outcome, line.count)).collect();
    assert_eq!(counted, [(CheckOutcome::Allowed, 4), (CheckOutcome::WrongScope, 2)]);
}

#[tokio::test]
async fn whatever_a_client_sends_is_answered_with_a_problem_and_never_with_a_function_error() {
    let around = Surroundings::start().await;
    let (grant, token) = granted(&around).await;
    let mut inside = Function::start("checks", around.settings()).await;
    let good = json!({ "token": token, "scope": "orders.read" }).to_string();
    let many = |count: usize| format!(r#"{{"checks":[{}]}}"#, vec![good.as_str(); count].join(","));
    let operator = around.issuer.token(Role::Operator, "ops");
    let by_a_gateway = Request::post("/checks/batch", "none", many(1)).bearer(&operator).event();
    for (event, expected) in [
        ("null".to_owned(), (422, "invalid-body", vec![""])),
        ("7".to_owned(), (422, "invalid-body", vec![""])),
        (format!("[{good}]"), (422, "invalid-body", vec![""])),
        ("{}".to_owned(), (422, "invalid-body", vec!["/checks"])),
        (many(0), (422, "invalid-body", vec!["/checks"])),
        (many(51), (422, "invalid-body", vec!["/checks"])),
        (
            r#"{"checks":[{"token":1,"scope":"a b"}]}"#.to_owned(),
            (422, "invalid-body", vec!["/checks/0/scope", "/checks/0/token"]),
        ),
        (format!(r#"{{"checks":[{good}],"checks":[]}}"#), (422, "invalid-body", vec!["/checks"])),
        (format!(r#"{{"checks":[{good}],"role":"operator"}}"#), (422, "invalid-body", vec!["/role"])),
        (format!(r#"{{"checks":[{}]}}"#, " ".repeat(600_000)), (413, "body-too-large", vec![])),
    ] {
        let reply = inside.invoke_with(event.clone()).await.expect("a reply");
        assert_eq!(problem(&reply), expected, "{event:.200}");
    }
    let reply = inside.invoke(by_a_gateway).await.expect("a reply");
    let (status, code, places) = problem(&reply);
    assert_eq!((status, code), (422, "invalid-body"));
    assert!(places.contains(&"/requestContext") && places.contains(&"/checks"), "{places:?}");
    assert_eq!(ledger(&around, &grant).await, [], "nothing was counted");
    let reply = inside.invoke_with(many(50)).await.expect("and it goes on serving");
    assert_eq!(reply["answers"].as_array().expect("answers").len(), 50);
}

#[tokio::test]
async fn what_cannot_be_answered_from_inside_the_account_is_a_problem_too() {
    let around = Surroundings::start().await;
    // Nothing listens on a port that was just given back.
    let nowhere = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has ports");
        format!("http://{}", listener.local_addr().expect("a listener has an address"))
    };
    let (_, token) = granted(&around).await;
    let settings =
        around.settings().with("AWS_ENDPOINT_URL_DYNAMODB", nowhere).with("MARKET_NAMESPACE", "market");
    let mut inside = Function::start("checks", settings).await;
    let checks = json!({ "checks": [{ "token": token, "scope": "orders.read" }] });
    let reply = inside.invoke(checks).await.expect("a reply");
    assert_eq!(problem(&reply), (503, "unavailable", vec![]));
    assert!(!reply.to_string().contains("127.0.0.1"), "no word of what is behind: {reply}");
    inside.invoke(json!({ "checks": [] })).await.expect("a reply");
    let log = inside.end().await;
    assert_eq!(
        log.matches("\"ChecksUnanswered\":1").count(),
        1,
        "what the caller did wrong rings nothing: {log}"
    );
}
