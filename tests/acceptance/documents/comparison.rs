//! What differs between two versions, as merchants read it before they accept again.

use market::client::Client;
use market_identity::Role;
use serde_json::{Value, json};

use crate::harness::World;

const BEFORE: &str = "规则\n1. 总则\n1.1 本规则由平台订立。\n1.2 平台责任以服务费为限。\n2. 订购\n2.1 订单在付款时成立。\n2.2 订单不得转让。\n";
const AFTER: &str = "规则\n1. 总则\n1.1 本规则由平台订立。\n1.2 平台不参与交易。\n1.3 平台责任以已付的服务费为限 <b>。\n2. 订购\n2.1 订单在付款时成立。\n";

async fn two_versions(world: &World) -> Client {
    let operator = Client::of(&world.running, Role::Operator, "ops");
    for (text, prominent) in [(BEFORE, "1.2"), (AFTER, "1.3")] {
        let body = json!({
            "kind": "rule", "title": "规则", "text": text, "prominent": [prominent],
            "effective_at": "2026-03-01T00:00:00+08:00",
        });
        let published = operator.post("/documents/rule-1/versions", body).await.unwrap();
        assert_eq!(published.status, 201, "{}", published.text);
    }
    Client::anonymous(&world.running)
}

#[tokio::test(flavor = "multi_thread")]
async fn anyone_reads_what_is_new_in_a_version_clause_by_clause() {
    let world = World::new().await;
    let anyone = two_versions(&world).await;
    let comparison = anyone.get("/documents/rule-1/versions/2/comparison?before=1").await.unwrap();
    assert_eq!(comparison.status, 200, "{}", comparison.text);
    let clause = |address: &str, heading: &str, is_prominent: bool| json!({ "address": address, "heading": heading, "is_prominent": is_prominent });
    assert_eq!(
        comparison.body["changes"],
        json!([
            { "kind": "added", "clause": clause("1.2", "平台不参与交易。", false), "text": "平台不参与交易。" },
            {
                "kind": "kept",
                "before": clause("1.2", "平台责任以服务费为限。", true),
                "after": clause("1.3", "平台责任以已付的服务费为限 。", true),
                "is_renumbered": true,
                "is_moved": false,
                "words": [
                    { "kind": "same", "text": "平台责任以" },
                    { "kind": "added", "text": "已付的" },
                    { "kind": "same", "text": "服务费为限 " },
                    { "kind": "added", "text": "<b>" },
                    { "kind": "same", "text": "。" },
                ],
            },
            { "kind": "removed", "clause": clause("2.2", "订单不得转让。", false), "text": "订单不得转让。" },
        ])
    );
    // What stands before the first clause, both chapters, and the two clauses that no one touched.
    assert_eq!(comparison.body["unchanged"], 5);
    let [before, after] = [1, 2].map(|number| format!("/documents/rule-1/versions/{number}"));
    for (side, path) in [("before", before), ("after", after)] {
        let version = anyone.get(&path).await.unwrap().body;
        assert_eq!(
            comparison.body[side],
            json!({ "number": version["number"], "sha256": version["sha256"] })
        );
    }

    let page = anyone.get("/documents/rule-1/versions/2/comparison/page?before=1&language=en").await.unwrap();
    for shown in [
        "<html lang=\"en\">",
        "<h2>1.2 <span class=\"mark\">Added</span></h2>\n<p><ins>平台不参与交易。</ins></p>",
        "<section class=\"prominent\">\n<h2>1.2 → 1.3 <span class=\"mark\">Changed</span> \
         <span class=\"mark\">Renumbered</span></h2>",
        "<p>平台责任以<ins>已付的</ins>服务费为限 <ins>&#60;b&#62;</ins>。</p>",
        "<p><del>订单不得转让。</del></p>",
    ] {
        assert!(page.text.contains(shown), "{shown} is not in {}", page.text);
    }
    assert!(!page.text.contains("<b>"), "a text is never markup");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_differs_in_nothing_from_itself_and_backwards_from_the_one_before() {
    let world = World::new().await;
    let anyone = two_versions(&world).await;
    let same = anyone.get("/documents/rule-1/versions/2/comparison?before=2").await.unwrap();
    assert_eq!(same.body["changes"], json!([]));
    assert_eq!(same.body["unchanged"], 7);
    let page = anyone.get("/documents/rule-1/versions/2/comparison/page?before=2").await.unwrap();
    assert!(page.text.contains("两个版本的条款没有差异。"), "{}", page.text);
    let back = anyone.get("/documents/rule-1/versions/1/comparison?before=2").await.unwrap();
    let kinds: Vec<_> =
        back.body["changes"].as_array().unwrap().iter().map(|change| change["kind"].clone()).collect();
    assert_eq!(Value::from(kinds), json!(["removed", "kept", "added"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_not_there_is_compared_with_nothing() {
    let world = World::new().await;
    let anyone = two_versions(&world).await;
    for (path, code) in [
        ("rule-1/versions/3/comparison?before=1", "not-found"),
        ("rule-1/versions/2/comparison?before=3", "not-found"),
        ("rule-2/versions/2/comparison?before=1", "not-found"),
        ("rule-1/versions/2/comparison", "invalid-query"),
        ("rule-1/versions/2/comparison?before=first", "invalid-query"),
        ("rule-1/versions/2/comparison?before=1&from=1", "invalid-query"),
    ] {
        for page in ["", "/page"] {
            let path = path.replace("/comparison", &format!("/comparison{page}"));
            assert_eq!(anyone.get(&format!("/documents/{path}")).await.unwrap().code(), code, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clause_that_becomes_prominent_is_new_to_whoever_reads_what_is() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    // A version whose text is that of the one before is none.
    for (text, prominent) in [(BEFORE.to_owned(), "1.2"), (format!("{BEFORE}2.3 新增。\n"), "1.1")] {
        let body = json!({
            "kind": "rule", "title": "规则", "text": text, "prominent": [prominent],
            "effective_at": "2026-03-01T00:00:00+08:00",
        });
        assert_eq!(operator.post("/documents/rule-1/versions", body).await.unwrap().status, 201);
    }
    let read = operator.get("/documents/rule-1/versions/2/comparison?before=1").await.unwrap().body;
    let marks = |at: usize| ["before", "after"].map(|side| read["changes"][at][side]["is_prominent"].clone());
    assert_eq!([marks(0), marks(1)], [[false, true], [true, false]].map(|both| both.map(|it| json!(it))));
    assert_eq!(read["unchanged"], 5);
    let page = operator.get("/documents/rule-1/versions/2/comparison/page?before=1").await.unwrap().text;
    for shown in [
        "<section class=\"prominent\">\n<h2>1.1 <span class=\"mark\">新标示为提请特别注意</span></h2>",
        "<section>\n<h2>1.2 <span class=\"mark\">不再标示为提请特别注意</span></h2>",
    ] {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
}

/// What a function may answer, in bytes, with the gateway's envelope around it.
const MAX_REPLY_BYTES: usize = 6_291_556;

#[tokio::test(flavor = "multi_thread")]
async fn two_texts_that_differ_in_every_third_word_are_compared_within_what_a_function_may_answer() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    let text = |words: &str| {
        let clause = words.repeat(980 / words.len());
        (1..=305).fold(String::new(), |text, n| text + &format!("{n}. {clause}\n"))
    };
    for (document, [before, after]) in
        [("rule-1", ["!?@", "!?#"]), ("rule-2", ["a b c ", "a b d "]), ("rule-3", ["\"\\&", "\"\\'"])]
    {
        for words in [before, after] {
            let body = json!({
                "kind": "rule", "title": "规则", "text": text(words), "prominent": [],
                "effective_at": "2026-03-01T00:00:00+08:00",
            });
            let published = operator.post(&format!("/documents/{document}/versions"), body).await.unwrap();
            assert_eq!(published.status, 201, "{}", published.text);
        }
        for page in ["", "/page"] {
            let path = format!("/documents/{document}/versions/2/comparison{page}?before=1");
            let read = operator.get(&path).await.unwrap();
            assert_eq!(read.status, 200, "{}", read.text);
            let in_envelope = serde_json::to_string(&read.text).unwrap().len();
            assert!(in_envelope < MAX_REPLY_BYTES, "{path}: {in_envelope}");
        }
    }
}
