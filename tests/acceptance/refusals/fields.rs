//! What is told of each kind of wrong value, so that no library's words and no riddle slip in.

use market::client::Client;
use market::requests;
use market::stage::{Stage, TERMS};
use market_identity::Role;
use serde_json::{Value, json};

use super::Refusals;
use crate::harness::World;

/// What of a body is wrong: its place, and what is there instead; nothing where it is left out.
type Fault = (&'static str, &'static str, Option<Value>);

fn with(mut body: Value, pointer: &str, value: Option<Value>) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    match (parent, value) {
        (Value::Object(fields), Some(value)) => drop(fields.insert(name.to_owned(), value)),
        (Value::Object(fields), None) => drop(fields.remove(name)),
        (Value::Array(entries), Some(value)) => entries[name.parse::<usize>().unwrap()] = value,
        (other, _) => panic!("{pointer}: {other}"),
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_each_kind_of_wrong_value_can_be_mended_by_it() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let newcomer = Client::of(&world.running, Role::Merchant, "shop-9");
    let mut told = Refusals::of("fields", "What is told of each kind of wrong value.");
    let long = |count: usize| Some(json!("长".repeat(count)));
    let text = |text: &str| Some(json!(text));

    let application: &[Fault] = &[
        ("a number for a text", "/legal_name", Some(json!(7))),
        ("null for what is required", "/legal_name", Some(Value::Null)),
        ("nothing where something is required", "/contacts", None),
        ("a field that is not known", "/nickname", text("x")),
        ("a field with a sign of a pointer", "/a~b", text("x")),
        ("a text for an object", "/contacts", text("shop@example.com")),
        ("a list for an object", "/contacts", Some(json!(["shop@example.com", null, "zh"]))),
        ("a line of nothing", "/legal_name", text("")),
        ("a line of blanks", "/legal_name", text(" \t ")),
        ("a line that is too long", "/legal_name", long(121)),
        ("a line that breaks", "/legal_name", text("a\r\nBcc: x@example.com")),
        ("a line that turns what is shown", "/legal_name", text("甲\u{202e}乙")),
        ("no e-mail address", "/contacts/email", text("shop at home")),
        (
            "an e-mail address that is too long",
            "/contacts/email",
            Some(json!(format!("{}@example.com", "a".repeat(65)))),
        ),
        ("no telephone number", "/contacts/phone", text("110")),
        ("a word that is none of a choice", "/contacts/language", text("fr")),
        ("a number for a word", "/contacts/language", Some(json!(1))),
        ("a credit code that is too short", "/credit_code", text("9151")),
        ("a credit code in small letters", "/credit_code", text("91510100ma6c0qlj93")),
        ("a credit code with a wrong check character", "/credit_code", text("91110000802100433C")),
        ("a credit code with a letter that none has", "/credit_code", text("91110000802100433I")),
    ];
    for (what, pointer, value) in application {
        let body = with(requests::merchant("shop-9", "91510100MA6C0QLJ"), pointer, value.clone());
        told.post("invalid-body", what, &newcomer, "/accounts/shop-9", body).await;
    }
    let listing: &[Fault] = &[
        ("an amount below nothing", "/plans/0/price_fen", Some(json!(-1))),
        ("half a fen", "/plans/0/price_fen", Some(json!(0.5))),
        ("an amount as a text", "/plans/0/price_fen", text("19900")),
        ("an amount beyond all", "/plans/0/price_fen", Some(json!(1_u64 << 62))),
        ("a term in words", "/plans/0/bound", Some(json!({ "kind": "term", "days": "thirty" }))),
        ("a bound of no kind", "/plans/0/bound", Some(json!({ "days": 30 }))),
        (
            "a bound of a kind that there is not",
            "/plans/0/bound",
            Some(json!({ "kind": "lease", "days": 30 })),
        ),
        (
            "a bound with what is of another kind",
            "/plans/0/bound",
            Some(json!({ "kind": "count", "days": 30 })),
        ),
        ("prose that is too long", "/functions", long(20_001)),
        ("prose with a control character", "/functions", text("a\u{0007}b")),
        ("a document that none is called", "/subscription_agreement", text("northwind terms")),
        ("a plan that none is called", "/plans/0/id", text("a month")),
        ("more plans than a listing takes", "/plans", Some(json!(vec![json!({}); 200]))),
        ("a text for a list", "/scopes", text("orders.read")),
    ];
    for (what, pointer, value) in listing {
        let body = with(requests::listing(TERMS), pointer, value.clone());
        told.post("invalid-body", what, &stage.provider, "/providers/northwind/listings", body).await;
    }
    let order = stage.buy(&shop, "shop-1", "month").await;
    let grant: &[Fault] = &[
        ("an instant in words", "/expires_at", text("tomorrow")),
        ("an instant on a day that there is not", "/expires_at", text("2026-02-30T00:00:00Z")),
        ("a day for an instant", "/expires_at", text("2026-01-20")),
        ("an instant without an offset", "/expires_at", text("2026-01-20T00:00:00")),
        ("a number for an instant", "/expires_at", Some(json!(1_767_571_200))),
        ("an id that none is", "/order_id", text("ord_1")),
        ("a hash that none is", "/page_sha256", text("abc")),
    ];
    for (what, pointer, value) in grant {
        let body = with(requests::grant(&order, &["orders.read"]), pointer, value.clone());
        told.post("invalid-body", what, &shop, "/accounts/shop-1/grants", body).await;
    }
    let acceptance: &[Fault] = &[
        ("an entry twice", "/prominent_shown", Some(json!(["4.2", "4.2"]))),
        ("what is no address of a clause", "/prominent_shown", Some(json!(["4/2"]))),
        ("true for a number", "/version", Some(json!(true))),
        ("a number below nothing", "/version", Some(json!(-1))),
        ("a number beyond its kind", "/version", Some(json!(5_000_000_000_u64))),
    ];
    for (what, pointer, value) in acceptance {
        let body = with(stage.agreement_acceptance(), pointer, value.clone());
        told.post("invalid-body", what, &shop, "/accounts/shop-1/acceptances", body).await;
    }
    let schedule: &[Fault] = &[
        ("a day that there is not", "/holidays/0/to", text("2027-02-30")),
        ("an instant for a day", "/holidays/0/to", text("2027-01-03T00:00:00Z")),
        ("a number for true or false", "/major", Some(json!(1))),
    ];
    for (what, pointer, value) in schedule {
        let (path, body) = match *pointer {
            "/major" => {
                ("/documents/rule-1/versions", json!({ "kind": "rule", "title": "规则", "text": "1.甲\n" }))
            }
            _ => ("/holidays/2027", requests::holidays_of_2027("2026-01-05")),
        };
        told.post("invalid-body", what, &stage.operator, path, with(body, pointer, value.clone())).await;
    }
    for (what, query) in [
        ("a parameter that is not known", "sort=price"),
        ("a parameter that is not known, beside one that is right", "limit=5&sort=price"),
        ("a number below its least", "limit=0"),
        ("a number beyond its most", "limit=101"),
        ("a word for a number", "limit=many"),
        ("a whole number with a fraction", "limit=30.0"),
        ("a whole number with an exponent", "limit=3e1"),
        ("a parameter twice", "limit=1&limit=2"),
        ("a word that is none of a choice, in a query", "order=up"),
        ("a state that there is not", "status=lost"),
        ("an instant in words, in a query", "since=yesterday"),
    ] {
        told.get("invalid-query", what, &shop, &format!("/accounts/shop-1/orders?{query}")).await;
    }
    told.kept();
}
