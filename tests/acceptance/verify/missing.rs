//! What was deleted, or taken back, together with its own records is missed.

use market_kernel::keys::Partition;
use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use indicatif::ProgressBar;
use market::TABLE;
use market::operate::verify::{Expected, Heads, verify_at};
use market::stage::{Stage, TERMS};
use serde_json::{Value, json};

use super::{ACCOUNT, PROVIDER, traded};
use crate::corpus::{Corpus, Item, key, text};
use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_was_deleted_with_its_chain_is_missed_by_the_record_of_its_cause() {
    let world = World::new().await;
    traded(&world).await;
    let mailed = [("channel", "email")];
    let shown = [("channel", "in_site")];
    // Whose notice it is, and whose record names it: an account's names the provider's, a document's the board's.
    for (recipient, shows, cause) in [
        (ACCOUNT, mailed.as_slice(), ACCOUNT),
        (ACCOUNT, &shown, ACCOUNT),
        (PROVIDER, &mailed, ACCOUNT),
        (PROVIDER, &shown, ACCOUNT),
        ("announcements", &[], "document#market-agreement"),
    ] {
        let notices: BTreeMap<String, Value> = Corpus::of(&world)
            .await
            .items
            .into_iter()
            .filter(|item| key(item).0 == recipient && text(item, "kind") == Some("notice"))
            .map(|item| {
                (key(&item).1.to_owned(), serde_json::from_str(text(&item, "body").unwrap()).unwrap())
            })
            .collect();
        let is_of_that_cause = |notice: &&String| {
            let body = &notices[*notice];
            shows.iter().all(|(name, value)| body[name] == *value)
                && body["cause"].as_str().unwrap().contains(&format!(":{cause}/"))
        };
        let sort = notices.keys().rfind(is_of_that_cause).unwrap();
        let gone = world.delete_with_its_chain(recipient, sort).await;
        let faults = world.faults(cause).await;
        let item = format!("{recipient}/{sort}");
        assert!(faults[&item].contains("gone") && faults[&item].contains(cause), "{faults:?}");
        // An e-mail whose text it had cannot be read without it.
        let others = faults.keys().filter(|other| **other != item);
        let texts = others.map(|other| &notices[other.rsplit('/').next().unwrap()]["text_of"]);
        assert!(texts.clone().all(|id| *id == notices[sort]["id"]), "{faults:?}");
        assert_eq!(texts.count(), usize::from(shows == shown), "{faults:?}");
        world.put_all(&gone).await;
        assert_eq!(world.faults(cause).await, BTreeMap::new(), "and holds as it was");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demand_of_an_ended_grant_that_was_deleted_with_its_chain_is_missed() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let expired = stage.grant(&merchant, "shop-1", "month").await.grant;
    let revoked = stage.grant(&merchant, "shop-1", "year").await.grant;
    let active = stage.grant(&merchant, "shop-1", "year").await.grant;
    let revocation = format!("/accounts/shop-1/grants/{revoked}/revocation");
    assert!(merchant.post(&revocation, json!({})).await.unwrap().is_ok());
    world.advance_days(31).await;
    assert_eq!(world.faults(ACCOUNT).await, BTreeMap::new());
    for grant in [&expired, &revoked] {
        let demand = format!("demand#{grant}");
        let gone = world.delete_with_its_chain(ACCOUNT, &demand).await;
        let faults = world.faults(ACCOUNT).await;
        // So are the causes of the reminders that it led to.
        assert!(faults[&format!("{ACCOUNT}/{demand}")].contains("gone"), "{faults:?}");
        world.put_all(&gone).await;
        assert_eq!(world.faults(ACCOUNT).await, BTreeMap::new(), "and holds as it was");
    }
    // Another grant's demand in its place is none of its own.
    let other = world.delete_with_its_chain(ACCOUNT, &format!("demand#{expired}")).await;
    for item in &other {
        let mut moved = item.clone();
        let sort = key(item).1.replace(&expired, &active);
        moved.insert("sk".to_owned(), AttributeValue::S(sort));
        world.put(&moved).await;
    }
    let faults = world.faults(ACCOUNT).await;
    for grant in [&expired, &active] {
        assert!(faults.contains_key(&format!("{ACCOUNT}/demand#{grant}")), "{faults:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_another_thing_names_is_missed_when_it_was_deleted_with_its_chain() {
    let world = World::new().await;
    let (partitions, order) = traded(&world).await;
    let termination = world.find(ACCOUNT, "termination", &[]).await;
    let grant = world.find(ACCOUNT, "grant", &[]).await;
    let listing = partitions.iter().find(|name| name.starts_with("listing#")).unwrap();
    let terms = format!("document#{TERMS}");
    for (partition, sort, seen_from) in [
        (ACCOUNT, format!("order#{order}"), ACCOUNT),
        (ACCOUNT, key(&termination).1.to_owned(), ACCOUNT),
        (ACCOUNT, key(&grant).1.to_owned(), ACCOUNT),
        (ACCOUNT, "acceptance#market-agreement#000001".to_owned(), ACCOUNT),
        (ACCOUNT, format!("acceptance#{TERMS}#000001"), ACCOUNT),
        (ACCOUNT, "state".to_owned(), ACCOUNT),
        (PROVIDER, "state".to_owned(), ACCOUNT),
        (PROVIDER, "state".to_owned(), PROVIDER),
        (PROVIDER, "state".to_owned(), listing),
        (PROVIDER, "state".to_owned(), &terms),
        (listing, "state".to_owned(), ACCOUNT),
        (&terms, "state".to_owned(), ACCOUNT),
        ("document#market-agreement", "state".to_owned(), ACCOUNT),
    ] {
        let gone = world.delete_with_its_chain(partition, &sort).await;
        let faults = world.faults(seen_from).await;
        let item = format!("{partition}/{sort}");
        assert!(faults.get(&item).is_some_and(|wrong| wrong.contains("gone")), "{item}: {faults:?}");
        world.put_all(&gone).await;
        assert_eq!(world.faults(seen_from).await, BTreeMap::new(), "{item}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_termination_whose_account_was_taken_back_with_its_records_is_found_and_so_is_a_target_that_is_gone()
 {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let order = stage.buy(&merchant, "shop-1", "month").await;
    let before = world.item(ACCOUNT, "state").await;
    let reason = json!({ "reason": "x" });
    assert!(stage.operator.post("/accounts/shop-1/terminations", reason).await.unwrap().is_ok());
    world.settle().await;
    let now = world.item(ACCOUNT, "state").await;
    let record = format!("evidence#state#{:010}", text(&now, "v").unwrap().parse::<u64>().unwrap());
    let end_set = world.item(ACCOUNT, &record).await;
    world.put(&before).await;
    world.delete(ACCOUNT, &record).await;
    let faults = world.faults(ACCOUNT).await;
    assert!(faults[&format!("{ACCOUNT}/state")].contains("ends"), "{faults:?}");
    world.put_all(&[now, end_set]).await;
    world.advance_days(20).await;
    assert_eq!(world.faults(ACCOUNT).await, BTreeMap::new());
    // The last thing that named the order is the cascade that closed it.
    let item = format!("{ACCOUNT}/order#{order}");
    world.delete_with_its_chain(ACCOUNT, &format!("order#{order}")).await;
    assert!(world.faults(ACCOUNT).await[&item].contains("termination"), "the cascade names it");
}

/// Heads of these partitions, as a file of them.
async fn heads_of(world: &World, partitions: &[&str]) -> Heads {
    let mut lines = vec![json!({ "format": 1, "table": TABLE, "at": world.now() }).to_string()];
    for partition in partitions {
        lines.extend(world.verified(partition).await.heads.iter().map(|head| json!(head).to_string()));
    }
    let file = world.folder.path().join("heads.jsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    Heads::read(&file).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_together_with_its_records_is_found_by_heads_that_were_kept_elsewhere() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    world.settle().await;
    let before = Corpus::of(&world).await.items;
    let revocation = format!("/accounts/shop-1/grants/{}/revocation", granted.grant);
    assert!(merchant.post(&revocation, json!({})).await.unwrap().is_ok());
    world.settle().await;
    let kept = heads_of(&world, &[ACCOUNT, PROVIDER]).await;
    let faults = async || {
        let expected = Expected { now: Some(world.now()), heads: Some(&kept) };
        let store = &world.running.market.store;
        let verified =
            verify_at(store, &Partition::stored(ACCOUNT), &expected, &ProgressBar::hidden()).await.unwrap();
        verified.faults.into_iter().map(|fault| (fault.item, fault.wrong)).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(faults().await, BTreeMap::new());

    // The revocation is undone, whole: state, head, record, demand and notices.
    let now = Corpus::of(&world).await.items;
    let keys: BTreeSet<_> = before.iter().map(key).collect();
    for item in now.iter().filter(|item| !keys.contains(&key(item))) {
        world.delete(key(item).0, key(item).1).await;
    }
    world.put_all(&before).await;
    assert_eq!(world.faults(ACCOUNT).await, BTreeMap::new(), "the table itself shows nothing");
    let found = faults().await;
    let grant = format!("{ACCOUNT}/grant#{}", granted.grant);
    assert!(found[&grant].contains("is at version 1, and was at 2"), "{found:?}");
    assert!(found[&format!("{ACCOUNT}/demand#{}", granted.grant)].contains("gone"), "{found:?}");
    assert!(found.keys().any(|item| item.contains("/notice#")), "{found:?}");

    // What goes on from there has other records under the same numbers.
    assert!(merchant.post(&revocation, json!({})).await.unwrap().is_ok());
    world.settle().await;
    let found = faults().await;
    assert!(found[&grant].contains("not the one that was at version 2"), "{found:?}");

    // And what honestly goes on has grown from its heads.
    world.put_all(&now).await;
    let later = Corpus::of(&world).await.items;
    let keys: BTreeSet<_> = now.iter().map(key).collect();
    for item in later.iter().filter(|item| !keys.contains(&key(item))) {
        world.delete(key(item).0, key(item).1).await;
    }
    assert_eq!(faults().await, BTreeMap::new());
    world.advance_days(40).await;
    assert_eq!(faults().await, BTreeMap::new());
}

impl World {
    /// Deletes a thing together with its chain, and gives all of it.
    async fn delete_with_its_chain(&self, partition: &str, sort: &str) -> Vec<Item> {
        let chain = format!("evidence#{sort}#");
        let items = Corpus::of(self).await.items;
        let gone: Vec<Item> = items
            .into_iter()
            .filter(|item| {
                key(item) == (partition, sort) || key(item).0 == partition && key(item).1.starts_with(&chain)
            })
            .collect();
        for item in &gone {
            self.delete(partition, key(item).1).await;
        }
        assert!(!gone.is_empty());
        gone
    }
}
