//! Timers, places in lists, and what the table would delete by itself.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use market::stage::Stage;
use market_kernel::aggregate::Lane;
use market_store::due::{Lease, MAX_TRIES, SHARDS, Shard};
use serde_json::json;

use super::{ACCOUNT, traded};
use crate::corpus::{Corpus, Item, key, text};
use crate::harness::{World, at};
use crate::sampled::sampled;

/// Everything that waits for a job or stands in a list, whichever market it is in.
async fn in_an_index(world: &World, attribute: &str) -> Vec<Item> {
    let items = Corpus::of(world).await.items;
    items.into_iter().filter(|item| item.contains_key(attribute)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_that_was_stripped_moved_or_put_off_is_found_and_one_that_is_leased_or_parked_is_right() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let revoked = stage.grant(&merchant, "shop-1", "year").await;
    let revocation = format!("/accounts/shop-1/grants/{}/revocation", revoked.grant);
    assert!(merchant.post(&revocation, json!({})).await.unwrap().is_ok());
    let reason = json!({ "reason": "x" });
    assert!(stage.operator.post("/accounts/shop-1/terminations", reason).await.unwrap().is_ok());
    assert_eq!(world.faults(ACCOUNT).await, BTreeMap::new(), "notices are left to the relay");
    let waiting = in_an_index(&world, "due_shard").await;
    let kinds: BTreeSet<_> = waiting.iter().filter_map(|item| text(item, "kind")).collect();
    assert_eq!(kinds, ["demand", "grant", "notice", "order", "termination"].into());

    let far = AttributeValue::S(format!("{:015}", 9_999_999_999_999_i64));
    type Move<'a> = Box<dyn Fn(&mut Item) + 'a>;
    let edits: Vec<(&str, Move<'_>)> = vec![
        (
            "stripped",
            Box::new(|item| {
                ["due_shard", "wake_at", "due_at"].map(|name| item.remove(name)).into_iter().for_each(drop);
            }),
        ),
        ("out of the index", Box::new(|item| drop(item.remove("wake_at")))),
        ("put off", Box::new(|item| drop(item.insert("wake_at".to_owned(), far.clone())))),
        (
            "due at another time",
            Box::new(|item| drop(item.insert("due_at".to_owned(), AttributeValue::N("1".to_owned())))),
        ),
        (
            "another job's",
            Box::new(|item| {
                let other = text(item, "due_shard").unwrap().replace("due#", "due#x");
                item.insert("due_shard".to_owned(), AttributeValue::S(other));
            }),
        ),
        (
            "parked for another job",
            Box::new(|item| {
                let job = if text(item, "kind") == Some("notice") { "expire_grant" } else { "notify" };
                item.insert("due_shard".to_owned(), AttributeValue::S(format!("parked#{job}")));
            }),
        ),
    ];
    let cases = kinds.iter().flat_map(|kind| edits.iter().map(move |edit| (*kind, edit)));
    for (kind, (what, edit)) in sampled(cases, 5) {
        let item = waiting.iter().rfind(|item| text(item, "kind") == Some(kind)).unwrap();
        let (partition, sort) = key(item);
        let mut edited = item.clone();
        edit(&mut edited);
        world.put(&edited).await;
        let faults = world.faults(partition).await;
        assert_eq!(
            faults.keys().collect::<Vec<_>>(),
            [&format!("{partition}/{sort}")],
            "{kind} {what}: {faults:?}"
        );
        assert!(faults.values().all(|wrong| wrong.contains("timer")), "{kind} {what}: {faults:?}");
        world.put(item).await;
    }
    // What is over waits for nothing.
    let ended = world.item(ACCOUNT, &format!("grant#{}", revoked.grant)).await;
    let mut woken = world.item(ACCOUNT, &format!("grant#{}", granted.grant)).await;
    woken.retain(|name, _| ["due_shard", "wake_at", "due_at"].contains(&name.as_str()));
    woken.extend(ended.clone());
    world.put(&woken).await;
    assert!(world.faults(ACCOUNT).await.contains_key(&format!("{ACCOUNT}/grant#{}", revoked.grant)));
    world.put(&ended).await;

    // Handed out again and again, and at last given up on.
    world.settle().await;
    let store = &world.running.market.store;
    for round in 0..=MAX_TRIES {
        world.set_clock(world.now() + SignedDuration::from_hours(24 * 32));
        let mut leases = BTreeSet::new();
        for shard in 0..SHARDS {
            for entry in store.due(Lane::ExpireGrant, Shard::Due(shard), world.now(), None, 10).await.unwrap()
            {
                leases.insert(format!("{:?}", store.lease(&entry, world.now()).await.unwrap()));
            }
        }
        let wanted = if round < MAX_TRIES { Lease::Taken } else { Lease::Parked };
        assert_eq!(leases, [format!("{wanted:?}")].into());
        assert_eq!(world.faults(ACCOUNT).await, BTreeMap::new(), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_a_list_that_was_stripped_or_moved_is_found() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    world.advance_days(31).await;
    let draft = world.find(ACCOUNT, "demand", &[("status", "draft")]).await;
    let service = format!("/accounts/shop-1/demands/{}/service", granted.grant);
    assert!(merchant.post(&service, json!({})).await.unwrap().is_ok());
    let served = world.find(ACCOUNT, "demand", &[]).await;
    let listed = in_an_index(&world, "list").await;
    let kinds: BTreeSet<_> = listed.iter().filter_map(|item| text(item, "kind")).collect();
    assert_eq!(kinds, ["account", "demand", "document", "grant", "listing", "order", "provider"].into());
    assert!(!draft.contains_key("list") && served.contains_key("list"));
    let edits: [fn(&mut Item); 4] = [
        |item| ["list", "place"].map(|name| item.remove(name)).into_iter().for_each(drop),
        |item| drop(item.remove("place")),
        |item| {
            drop(item.insert("list".to_owned(), AttributeValue::S("provider#southwind#orders".to_owned())));
        },
        |item| drop(item.insert("place".to_owned(), AttributeValue::S("0".to_owned()))),
    ];
    // One of these without a place is of a release that had no list of them.
    let edits_of = |kind: &str| &edits[usize::from(["account", "document", "provider"].contains(&kind))..];
    let cases = kinds.iter().flat_map(|kind| edits_of(kind).iter().map(move |edit| (*kind, edit)));
    for (kind, edit) in sampled(cases, 5) {
        let item = listed.iter().find(|item| text(item, "kind") == Some(kind)).unwrap();
        let (partition, sort) = key(item);
        let mut edited = item.clone();
        edit(&mut edited);
        world.put(&edited).await;
        let faults = world.faults(partition).await;
        assert_eq!(faults.keys().collect::<Vec<_>>(), [&format!("{partition}/{sort}")], "{kind}: {faults:?}");
        assert!(faults.values().all(|wrong| wrong.contains("list")), "{kind}: {faults:?}");
        world.put(item).await;
    }
    // A release that does not know where it stands leaves there what it finds, or nothing.
    let order = listed.iter().find(|item| text(item, "kind") == Some("order")).unwrap();
    let sort = key(order).1;
    let held = AttributeValue::S("reviews".to_owned());
    let stale = AttributeValue::S("orders#placed#0".to_owned());
    for (desk, holds) in [(Some(&held), false), (Some(&stale), true), (None, true)] {
        let mut edited = order.clone();
        edited.remove("desk").unwrap();
        edited.extend(desk.map(|desk| ("desk".to_owned(), desk.clone())));
        world.put(&edited).await;
        let faults = world.faults(ACCOUNT).await;
        assert_eq!(!faults.contains_key(&format!("{ACCOUNT}/{sort}")), holds, "{desk:?}: {faults:?}");
    }
    world.put(order).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_table_would_delete_by_itself_is_found_before_it_does() {
    let world = World::new().await;
    let (_, order) = traded(&world).await;
    for (partition, sort) in [
        (ACCOUNT, format!("order#{order}")),
        (ACCOUNT, format!("evidence#order#{order}#0000000001")),
        ("document#market-agreement", "text#000001".to_owned()),
    ] {
        let item = world.item(partition, &sort).await;
        let mut edited = item.clone();
        edited.insert("ttl".to_owned(), AttributeValue::N("4000000000".to_owned()));
        world.put(&edited).await;
        let faults = world.faults(partition).await;
        let named = faults.get(&format!("{partition}/{sort}"));
        assert!(named.is_some_and(|wrong| wrong.contains("time to live")), "{faults:?}");
        world.put(&item).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_of_a_release_that_looked_for_no_schedule_is_right_and_whoever_writes_next_looks() {
    let world = World::new().await;
    world.set_clock(at("2026-12-17T09:00:00+08:00"));
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let served =
        stage.operator.post("/accounts/shop-1/terminations", json!({ "reason": "x" })).await.unwrap();
    world.settle().await;
    let ends_at = at(served.text_at("/ends_at"));
    let reminded_at = ends_at - SignedDuration::from_hours(7 * 24);
    let mut item = world.item(ACCOUNT, &format!("termination#{}", served.text_at("/id"))).await;
    let (due_ms, end_ms) = (reminded_at.as_millisecond(), ends_at.as_millisecond());
    item.insert("due_at".to_owned(), AttributeValue::N(due_ms.to_string()));
    item.insert("wake_at".to_owned(), AttributeValue::S(format!("{due_ms:015}#{end_ms}")));
    world.put(&item).await;
    assert_eq!(world.faults(ACCOUNT).await, BTreeMap::new());
    world.advance_to(reminded_at - SignedDuration::from_secs(1)).await;
    let looks = async || {
        let evidence = merchant.all("/accounts/shop-1/evidence").await.unwrap();
        evidence.iter().filter(|record| record["record"]["event"] == "ScheduleAwaited").count()
    };
    assert_eq!(looks().await, 0);
    world.advance_to(reminded_at + SignedDuration::from_hours(24)).await;
    assert!(looks().await > 0);
    assert_eq!(world.faults(ACCOUNT).await, BTreeMap::new());
    let other = AttributeValue::N((due_ms + 1).to_string());
    item.insert("due_at".to_owned(), other);
    world.put(&item).await;
    assert_eq!(world.faults(ACCOUNT).await.len(), 1);
}
