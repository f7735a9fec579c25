//! `market verify`: what was done to the table behind the market's back is named, item by item.

mod indexes;
mod missing;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use market::TABLE;
use market::stage::{Stage, TERMS};
use serde_json::{Value, json};

use crate::corpus::{Corpus, Item, key, text};
use crate::harness::World;
use crate::sampled::sampled;

impl World {
    /// The items of which something does not hold, each with what is wrong.
    pub async fn faults(&self, partition: &str) -> BTreeMap<String, String> {
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

    pub async fn item(&self, partition: &str, sort: &str) -> Item {
        let found = Corpus::of(self).await.items.into_iter().find(|item| key(item) == (partition, sort));
        found.unwrap_or_else(|| panic!("{partition}/{sort} is not there"))
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
async fn holidays_that_are_built_in_are_no_loss_and_what_is_not_there_is_told_as_that() {
    let world = World::new().await;
    let built_in = world.verified("holidays#2026").await;
    assert_eq!((built_in.faults, built_in.not_looked_at.len()), (vec![], 1));
    assert!(built_in.not_looked_at[0].contains("the holidays of 2026, which are built into"));
    for nothing in ["holidays#2031", "account#shop-9", "account#2026"] {
        let verified = world.verified(nothing).await;
        assert!(verified.faults[0].wrong.contains("it is not there"), "{nothing}: {:?}", verified.faults);
        assert_eq!(verified.not_looked_at, [""; 0]);
    }
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

    let notice = world.find("provider#northwind", "notice", &[("channel", "in_site")]).await;
    let notice = key(&notice).1.to_owned();
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
        assert!(!is_good && said.contains("is in use by a market: ask it with --url"), "{said}");
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
