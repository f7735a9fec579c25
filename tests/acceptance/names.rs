//! What people write is what others see: names, prose, objects, credit codes, and the pages that are accepted.

use std::collections::BTreeSet;

use market::client::{Answer, Client};
use market::requests;
use market::stage::{PROMINENT, Stage, TERMS};
use market_identity::Role;
use market_kernel::hash::Sha256Hash;
use serde_json::{Value, json};

use crate::harness::World;

/// A code with a wrong last character, as some early ones have.
const PILOT: &str = "911100008021004330";

fn done(answer: reqwest::Result<Answer>) -> Answer {
    let answer = answer.unwrap();
    assert!(answer.is_ok(), "{} {}", answer.status, answer.text);
    answer
}

/// The place and the words of a body's refusal.
fn refused(answer: &Answer) -> (&str, &str) {
    assert_eq!(answer.code(), "invalid-body", "{}", answer.text);
    (answer.text_at("/errors/0/pointer"), answer.text_at("/errors/0/detail"))
}

fn sha256(text: &str) -> String {
    Sha256Hash::of(text.as_bytes()).to_string()
}

/// A body that each operation with structures takes, with every part that it can have.
fn whole_bodies() -> Vec<(&'static str, Role, String, Value)> {
    let hash = "0".repeat(64);
    let id = |prefix: &str| format!("{prefix}_{}", "0".repeat(32));
    let now = "2026-01-05T09:00:00+08:00";
    let publication = json!({
        "kind": "rule", "title": "规则", "text": "1.总则\n", "prominent": ["1"], "effective_at": now, "major": true,
        "outline": [{ "line": 1, "depth": 1, "address": "1" }], "unnumbered": true,
    });
    let mut order = requests::order(&id("lst"), "month", TERMS);
    order["acknowledge_unbounded_risk"] = json!(true);
    let mut grant = requests::grant(&id("ord"), &["orders.read"]);
    grant["expires_at"] = json!(now);
    let end = json!({ "event_id": "e", "agreement": "x", "ended_at": now });
    let mut holidays = requests::holidays_of_2027("2026-01-05");
    holidays["changed_by"] = json!([holidays["notice"]]);
    let demand = |step: &str| format!("/accounts/shop-1/demands/{}/{step}", id("grt"));
    let correction = |of: &str| format!("/{of}/notices/{}/other-service/correction", id("ntc"));
    let bodies = [
        ("publish_version", Role::Operator, "/documents/rule-1/versions", publication.clone()),
        ("preview_version", Role::Operator, "/documents/rule-1/preview", publication),
        (
            "apply_for_account",
            Role::Merchant,
            "/accounts/shop-1",
            requests::merchant("shop-1", "91510100MA6C0QLJ"),
        ),
        ("apply_as_provider", Role::Provider, "/providers/northwind", requests::provider()),
        (
            "accept_document",
            Role::Merchant,
            "/accounts/shop-1/acceptances",
            requests::acceptance("market-agreement", &hash, &[]),
        ),
        ("draft_listing", Role::Provider, "/providers/northwind/listings", requests::listing(TERMS)),
        ("place_order", Role::Merchant, "/accounts/shop-1/orders", order),
        ("give_grant", Role::Merchant, "/accounts/shop-1/grants", grant),
        (
            "attest_demand",
            Role::Provider,
            &demand("attestation"),
            requests::attestation(now.parse().unwrap()),
        ),
        ("waive_demand", Role::Merchant, &demand("waiver"), json!({ "agreement": "x" })),
        ("serve_termination", Role::Operator, "/accounts/shop-1/terminations", json!({ "reason": "x" })),
        ("end_upstream", Role::Upstream, "/accounts/shop-1/upstream-end", end),
        ("check_token", Role::DataGateway, "/checks", json!({ "token": "x", "scope": "orders.read" })),
        (
            "check_tokens",
            Role::DataGateway,
            "/checks/batch",
            json!({ "checks": [{ "token": "x", "scope": "orders.read" }] }),
        ),
        ("publish_holidays", Role::Operator, "/holidays/2027", holidays),
        (
            "vouch_credit_code",
            Role::Operator,
            "/credit-codes/911100008021004330/vouching",
            json!({ "reason": "x", "document_sha256": hash }),
        ),
        (
            "correct_other_service",
            Role::Operator,
            &correction("accounts/shop-1"),
            requests::correction(now.parse().ok()),
        ),
        (
            "correct_other_provider_service",
            Role::Operator,
            &correction("providers/northwind"),
            requests::correction(now.parse().ok()),
        ),
    ];
    bodies
        .map(|(operation, role, path, body): (_, _, &str, _)| (operation, role, path.to_owned(), body))
        .into()
}

/// Where objects are within a value; the places of a list count as one.
fn objects(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.insert(at.to_owned());
            fields.iter().for_each(|(name, field)| objects(field, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => items.iter().for_each(|item| objects(item, &format!("{at}/0"), found)),
        _ => {}
    }
}

/// Where a schema wants objects.
fn wanted(description: &Value, schema: &Value, at: &str, found: &mut BTreeSet<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return wanted(description, &description["components"]["schemas"][name], at, found);
    }
    for way in ["oneOf", "anyOf", "allOf"] {
        for one in schema[way].as_array().into_iter().flatten() {
            wanted(description, one, at, found);
        }
    }
    if let Some(fields) = schema["properties"].as_object() {
        found.insert(at.to_owned());
        fields.iter().for_each(|(name, field)| wanted(description, field, &format!("{at}/{name}"), found));
    }
    if schema["items"].is_object() {
        wanted(description, &schema["items"], &format!("{at}/0"), found);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_array_is_refused_wherever_a_route_wants_an_object() {
    let world = World::new().await;
    let description = market::pages::openapi();
    let mut walked = 0;
    let bodies = whole_bodies();
    for (path, methods) in description["paths"].as_object().unwrap() {
        let Some(operation) = methods.get("post") else { continue };
        let operation_id = operation["operationId"].as_str().unwrap();
        let mut places = BTreeSet::new();
        wanted(
            &description,
            &operation["requestBody"]["content"]["application/json"]["schema"],
            "",
            &mut places,
        );
        let body = bodies.iter().find(|(of, ..)| *of == operation_id);
        // A payment is signed; it is a flat one, as are the bodies without fields.
        let Some((_, role, path, body)) = body else {
            assert!(places.iter().all(String::is_empty), "{path} has no body here");
            continue;
        };
        let mut there = BTreeSet::new();
        objects(body, "", &mut there);
        assert_eq!(there, places, "the body of {operation_id} has all its parts");
        let subject = if *role == Role::Provider { "northwind" } else { "shop-1" };
        let caller = Client::of(&world.running, *role, subject);
        for place in places {
            let object = body.pointer(&place).unwrap().as_object().unwrap();
            let values: Vec<Value> = object.values().cloned().collect();
            for array in [json!([]), json!(values), json!([object])] {
                let mut broken = body.clone();
                *broken.pointer_mut(&place).unwrap() = array;
                let answer = caller.post(path, broken).await.unwrap();
                assert_eq!(refused(&answer), (place.as_str(), "is a list"), "{operation_id}");
                assert_eq!(answer.text_at("/errors/0/expected"), "an object", "{operation_id}");
                walked += 1;
            }
        }
    }
    assert!(walked >= 3 * 20, "{walked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_shows_nothing_or_turns_text_is_refused_wherever_people_write() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    world.settle().await;
    let before = world.table().await;
    let mut walked = 0;
    for (operation, role, path, body) in whole_bodies() {
        let subject = if role == Role::Provider { "northwind" } else { "shop-1" };
        let caller = Client::of(&world.running, role, subject);
        let places: &[&str] = match operation {
            "publish_version" | "preview_version" => &["/title"],
            "apply_for_account" | "apply_as_provider" => &["/legal_name"],
            "accept_document" => &["/signer/name", "/signer/authority"],
            "draft_listing" => &[
                "/name",
                "/category",
                "/functions",
                "/instructions",
                "/charges",
                "/refund_rule",
                "/validity",
                "/scopes/0/purpose",
                "/scopes/0/method",
                "/scopes/0/data_kinds/0",
                "/plans/0/name",
            ],
            "attest_demand" => &["/datasets/0", "/copies", "/sub_processors/0", "/method", "/signer"],
            "waive_demand" | "end_upstream" => &["/agreement"],
            "serve_termination" | "vouch_credit_code" => &["/reason"],
            _ => &[],
        };
        for place in places {
            for bad in [
                "\u{200b}",
                "\u{2060}",
                "\u{3164}",
                "\u{ad}\u{feff}",
                "甲\u{202e}乙",
                "甲\u{2028}乙",
                "\u{2066}甲",
            ] {
                let mut written = body.clone();
                *written.pointer_mut(place).unwrap() = json!(bad);
                let answer = caller.post(&path, written).await.unwrap();
                assert_eq!(refused(&answer).0, *place, "{operation} {bad:?}");
                walked += 1;
            }
        }
    }
    assert!(walked > 7 * 20, "{walked}");
    let mut text = requests::subscription_agreement();
    for (bad, said) in [
        ("\u{200b}\n", "something in it must show"),
        ("1.订购\n1.1甲\u{202e}乙\n", "line 2 of the text has U+202E"),
        ("1.订购\0\n", "line 1 of the text has U+0000"),
        ("1.订购\u{2028}1.1甲\n", "line 1 of the text has U+2028"),
    ] {
        text["text"] = json!(bad);
        let answer = stage.provider.post("/documents/northwind.other/versions", text.clone()).await.unwrap();
        assert_eq!(answer.code(), "invalid-text", "{bad:?}");
        assert!(answer.text_at("/detail").contains(said), "{}", answer.text);
    }
    assert_eq!(world.table().await, before, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn prose_keeps_its_tabs_and_its_line_breaks_become_line_feeds() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let mut listing = requests::listing(TERMS);
    listing["instructions"] = json!("一\r\n二\r\t三\n四");
    listing["name"] = json!("\u{feff} 𠮷野 👨\u{200d}👩\u{200d}👧\u{2060}");
    let drafted = done(stage.provider.post("/providers/northwind/listings", listing).await);
    assert_eq!(drafted.text_at("/description/instructions"), "一\n二\n\t三\n四");
    assert_eq!(drafted.text_at("/description/name"), "𠮷野 👨\u{200d}👩\u{200d}👧");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credit_code_keeps_every_part_of_the_rule() {
    let world = World::new().await;
    let shop = Client::of(&world.running, Role::Merchant, "shop-1");
    let apply = async |code: &str| {
        let mut application = requests::merchant("shop-1", "9111000080210043");
        application["credit_code"] = json!(code);
        shop.post("/accounts/shop-1", application).await.unwrap()
    };
    for (code, said) in [
        ("000000000000000000", "'0' (character 1) is no authority that registers"),
        ("11010519491231002X", "\"010519\" (characters 3 to 8) is no administrative division"),
        (
            "9111010800000000A6",
            "the organization code (characters 9 to 17) does not match its own check character",
        ),
        ("91110000802100433C", "the check character does not match the others"),
        ("91110000802100433b", "must be written in capital letters: 91110000802100433B"),
        ("9111000080210043", "must have 18 characters, not 16"),
    ] {
        assert_eq!(refused(&apply(code).await), ("/credit_code", said), "{code}");
    }
    let applied = done(Ok(apply(" 91110000802100433B\n").await));
    assert_eq!(applied.text_at("/credit_code"), "91110000802100433B");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_legal_entity_may_run_several_shops_and_sell_besides() {
    let world = World::new().await;
    let code = "91110000802100433B";
    for shop in ["shop-1", "shop-2"] {
        let merchant = Client::of(&world.running, Role::Merchant, shop);
        let path = format!("/accounts/{shop}");
        let applied = done(merchant.post(&path, requests::merchant(shop, &code[..16])).await);
        assert_eq!(applied.text_at("/credit_code"), code);
    }
    let mut application = requests::provider();
    application["credit_code"] = json!(code);
    let provider = Client::of(&world.running, Role::Provider, "northwind");
    done(provider.post("/providers/northwind", application).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_breaks_the_rule_is_taken_once_the_operator_vouched_for_it() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    let shop = Client::of(&world.running, Role::Merchant, "shop-1");
    let provider = Client::of(&world.running, Role::Provider, "northwind");
    let mut application = requests::merchant("shop-1", "9111000080210043");
    application["credit_code"] = json!(PILOT);
    assert_eq!(refused(&shop.post("/accounts/shop-1", application.clone()).await.unwrap()).0, "/credit_code");

    let path = format!("/credit-codes/{PILOT}/vouching");
    assert_eq!(operator.get(&path).await.unwrap().code(), "not-found");
    let vouching = json!({ "reason": "营业执照副本\r\n已核对。", "document_sha256": sha256("licence") });
    let vouched = done(operator.post(&path, vouching.clone()).await);
    assert_eq!(vouched.headers["location"], format!("/v1{path}"));
    assert_eq!(vouched.body["reason"], "营业执照副本\n已核对。");
    assert_eq!(done(operator.get(&path).await).body, vouched.body);
    assert_eq!(operator.post(&path, vouching.clone()).await.unwrap().code(), "already-vouched");
    let lawful = "/credit-codes/91110000802100433B/vouching";
    assert_eq!(operator.post(lawful, vouching.clone()).await.unwrap().code(), "nothing-to-vouch");
    for none in ["9111", "91110000802100433b", "91110000802100433I"] {
        let path = format!("/credit-codes/{none}/vouching");
        assert_eq!(operator.post(&path, vouching.clone()).await.unwrap().code(), "not-found", "{none}");
    }
    assert_eq!(shop.post(&path, vouching).await.unwrap().code(), "role-not-allowed");

    let account = done(shop.post("/accounts/shop-1", application.clone()).await);
    assert_eq!(account.text_at("/credit_code"), PILOT);
    done(provider.post("/providers/northwind", application).await);
    let evidence = shop.all("/accounts/shop-1/evidence").await.unwrap();
    let items = world.items().await;
    let head = items[&(format!("credit-code#{PILOT}"), "state".to_owned())].head.clone();
    assert_eq!(evidence[0]["record"]["event"], "AccountApplied");
    assert_eq!(
        evidence[0]["record"]["facts"].get("vouched").and_then(|vouched| vouched.as_str()).map(str::to_owned),
        head,
        "it names the operator's word"
    );
    assert_eq!(world.verified(&format!("credit-code#{PILOT}")).await.faults, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_names_clauses_of_the_version_and_a_rendering_that_the_market_serves() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let documents = "/documents/market-agreement/versions/1";
    let version = done(stage.operator.get(documents).await);
    let text = version.text_at("/sha256").to_owned();
    let page = async |language: &str| {
        let page = done(stage.operator.get(&format!("{documents}/page?language={language}")).await);
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
        page.text
    };
    let (chinese, english) = (sha256(&page("zh").await), sha256(&page("en").await));
    let pages = json!([{ "language": "zh", "sha256": chinese }, { "language": "en", "sha256": english }]);
    assert_eq!(version.body["pages"], pages);
    let terms = done(stage.operator.get(&format!("/documents/{TERMS}/versions/1")).await);
    let of_another = terms.text_at("/pages/0/sha256").to_owned();

    let shown = PROMINENT.map(str::to_owned);
    for (number, rendered) in [&text, &chinese, &english].into_iter().enumerate() {
        let shop = format!("shop-{number}");
        let merchant = Client::of(&world.running, Role::Merchant, &shop);
        let account = format!("/accounts/{shop}");
        done(merchant.post(&account, requests::merchant(&shop, "9111000080210043")).await);
        let path = format!("{account}/acceptances");
        let mut acceptance = requests::acceptance("market-agreement", &text, &shown);
        for wrong in [&"0".repeat(64), &of_another] {
            acceptance["rendered_sha256"] = json!(wrong);
            let answer = merchant.post(&path, acceptance.clone()).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.code()), (422, "other-rendering"));
        }
        acceptance["rendered_sha256"] = json!(rendered);
        acceptance["prominent_shown"] = json!([PROMINENT[0], PROMINENT[1], "99.9"]);
        let answer = merchant.post(&path, acceptance.clone()).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.code()), (422, "no-such-clause"), "{}", answer.text);
        assert_eq!(answer.text_at("/detail"), "clause 99.9 is not in the text");
        acceptance["prominent_shown"] = json!([PROMINENT[0], PROMINENT[1], PROMINENT[0]]);
        let twice = merchant.post(&path, acceptance.clone()).await.unwrap();
        assert_eq!(
            (twice.code(), twice.text_at("/errors/0/pointer")),
            ("invalid-body", "/prominent_shown/2")
        );
        acceptance["prominent_shown"] = json!([PROMINENT[0], PROMINENT[1], "1.1"]);
        let accepted = done(merchant.post(&path, acceptance.clone()).await);
        assert_eq!(accepted.body["prominent_shown"], acceptance["prominent_shown"]);
        assert_eq!(accepted.text_at("/rendered_sha256"), rendered);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_shows_the_whole_text_escaped_with_its_prominent_clauses_marked_and_stays_the_same() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    let text = "前言 & <b>\n1.总则\n1.1 <script>alert('x')</script>\n1.2 责任 \"限制\"。\n";
    let mut rule = json!({ "kind": "rule", "title": "规则 <i>", "text": text, "prominent": ["1.2"] });
    done(operator.post("/documents/rule-1/versions", rule.clone()).await);
    let path = "/documents/rule-1/versions/1";
    let page = async || done(Client::anonymous(&world.running).get(&format!("{path}/page")).await).text;
    let before = page().await;
    for shown in [
        "<html lang=\"zh-CN\">",
        "<title>规则 &#60;i&#62;</title>",
        "前言 &#38; &#60;b&#62;\n",
        "<section id=\"1.1\">1.1 &#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;\n</section>",
        "1.2 责任 &#34;限制&#34;。\n</section>",
        "<section id=\"1.2\" class=\"prominent\">",
        "2026-01-05 09:00:00",
        &sha256(text),
    ] {
        assert!(before.contains(shown), "{shown} is not in {before}");
    }
    assert!(!before.contains("<script") && before.matches("class=\"prominent\"").count() == 1);

    // Another title, another version, another day: the page of this one is the same.
    rule["title"] = json!("新规则");
    rule["text"] = json!("1.总则\n1.1 新。\n1.2 新。\n");
    rule["effective_at"] = json!("2026-02-01T00:00:00+08:00");
    done(operator.post("/documents/rule-1/versions", rule).await);
    world.advance_days(60).await;
    assert_eq!(page().await, before);
    let version = done(operator.get(path).await);
    assert_eq!(
        (version.text_at("/title"), version.text_at("/pages/0/sha256")),
        ("规则 <i>", sha256(&before).as_str())
    );
    assert_eq!(operator.get("/documents/rule-1/versions/3/page").await.unwrap().code(), "not-found");
    assert_eq!(operator.get(&format!("{path}/page?language=fr")).await.unwrap().code(), "invalid-query");
}
