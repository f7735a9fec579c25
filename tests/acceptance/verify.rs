//! `market verify`: what was done to the table behind the market's back is named, item by item.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use indicatif::ProgressBar;
use jiff::SignedDuration;
use market::TABLE;
use market::operate::verify::{Expected, Heads, verify_at};
use market::stage::{Stage, TERMS};
use market_kernel::aggregate::Lane;
use market_kernel::keys::Partition;
use market_store::due::{Lease, MAX_TRIES, SHARDS, Shard};
use serde_json::{Value, json};

use crate::corpus::{Corpus, Item, key, text};
use crate::harness::{World, at};
use crate::sampled::sampled;

impl World {
    /// The items of which something does not hold, each with what is wrong.
    async fn faults(&self, partition: &str) -> BTreeMap<String, String> {
        let verified = self.verified(partition).await;
        verified.faults.into_iter().map(|fault| (fault.item, fault.wrong)).collect()
    }

    /// Does to an item what nothing in the market can do.
    pub async fn tamper(&self, partition: &str, sort: &str, edit: impl Fn(&str) -> Option<String>) {
        let mut item = self.item(partition, sort).await;
        let body = text(&item, "body").unwrap().to_owned();
        let Some(edited) = edit(&body) else { return self.delete(partition, sort).await };
        assert_ne!(edited, body);
        item.insert("body".to_owned(), AttributeValue::S(edited));
        self.put(&item).await;
    }

    async fn item(&self, partition: &str, sort: &str) -> Item {
        let found = Corpus::of(self).await.items.into_iter().find(|item| key(item) == (partition, sort));
        found.unwrap_or_else(|| panic!("{partition}/{sort} is not there"))
    }

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

    async fn put_all(&self, items: &[Item]) {
        for item in items {
            self.put(item).await;
        }
    }

    /// The first thing of a partition whose body shows all of this.
    async fn find(&self, partition: &str, kind: &str, shows: &[(&str, &str)]) -> Item {
        let shown = |item: &Item| {
            let body: Value = serde_json::from_str(text(item, "body").unwrap()).unwrap();
            shows.iter().all(|(name, value)| body[name] == *value)
        };
        let found = Corpus::of(self)
            .await
            .items
            .into_iter()
            .find(|item| key(item).0 == partition && text(item, "kind") == Some(kind) && shown(item));
        found.unwrap_or_else(|| panic!("no {kind} with {shows:?} in {partition}"))
    }
}

/// A market in which everything that has evidence has happened.
async fn traded(world: &World) -> (Vec<String>, String) {
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    world.advance_days(31).await;
    let service = format!("/accounts/shop-1/demands/{}/service", granted.grant);
    assert!(merchant.post(&service, json!({})).await.unwrap().is_ok());
    let reason = json!({ "reason": "x" });
    assert!(stage.operator.post("/accounts/shop-1/terminations", reason).await.unwrap().is_ok());
    world.advance_days(20).await;
    let listing = format!("listing#{}", stage.listing);
    let terms = format!("document#{TERMS}");
    let named = ["account#shop-1", "provider#northwind", "document#market-agreement", "announcements"];
    let payment = format!("payment#pay-{}", granted.order);
    let partitions = named.map(str::to_owned).into_iter().chain([listing, terms, payment]).collect();
    (partitions, granted.order)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_evidence_of_everything_holds_after_trade_and_every_thing_is_verified() {
    let world = World::new().await;
    let (partitions, _) = traded(&world).await;
    let (mut chains, mut records) = (0, 0);
    for partition in &partitions {
        let verified = world.verified(partition).await;
        assert_eq!(verified.faults, [], "{partition}");
        assert!(verified.chains > 0, "{partition}");
        chains += verified.chains;
        records += verified.records;
    }
    let items = world.items().await;
    let things = items.values().filter(|item| item.kind.is_some()).count();
    let written = items.keys().filter(|(_, sort)| sort.starts_with("evidence#")).count();
    assert_eq!((chains, records), (things as u64, written as u64), "none was left out");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_tampered_with_is_named() {
    let world = World::new().await;
    let (_, order) = traded(&world).await;
    let (account, order) = ("account#shop-1", format!("order#{order}"));
    let item = format!("{account}/{order}");
    let record = |number: u32| format!("evidence#{order}#{number:010}");

    let first = text(&world.item(account, &record(1)).await, "body").unwrap().to_owned();
    world.tamper(account, &record(1), |body| Some(body.replace("OrderPlaced", "OrderGiven"))).await;
    let faults = world.faults(account).await;
    assert!(faults[&item].contains("record 2 does not follow"), "{faults:?}");
    world.tamper(account, &record(1), |_| Some(first.clone())).await;
    assert_eq!(world.faults(account).await, BTreeMap::new(), "and holds as it was");

    let state = text(&world.item(account, &order).await, "body").unwrap().to_owned();
    world.tamper(account, &order, |body| Some(body.replacen("19900", "1", 1))).await;
    let faults = world.faults(account).await;
    assert_eq!(faults.keys().collect::<Vec<_>>(), [&item]);
    assert!(faults[&item].contains("state"), "{faults:?}");
    world.tamper(account, &order, |_| Some(state.clone())).await;

    let (_, notice) = world
        .items()
        .await
        .into_keys()
        .find(|(owner, sort)| owner == "provider#northwind" && sort.starts_with("notice#"))
        .unwrap();
    world
        .tamper("provider#northwind", &notice, |body| {
            Some(body.replacen("\"body\":\"", "\"body\":\"No. ", 1))
        })
        .await;
    let faults = world.faults("provider#northwind").await;
    assert!(faults[&format!("provider#northwind/{notice}")].contains("text"), "{faults:?}");

    world.tamper("document#market-agreement", "text#000001", |body| Some(format!("{body}又"))).await;
    let faults = world.faults("document#market-agreement").await;
    assert!(faults["document#market-agreement/state"].contains("text of version 1"), "{faults:?}");
    world
        .tamper("document#market-agreement", "text#000001", |body| body.strip_suffix('又').map(str::to_owned))
        .await;
    assert_eq!(world.faults("document#market-agreement").await.len(), 0);
    world
        .tamper("document#market-agreement", "outline#000001", |body| {
            Some(body.replacen("\"depth\":1", "\"depth\":2", 1))
        })
        .await;
    let faults = world.faults("document#market-agreement").await;
    assert!(faults["document#market-agreement/state"].contains("outline of version 1"), "{faults:?}");

    world.tamper(account, &record(1), |_| None).await;
    let faults = world.faults(account).await;
    assert!(faults[&item].contains("record 1 is missing"), "{faults:?}");
    world.tamper(account, &order, |_| None).await;
    let faults = world.faults(account).await;
    assert!(faults[&item].contains("gone"), "{faults:?}");
    assert!(world.faults("account#shop-2").await.contains_key("account#shop-2"), "nothing is there at all");
}

/// A way of editing a body, by what it is called.
type Edit = (&'static str, fn(&mut Value));

const ACCOUNT: &str = "account#shop-1";
const PROVIDER: &str = "provider#northwind";

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
        let of_that_cause: Vec<Item> = Corpus::of(&world)
            .await
            .items
            .into_iter()
            .filter(|item| key(item).0 == recipient && text(item, "kind") == Some("notice"))
            .filter(|item| {
                let body: Value = serde_json::from_str(text(item, "body").unwrap()).unwrap();
                let is_so = shows.iter().all(|(name, value)| body[name] == *value);
                is_so && body["cause"].as_str().unwrap().contains(&format!(":{cause}/"))
            })
            .collect();
        let (_, sort) = key(of_that_cause.last().unwrap());
        let gone = world.delete_with_its_chain(recipient, sort).await;
        let faults = world.faults(cause).await;
        let item = format!("{recipient}/{sort}");
        assert_eq!(faults.keys().collect::<Vec<_>>(), [&item], "{faults:?}");
        assert!(faults[&item].contains("gone") && faults[&item].contains(cause), "{faults:?}");
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
async fn whatever_is_edited_of_a_notice_is_found_from_its_recipient_and_from_its_cause() {
    let world = World::new().await;
    traded(&world).await;
    let edits: [Edit; 8] = [
        ("when it was served", |body| body["served_at"] = json!("2026-01-05T00:00:00Z")),
        ("how far it has come", |body| body["status"] = json!("delivered")),
        ("when it was drafted", |body| body["drafted_at"] = json!("2026-01-04T01:00:00Z")),
        ("its clause", |body| body["clause"] = json!("1.1")),
        ("what it is about", |body| body["about"] = json!("order_expired")),
        ("its subject", |body| body["subject"] = json!("x")),
        ("the hash beside its text", |body| body["content_sha256"] = json!("0".repeat(64))),
        ("its language", |body| body["language"] = json!(if body["language"] == "en" { "zh" } else { "en" })),
    ];
    let activated = [("channel", "in_site"), ("about", "grant_activated")];
    let served = [("channel", "in_site"), ("about", "termination_served")];
    let notices = [
        (PROVIDER, activated.as_slice(), ACCOUNT),
        (ACCOUNT, &served, ACCOUNT),
        ("announcements", &[], "document#market-agreement"),
    ];
    let cases = notices.into_iter().flat_map(|notice| edits.into_iter().map(move |edit| (notice, edit)));
    for ((recipient, shows, cause), (what, edit)) in sampled(cases, 3) {
        let notice = world.find(recipient, "notice", shows).await;
        let item = format!("{recipient}/{}", key(&notice).1);
        let mut body: Value = serde_json::from_str(text(&notice, "body").unwrap()).unwrap();
        edit(&mut body);
        if body["status"] == "delivered" {
            body["delivered_at"] = body["served_at"].clone();
        }
        let mut edited = notice.clone();
        edited.insert("body".to_owned(), AttributeValue::S(body.to_string()));
        world.put(&edited).await;
        for from in [recipient, cause] {
            let faults = world.faults(from).await;
            assert_eq!(faults.keys().collect::<Vec<_>>(), [&item], "{what}, from {from}: {faults:?}");
        }
        world.put(&notice).await;
    }
}

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
                ["due_shard", "wake_at", "due_at"].map(|name| item.remove(name)).into_iter().for_each(drop)
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
    assert_eq!(kinds, ["demand", "grant", "listing", "order"].into());
    assert!(!draft.contains_key("list") && served.contains_key("list"));
    let edits: [fn(&mut Item); 4] = [
        |item| ["list", "place"].map(|name| item.remove(name)).into_iter().for_each(drop),
        |item| drop(item.remove("place")),
        |item| {
            drop(item.insert("list".to_owned(), AttributeValue::S("provider#southwind#orders".to_owned())))
        },
        |item| drop(item.insert("place".to_owned(), AttributeValue::S("0".to_owned()))),
    ];
    let cases = kinds.iter().flat_map(|kind| edits.iter().map(move |edit| (*kind, edit)));
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
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instant_that_would_keep_a_thing_from_ever_changing_again_is_found() {
    let world = World::new().await;
    traded(&world).await;
    for kind in ["order", "grant", "notice", "account"] {
        let item = world.find(ACCOUNT, kind, &[]).await;
        let mut edited = item.clone();
        edited.insert("at".to_owned(), AttributeValue::S("2999-01-01T00:00:00Z".to_owned()));
        world.put(&edited).await;
        let faults = world.faults(ACCOUNT).await;
        let named = format!("{ACCOUNT}/{}", key(&item).1);
        assert_eq!(faults.keys().collect::<Vec<_>>(), [&named], "{faults:?}");
        world.put(&item).await;
    }
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
async fn a_thing_of_a_kind_that_nobody_knows_is_named_wherever_it_lies() {
    let world = World::new().await;
    traded(&world).await;
    let order = world.find(ACCOUNT, "order", &[]).await;
    let mut stranger = order.clone();
    stranger.insert("sk".to_owned(), AttributeValue::S("voucher#1".to_owned()));
    stranger.insert("kind".to_owned(), AttributeValue::S("voucher".to_owned()));
    world.put(&stranger).await;
    let mut bare = order.clone();
    bare.insert("sk".to_owned(), AttributeValue::S("voucher#2".to_owned()));
    bare.retain(|name, _| ["pk", "sk", "body"].contains(&name.as_str()));
    world.put(&bare).await;
    let faults = world.faults(ACCOUNT).await;
    let named = ["voucher#1", "voucher#2"].map(|sort| format!("{ACCOUNT}/{sort}"));
    assert_eq!(faults.keys().cloned().collect::<Vec<_>>(), named);
    assert!(faults.values().all(|wrong| wrong.contains("kind")), "{faults:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_edited_of_a_version_is_found() {
    let world = World::new().await;
    traded(&world).await;
    let (document, version) = ("document#market-agreement", "version#000001");
    let good = world.item(document, version).await;
    let edits: [Edit; 5] = [
        ("prominent", |body| body["prominent"] = json!(["4.2"])),
        ("published_at", |body| body["published_at"] = json!("2026-01-01T00:00:00Z")),
        ("effective_at", |body| body["effective_at"] = json!("2026-01-01T00:00:00Z")),
        ("size_bytes", |body| body["size_bytes"] = json!(1)),
        ("warning", |body| body["warning"] = json!("x")),
    ];
    for (what, edit) in edits {
        world
            .tamper(document, version, |body| {
                let mut body: Value = serde_json::from_str(body).unwrap();
                edit(&mut body);
                Some(body.to_string())
            })
            .await;
        let faults = world.faults(document).await;
        assert!(faults[&format!("{document}/state")].contains("version 1"), "{what}: {faults:?}");
        world.put(&good).await;
    }
    world.delete(document, version).await;
    assert!(world.faults(document).await.contains_key(&format!("{document}/state")), "gone");
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

mod folder {
    //! The command on a data folder.

    use std::path::Path;
    use std::process::{Command, Output};

    use market::{Clockwork, Options, Running};

    use super::*;
    use crate::harness::{BEGINS, at, options};

    fn verify(folder: &Path, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_market"));
        command.args(["verify", "--data"]).arg(folder).args(arguments).env("RUST_LOG", "off");
        let Output { status, stdout, stderr } = command.output().unwrap();
        (status.success(), String::from_utf8([stdout, stderr].concat()).unwrap())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_data_folder_that_no_market_uses_is_verified_whole_and_one_that_is_used_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (is_good, said) = verify(&data, &["--all"]);
        assert!(!is_good && said.contains("there is no market in the folder"), "{said}");
        assert!(!data.exists(), "and nothing is made");
        let options =
            Options { in_memory: false, clockwork: Clockwork::Standing(at(BEGINS)), ..options(data.clone()) };
        let running = Running::start(options.clone()).await.unwrap();
        let stage = Stage::set(&running).await;
        let merchant = stage.merchant("shop-1").await;
        stage.grant(&merchant, "shop-1", "month").await;
        stage.merchant("shop-2").await;
        running.machine.settle().await.unwrap();
        let (is_good, said) = verify(&data, &["--all"]);
        assert!(!is_good && said.contains("another market is running on the folder"), "{said}");
        drop(stage);
        running.stop().await;

        let heads = folder.path().join("heads.jsonl");
        let (is_good, said) = verify(&data, &["--all", "--export-heads", heads.to_str().unwrap()]);
        assert!(is_good && said.contains("; 0 do not hold"), "{said}");
        let list = std::fs::read_to_string(&heads).unwrap();
        let lines: Vec<&str> = list.lines().collect();
        assert!(lines.len() > 10 && lines[0].contains(r#""format":1"#), "{list}");
        assert!(lines[1..].is_sorted(), "{list}");
        for partition in [ACCOUNT, PROVIDER, "announcements", "document#market-agreement", "listing#"] {
            assert!(list.contains(&format!(r#""partition":"{partition}"#)), "{partition}: {list}");
        }
        let (is_good, said) = verify(&data, &["--against", heads.to_str().unwrap()]);
        assert!(is_good, "{said}");

        // A merchant goes with all that is its own: nothing in the table names it any more.
        let running = Running::start(options).await.unwrap();
        let table = aws_sdk_dynamodb::Client::new(&market::sdk_at(&running.table_endpoint).await);
        let shop = || AttributeValue::S("account#shop-2".to_owned());
        let query = table.query().table_name(TABLE).key_condition_expression("pk = :pk");
        let items = query.expression_attribute_values(":pk", shop()).send().await.unwrap();
        for item in items.items() {
            let delete = table.delete_item().table_name(TABLE).key("pk", shop());
            delete.key("sk", item["sk"].clone()).send().await.unwrap();
        }
        running.stop().await;
        let (is_good, said) = verify(&data, &["--all"]);
        assert!(is_good, "{said}");
        let next = folder.path().join("next.jsonl");
        let arguments =
            ["--against", heads.to_str().unwrap(), "--export-heads", next.to_str().unwrap(), "--json"];
        let (is_good, said) = verify(&data, &arguments);
        assert!(!is_good && said.contains("account#shop-2/state"), "{said}");
        assert!(!next.exists(), "heads of what does not hold are not written down");
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
