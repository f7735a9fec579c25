//! Documents and their acceptance (1.2–1.4, 4.1, 9.4).

mod acceptance;
mod clauses;
mod comparison;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use market::client::Client;
use market::requests;
use market::stage::Stage;
use market_identity::Role;
use market_kernel::hash::Sha256Hash;
use serde_json::{Value, json};

use crate::corpus::{Corpus, key, text};
use crate::harness::{World, at};

#[tokio::test(flavor = "multi_thread")]
async fn a_published_text_is_kept_to_the_byte_and_its_clauses_lose_nothing_of_it() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    let text = "\u{feff}前言 2024.4.12\r\n1.甲 \t\n1.1乙\n\n1.1.1丙\u{3000}\n1.2丁\n2.戊\n3 以后\n";
    let published = operator
        .post("/documents/market-agreement/versions", requests::agreement(text, &["1.1.1".to_owned()]))
        .await
        .unwrap();
    assert_eq!(published.status, 201, "{}", published.text);
    let anyone = Client::anonymous(&world.running);
    let base = "/documents/market-agreement/versions/1";
    assert_eq!(anyone.get(&format!("{base}/text")).await.unwrap().text, text);
    let version = anyone.get(base).await.unwrap();
    assert_eq!(version.text_at("/sha256"), Sha256Hash::of(text.as_bytes()).as_str());
    let mut joined = String::new();
    for clause in version.body["clauses"].as_array().unwrap() {
        let range = |name: &str| clause[name].as_u64().unwrap() as usize;
        joined.push_str(&text[range("start")..range("end")]);
    }
    assert_eq!(joined, text);
    let clause = anyone.get(&format!("{base}/clauses/1.1.1")).await.unwrap();
    assert_eq!(clause.text, "1.1.1丙\u{3000}\n");
    assert_eq!(anyone.get(&format!("{base}/clauses/9.9")).await.unwrap().code(), "not-found");
}

/// Why the firewall does not refuse them on AWS: they are texts like any other (docs/decisions/0046).
#[tokio::test(flavor = "multi_thread")]
async fn what_looks_like_an_attack_is_kept_to_the_byte_and_shown_as_text() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let mut text = "1.接口\n1.1<script>alert(1)</script>\n1.2http://192.168.1.10/x\n1.3../../etc/passwd\n\
                    1.4'; DROP TABLE orders; -- SELECT * FROM users\n1.5${jndi:ldap://example.com/a}\n\
                    1.6http://169.254.169.254/latest/meta-data/\n1.7{\"then\":\"$1:__proto__:then\"}\n"
        .to_owned();
    text += &"2.条款很长。\n".repeat(1_000);
    for document in ["northwind.ini", "northwind.env"] {
        let version = json!({ "kind": "subscription", "title": "<b>服务订购协议</b>", "text": text });
        let path = format!("/documents/{document}/versions");
        let published = stage.provider.post(&path, version).await.unwrap();
        assert_eq!(published.status, 201, "{}", published.text);
        let anyone = Client::anonymous(&world.running);
        assert_eq!(anyone.get(&format!("{path}/1/text")).await.unwrap().text, text);
        let page = anyone.get(&format!("{path}/1/page?language=en")).await.unwrap();
        assert!(page.is_ok() && page.text.contains("alert(1)"), "{}", page.text);
        assert!(!page.text.contains("<script>alert") && !page.text.contains("<b>服务"), "{}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_publishes_only_its_own_documents() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let rival = Client::of(&world.running, Role::Provider, "rival");
    rival.post("/providers/rival", requests::provider()).await.unwrap();
    stage.operator.post("/providers/rival/approval", json!({})).await.unwrap();
    let takeover =
        rival.post("/documents/northwind.terms/versions", requests::subscription_agreement()).await.unwrap();
    assert_eq!(takeover.code(), "not-the-publisher");
    let body = requests::agreement("1.甲\n", &[]);
    let agreement = stage.provider.post("/documents/market-agreement/versions", body).await.unwrap();
    assert_eq!(agreement.code(), "wrong-document-kind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_approved_publishes_nothing() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    let provider = Client::of(&world.running, Role::Provider, "northwind");
    let publish = async |document: &str| {
        provider
            .post(&format!("/documents/{document}/versions"), requests::subscription_agreement())
            .await
            .unwrap()
    };
    for step in ["never applied", "applied"] {
        let before = world.items().await.len();
        for document in ["northwind.terms", "market-agreement"] {
            let refused = publish(document).await;
            assert_eq!((refused.status.as_u16(), refused.code()), (409, "provider-not-approved"), "{step}");
        }
        let written = world.items().await.into_keys().filter(|(pk, _)| !pk.starts_with("reply#")).count();
        assert!(written <= before, "{step}: nothing but the saved refusals was written");
        provider.post("/providers/northwind", requests::provider()).await.unwrap();
    }
    operator.post("/providers/northwind/approval", json!({})).await.unwrap();
    assert_eq!(publish("northwind.terms").await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_operators_agreement_opens_an_account_even_where_a_provider_once_took_its_name() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    // As the release before let a provider publish it.
    let corpus = Corpus::of(&world).await;
    for item in &corpus.items {
        if key(item).0 == "document#market-agreement" && text(item, "kind") == Some("document") {
            let mut squatted = item.clone();
            let mut body: Value = serde_json::from_str(text(item, "body").unwrap()).unwrap();
            body["kind"] = json!("subscription");
            body["publisher"] = json!({ "kind": "provider", "id": "northwind" });
            squatted.insert("body".to_owned(), AttributeValue::S(body.to_string()));
            world.put(&squatted).await;
        }
    }
    let newcomer = Client::of(&world.running, Role::Merchant, "shop-2");
    newcomer.post("/accounts/shop-2", requests::merchant("shop-2", "91510100MA6C0QLJ")).await.unwrap();
    let document = newcomer.get("/documents/market-agreement").await.unwrap();
    let shown = ["4.2".to_owned(), "10.1.2".to_owned()];
    let acceptance = requests::acceptance("market-agreement", document.text_at("/versions/0/sha256"), &shown);
    let refused = newcomer.post("/accounts/shop-2/acceptances", acceptance).await.unwrap();
    assert_eq!(refused.code(), "account-not-open", "{}", refused.text);
    assert_eq!(newcomer.get("/accounts/shop-2").await.unwrap().text_at("/status"), "applied");
    // What was opened by the operator's agreement goes on.
    assert_eq!(merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap().status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_operator_nor_provider_can_take_a_name_that_could_be_the_others() {
    let world = World::new().await;
    let (operator, provider) = (
        Client::of(&world.running, Role::Operator, "ops"),
        Client::of(&world.running, Role::Provider, "northwind"),
    );
    provider.post("/providers/northwind", requests::provider()).await.unwrap();
    operator.post("/providers/northwind/approval", json!({})).await.unwrap();
    let before = world.table().await;
    let terms = requests::subscription_agreement;
    for name in [
        "market-agreement",
        "northwind",
        "northwind.",
        "southwind.terms",
        "northwind.a.b",
        "x.northwind.terms",
    ] {
        let squatting = provider.post(&format!("/documents/{name}/versions"), terms()).await.unwrap();
        assert_eq!((squatting.status.as_u16(), squatting.code()), (422, "wrong-document-id"), "{name}");
    }
    let mine = requests::agreement("1.甲\n", &[]);
    let taking = operator.post("/documents/northwind.terms/versions", mine.clone()).await.unwrap();
    assert_eq!((taking.status.as_u16(), taking.code()), (422, "wrong-document-id"));
    assert_eq!(world.table().await, before, "nothing was written");
    assert_eq!(provider.post("/documents/northwind.terms/versions", terms()).await.unwrap().status, 201);
    assert_eq!(operator.post("/documents/market-agreement/versions", mine).await.unwrap().status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_keeps_what_is_in_force_or_to_come_and_every_version_stays_readable() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    for number in 1..=5 {
        let rule = json!({
            "kind": "rule", "title": "规则", "text": format!("1.第{number}版\n"),
            "effective_at": world.now() + SignedDuration::from_hours(if number == 1 { 0 } else { 24 * 9 }),
        });
        let published = operator.post("/documents/rule-1/versions", rule).await.unwrap();
        assert_eq!(published.status, 201, "{}", published.text);
        world.advance_days(if number == 5 { 0 } else { 10 }).await;
    }
    let stored = world.items().await;
    let state: Value = serde_json::from_str(&stored[&of_rule("state")].body).unwrap();
    let kept: Vec<_> =
        state["versions"].as_array().unwrap().iter().map(|version| &version["number"]).collect();
    assert_eq!(kept, [4, 5], "in force, and to come");
    let document = operator.get("/documents/rule-1").await.unwrap();
    let versions = document.body["versions"].as_array().unwrap();
    let numbers: Vec<_> = versions.iter().map(|version| version["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    for version in versions {
        let number = &version["number"];
        let one = operator.get(&format!("/documents/rule-1/versions/{number}")).await.unwrap();
        assert_eq!(one.body["sha256"], version["sha256"], "{number}");
        assert_eq!(one.body["clauses"][0]["heading"], json!(format!("第{number}版")));
    }
    for absent in [0, 6] {
        let answer = operator.get(&format!("/documents/rule-1/versions/{absent}")).await.unwrap();
        assert_eq!(answer.status, 404);
    }
}

fn of_rule(sort: &str) -> (String, String) {
    ("document#rule-1".to_owned(), sort.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_version_is_withdrawn_before_it_takes_effect_and_no_longer_bars_its_correction() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let versions = "/documents/market-agreement/versions";
    let publish = async |text: &str, effective_at: &str| {
        let mut body = requests::agreement(text, &[]);
        body["effective_at"] = json!(effective_at);
        stage.operator.post(versions, body).await.unwrap()
    };
    let wrong = publish("1.总则\n1.1误。\n", "2062-01-14T00:00:00+08:00").await;
    assert_eq!(wrong.status, 201, "{}", wrong.text);
    let corrected = "1.总则\n1.1正。\n";
    assert_eq!(publish(corrected, "2026-01-14T00:00:00+08:00").await.code(), "wrong-effective-date");

    let withdrawal = |number: u32| format!("{versions}/{number}/withdrawal");
    let before = world.table().await;
    for (client, number, code) in [
        (&stage.operator, 1, "version-not-to-come"),
        (&stage.operator, 3, "not-found"),
        (&stage.operator, 0, "not-found"),
        (&stage.provider, 2, "not-the-publisher"),
    ] {
        assert_eq!(client.post(&withdrawal(number), json!({})).await.unwrap().code(), code, "{number}");
    }
    let state = |table: &std::collections::BTreeMap<String, String>| {
        table
            .iter()
            .filter(|(key, _)| key.starts_with("document#"))
            .map(|(_, all)| all.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(state(&world.table().await), state(&before));
    let withdrawn = stage.operator.post(&withdrawal(2), json!({})).await.unwrap();
    assert_eq!(withdrawn.status, 200, "{}", withdrawn.text);
    let again = stage.operator.post(&withdrawal(2), json!({})).await.unwrap();
    assert_eq!(again.code(), "version-not-to-come");

    // It stays readable, marked; its number is not given again; and the same text may come with another date.
    let anyone = Client::anonymous(&world.running);
    let gone = anyone.get(&format!("{versions}/2")).await.unwrap();
    assert_eq!(at(gone.text_at("/withdrawn_at")), world.now());
    assert_eq!(anyone.get(&format!("{versions}/2/text")).await.unwrap().text, "1.总则\n1.1误。\n");
    let next = publish(corrected, "2026-01-14T00:00:00+08:00").await;
    assert_eq!(next.status, 201, "{}", next.text);
    assert_eq!(next.body["versions"][1]["number"], 3);
    let document = anyone.get("/documents/market-agreement").await.unwrap();
    let shown: Vec<_> = document.body["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| (version["number"].as_u64().unwrap(), version.get("withdrawn_at").is_some()))
        .collect();
    assert_eq!(shown, [(1, false), (2, true), (3, false)]);
    let board = stage.operator.all("/announcements").await.unwrap();
    let withdrawals = board.iter().filter(|notice| notice["about"] == "version_withdrawn").count();
    assert_eq!(
        (board.len(), withdrawals),
        (4, 1),
        "everyone is told of three publications and one withdrawal"
    );
    world.advance_to(at("2026-01-14T00:00:00+08:00")).await;
    let mut acceptance = requests::acceptance("market-agreement", next.text_at("/versions/1/sha256"), &[]);
    acceptance["version"] = json!(3);
    let merchant = Client::of(&world.running, Role::Merchant, "shop-1");
    merchant.post("/accounts/shop-1", requests::merchant("shop-1", "91510100MA6C0QLJ")).await.unwrap();
    let accepted = merchant.post("/accounts/shop-1/acceptances", acceptance).await.unwrap();
    assert_eq!(accepted.status, 201, "{}", accepted.text);
    assert_eq!(world.verified("document#market-agreement").await.faults, []);
}
