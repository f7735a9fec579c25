//! How the clauses of a published text are read, given and kept.

use market::client::Client;
use market::requests;
use market_identity::Role;
use serde_json::{Value, json};

use crate::harness::World;

/// A body in articles, with a table of contents, a gap and an amount.
const ARTICLES: &str = "办法\n\n目录\n第一章 总则\n第二章 责任\n\n第一章 总则\n第一条 范围。\n第二章 责任\n\
    第二条 以下情形不赔：\n（一）断电；\n1.5万元以上的除外。\n**（二）断网。**\n第四条 附则。\n附件一 价目\n1. 锤子\n";

#[tokio::test(flavor = "multi_thread")]
async fn clauses_have_the_addresses_that_people_cite_and_what_is_not_taken_is_reported() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    let prominent = ["第二条（二）".to_owned()];
    let body = requests::agreement(ARTICLES, &prominent);
    let before = world.table().await;
    let preview = operator.post("/documents/market-agreement/preview", body.clone()).await.unwrap();
    assert_eq!(preview.status, 200, "{}", preview.text);
    assert_eq!(preview.body.get("refused"), None);
    assert!(world.table().await == before, "a preview writes nothing");

    let published = operator.post("/documents/market-agreement/versions", body).await.unwrap();
    assert_eq!(published.status, 201, "{}", published.text);
    assert_eq!(published.body["outline"], preview.body["outline"]);
    let anyone = Client::anonymous(&world.running);
    let base = "/documents/market-agreement/versions/1";
    let version = anyone.get(base).await.unwrap().body;
    for part in ["clauses", "gaps", "not_clauses", "more_findings", "proposed_prominent"] {
        assert_eq!(version[part], published.body["outline"][part], "{part}");
    }
    let addresses: Vec<_> = version["clauses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|clause| clause["address"].as_str().unwrap())
        .collect();
    let expected = [
        "",
        "第一章",
        "第一条",
        "第二章",
        "第二条",
        "第二条（一）",
        "第二条（二）",
        "第四条",
        "附件一",
        "附件一 1",
    ];
    assert_eq!(addresses, expected);
    assert_eq!(version["proposed_prominent"], json!(prominent));
    assert_eq!(
        version["gaps"],
        json!([{ "line": 14, "label": "第四条", "kind": "skipped", "missing": ["第三条"] }])
    );
    let reasons: Vec<_> =
        version["not_clauses"].as_array().unwrap().iter().map(|line| &line["reason"]).collect();
    assert_eq!(reasons, ["contents_table", "contents_table", "amount"]);
    let clause = anyone.get(&format!("{base}/clauses/第二条（二）")).await.unwrap();
    assert_eq!(clause.text, "**（二）断网。**\n");
    assert_eq!(anyone.get(&format!("{base}/clauses/附件一 1")).await.unwrap().text, "1. 锤子\n");
    let page = anyone.get(&format!("{base}/page?language=en")).await.unwrap();
    assert!(page.text.contains(r#"<section id="第二条（二）" class="prominent">"#), "{}", page.text);
    assert!(page.text.contains(r#"<section id="附件一_1">"#), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_which_no_clause_is_recognised_is_published_at_its_publishers_word_only() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    let path = "/documents/market-agreement/versions";
    let mut body = requests::agreement("约定\n\n店铺\n店铺九点开门。\n3辆车以上的须预约。\n", &[]);
    let refused = operator.post(path, body.clone()).await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "nothing-recognised"));
    let preview = operator.post("/documents/market-agreement/preview", body.clone()).await.unwrap();
    assert_eq!(preview.text_at("/refused/code"), "nothing-recognised");
    assert_eq!(preview.text_at("/outline/not_clauses/0/reason"), "quantity");
    body["unnumbered"] = json!(true);
    let published = operator.post(path, body).await.unwrap();
    assert_eq!(published.status, 201, "{}", published.text);
    assert_eq!(published.body["outline"]["clauses"].as_array().unwrap().len(), 1);
    // What is no body may have no clauses.
    let rule = json!({ "kind": "rule", "title": "价目", "text": "锤子每日一元。" });
    assert_eq!(operator.post("/documents/prices/versions", rule).await.unwrap().status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outline_that_the_publisher_gives_is_the_versions_own() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    let mut body = requests::agreement("约定\n开业\n甲店九点开门。\n1.歇业\n", &["开业.1".to_owned()]);
    let path = "/documents/market-agreement/versions";
    for (outline, word) in [
        (json!([]), "1 to 2000"),
        (json!([{ "line": 9, "address": "1" }]), "line 9"),
        (json!([{ "line": 3, "address": "1" }, { "line": 2, "address": "2" }]), "line 2"),
        (json!([{ "line": 2, "address": "1" }, { "line": 3, "address": "1" }]), "given twice"),
        (json!([{ "line": 2, "depth": 2, "address": "1" }]), "depth"),
    ] {
        body["outline"] = outline;
        let refused = operator.post(path, body.clone()).await.unwrap();
        assert_eq!((refused.status.as_u16(), refused.code()), (422, "invalid-outline"), "{}", refused.text);
        assert!(refused.text.contains(word), "{word}: {}", refused.text);
    }
    body["outline"] = json!([{ "line": 2, "address": "a/b" }]);
    assert_eq!(operator.post(path, body.clone()).await.unwrap().code(), "invalid-body");
    body["outline"] =
        json!([{ "line": 2, "address": "开业" }, { "line": 3, "depth": 2, "address": "开业.1" }]);
    let published = operator.post(path, body).await.unwrap();
    assert_eq!(published.status, 201, "{}", published.text);
    let base = "/documents/market-agreement/versions/1";
    let clause = Client::anonymous(&world.running).get(&format!("{base}/clauses/开业.1")).await.unwrap();
    assert_eq!(clause.text, "甲店九点开门。\n1.歇业\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_a_table_of_contents_is_no_clause_and_cannot_be_prominent() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    let text = "目录\n1. 甲 ...... 1\n2. 乙 ...... 2\n3. 丙 ...... 3\n\n1. 甲\n2. 乙\n";
    let refused = operator
        .post("/documents/market-agreement/versions", requests::agreement(text, &["3".to_owned()]))
        .await
        .unwrap();
    assert_eq!(refused.code(), "no-such-clause", "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_from_before_outlines_were_kept_keeps_its_addresses() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    let text = "1. 甲\n1.1 乙\n第一条 丙\n（一）丁\n1.3 戊\n";
    let published = operator
        .post("/documents/market-agreement/versions", requests::agreement(text, &["1.1".to_owned()]))
        .await
        .unwrap();
    assert_eq!(published.status, 201, "{}", published.text);
    let document = "document#market-agreement";
    world
        .tamper(document, "version#000001", |body| {
            let mut version: Value = serde_json::from_str(body).unwrap();
            version.as_object_mut().unwrap().remove("outline_sha256");
            Some(version.to_string())
        })
        .await;
    world.tamper(document, "outline#000001", |_| None).await;
    let version =
        Client::anonymous(&world.running).get("/documents/market-agreement/versions/1").await.unwrap();
    let addresses: Vec<_> =
        version.body["clauses"].as_array().unwrap().iter().map(|clause| clause["address"].clone()).collect();
    assert_eq!(addresses, ["1", "1.1"]);
}
