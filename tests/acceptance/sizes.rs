//! How large things may be: the largest body that every rule allows succeeds on every route, all the way through, and
//! what is larger is refused with its place and a sentence, never with an error of the market's.

use market::client::{Answer, Client, json_headers};
use market::requests;
use market::stage::Stage;
use market_identity::Role;
use market_kernel::hash::Sha256Hash;
use market_trade::listings::MAX_DESCRIPTION_BYTES;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::World;

/// Characters of four bytes, and one of which each costs four in a saved reply.
const WIDE: &str = "𠮷";
const QUOTE: &str = "\"";
/// What the table takes of one item.
const MAX_TEXT_BYTES: usize = 307_200;

fn ok(answer: Answer) -> Answer {
    assert!(answer.is_ok(), "{} {:.500}", answer.status, answer.text);
    answer
}

fn refused(answer: &Answer, status: u16, code: &str, place: Option<&str>) {
    assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{:.500}", answer.text);
    match place {
        Some(place) => {
            assert_eq!(answer.text_at("/errors/0/pointer"), place, "{:.500}", answer.text);
            assert!(!answer.text_at("/errors/0/detail").is_empty());
        }
        None => assert!(!answer.text_at("/detail").is_empty(), "{:.500}", answer.text),
    }
}

/// A listing all of whose texts and parts are as long as they may be, but for kinds of data: of those as many as fit
/// into so many bytes.
fn listing(fill: &str, bytes: usize) -> Value {
    let (line, prose) = (fill.repeat(120), fill.repeat(4_000));
    let name = |n: usize| format!("{n:x<64}");
    let scope = |n| json!({ "name": name(n), "purpose": line, "method": line, "data_kinds": [line] });
    let plan =
        |n| json!({ "id": name(n), "name": line, "price_fen": 1, "bound": { "kind": "term", "days": 30 } });
    let mut listing = json!({
        "kind": "application", "name": line, "category": line, "functions": prose, "instructions": prose,
        "charges": prose, "refund_rule": prose, "validity": prose, "subscription_agreement": "northwind.terms",
        "scopes": (0..32).map(scope).collect::<Vec<_>>(), "plans": (0..32).map(plan).collect::<Vec<_>>(),
    });
    let mut size = listing.to_string().len();
    let kind = json!(line).to_string().len() + 1;
    for n in 0..32 * 31 {
        if size + kind > bytes {
            break;
        }
        listing["scopes"][n % 32]["data_kinds"].as_array_mut().unwrap().push(json!(line));
        size += kind;
    }
    listing
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_listing_can_be_bought_granted_and_deleted_and_a_larger_one_is_refused() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let listings = "/providers/northwind/listings";
    for (number, fill) in [WIDE, QUOTE].into_iter().enumerate() {
        let largest = listing(fill, MAX_DESCRIPTION_BYTES);
        let size = largest.to_string().len();
        assert!(size > MAX_DESCRIPTION_BYTES - 600 && size <= MAX_DESCRIPTION_BYTES, "{size}");
        let drafted = ok(stage.provider.post(listings, largest).await.unwrap());
        let id = drafted.text_at("/id").to_owned();
        ok(stage.provider.post(&format!("{listings}/{id}/submission"), json!({})).await.unwrap());
        ok(stage.operator.post(&format!("/listings/{id}/approval"), json!({})).await.unwrap());
        let shop = format!("shop-{number}");
        let merchant = stage.merchant(&shop).await;
        let own = format!("/accounts/{shop}");
        let plan = format!("{:x<64}", 0);
        let order = requests::order(&id, &plan, "northwind.terms");
        let placed = ok(merchant.post(&format!("{own}/orders"), order).await.unwrap());
        let order = placed.text_at("/id").to_owned();
        ok(market::client::pay(&world.running, &format!("pay-{number}"), &shop, &order, 1).await.unwrap());
        let scopes: Vec<String> = (0..32).map(|n| format!("{n:x<64}")).collect();
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let given =
            ok(merchant.post(&format!("{own}/grants"), requests::grant(&order, &scopes)).await.unwrap());
        let grant = given.text_at("/id").to_owned();
        ok(stage.provider.post(&format!("{own}/grants/{grant}/tokens"), json!({})).await.unwrap());
        ok(merchant.post(&format!("{own}/grants/{grant}/revocation"), json!({})).await.unwrap());
        let demand = format!("{own}/demands/{grant}");
        ok(merchant.post(&format!("{demand}/service"), json!({})).await.unwrap());
        ok(stage.provider.post(&format!("{demand}/acknowledgement"), json!({})).await.unwrap());
        let mut attestation = requests::attestation(world.now());
        let lines = vec![fill.repeat(120); 32];
        attestation["datasets"] = json!(lines);
        attestation["sub_processors"] = json!(lines);
        attestation["copies"] = json!(fill.repeat(4_000));
        ok(stage.provider.post(&format!("{demand}/attestation"), attestation.clone()).await.unwrap());
        ok(merchant.post(&format!("{demand}/closure"), json!({})).await.unwrap());
        let again = requests::grant(&order, &scopes);
        let given = ok(merchant.post(&format!("{own}/grants"), again).await.unwrap());
        let grant = given.text_at("/id").to_owned();
        ok(merchant.post(&format!("{own}/grants/{grant}/revocation"), json!({})).await.unwrap());
        let waiver = json!({ "agreement": fill.repeat(4_000) });
        ok(merchant.post(&format!("{own}/demands/{grant}/waiver"), waiver).await.unwrap());
        let reason = json!({ "reason": fill.repeat(4_000) });
        ok(stage.operator.post(&format!("{own}/terminations"), reason).await.unwrap());
        world.settle().await;
        for list in ["orders", "grants", "demands", "notices", "evidence", "acceptances"] {
            ok(merchant.get(&format!("{own}/{list}")).await.unwrap());
        }

        let larger = listing(fill, MAX_DESCRIPTION_BYTES + 600);
        let answer = stage.provider.post(listings, larger).await.unwrap();
        refused(&answer, 422, "incomplete-listing", None);
        assert!(answer.text_at("/detail").contains("163840"), "{}", answer.text);
        let within_every_field = listing(fill, 411_631);
        assert!(within_every_field.to_string().len() > 300_000);
        refused(
            &stage.provider.post(listings, within_every_field).await.unwrap(),
            422,
            "incomplete-listing",
            None,
        );
    }
}

/// A body with a list that is too long.
struct TooLong<'a> {
    who: &'a Client,
    path: &'a str,
    body: Value,
    /// Where in the body what is too long is.
    place: &'a str,
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_bounded_where_they_come_in_and_what_passes_the_bound_is_named() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    ok(merchant
        .post(&format!("/accounts/shop-1/grants/{}/revocation", granted.grant), json!({}))
        .await
        .unwrap());
    let demand = format!("/accounts/shop-1/demands/{}", granted.grant);
    ok(merchant.post(&format!("{demand}/service"), json!({})).await.unwrap());
    world.settle().await;
    let before = world.table().await;
    let many = |entry: &str, count: usize| json!(vec![entry; count]);
    let with = |mut body: Value, pointer: &str, value: Value| {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value;
        body
    };
    let rule = || json!({ "kind": "rule", "title": "规则", "text": "1.总则\n1.1甲。\n" });
    let acceptance = || requests::acceptance("market-agreement", &"0".repeat(64), &[]);
    let listing = || requests::listing("northwind.terms");
    let attestation = || requests::attestation(world.now());
    let clauses =
        |count: usize| -> Value { (0..count).map(|n| format!("{}.{}", n / 999 + 1, n % 999 + 1)).collect() };
    let given = || json!({ "line": 1, "address": "1" });
    let parts = |pointer: &str| {
        let part = listing().pointer(pointer).unwrap()[0].clone();
        json!(vec![part; 33])
    };
    let (operator, provider) = (&stage.operator, &stage.provider);
    let listings = "/providers/northwind/listings".to_owned();
    let attesting = format!("{demand}/attestation");
    let publishing = "/documents/rule-1/versions".to_owned();
    let accepting = "/accounts/shop-1/acceptances".to_owned();
    let granting = "/accounts/shop-1/grants".to_owned();
    for TooLong { who, path, body, place } in [
        TooLong {
            who: operator,
            path: &publishing,
            body: with(rule(), "/prominent", many("1.1", 70_000)),
            place: "/prominent",
        },
        TooLong {
            who: operator,
            path: &publishing,
            body: with(rule(), "/prominent", many("1.1", 2)),
            place: "/prominent/1",
        },
        TooLong {
            who: operator,
            path: &publishing,
            body: with(rule(), "/prominent", clauses(257)),
            place: "/prominent",
        },
        TooLong {
            who: operator,
            path: &publishing,
            body: with(rule(), "/outline", json!(vec![given(); 2_001])),
            place: "/outline",
        },
        TooLong {
            who: &merchant,
            path: &accepting,
            body: with(acceptance(), "/prominent_shown", many("1.1", 70_000)),
            place: "/prominent_shown",
        },
        TooLong {
            who: &merchant,
            path: &accepting,
            body: with(acceptance(), "/prominent_shown", clauses(4_097)),
            place: "/prominent_shown",
        },
        TooLong {
            who: provider,
            path: &listings,
            body: with(listing(), "/scopes", parts("/scopes")),
            place: "/scopes",
        },
        TooLong {
            who: provider,
            path: &listings,
            body: with(listing(), "/plans", parts("/plans")),
            place: "/plans",
        },
        TooLong {
            who: provider,
            path: &listings,
            body: with(listing(), "/scopes/0/data_kinds", many("订单", 33)),
            place: "/scopes/0/data_kinds",
        },
        TooLong {
            who: &merchant,
            path: &granting,
            body: with(requests::grant(&granted.order, &[]), "/scopes", many("orders.read", 33)),
            place: "/scopes",
        },
        TooLong {
            who: provider,
            path: &attesting,
            body: with(attestation(), "/datasets", many("订单", 33)),
            place: "/datasets",
        },
        TooLong {
            who: provider,
            path: &attesting,
            body: with(attestation(), "/sub_processors", many("云", 33)),
            place: "/sub_processors",
        },
    ] {
        let answer = who.post_as("k", path, body).await.unwrap();
        assert_eq!(answer.status.as_u16(), 422, "{path} {place}: {:.300}", answer.text);
        refused(&answer, 422, "invalid-body", Some(place));
    }
    // A service has no scopes: neither do they get by as another kind's.
    let service = with(with(listing(), "/kind", json!("service")), "/scopes/0/data_kinds", many("x", 20_000));
    refused(
        &provider.post_as("k", &listings, service).await.unwrap(),
        422,
        "invalid-body",
        Some("/scopes/0/data_kinds"),
    );
    assert_eq!(world.table().await, before, "nothing was written");
}

/// The largest text, with clauses down to the sixth level.
fn text(number: usize) -> String {
    let (mut parents, mut clauses) = (String::from("1"), String::new());
    for _ in 0..4 {
        clauses.push_str(&format!("{parents}.1层\n"));
        parents.push_str(".1");
    }
    let mut text = format!("1.第{number}版\n{clauses}");
    for n in 1..=256 {
        text.push_str(&format!("{parents}.{n}款\n"));
    }
    let rest = MAX_TEXT_BYTES - text.len();
    text + &"x".repeat(rest)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_takes_the_largest_versions_and_only_so_many_that_are_still_to_come() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let prominent: Vec<String> = (1..=256).map(|n| format!("1.1.1.1.1.{n}")).collect();
    let path = "/documents/northwind.large/versions";
    let publication = |number: usize, days: i64| {
        json!({
            "kind": "subscription", "title": WIDE.repeat(120), "text": text(number), "prominent": prominent,
            "effective_at": world.now() + jiff::SignedDuration::from_hours(24 * days),
        })
    };
    for number in 1..=60 {
        ok(stage.provider.post(path, publication(number, 0)).await.unwrap());
    }
    for number in 61..=80 {
        ok(stage.provider.post(path, publication(number, 30)).await.unwrap());
    }
    let state = ("document#northwind.large".to_owned(), "state".to_owned());
    assert!(world.items().await[&state].body.len() < 300_000, "the document does not grow with its versions");
    let refused_one = stage.provider.post(path, publication(81, 30)).await.unwrap();
    refused(&refused_one, 409, "too-many-versions", None);
    world.advance_days(31).await;
    ok(stage.provider.post(path, publication(82, 0)).await.unwrap());
    let (last, document) = (81, ok(stage.provider.get("/documents/northwind.large").await.unwrap()));
    assert_eq!(document.body["versions"].as_array().unwrap().len(), last);
    ok(stage.provider.get(&format!("{path}/{last}")).await.unwrap());
    let read = ok(stage.provider.get(&format!("{path}/{last}/text")).await.unwrap());
    assert_eq!(read.text.len(), MAX_TEXT_BYTES);

    let merchant = stage.merchant("shop-1").await;
    let mut shown = prominent;
    shown.extend((1..=5).map(|level| vec!["1"; level].join(".")));
    let mut acceptance =
        requests::acceptance("northwind.large", &Sha256Hash::of(read.text.as_bytes()).to_string(), &shown);
    acceptance["version"] = json!(last);
    acceptance["signer"] = json!({ "name": QUOTE.repeat(120), "authority": WIDE.repeat(120) });
    let mut headers = json_headers();
    headers.insert("idempotency-key", "k".repeat(128).parse().unwrap());
    headers.insert("user-agent", "\"".repeat(4_000).parse().unwrap());
    let body = acceptance.to_string().into_bytes();
    let accepted = merchant.send(Method::POST, "/accounts/shop-1/acceptances", headers, body).await.unwrap();
    assert_eq!(ok(accepted).text_at("/user_agent").len(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_subject_acts_and_a_longer_one_is_no_subject() {
    let world = World::new().await;
    Stage::set(&world.running).await;
    let rule = |number: u8| json!({ "kind": "rule", "title": "规则", "text": format!("1.第{number}条\n") });
    let longest = Client::of(&world.running, Role::Operator, &WIDE.repeat(255));
    ok(longest.post("/documents/rule-1/versions", rule(1)).await.unwrap());
    for sub in [WIDE.repeat(256), "x".repeat(3_000)] {
        let longer = Client::of(&world.running, Role::Operator, &sub);
        let answer = longer.post("/documents/rule-2/versions", rule(2)).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.code()), (401, "invalid-token"), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_can_have_as_many_holidays_versions_and_notices_as_are_allowed_all_of_them_long() {
    for fill in [WIDE, QUOTE] {
        let world = World::new().await;
        let stage = Stage::set(&world.running).await;
        let line = fill.repeat(120);
        let mut schedule = requests::holidays_of_2027("2026-01-05");
        let notice =
            |n: usize| json!({ "title": line, "number": line, "url": line, "date": format!("2026-01-0{n}") });
        let holidays = schedule["holidays"].as_array_mut().unwrap();
        // A weekend day by itself gives nobody a day.
        let saturdays = [3, 10, 17, 24, 31].map(|day| format!("2027-07-{day:02}"));
        let sundays = [4, 11, 18, 25].map(|day| format!("2027-07-{day:02}"));
        let weekends = saturdays.into_iter().chain(sundays);
        holidays.extend(weekends.map(|day| json!({ "from": day, "to": day, "make_up": [] })));
        assert_eq!(holidays.len(), 16);
        for holiday in holidays {
            (holiday["name_zh"], holiday["name_en"]) = (json!(line), json!(line));
        }
        schedule["notice"] = notice(1);
        for version in 0..8 {
            schedule["changed_by"] = json!(vec![notice(1 + version % 5); 8]);
            if version > 0 {
                schedule["corrects"] = json!(version);
            }
            ok(stage.operator.post("/holidays/2027", schedule.clone()).await.unwrap());
        }
        let shown = ok(stage.operator.get("/holidays/2027").await.unwrap());
        assert_eq!(shown.body["versions"].as_array().unwrap().len(), 8);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_instant_is_too_far_away_to_be_answered() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let ended = stage.grant(&merchant, "shop-1", "month").await;
    ok(merchant
        .post(&format!("/accounts/shop-1/grants/{}/revocation", ended.grant), json!({}))
        .await
        .unwrap());
    let demand = format!("/accounts/shop-1/demands/{}", ended.grant);
    ok(merchant.post(&format!("{demand}/service"), json!({})).await.unwrap());
    for far in ["9999-12-30T22:00:00Z", "-009999-01-02T01:59:59Z", "9999-12-30T22:00:00.999999999Z"] {
        let rule =
            json!({ "kind": "rule", "title": "规则", "text": format!("1.{far}\n"), "effective_at": far });
        let odd = json!({ "kind": "rule", "title": "规则", "text": format!("1.\u{0}\u{feff}{far}\r\n") });
        let mut grant = requests::grant(&granted.order, &["orders.read"]);
        grant["expires_at"] = json!(far);
        let mut attestation = requests::attestation(world.now());
        attestation["done_at"] = json!(far);
        let event = json!({ "event_id": format!("e{}", far.len()), "agreement": "x", "ended_at": far });
        for (who, path, body) in [
            (&stage.operator, format!("/documents/rule-{}/versions", far.len()), rule.clone()),
            (&stage.operator, "/documents/rule-1/versions".to_owned(), rule),
            (&stage.operator, "/documents/rule-2/versions".to_owned(), odd),
            (&merchant, "/accounts/shop-1/grants".to_owned(), grant),
            (&stage.provider, format!("{demand}/attestation"), attestation),
            (&stage.upstream, "/accounts/shop-1/upstream-end".to_owned(), event),
        ] {
            let answer = who.post(&path, body).await.unwrap();
            assert!(!answer.status.is_server_error(), "{path} {far}: {}", answer.text);
        }
    }
}

/// Every character beyond ASCII as `\uXXXX`, as some clients write JSON.
fn escaped(body: &Value) -> Vec<u8> {
    let mut escaped = String::new();
    for character in body.to_string().chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped.into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lawful_text_is_taken_however_its_json_is_escaped_and_limits_speak_of_the_text() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    let publish = async |text: &str, key: &str| {
        let mut headers = json_headers();
        headers.insert("idempotency-key", key.parse().unwrap());
        let body = escaped(&requests::agreement(text, &[]));
        operator.send(Method::POST, "/documents/market-agreement/versions", headers, body).await.unwrap()
    };
    // 297 KB of Chinese are 594 KB when they are escaped.
    let text = format!("1.总则\n{}\n", "约".repeat(99_000));
    let published = publish(&text, "large").await;
    assert_eq!(published.status, 201, "{}", published.text);
    assert_eq!(published.text_at("/versions/0/sha256"), Sha256Hash::of(text.as_bytes()).as_str());
    let longer = publish(&format!("1.总则\n{}\n", "约".repeat(102_400)), "longer").await;
    refused(&longer, 422, "invalid-text", None);
    let largest = publish(&"约".repeat(400_000), "largest").await;
    refused(&largest, 413, "body-too-large", None);
}
