//! What is found where: operators find each thing in its state, parties find theirs, and everyone who sells.

use aws_sdk_dynamodb::types::{DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate};
use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};
use market::client::Client;
use market::json::Json;
use market::operate::lists;
use market::requests;
use market::stage::{PROVIDER, Stage};
use market::{Options, Running, TABLE};
use market_identity::Role;
use market_store::Store;
use serde_json::{Value, json};

use crate::corpus::{Corpus, text};
use crate::harness::{World, options};

/// What a list has, over all its pages, each full but the last.
async fn items(client: &Client, path: &str, limit: u16) -> Vec<Json> {
    let sign = if path.contains('?') { '&' } else { '?' };
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{path}{sign}limit={limit}{cursor}")).await.unwrap();
        assert!(page.is_ok(), "{path}: {}", page.text);
        items.extend(page.body["items"].as_array().unwrap().into_iter().cloned());
        match page.body.get("next_cursor").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// Their ids.
async fn ids(client: &Client, path: &str) -> Vec<String> {
    ids_by(client, path, "id").await
}

async fn ids_by(client: &Client, path: &str, name: &str) -> Vec<String> {
    let text = |item: &Json| item[name].as_str().unwrap().to_owned();
    let shown: Vec<_> = items(client, path, 100).await.iter().map(text).collect();
    let one_by_one: Vec<_> = items(client, path, 1).await.iter().map(text).collect();
    assert_eq!(shown, one_by_one, "{path}, page by page");
    let sign = if path.contains('?') { '&' } else { '?' };
    if !path.contains("order=") {
        let descending = format!("{path}{sign}order=desc");
        let mut newest_first: Vec<_> = items(client, &descending, 2).await.iter().map(text).collect();
        newest_first.reverse();
        assert_eq!(shown, newest_first, "{path}, the other way round");
    }
    shown
}

/// Lets a second pass, so that what comes next is later.
fn later(world: &World) -> Timestamp {
    world.set_clock(world.now() + SignedDuration::from_secs(1));
    world.now()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_finds_each_thing_in_its_state_newest_or_oldest_first() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let operator = &stage.operator;

    later(&world);
    for name in ["eastwind", "westwind", "southwind"] {
        let provider = Client::of(&world.running, Role::Provider, name);
        assert!(provider.post(&format!("/providers/{name}"), requests::provider()).await.unwrap().is_ok());
        later(&world);
    }
    assert_eq!(ids(operator, "/providers?status=applied").await, ["eastwind", "westwind", "southwind"]);
    assert_eq!(ids(operator, "/providers?status=approved").await, [PROVIDER]);
    assert!(operator.post("/providers/westwind/approval", json!({})).await.unwrap().is_ok());
    assert_eq!(ids(operator, "/providers?status=applied").await, ["eastwind", "southwind"]);
    assert_eq!(ids(operator, "/providers?status=approved").await, [PROVIDER, "westwind"]);

    let rule = json!({ "kind": "rule", "title": "规则", "text": "1.规则\n" });
    let mut rules = Vec::new();
    for name in ["rule-b", "rule-a"] {
        later(&world);
        let path = format!("/documents/{name}/versions");
        assert!(operator.post(&path, rule.clone()).await.unwrap().is_ok());
        rules.push(name);
    }
    let anyone = Client::anonymous(&world.running);
    assert_eq!(ids(&anyone, "/documents?kind=rule").await, rules, "by the instant of their publication");
    assert_eq!(ids(&anyone, "/documents?kind=body").await, ["market-agreement"]);
    assert_eq!(ids(&anyone, "/documents?kind=annex").await, [""; 0]);

    let mut orders = Vec::new();
    let since = later(&world);
    for shop in ["shop-1", "shop-2", "shop-3"] {
        let merchant = stage.merchant(shop).await;
        let placed = merchant.post(&format!("/accounts/{shop}/orders"), stage.order("month")).await.unwrap();
        orders.push(placed.text_at("/id").to_owned());
        later(&world);
    }
    let paid = orders.remove(1);
    assert!(market::client::pay(&world.running, "pay-1", "shop-2", &paid, 19_900).await.unwrap().is_ok());
    assert_eq!(ids(operator, "/orders?status=placed").await, orders);
    assert_eq!(ids(operator, "/orders?status=in_service").await, [paid]);
    let from = |at: Timestamp| format!("/orders?status=placed&since={at}");
    assert_eq!(ids(operator, &from(since)).await, orders);
    assert_eq!(ids(operator, &from(since + SignedDuration::from_secs(1))).await, orders[1..]);
    world.advance_days(2).await;
    assert_eq!(ids(operator, "/orders?status=closed").await, orders, "a thing moves with its state");
    assert_eq!(ids(operator, "/orders?status=placed").await, [""; 0]);

    let shop_1 = Client::of(&world.running, Role::Merchant, "shop-1");
    let granted = stage.grant(&shop_1, "shop-1", "month").await;
    let demands =
        async |status: &str| ids_by(operator, &format!("/demands?status={status}"), "grant_id").await;
    assert_eq!(demands("draft").await, [""; 0]);
    let revocation = format!("/accounts/shop-1/grants/{}/revocation", granted.grant);
    assert!(shop_1.post(&revocation, json!({})).await.unwrap().is_ok());
    assert_eq!(demands("draft").await, [granted.grant.as_str()]);
    let service = format!("/accounts/shop-1/demands/{}/service", granted.grant);
    assert!(shop_1.post(&service, json!({})).await.unwrap().is_ok());
    assert_eq!((demands("draft").await.len(), demands("served").await.len()), (0, 1));

    let served = operator.post("/accounts/shop-1/terminations", json!({ "reason": "x" })).await.unwrap();
    let termination = served.text_at("/id").to_owned();
    assert_eq!(ids(operator, "/terminations?status=served").await, [termination.as_str()]);
    let desk = operator.get("/desk").await.unwrap();
    let waits = json!({
        "providers_applied": 2, "listings_in_review": 0, "payments_waiting": 0, "notices_undelivered": 0,
        "demands_overdue": 0, "terminations_served": 1, "terminations_ending": 0,
    });
    assert_eq!(desk.body, waits);
    world.advance_days(20).await;
    assert_eq!((demands("served").await.len(), demands("overdue").await.len()), (0, 1));
    assert_eq!(ids(operator, "/terminations?status=completed").await, [termination]);
    let desk = operator.get("/desk").await.unwrap().body;
    assert_eq!((&*desk["demands_overdue"], &*desk["terminations_served"]), (&json!(1), &json!(0)));
    for partition in ["account#shop-1", "account#shop-2", "provider#westwind", "document#rule-a"] {
        assert!(world.verified(partition).await.faults.is_empty(), "{partition}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parties_choose_among_what_is_theirs() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let mut granted = Vec::new();
    for _ in 0..3 {
        later(&world);
        granted.push(stage.grant(&shop, "shop-1", "month").await);
    }
    let placed = shop.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    let unpaid = placed.text_at("/id");
    let revocation = format!("/accounts/shop-1/grants/{}/revocation", granted[1].grant);
    assert!(shop.post(&revocation, json!({})).await.unwrap().is_ok());
    let provider = &stage.provider;
    for (who, of) in [(&shop, "/accounts/shop-1"), (provider, "/providers/northwind")] {
        assert_eq!(ids(who, &format!("{of}/orders?status=placed")).await, [unpaid]);
        assert_eq!(ids(who, &format!("{of}/orders?status=in_service")).await.len(), 3);
        let ended = format!("{of}/grants?status=ended");
        assert_eq!(ids(who, &ended).await, [granted[1].grant.as_str()]);
        let of_order = format!("{of}/grants?order_id={}", granted[2].order);
        assert_eq!(ids(who, &of_order).await, [granted[2].grant.as_str()]);
        assert_eq!(ids(who, &format!("{of_order}&status=ended")).await, [""; 0]);
    }
    let drafts = ids_by(&shop, "/accounts/shop-1/demands?status=draft", "grant_id").await;
    assert_eq!(drafts, [granted[1].grant.as_str()]);
    for wrong in ["order=up", "status=open", "since=yesterday", "limit=0", "limit=101", "limit=x", "sort=asc"]
    {
        let refused = shop.get(&format!("/accounts/shop-1/orders?{wrong}")).await.unwrap();
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "invalid-query"), "{wrong}");
    }
    let page = shop.get("/accounts/shop-1/orders?limit=1").await.unwrap();
    let other = format!("/accounts/shop-1/orders?order=desc&limit=1&cursor={}", page.text_at("/next_cursor"));
    assert_eq!(shop.get(&other).await.unwrap().code(), "invalid-cursor", "a cursor of the other direction");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_carries_summaries_and_a_thing_is_whole_by_its_id() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let granted = stage.grant(&shop, "shop-1", "month").await;
    let order = &items(&shop, "/accounts/shop-1/orders", 9).await[0];
    let whole = shop.get(&format!("/accounts/shop-1/orders/{}", granted.order)).await.unwrap().body;
    assert!(order.lacks("snapshot"));
    assert_eq!(order["listing_name"], whole["snapshot"]["description"]["name"]);
    assert_eq!(order["plan_name"], whole["snapshot"]["plan"]["name"]);
    for same in ["id", "account_id", "provider_id", "amount_fen", "placed_at", "status", "valid_until"] {
        assert_eq!(order[same], whole[same], "{same}");
    }
    let grant = &items(&shop, "/accounts/shop-1/grants", 9).await[0];
    assert_eq!(grant["scopes"], json!(["orders.read", "stock.read"]));
    let listing = &items(&Client::anonymous(&world.running), "/listings?kind=application", 9).await[0];
    assert!(listing.lacks("description"));
    let whole = shop.get(&format!("/listings/{}", stage.listing)).await.unwrap().body;
    assert_eq!(
        (&listing["name"], &listing["plans"]),
        (&whole["description"]["name"], &whole["description"]["plans"])
    );
    let account = &items(&stage.operator, "/accounts?status=active", 9).await[0];
    assert!(account.lacks("contacts"));
    assert_eq!(account["id"], "shop-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_reads_who_sells_without_a_token() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let anyone = Client::anonymous(&world.running);
    let profile = anyone.get("/providers/northwind/profile").await.unwrap();
    let provider = stage.provider.get("/providers/northwind").await.unwrap().body;
    for same in ["id", "legal_name", "credit_code", "applied_at", "approved_at"] {
        assert_eq!(profile.body[same], provider[same], "{same}");
    }
    assert!(profile.body.lacks("contacts"));
    assert_eq!(profile.text_at("/listings/items/0/id"), stage.listing);
    assert!(profile.body["listings"].lacks("next_cursor"));
    later(&world);
    let draft = stage
        .provider
        .post("/providers/northwind/listings", requests::listing("northwind.terms"))
        .await
        .unwrap();
    let id = draft.text_at("/id");
    let submission = format!("/providers/northwind/listings/{id}/submission");
    assert!(stage.provider.post(&submission, json!({})).await.unwrap().is_ok());
    let listed = async || {
        let profile = anyone.get("/providers/northwind/profile?order=desc").await.unwrap();
        let listings = profile.body["listings"]["items"].as_array().unwrap();
        listings.into_iter().map(|listing| listing["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, [stage.listing.as_str()], "what waits for review is not for sale");
    assert!(stage.operator.post(&format!("/listings/{id}/approval"), json!({})).await.unwrap().is_ok());
    assert_eq!(listed().await, [id, stage.listing.as_str()]);
    let unknown = anyone.get("/providers/nobody/profile").await.unwrap();
    assert_eq!(unknown.code(), "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_says_which_version_is_in_force_and_which_are_to_come() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let anyone = Client::anonymous(&world.running);
    let document = async || anyone.get("/documents/market-agreement").await.unwrap().body;
    let before = document().await;
    assert_eq!((&*before["in_force"], &*before["upcoming"]), (&json!(1), &json!([])));
    let mut next = requests::with_rules(requests::agreement("1.总则\n1.1改。\n2.二\n", &[]));
    next["rules"] = json!({});
    next["effective_at"] = json!(world.now() + SignedDuration::from_hours(24 * 20));
    let published = stage.operator.post("/documents/market-agreement/versions", next).await.unwrap();
    assert!(published.is_ok(), "{}", published.text);
    assert_eq!((&*published.body["in_force"], &*published.body["upcoming"]), (&json!(1), &json!([2])));
    let listed = &items(&anyone, "/documents?kind=body", 9).await[0];
    assert_eq!((&*listed["in_force"], &*listed["upcoming"]), (&json!(1), &json!([2])));
    world.advance_days(21).await;
    let after = document().await;
    assert_eq!((&*after["in_force"], &*after["upcoming"]), (&json!(2), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_told_who_it_is() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let me = shop.get("/me").await.unwrap().body;
    let account = shop.get("/accounts/shop-1").await.unwrap().body;
    assert_eq!((&me["legal_name"], &*me["account_status"]), (&account["legal_name"], &json!("active")));
    assert!(me.lacks("provider_status"));
    assert!(me.lacks("scopes"));
    let me = stage.provider.get("/me").await.unwrap().body;
    assert_eq!(&*me["provider_status"], &json!("approved"));
    assert!(me.lacks("account_status"));
    let newcomer = Client::of(&world.running, Role::Merchant, "shop-9").get("/me").await.unwrap().body;
    assert!(newcomer.lacks("legal_name"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_tells_what_happened_by_whom_under_which_clause() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let granted = stage.grant(&shop, "shop-1", "month").await;
    let since = later(&world);
    let revocation = format!("/accounts/shop-1/grants/{}/revocation", granted.grant);
    assert!(shop.post(&revocation, json!({})).await.unwrap().is_ok());
    world.settle().await;
    let path = "/accounts/shop-1/timeline";
    let all = items(&shop, path, 2).await;
    let told = |entry: &Json| -> Vec<String> {
        let events = entry["events"].as_array().unwrap();
        events.into_iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect()
    };
    // All but the last at one instant, at which the test's clock stands.
    let mut told_of: Vec<_> = all.iter().map(|entry| told(entry).join(" ")).collect();
    assert_eq!(told_of.pop().unwrap(), "GrantRevoked DemandDrafted");
    told_of.sort();
    assert_eq!(
        told_of,
        [
            "AccountApplied",
            "DocumentAccepted",
            "DocumentAccepted AccountOpened",
            "GrantActivated",
            "OrderPaid",
            "OrderPlaced",
            "TokenIssued",
        ]
    );
    let last = all.last().unwrap();
    assert_eq!(last["actor"], json!({ "role": "merchant", "id": "shop-1" }));
    assert_eq!(last["decided_at"].as_str().unwrap().parse::<Timestamp>().unwrap(), since);
    let revoked = &last["events"][0];
    assert_eq!(
        (&*revoked["clause"], &*revoked["chain"]),
        (&json!("4.4.2"), &json!(format!("grant:account#shop-1/grant#{}", granted.grant)))
    );
    let notices = shop.all("/accounts/shop-1/notices").await.unwrap();
    let mine = |id: &Json| notices.iter().any(|notice| notice["id"] == *id);
    assert!(revoked["notices"].as_array().unwrap().into_iter().any(mine), "who was told, by the notice");
    assert!(revoked["meaning"].as_str().is_some_and(|meaning| !meaning.is_empty()));

    let newest_first = items(&stage.operator, &format!("{path}?order=desc"), 3).await;
    let mut reversed = newest_first.clone();
    reversed.reverse();
    assert_eq!(reversed, all);
    assert_eq!(items(&shop, &format!("{path}?since={since}"), 9).await, std::slice::from_ref(last));
    for (who, code) in [(&stage.provider, "role-not-allowed"), (&stage.merchant("shop-2").await, "not-found")]
    {
        assert_eq!(who.get(path).await.unwrap().code(), code);
    }
    assert!(world.verified("account#shop-1").await.faults.is_empty());
}

/// Takes from everything what releases before 0.5.0 do not write, and the indexes that they do not have.
pub async fn make_as_before(world: &World) {
    let client = aws_sdk_dynamodb::Client::new(&market::sdk_at(&world.running.table_endpoint).await);
    for mut item in Corpus::of(world).await.items {
        let kind = text(&item, "kind").map(str::to_owned);
        item.remove("desk");
        item.remove("beside");
        if !kind
            .is_some_and(|kind| ["account", "order", "grant", "listing", "notice"].contains(&kind.as_str()))
        {
            item.remove("list");
            item.remove("place");
        }
        client.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    }
    for name in ["lists", "desk"] {
        let delete = DeleteGlobalSecondaryIndexAction::builder().index_name(name).build().unwrap();
        let update = GlobalSecondaryIndexUpdate::builder().delete(delete).build();
        client.update_table().table_name(TABLE).global_secondary_index_updates(update).send().await.unwrap();
    }
}

/// Fills as the table of a stack is filled: without a scan.
async fn fill(store: &Store) -> lists::Filled {
    let found = lists::in_lists(store).await.unwrap();
    lists::fill(store, found, lists::How::Write, &ProgressBar::hidden()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_before_the_lists_is_found_after_they_were_filled() {
    let folder = tempfile::tempdir().unwrap();
    let on_file = || Options { in_memory: false, ..options(folder.path().to_owned()) };
    let world =
        World { running: Running::start(on_file()).await.unwrap(), folder: tempfile::tempdir().unwrap() };
    let stage = Stage::set(&world.running).await;
    let westwind = Client::of(&world.running, Role::Provider, "westwind");
    assert!(westwind.post("/providers/westwind", requests::provider()).await.unwrap().is_ok());
    let shop = stage.merchant("shop-1").await;
    let granted = stage.grant(&shop, "shop-1", "month").await;
    let revocation = format!("/accounts/shop-1/grants/{}/revocation", granted.grant);
    assert!(shop.post(&revocation, json!({})).await.unwrap().is_ok());
    let served = stage.operator.post("/accounts/shop-1/terminations", json!({ "reason": "x" })).await;
    assert!(served.unwrap().is_ok());
    world.settle().await;
    let read = async |client: &Client| {
        let mut all = Vec::new();
        for path in [
            "/providers?status=approved",
            "/providers?status=applied",
            "/documents?kind=body",
            "/documents?kind=subscription",
            "/orders?status=in_service",
            "/demands?status=draft",
            "/terminations?status=served",
        ] {
            all.push(items(client, path, 9).await);
        }
        let profile = client.get("/providers/northwind/profile").await.unwrap();
        all.push(profile.body["listings"]["items"].as_array().unwrap().into_iter().cloned().collect());
        all
    };
    let before = read(&stage.operator).await;
    assert!(before.iter().all(|list| list.len() == 1), "{before:?}");
    make_as_before(&world).await;
    let elsewhere = stage.operator.get("/providers?status=applied").await.unwrap();
    assert_eq!(
        (elsewhere.status.as_u16(), elsewhere.code()),
        (503, "unavailable"),
        "until the index is there"
    );
    assert!(
        world.verified("account#shop-1").await.faults.is_empty(),
        "what a release before leaves is right"
    );

    world.running.stop().await;
    let running = Running::start(on_file()).await.unwrap();
    let operator = Client::of(&running, Role::Operator, "ops");
    assert_eq!(read(&operator).await, before, "filled when the market starts");

    let store = &running.market.store;
    let done = fill(store).await;
    assert_eq!((done.moved, done.unreadable.len()), (0, 0), "and again there is nothing to do");
    let key = ["account#shop-1", &format!("order#{}", granted.order)].map(str::to_owned);
    let client = aws_sdk_dynamodb::Client::new(&market::sdk_at(&running.table_endpoint).await);
    let [pk, sk] = key.map(aws_sdk_dynamodb::types::AttributeValue::S);
    let strip = client.update_item().table_name(TABLE).key("pk", pk).key("sk", sk);
    strip.update_expression("REMOVE desk").send().await.unwrap();
    assert!(items(&operator, "/orders?status=in_service", 9).await.is_empty());
    let done = fill(store).await;
    assert_eq!(done.moved, 1, "found without a scan: an account names its things");
    assert_eq!(read(&operator).await, before);
    running.stop().await;
}
