//! Accounts, as the operator looks for them.

use jiff::SignedDuration;
use market::client::Client;
use market::requests;
use market::stage::Stage;
use market_identity::Role;
use serde_json::Value;

use crate::harness::World;

/// The ids of a list's items, over all its pages.
async fn listed(operator: &Client, status: &str, limit: u16) -> Vec<String> {
    let query = format!("/accounts?status={status}&limit={limit}");
    let (mut ids, mut page) = (Vec::new(), operator.get(&query).await.unwrap());
    loop {
        ids.extend(
            page.body["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|account| account["id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page.body.get("next_cursor").and_then(Value::as_str) else { return ids };
        page = operator.get(&format!("{query}&cursor={cursor}")).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_listed_by_status_in_the_order_of_their_applications_each_once() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let mut applied = Vec::new();
    for n in 0..20 {
        let shop = format!("shop-{n}");
        let client = Client::of(&world.running, Role::Merchant, &shop);
        let application = requests::merchant(&shop, "91510100MA6C0QLJ");
        assert!(client.post(&format!("/accounts/{shop}"), application).await.unwrap().is_ok());
        world.set_clock(world.now() + SignedDuration::from_secs(1));
        applied.push(shop);
    }
    let operator = &stage.operator;
    for limit in [1, 3, 20, 100] {
        assert_eq!(listed(operator, "applied", limit).await, applied, "{limit} on a page");
    }
    stage.accept_all(&Client::of(&world.running, Role::Merchant, "shop-7"), "shop-7").await;
    assert_eq!(listed(operator, "active", 50).await, ["shop-7"]);
    applied.remove(7);
    assert_eq!(listed(operator, "applied", 50).await, applied, "from one list to the other, and in no two");
    let unknown = operator.get("/accounts?status=closed").await.unwrap();
    assert_eq!(unknown.code(), "invalid-query");
}
