//! Every change has its evidence record (invariant 1): the whole table is read, and nothing in it may stand
//! without the chain that led to it.

use std::collections::BTreeMap;

use market::stage::Stage;
use market_kernel::evidence::{Evidence, verify_chain};
use market_kernel::hash::Sha256Hash;
use serde_json::json;

use crate::harness::{Stored, World};

/// The records of an aggregate's chain, in their order.
fn records<'a>(items: &'a BTreeMap<(String, String), Stored>, partition: &str, sort: &str) -> Vec<&'a str> {
    let prefix = format!("evidence#{sort}#");
    items
        .iter()
        .filter(|((owner, key), _)| owner == partition && key.starts_with(&prefix))
        .map(|(_, item)| item.body.as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_stands_in_the_table_without_the_records_that_led_to_it() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    for shop in ["shop-1", "shop-2"] {
        let merchant = stage.merchant(shop).await;
        let granted = stage.grant(&merchant, shop, "month").await;
        stage.grant(&merchant, shop, "year").await;
        world.advance_days(31).await;
        let service = format!("/accounts/{shop}/demands/{}/service", granted.grant);
        assert!(merchant.post(&service, json!({})).await.unwrap().is_ok());
    }
    stage.operator.post("/accounts/shop-1/terminations", json!({ "reason": "x" })).await.unwrap();
    let event = json!({ "event_id": "e", "agreement": "平台协议", "ended_at": world.now() });
    stage.upstream.post("/accounts/shop-2/upstream-end", event).await.unwrap();
    world.advance_days(40).await;

    let items = world.items().await;
    let mut causes: BTreeMap<String, (String, u64)> = BTreeMap::new();
    for ((_, sort), item) in &items {
        if sort.starts_with("evidence#") {
            let record = Evidence::read(&item.body).unwrap();
            for notice in &record.notices {
                let hash = Sha256Hash::of(item.body.as_bytes()).to_string();
                assert!(
                    causes.insert(notice.id.to_string(), (hash, record.number)).is_none(),
                    "one cause each"
                );
            }
        }
    }
    let mut chains = 0;
    for ((partition, sort), item) in &items {
        let (Some(kind), Some(head)) = (&item.kind, &item.head) else { continue };
        let head: Sha256Hash = head.clone().try_into().unwrap();
        let chain = records(&items, partition, sort);
        // A notice is created by its cause's record, and its own chain goes on from there.
        let (first, begins) = if kind == "notice" {
            let (cause, _) = &causes[sort.trim_start_matches("notice#")];
            (2, cause.clone().try_into().unwrap())
        } else {
            (1, Sha256Hash::origin())
        };
        let counted = verify_chain(chain.iter().copied(), first, &begins, &head);
        assert_eq!(counted.map(|count| count + first - 1), Ok(item.version), "{kind} {partition}/{sort}");
        if let Some(last) = chain.last() {
            let record = Evidence::read(last).unwrap();
            assert_eq!(
                record.state,
                Sha256Hash::of(item.body.as_bytes()),
                "the record is of this very state"
            );
        }
        chains += 1;
    }
    assert!(chains > 100, "{chains}");
    let count = |prefix: &str| items.keys().filter(|(_, sort)| sort.starts_with(prefix)).count();
    assert_eq!(count("grant#"), 4);
    assert_eq!(count("demand#"), 4, "each ended grant has exactly one deletion demand (invariant 3)");
}
