//! The operators' commands, on a market that trades: they go the same ways as on AWS, to another address.

mod aws;
mod command;
mod dead_letters;
mod dry_runs;
mod exits;
mod lagging;
mod places;
mod rights;
mod smoke;

use indicatif::ProgressBar;
use jiff::SignedDuration;
use market::client::Client;
use market::operate::OperateError;
use market::operate::api::Api;
use market::operate::jobs::Late;
use market::operate::jobs::table::{late, parked, redrive};
use market::operate::publish::{ToPublish, preview, publish};
use market::stage::Stage;
use market_agreement::documents::DocumentKind;
use market_identity::Role;
use market_kernel::aggregate::Lane;
use market_kernel::citations::Rules;
use market_kernel::hash::Sha256Hash;
use market_store::due::{Lease, MAX_TRIES, SHARDS, Shard};
use serde_json::json;

use crate::harness::World;

impl World {
    fn operators_token(&self) -> String {
        self.running.issuer.token(Role::Operator, "ops", self.now())
    }

    /// The API, for an operator.
    fn api(&self) -> Api {
        Api::at(&self.running.url, Some(self.operators_token()))
    }
}

fn agreement(text: &str) -> ToPublish {
    ToPublish {
        document: "market-agreement".parse().unwrap(),
        kind: DocumentKind::Body,
        title: "服务市场服务协议".to_owned(),
        text: text.to_owned(),
        prominent: vec!["1.1".parse().unwrap()],
        rules: Rules::new(),
        effective_at: None,
        major: false,
        outline: None,
        unnumbered: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_how_a_text_is_read_and_publishes_nothing() {
    let world = World::new().await;
    let api = world.api();
    let text = "1.甲\n1.1乙\n**1.2丙不赔。**\n1.4丁\n1.5万元以上的除外。\n";
    let before = world.table().await;
    let dry = preview(&api, &agreement(text)).await.unwrap();
    assert_eq!(dry.refused, None);
    let told = dry.to_string();
    for line in [
        "    1.2  丙不赔。",
        "bold          1.2",
        "line 4: 1.4 – missing 1.3",
        "line 5: no clause (amount): 1.5万元",
    ] {
        assert!(told.contains(line), "{line} in {told}");
    }
    let nothing = ToPublish { prominent: Vec::new(), ..agreement("甲\n乙\n") };
    assert_eq!(preview(&api, &nothing).await.unwrap().refused.unwrap().code, "nothing-recognised");
    assert!(world.table().await == before, "nothing was written");

    let published = publish(&api, &agreement(text)).await.unwrap();
    assert_eq!(published.outline, Some(dry.outline));
    assert!(published.to_string().contains("clauses       4"), "{published}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_published_twice_has_one_version() {
    let world = World::new().await;
    let api = world.api();
    let text = "\u{feff}1.甲\r\n1.1乙\n";
    let first = publish(&api, &agreement(text)).await.unwrap();
    assert_eq!((first.version, first.repeated), (1, false));
    assert_eq!(first.sha256, Sha256Hash::of(text.as_bytes()));
    assert_eq!(first.effective_at, world.now());
    let again =
        publish(&Api::at(&format!("{}/", api.url()), Some(world.operators_token())), &agreement(text))
            .await
            .unwrap();
    assert_eq!((again.version, again.repeated), (1, true));
    let anyone = Client::anonymous(&world.running);
    let document = anyone.get("/documents/market-agreement").await.unwrap();
    assert_eq!(document.body["versions"].as_array().map(|versions| versions.len()), Some(1));
    assert_eq!(anyone.get("/documents/market-agreement/versions/1/text").await.unwrap().text, text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_a_version_are_read_from_a_file_and_published_with_it() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let [text, rules] = ["agreement.txt", "rules.json"].map(|name| folder.path().join(name));
    std::fs::write(&text, "1.甲\n1.1乙\n").unwrap();
    let publish = async |content: &str| {
        std::fs::write(&rules, content).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_market"));
        command.args(["publish", "--document", "market-agreement", "--kind", "body", "--title", "协议"]);
        command.arg("--file").arg(&text).arg("--rules").arg(&rules).args(["--url", &world.running.url]);
        command.env("MARKET_TOKEN", world.operators_token());
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    };
    let unknown = publish("{\"99.1\": \"1.1\"}").await;
    let told = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(!unknown.status.success() && told.contains("rules.json"), "{told}");
    let published = publish("{\"10.1.2\": \"1.1\"}").await;
    assert!(published.status.success(), "{}", String::from_utf8_lossy(&published.stderr));
    let version = Client::anonymous(&world.running).get("/documents/market-agreement/versions/1").await;
    assert_eq!(version.unwrap().body["rules"], json!({ "10.1.2": "1.1" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_refused_is_told_why() {
    let world = World::new().await;
    let api = world.api();
    publish(&api, &agreement("1.甲\n1.1乙\n")).await.unwrap();
    let early = publish(&api, &agreement("1.丙\n1.1丁\n")).await.unwrap_err().to_string();
    assert!(early.contains("publicity-too-short") && early.contains("2026-01-12T16:00:00Z"), "{early}");
    let stranger = world.running.issuer.token(Role::Merchant, "shop-1", world.now());
    let refused = publish(&Api::at(api.url(), Some(stranger)), &agreement("1.丙\n1.1丁\n"))
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("role-not-allowed"), "{refused}");
    let nobody =
        publish(&Api::at("http://127.0.0.1:1", Some("t".to_owned())), &agreement("1.丙\n1.1丁\n")).await;
    assert!(matches!(nobody, Err(OperateError::Unreachable { .. })), "{nobody:?}");
}

/// Hands an order's timer out until it is parked, as if no worker ever did anything about it.
async fn hand_out_until_parked(world: &World) {
    let store = &world.running.market.store;
    for try_number in 0..=MAX_TRIES {
        let now = world.now() + SignedDuration::from_hours(24 * (i64::from(try_number) + 2));
        let mut leases = Vec::new();
        for shard in 0..SHARDS {
            for entry in store.due(Lane::AdvanceCase, Shard::Due(shard), now, None, 10).await.unwrap() {
                leases.push(store.lease(&entry, now).await.unwrap());
            }
        }
        assert_eq!(leases, [if try_number < MAX_TRIES { Lease::Taken } else { Lease::Parked }]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn late_work_is_told_job_by_job_from_a_minute_on_handed_out_or_not() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    world.settle().await;
    let placed = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    let due_at = world.now() + SignedDuration::from_hours(24);
    let store = &world.running.market.store;
    let on_time = late(store, Lane::AdvanceCase, due_at + SignedDuration::from_secs(60)).await.unwrap();
    assert_eq!((on_time.late, on_time.more, on_time.oldest), (0, false, None));

    let now = due_at + SignedDuration::from_secs(61);
    let found = late(store, Lane::AdvanceCase, now).await.unwrap();
    assert_eq!((found.late, found.tried, found.more), (1, 0, false));
    let oldest = found.oldest.unwrap();
    assert_eq!((oldest.due_at, oldest.tries), (due_at, 0));
    assert!(oldest.item.ends_with(placed.text_at("/id")), "{oldest:?}");

    for shard in 0..SHARDS {
        for entry in store.due(Lane::AdvanceCase, Shard::Due(shard), now, None, 10).await.unwrap() {
            assert_eq!(store.lease(&entry, now).await.unwrap(), Lease::Taken);
        }
    }
    let handed_out = late(store, Lane::AdvanceCase, now).await.unwrap();
    assert_eq!((handed_out.late, handed_out.tried), (1, 1));
    let Late { late: others, .. } = late(store, Lane::RemindDeletion, now).await.unwrap();
    assert_eq!(others, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_work_is_shown_and_handed_back_and_then_done() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    world.settle().await;
    let placed = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    let path = placed.headers["location"].to_str().unwrap().to_owned();
    hand_out_until_parked(&world).await;
    let store = &world.running.market.store;
    let waiting = parked(store, Lane::AdvanceCase, 10).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert!(waiting[0].item.ends_with(placed.text_at("/id")), "{waiting:?}");
    assert_eq!(parked(store, Lane::Notify, 10).await.unwrap(), []);

    world.set_clock(world.now() + SignedDuration::from_hours(25));
    world.settle().await;
    assert_eq!(merchant.get(&path).await.unwrap().text_at("/status"), "placed", "given up on");
    let hidden = ProgressBar::hidden();
    let nothing = redrive(store, Lane::Notify, world.now(), &hidden).await.unwrap();
    assert_eq!((nothing.items, nothing.changed), (0, 0));
    let handed_back = redrive(store, Lane::AdvanceCase, world.now(), &hidden).await.unwrap();
    assert_eq!((handed_back.items, handed_back.changed), (1, 0));
    assert_eq!(parked(store, Lane::AdvanceCase, 10).await.unwrap(), []);
    world.settle().await;
    assert_eq!(merchant.get(&path).await.unwrap().text_at("/status"), "closed");
}
