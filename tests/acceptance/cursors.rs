//! Cursors: whatever one carries, it reads nothing that its query would not, and never ends in an error of the market's.

use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use market::client::Client;
use market::requests;
use market::stage::Stage;
use market_functions::http::{Endpoint, Visitor};
use market_functions::routes;
use market_identity::Role;
use market_kernel::hash::Sha256Hash;
use serde_json::Value;

use crate::harness::World;

/// A cursor as the market would make it, for a query of this operation at this path. There is no key to it.
fn forge(operation: &str, path: &str, filters: &[(&str, &str)], after: &str) -> String {
    let query_id = Sha256Hash::of(format!("{operation}\n{path}\n{filters:?}").as_bytes());
    let bound = Sha256Hash::of(format!("{query_id}\n{after}").as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(format!("{}{after}", &bound.as_str()[..16]))
}

/// Each operation that takes a cursor, with its path.
fn lists() -> Vec<(&'static str, &'static str)> {
    struct Lists(Vec<(&'static str, &'static str)>);
    impl Visitor for Lists {
        fn visit<E: Endpoint>(&mut self) {
            let mut schema = schemars::SchemaGenerator::default();
            if E::Query::json_schema(&mut schema).to_value()["properties"].get("cursor").is_some() {
                self.0.push((E::route().operation, E::route().path));
            }
        }
    }
    use schemars::JsonSchema;
    let mut lists = Lists(Vec::new());
    routes::visit(&mut lists);
    lists.0
}

fn ids(page: &Value) -> BTreeSet<String> {
    // A profile has its list within.
    let list = page.get("listings").unwrap_or(page);
    list["items"].as_array().into_iter().flatten().map(Value::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_cursor_reads_nothing_that_its_query_would_not_and_never_breaks_one() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    stage.check(&granted.token, "orders.read").await;
    // Another's, which no cursor may reach.
    let other = stage.merchant("shop-2").await;
    let foreign = stage.grant(&other, "shop-2", "month").await;
    let draft =
        stage.provider.post("/providers/northwind/listings", requests::listing("northwind.terms")).await;
    let draft = draft.unwrap().text_at("/id").to_owned();
    world.settle().await;
    let notices = other.all("/accounts/shop-2/notices").await.unwrap();
    let notice = notices[0]["id"].as_str().unwrap().to_owned();

    let long = |begins: &str, bytes: usize| format!("{begins:x<bytes$}");
    let mut afters: Vec<String> = [
        "",
        "|",
        "||",
        "a|b|c",
        "a|b|c|d",
        "\u{0}",
        "\u{0}|\u{0}|\u{0}",
        "#",
        "~",
        "state",
        "evidence#",
        "'\"{}",
        "order#",
        "grant#",
        "demand#",
        "notice#",
        "acceptance#",
        "notice#\u{10ffff}",
        "order#\u{0}",
    ]
    .map(str::to_owned)
    .into();
    afters.extend([
        format!("order#{}", foreign.order),
        format!("grant#{}", foreign.grant),
        format!("notice#{notice}"),
        format!("access#{}#", granted.grant),
        format!("access#{}#2026", foreign.grant),
        format!("{}|account#shop-2|order#{}", foreign.order, foreign.order),
        format!("{draft}|listing#{draft}|state"),
        format!("{0}|listing#{0}|state", stage.listing),
        format!("{}|listing#{draft}|state", stage.listing),
        long("order#", 1_024),
        long("order#", 1_025),
        long("", 4_000),
        long("evidence#", 1_025),
        format!("{}|{}|{}", long("", 1_024), long("", 2_048), long("", 1_024)),
        format!("{}|b|c", long("", 1_025)),
        format!("a|{}|c", long("", 2_049)),
        format!("a|b|{}", long("", 1_025)),
    ]);
    let anyone = Client::anonymous(&world.running);
    let mut asked = 0;
    for (operation, path) in lists() {
        let path = path
            .replace("{account_id}", "shop-1")
            .replace("{provider_id}", "northwind")
            .replace("{grant_id}", &granted.grant);
        let (who, filters, query): (&Client, &[(&str, &str)], &str) = match operation {
            "browse_listings" => (&anyone, &[("kind", "application")], "kind=application&"),
            "list_accounts" => (&stage.operator, &[("status", "active")], "status=active&"),
            "list_announcements" => (&anyone, &[], ""),
            "list_providers" => (&stage.operator, &[("status", "approved")], "status=approved&"),
            "list_terminations" => (&stage.operator, &[("status", "served")], "status=served&"),
            "list_all_orders" => (&stage.operator, &[("status", "in_service")], "status=in_service&"),
            "list_all_demands" => (&stage.operator, &[("status", "draft")], "status=draft&"),
            "list_documents" => (&anyone, &[("kind", "body")], "kind=body&"),
            "list_reviews" | "list_payments" | "list_undelivered" => (&stage.operator, &[], ""),
            _ if path.starts_with("/accounts/") => (&merchant, &[], ""),
            _ if path.starts_with("/providers/") => (&stage.provider, &[], ""),
            unknown => panic!("say who lists by {unknown}"),
        };
        let whole = who.get(&format!("{path}?{query}limit=100")).await.unwrap();
        assert!(whole.is_ok(), "{operation}: {}", whole.text);
        for after in &afters {
            // As the query's id is made: the filters in their order.
            let cursor = forge(operation, &path, filters, after);
            let page = who.get(&format!("{path}?{query}limit=100&cursor={cursor}")).await.unwrap();
            match page.status.as_u16() {
                200 => assert!(
                    ids(&page.body).is_subset(&ids(&whole.body)),
                    "{operation} {after}: {}",
                    page.text
                ),
                400 => assert_eq!(page.code(), "invalid-cursor", "{operation} {after}"),
                _ => panic!("{operation} {after:?}: {} {}", page.status, page.text),
            }
            asked += usize::from(page.status == 200);
        }
        let genuine = who.get(&format!("{path}?{query}limit=1")).await.unwrap();
        if let Some(cursor) = genuine.body.get("next_cursor").and_then(|cursor| cursor.as_str()) {
            assert!(who.get(&format!("{path}?{query}cursor={cursor}")).await.unwrap().is_ok(), "{operation}");
        }
    }
    assert!(asked > 20, "the forgery is one that the market takes for its own: {asked}");
    let broken =
        Client::of(&world.running, Role::Operator, "ops").get("/listings/x?cursor=AAAA").await.unwrap();
    assert_eq!(broken.status.as_u16(), 404, "what lists nothing looks at no cursor");
}
