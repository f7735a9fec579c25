//! Every command works in a data folder, at a URL and in a deployed stack alike; what means nothing somewhere is refused there.

use market::client::Client;
use market::operate::api::Api;
use market::operate::jobs::told;
use market::requests;
use market::stage::Stage;
use market::{Clockwork, Options, Running};
use market_ambient::{Clock, SystemClock};
use market_identity::Role;
use serde_json::{Value, json};

use super::aws;
use super::command::{Said, market};
use crate::harness::{World, options};

/// A market that ticks, in a folder, with an account in it.
async fn ticking(folder: &std::path::Path) -> Running {
    let options = Options { in_memory: false, clockwork: Clockwork::Ticking, ..options(folder.to_owned()) };
    let running = Running::start(options).await.unwrap();
    let shop = Client::of(&running, Role::Merchant, "shop-1");
    let applied = shop.post("/accounts/shop-1", requests::merchant("shop-1", "91510100MA6C0QLJ")).await;
    assert_eq!(applied.unwrap().status, 201);
    running
}

/// A market in which an order's timer was given up on and a notice did not arrive, as of now.
pub async fn with_work_for_a_human(folder: &std::path::Path) -> World {
    let now = SystemClock.now();
    let options =
        Options { in_memory: false, clockwork: Clockwork::Standing(now), ..options(folder.to_owned()) };
    let world =
        World { running: Running::start(options).await.unwrap(), folder: tempfile::tempdir().unwrap() };
    let stage = Stage::set(&world.running).await;
    stage.merchant("shop-2").await;
    let shop = stage.merchant("shop-1").await;
    world.refuse_email("account/shop-1", "account_opened").await;
    assert!(shop.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap().is_ok());
    world.settle().await;
    super::hand_out_until_parked(&world).await;
    world
}

/// What is asked everywhere, and what of the answer must be the same everywhere.
const ASKED: [(&str, &[&str]); 8] = [
    // Nobody's timer there was put off by hand.
    ("verify --account shop-2", &["ok", "faults"]),
    ("jobs late", &["jobs"]),
    ("jobs parked", &["items"]),
    ("jobs redrive advance_case --dry-run", &["items", "more", "dry_run"]),
    ("jobs redrive notify --dry-run", &["items", "more", "dry_run"]),
    ("dead-letters list", &["items"]),
    ("notices", &["notices", "more", "unreadable"]),
    ("smoke", &["ok", "checks"]),
];

async fn asked(place: &[&str], environment: &[(&str, &str)]) -> Vec<(i32, Value)> {
    let mut found = Vec::new();
    for (line, fields) in ASKED {
        let words: Vec<&str> = line.split(' ').chain(place.iter().copied()).chain(["--json"]).collect();
        let said = market(&words, environment).await;
        let whole = Value::from(said.json());
        let shown: Value = fields.iter().map(|field| ((*field).to_owned(), whole[field].clone())).collect();
        assert!(!shown.to_string().contains("null"), "{line}: {said:?}");
        found.push((said.exit, shown));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_finds_the_same_in_a_folder_at_a_url_and_in_a_stack() {
    let folder = tempfile::tempdir().unwrap();
    let world = with_work_for_a_human(folder.path()).await;
    let running = &world.running;
    let at_url = asked(&["--url", &running.url], &[]).await;
    assert!(at_url.iter().all(|(exit, _)| *exit == 0), "{at_url:?}");
    for (asked, list) in [(2, "/items"), (3, "/items"), (6, "/notices")] {
        let found = at_url[asked].1.pointer(list).unwrap();
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{}: {found}", ASKED[asked].0);
    }
    let stack = aws::environment(running).await;
    let token = running.issuer.token(Role::Operator, "ops", running.market.clock.now());
    let mut stack: Vec<(&str, &str)> = stack.iter().map(|(name, value)| (*name, value.as_str())).collect();
    stack.push(("MARKET_TOKEN", &token));
    let in_stack = asked(&["--stack-name", "market"], &stack).await;
    world.running.stop().await;
    let path = folder.path().display().to_string();
    let in_folder = asked(&["--data", &path], &[]).await;
    for (((line, _), at_url), (in_stack, in_folder)) in
        ASKED.iter().zip(&at_url).zip(in_stack.iter().zip(&in_folder))
    {
        assert_eq!(at_url, in_stack, "{line}");
        assert_eq!(at_url, in_folder, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_in_a_folder_is_there_when_its_market_starts() {
    let folder = tempfile::tempdir().unwrap();
    ticking(folder.path()).await.stop().await;
    let path = folder.path().display().to_string();
    let file = folder.path().join("agreement.txt");
    std::fs::write(&file, "1.甲\n1.1乙\n").unwrap();
    let file = file.display().to_string();
    let line =
        ["publish", "--document", "market-agreement", "--kind", "body", "--title", "协议", "--file", &file];
    let said = market(&[&line[..], &["--data", &path, "--json"]].concat(), &[]).await;
    assert_eq!((said.exit, &said.json()["version"]), (0, &json!(1).into()), "{said:?}");
    let running = Running::start(Options { in_memory: false, ..options(folder.path().to_owned()) });
    let running = running.await.unwrap();
    let read = Client::anonymous(&running).get("/documents/market-agreement/versions/1/text").await;
    assert_eq!(read.unwrap().text, "1.甲\n1.1乙\n");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn market_url_is_where_no_other_place_is_said() {
    let world = World::new().await;
    let named = [("MARKET_URL", world.running.url.as_str())];
    let said = market(&["notices", "--json"], &named).await;
    assert_eq!((said.exit, &said.json()["notices"]), (0, &json!([]).into()), "{said:?}");
    let elsewhere = market(&["notices", "--url", "http://127.0.0.1:1"], &named).await;
    assert!(elsewhere.exit == 3 && elsewhere.err.contains("nothing listens on 127.0.0.1:1"), "{elsewhere:?}");
    let nowhere = market(&["notices", "--data", "/nowhere/market"], &named).await;
    assert!(nowhere.exit == 3 && nowhere.err.contains("there is no market in the folder"), "{nowhere:?}");
    let none = market(&["notices"], &[("MARKET_URL", "127.0.0.1:8080")]).await;
    assert!(none.exit == 2 && none.err.contains("MARKET_URL"), "{none:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_that_means_nothing_at_a_place_is_refused_there() {
    let world = World::new().await;
    let url = world.running.url.as_str();
    for line in [
        "verify --document market-agreement",
        "verify --listing lst_00000000000000000000000000000000",
        "verify --payment pay-1",
        "verify --credit-code 91510100MA6C0QLJ9N",
        "verify --holidays 2027",
        "verify --account shop-1 --announcements",
        "verify --all",
        "jobs parked --limit 101",
        "lists fill",
        "verify --account shop-1 --all",
    ] {
        let words: Vec<&str> = line.split(' ').chain(["--url", url]).collect();
        let said = market(&words, &[]).await;
        assert!(said.exit == 2 && said.out.is_empty(), "{line}: {said:?}");
        assert!(said.err.contains("--url"), "{line}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_on_a_folder_in_use_says_where_its_market_answers() {
    let folder = tempfile::tempdir().unwrap();
    let running = ticking(folder.path()).await;
    let path = folder.path().display().to_string();
    for line in [&["verify", "--all"][..], &["jobs", "late"], &["notices"], &["dead-letters", "list"]] {
        let said = market(&[line, &["--data", &path]].concat(), &[]).await;
        assert_eq!(said.exit, 3, "{said:?}");
        assert!(said.err.contains(&format!("--url {}", running.url)), "{said:?}");
    }
    running.stop().await;
    let lock = std::fs::File::options().write(true).open(folder.path().join("market.lock")).unwrap();
    // As a command holds it.
    lock.try_lock().unwrap();
    lock.set_len(0).unwrap();
    let said = market(&["notices", "--data", &path, "--json"], &[]).await;
    assert_eq!((said.exit, &said.json()["error"]["code"]), (3, &json!("folder-in-use").into()), "{said:?}");
    assert!(said.out.contains("by a command"), "{said:?}");
    let said = market(&["--data", &path, "--listen", "0"], &[]).await;
    assert!(said.exit == 3 && said.err.contains("by a command"), "{said:?}");
    drop(lock);
    let said = market(&["verify", "--all", "--data", &path], &[]).await;
    assert_eq!((said.exit, said.err.as_str()), (0, ""), "nothing is left of it: {said:?}");
}

/// What does not hold of an account, over the API.
async fn faults_told(world: &World, more: &[&str]) -> Said {
    market(&[&["verify", "--account", "shop-1", "--url", &world.running.url, "--json"], more].concat(), &[])
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_was_cut_or_edited_shows_over_the_api_too() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let placed = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    world.advance_days(2).await;
    let order = format!("order#{}", placed.text_at("/id"));
    let folder = tempfile::tempdir().unwrap();
    let heads = folder.path().join("heads.jsonl").display().to_string();
    let whole = faults_told(&world, &["--export-heads", &heads]).await;
    assert_eq!(whole.exit, 0, "{whole:?}");
    assert!(whole.json()["records"].as_u64().unwrap() > 3, "{whole:?}");
    let unseen = whole.json()["not_looked_at"].to_string();
    assert!(unseen.contains("states, timers, lists"), "{unseen}");
    let since = faults_told(&world, &["--against", &heads]).await;
    assert_eq!(since.exit, 0, "{since:?}");
    assert!(!since.json()["not_looked_at"].to_string().contains("heads"), "{since:?}");
    let other =
        ["verify", "--provider", "northwind", "--url", &world.running.url, "--json", "--against", &heads];
    let other = market(&other, &[]).await.json()["not_looked_at"].to_string();
    assert!(other.contains("provider#northwind: the heads that were exported say nothing of it"), "{other}");
    let no_file = faults_told(&world, &["--export-heads", &folder.path().display().to_string()]).await;
    assert_eq!((no_file.exit, &no_file.json()["error"]["code"]), (3, &json!("file-unwritable").into()));

    let chain: Vec<_> = world
        .items()
        .await
        .into_keys()
        .filter(|(partition, sort)| {
            partition == "account#shop-1" && sort.starts_with(&format!("evidence#{order}#"))
        })
        .collect();
    assert!(chain.len() >= 2, "{chain:?}");
    // The newest record is taken back, and with it nothing that the API shows: heads alone tell of it.
    let (partition, newest) = chain.last().unwrap();
    let taken = world.item(partition, newest).await;
    world.delete(partition, newest).await;
    assert_eq!(faults_told(&world, &[]).await.exit, 0);
    let cut = faults_told(&world, &["--against", &heads]).await;
    assert_eq!(cut.exit, 1, "{cut:?}");
    assert!(cut.json()["faults"].to_string().contains(&order), "{cut:?}");
    world.put(&taken).await;

    let first = &chain[0].1;
    world.tamper(partition, first, |record| Some(record.replace("OrderPlaced", "OrderPaid"))).await;
    let edited = faults_told(&world, &[]).await;
    assert_eq!((edited.exit, &edited.json()["ok"]), (1, &json!(false).into()), "{edited:?}");
    let named = edited.json()["faults"].to_string();
    assert!(named.contains(&order) && named.contains("does not follow"), "{named}");
    assert!(world.faults(partition).await.keys().any(|item| item.contains(&order)), "as in the table");
    let nobody = market(&["verify", "--account", "nobody", "--url", &world.running.url], &[]).await;
    assert!(nobody.exit == 1 && nobody.out.contains("nothing is told of it"), "{nobody:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_work_is_handed_back_over_the_api_and_done() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    world.settle().await;
    let placed = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    let path = placed.headers["location"].to_str().unwrap().to_owned();
    super::hand_out_until_parked(&world).await;
    let at = ["--url", world.running.url.as_str(), "--json"];
    let parked = market(&[&["jobs", "parked", "advance_case"][..], &at].concat(), &[]).await;
    assert!(parked.json()["items"][0]["item"].as_str().unwrap().ends_with(placed.text_at("/id")));
    world.set_clock(world.now() + jiff::SignedDuration::from_hours(25));
    let api = Api::at(&world.running.url, Some(world.operators_token()));
    let late = told::late_of_all(&api).await.unwrap();
    assert_eq!(late.at, world.now());
    let redriven = market(&[&["jobs", "redrive", "advance_case"][..], &at].concat(), &[]).await;
    assert_eq!((redriven.exit, &redriven.json()["items"]), (0, &json!(1).into()), "{redriven:?}");
    world.settle().await;
    assert_eq!(merchant.get(&path).await.unwrap().text_at("/status"), "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_on_one_machine_tells_of_its_dead_letters_and_another_does_not() {
    let world = World::new().await;
    let url = world.running.url.as_str();
    for (line, field, value) in [
        ("list", "/items/0", json!({ "queue": "notify", "waiting": 0, "held": 0 })),
        ("inspect notify --limit 100", "/messages", json!([])),
        ("redrive notify", "/moved", json!(0)),
        ("redrive notify --dry-run", "/would_move", json!(0)),
    ] {
        let words: Vec<&str> = line.split(' ').chain(["--url", url, "--json"]).collect();
        let said = market(&[&["dead-letters"], &words[..]].concat(), &[]).await;
        assert_eq!((said.exit, said.json().at(field)), (0, &value.into()), "{line}: {said:?}");
    }
    // What SES said of an e-mail is proof, and what the relay and the sweep gave up tells of nothing that is lost.
    for queue in ["mail_feedback", "relay", "sweep"] {
        let refused = market(&["dead-letters", "redrive", queue, "--url", url], &[]).await;
        assert!(refused.exit == 2 && refused.err.contains("not sent again"), "{queue}: {refused:?}");
    }

    let anyone = Client::anonymous(&world.running);
    for path in ["/nobody", "/notify?limit=0", "/notify?limit=101", "/notify?limit=x", "/notify?more=1"] {
        let refused = anyone.get(&format!("/_local/dead-letters{path}")).await.unwrap();
        assert_eq!(refused.status, 422, "{path}");
    }
    // What is deployed has nothing beside its API.
    let deployed = format!("{url}/v1");
    let unseen = market(&["dead-letters", "list", "--url", &deployed, "--json"], &[]).await;
    assert_eq!((unseen.exit, &unseen.json()["error"]["code"]), (3, &json!("not-shown").into()), "{unseen:?}");
}
