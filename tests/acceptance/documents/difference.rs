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
    let difference = anyone.get("/documents/rule-1/versions/2/difference?before=1").await.unwrap();
    assert_eq!(difference.status, 200, "{}", difference.text);
    let clause = |address: &str, heading: &str, is_prominent: bool| json!({ "address": address, "heading": heading, "is_prominent": is_prominent });
    assert_eq!(
        difference.body["changes"],
        json!([
            { "kind": "added", "clause": clause("1.2", "平台不参与交易。", false), "text": "平台不参与交易。" },
            {
                "kind": "changed",
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
    assert_eq!(difference.body["unchanged"], 5);
    let [before, after] = [1, 2].map(|number| format!("/documents/rule-1/versions/{number}"));
    for (side, path) in [("before", before), ("after", after)] {
        let version = anyone.get(&path).await.unwrap().body;
        assert_eq!(
            difference.body[side],
            json!({ "number": version["number"], "sha256": version["sha256"] })
        );
    }

    let page = anyone.get("/documents/rule-1/versions/2/difference/page?before=1&language=en").await.unwrap();
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
    let same = anyone.get("/documents/rule-1/versions/2/difference?before=2").await.unwrap();
    assert_eq!(same.body["changes"], json!([]));
    assert_eq!(same.body["unchanged"], 7);
    let page = anyone.get("/documents/rule-1/versions/2/difference/page?before=2").await.unwrap();
    assert!(page.text.contains("两个版本的条款没有差异。"), "{}", page.text);
    let back = anyone.get("/documents/rule-1/versions/1/difference?before=2").await.unwrap();
    let kinds: Vec<_> =
        back.body["changes"].as_array().unwrap().iter().map(|change| change["kind"].clone()).collect();
    assert_eq!(Value::from(kinds), json!(["removed", "changed", "added"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_not_there_is_compared_with_nothing() {
    let world = World::new().await;
    let anyone = two_versions(&world).await;
    for (path, code) in [
        ("rule-1/versions/3/difference?before=1", "not-found"),
        ("rule-1/versions/2/difference?before=3", "not-found"),
        ("rule-2/versions/2/difference?before=1", "not-found"),
        ("rule-1/versions/2/difference", "invalid-query"),
        ("rule-1/versions/2/difference?before=first", "invalid-query"),
        ("rule-1/versions/2/difference?before=1&from=1", "invalid-query"),
    ] {
        for page in ["", "/page"] {
            let path = path.replace("/difference", &format!("/difference{page}"));
            assert_eq!(anyone.get(&format!("/documents/{path}")).await.unwrap().code(), code, "{path}");
        }
    }
}
