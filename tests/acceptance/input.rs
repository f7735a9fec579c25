//! What bad input gets: a problem document with the right status and a stable code, nothing written, and no
//! text from inside.

use std::collections::BTreeMap;

use market::client::{Answer, Client, json_headers};
use market::requests;
use market::stage::Stage;
use market_identity::Role;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::harness::World;

fn keyed(key: &str) -> HeaderMap {
    let mut headers = json_headers();
    headers.insert("idempotency-key", key.parse().unwrap());
    headers
}

/// A problem document says what it must and nothing from inside.
fn assert_problem(answer: &Answer, status: u16, code: &str, what: &str) {
    assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{what}: {}", answer.text);
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{what}");
    assert_eq!(answer.body["status"], json!(status), "{what}");
    let (url, kind) = answer.text_at("/type").split_once("/errors/").unwrap();
    assert_eq!((url.starts_with("http://127.0.0.1:"), kind), (true, code), "{what}");
    assert!(!answer.text_at("/title").is_empty() && !answer.text_at("/request_id").is_empty(), "{what}");
    for inside in ["struct ", "market_", "dynamo", "Dynamo", "panicked", "src/", "serde", "127.0.0.1"] {
        assert!(
            !answer.text.replace(url, "").contains(inside),
            "{what} tells of {inside:?}: {}",
            answer.text
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_body_gets_a_problem_document_and_nothing_is_written() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let newcomer = Client::of(&world.running, Role::Merchant, "shop-9");
    world.settle().await;
    let before = world.table().await;

    let application = requests::merchant("shop-9", "91510100MA6C0QLJ");
    let with = |pointer: &str, value: Value| {
        let mut body = application.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value;
        body.to_string()
    };
    let bodies: BTreeMap<&str, (String, u16, &str, &str)> = BTreeMap::from([
        ("cut off", (r#"{"legal_name": "#.to_owned(), 400, "malformed-json", "")),
        ("nothing", (String::new(), 400, "malformed-json", "")),
        ("two values", (format!("{application} {{}}"), 400, "malformed-json", "")),
        ("no object", ("[]".to_owned(), 422, "invalid-body", "")),
        (
            "values without names",
            (
                json!([application["legal_name"], application["credit_code"], application["contacts"]])
                    .to_string(),
                422,
                "invalid-body",
                "",
            ),
        ),
        ("unknown field", (with("/nickname", json!("x")), 422, "invalid-body", "/nickname")),
        ("unknown field inside", (with("/contacts/fax", json!("x")), 422, "invalid-body", "/contacts/fax")),
        ("wrong type", (with("/legal_name", json!(7)), 422, "invalid-body", "/legal_name")),
        ("null", (with("/credit_code", Value::Null), 422, "invalid-body", "/credit_code")),
        (
            "over-long text",
            (with("/legal_name", json!("长".repeat(121))), 422, "invalid-body", "/legal_name"),
        ),
        ("blank text", (with("/legal_name", json!(" \t ")), 422, "invalid-body", "/legal_name")),
        (
            "a header in a name",
            (with("/legal_name", json!("a\r\nBcc: x@example.com")), 422, "invalid-body", "/legal_name"),
        ),
        (
            "no e-mail address",
            (with("/contacts/email", json!("shop at home")), 422, "invalid-body", "/contacts/email"),
        ),
        (
            "no telephone number",
            (with("/contacts/phone", json!("110")), 422, "invalid-body", "/contacts/phone"),
        ),
        (
            "unknown language",
            (with("/contacts/language", json!("fr")), 422, "invalid-body", "/contacts/language"),
        ),
        (
            "bad check character",
            (with("/credit_code", json!("91110000802100433C")), 422, "invalid-body", "/credit_code"),
        ),
        ("short credit code", (with("/credit_code", json!("9151")), 422, "invalid-body", "/credit_code")),
        ("a mebibyte", (with("/legal_name", json!("x".repeat(1 << 20))), 413, "body-too-large", "")),
        ("a thousand brackets", ("[".repeat(1_000) + &"]".repeat(1_000), 422, "invalid-body", "")),
        ("a thousand brackets that stay open", ("[".repeat(1_000), 400, "malformed-json", "")),
    ]);
    for (what, (body, status, code, pointer)) in bodies {
        let answer =
            newcomer.send(Method::POST, "/accounts/shop-9", keyed("k"), body.into_bytes()).await.unwrap();
        assert_problem(&answer, status, code, what);
        if code == "invalid-body" {
            assert_eq!(answer.text_at("/errors/0/pointer"), pointer, "{what}: {}", answer.text);
            assert!(!answer.text_at("/errors/0/detail").is_empty(), "{what}");
        }
    }
    let invalid_utf8 =
        newcomer.send(Method::POST, "/accounts/shop-9", keyed("k"), b"{\"legal_name\":\"\xff\"}".to_vec());
    assert_problem(&invalid_utf8.await.unwrap(), 400, "malformed-json", "invalid UTF-8");
    let mut text = keyed("k");
    text.insert("content-type", "text/plain".parse().unwrap());
    let form = newcomer.send(Method::POST, "/accounts/shop-9", text, application.to_string().into_bytes());
    assert_problem(&form.await.unwrap(), 415, "unsupported-media-type", "text/plain");

    let grants = "/accounts/shop-1/grants";
    let mut dated = requests::grant(&granted.order, &["orders.read"]);
    for bad in ["tomorrow", "2026-02-30T00:00:00Z", "2026-01-20", "99999-01-01T00:00:00Z"] {
        dated["expires_at"] = json!(bad);
        let answer = merchant.post_as("k", grants, dated.clone()).await.unwrap();
        assert_problem(&answer, 422, "invalid-body", bad);
        assert_eq!(answer.text_at("/errors/0/pointer"), "/expires_at");
    }
    for (what, amount) in [
        ("below zero", json!(-1)),
        ("half a fen", json!(0.5)),
        ("text", json!("19900")),
        ("beyond all", json!(1_u64 << 62)),
    ] {
        let mut listing = requests::listing("northwind.terms");
        listing["plans"][0]["price_fen"] = amount;
        let answer = stage.provider.post_as("k", "/providers/northwind/listings", listing).await.unwrap();
        assert_problem(&answer, 422, "invalid-body", what);
        assert_eq!(answer.text_at("/errors/0/pointer"), "/plans/0/price_fen", "{what}");
    }
    let mut endless = requests::listing("northwind.terms");
    endless["plans"][0]["bound"] = json!({ "kind": "term", "days": 40_000 });
    let answer = stage.provider.post_as("k", "/providers/northwind/listings", endless).await.unwrap();
    assert_problem(&answer, 422, "incomplete-listing", "a term of a century");
    assert_eq!(world.table().await, before, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_things_and_wrong_ways_get_a_problem_document() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    world.settle().await;
    let before = world.table().await;
    let none = "0".repeat(32);
    for path in [
        "/accounts/shop-1/orders/ord_1".to_owned(),
        format!("/accounts/shop-1/orders/ord_{none}"),
        format!("/accounts/shop-1/grants/ord_{none}"),
        format!("/accounts/shop-1/grants/grt_{none}"),
        format!("/accounts/shop-1/demands/grt_{none}"),
        "/accounts/shop-1/notices/ntc_%00".to_owned(),
        "/documents/nothing".to_owned(),
        "/documents/market-agreement/versions/2".to_owned(),
        "/documents/market-agreement/versions/-1".to_owned(),
        "/documents/market-agreement/versions/1/clauses/4..1".to_owned(),
        "/documents/%2e%2e%2f/versions/1/text".to_owned(),
        "/listings/lst_x".to_owned(),
        "/errors/no-such-code".to_owned(),
        "/nowhere".to_owned(),
        "/sellers".to_owned(),
    ] {
        assert_problem(&merchant.get(&path).await.unwrap(), 404, "not-found", &path);
    }
    let deleted = merchant.send(Method::DELETE, "/accounts/shop-1", HeaderMap::new(), Vec::new()).await;
    assert_problem(&deleted.unwrap(), 405, "method-not-allowed", "DELETE");
    for query in ["?limit=0", "?limit=101", "?limit=many", "?sort=price"] {
        let answer = merchant.get(&format!("/accounts/shop-1/orders{query}")).await.unwrap();
        assert_problem(&answer, 400, "invalid-query", query);
    }
    let answer = merchant.get("/listings?kind=weapons").await.unwrap();
    assert_problem(&answer, 400, "invalid-query", "kind");
    let explained = merchant.get("/errors/invalid-query").await.unwrap();
    assert!(explained.is_ok() && !explained.text_at("/remedy").is_empty(), "the page a problem points to");
    assert_eq!(world.table().await, before, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_page_by_page_and_a_cursor_of_another_query_is_refused() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        let order = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
        placed.push(order.text_at("/id").to_owned());
    }
    placed.sort();
    for (path, caller) in
        [("/accounts/shop-1/orders", &merchant), ("/providers/northwind/orders", &stage.provider)]
    {
        let mut read = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = caller.get(&format!("{path}?limit=2{cursor}")).await.unwrap();
            let items = page.body["items"].as_array().unwrap();
            assert!(items.len() <= 2);
            read.extend(items.iter().map(|order| order["id"].as_str().unwrap().to_owned()));
            match page.body.get("next_cursor").and_then(|cursor| cursor.as_str()) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(read, placed, "{path}: each once, in order");
    }
    let page = merchant.get("/accounts/shop-1/orders?limit=1").await.unwrap();
    let cursor = page.text_at("/next_cursor");
    // A client may encode what need not be.
    let plain = merchant.get(&format!("/accounts/shop-1/orders?limit=1&cursor={cursor}")).await.unwrap();
    let encoded = format!("%{:02x}{}", cursor.as_bytes()[0], &cursor[1..]);
    for query in [format!("limit=1&%63ursor={cursor}"), format!("limit=1&cursor={encoded}")] {
        let page = merchant.get(&format!("/accounts/shop-1/orders?{query}")).await.unwrap();
        assert_eq!(page.body["items"], plain.body["items"], "{query}");
    }
    for other in ["/accounts/shop-1/grants", "/accounts/shop-1/notices"] {
        let refused = merchant.get(&format!("{other}?cursor={cursor}")).await.unwrap();
        assert_problem(&refused, 400, "invalid-cursor", other);
    }
    for forged in ["x", "AAAA", &cursor[1..], &format!("{cursor}A")] {
        let refused = merchant.get(&format!("/accounts/shop-1/orders?cursor={forged}")).await.unwrap();
        assert_problem(&refused, 400, "invalid-cursor", forged);
    }
}
