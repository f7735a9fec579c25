//! What changes something can be tried first: `--dry-run` says what would come of it, and nothing is written.

use std::path::Path;

use market::stage::Stage;
use market::{Options, Running, requests};
use serde_json::json;

use super::command::market;
use crate::harness::{World, at, options};
use crate::lists::make_as_before;

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_every_command_that_changes_something_leaves_the_table_as_it_was() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let refused = world.refuse_email("account/shop-1", "account_opened").await;
    let refused = format!("notices resend account/shop-1 {}", refused["id"].as_str().unwrap());
    let all = shop.all("/accounts/shop-1/notices").await.unwrap();
    let in_site = all.iter().find(|notice| notice["channel"] == "in_site").unwrap();
    let served = format!("notices resend account/shop-1 {}", in_site["id"].as_str().unwrap());
    shop.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    world.settle().await;
    super::hand_out_until_parked(&world).await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let text = write("agreement.txt", "1.甲\n1.1乙\n");
    world.set_clock(at("2026-12-18T09:00:00+08:00"));
    let mut year = requests::holidays_of_2027("2026-11-05");
    year["year"] = json!(2027);
    let good = write("2027.json", &year.to_string());
    year["holidays"][0]["to"] = json!("2026-12-01");
    let backwards = write("backwards.json", &year.to_string());
    let nothing = "ntc_00000000000000000000000000000000";
    let publish = format!("publish --document rules --kind rule --title t --file {text}");
    let before = world.table().await;
    for (line, exit, field, value) in [
        (format!("{publish} --unnumbered"), 0, "/dry_run", json!(true)),
        (publish, 0, "/outline/clauses/1/address", json!("1.1")),
        (format!("holidays publish --file {good}"), 0, "/version", json!(1)),
        (format!("holidays publish --file {good} --corrects 3"), 1, "/dry_run", json!(true)),
        (format!("holidays publish --file {backwards}"), 1, "/dry_run", json!(true)),
        (format!("notices resend account/shop-1 {nothing}"), 1, "/dry_run", json!(true)),
        (refused.clone(), 0, "/notice/status", json!("undeliverable")),
        (format!("{refused} --address other@example.com"), 0, "/address", json!("other@example.com")),
        (
            format!("{refused} --address +8613800000001"),
            1,
            "/refused",
            json!("must be an address of the notice's channel"),
        ),
        (
            served,
            1,
            "/refused",
            json!(
                "it is neither undeliverable nor bounced, or was served another way or by another notice in its place"
            ),
        ),
        ("jobs redrive advance_case".to_owned(), 0, "/items/0/job", json!("advance_case")),
        ("jobs redrive notify".to_owned(), 0, "/items", json!([])),
        ("dead-letters redrive notify".to_owned(), 0, "/would_move", json!(0)),
    ] {
        let at = ["--dry-run", "--url", &world.running.url];
        let words: Vec<&str> = line.split(' ').chain(at).collect();
        let people = market(&words, &[]).await;
        assert_eq!(people.exit, exit, "{line}: {people:?}");
        assert!(people.out.trim_end().ends_with("Nothing was changed."), "{line}: {people:?}");
        let programs = market(&[&words[..], &["--json"]].concat(), &[]).await;
        assert_eq!(programs.json()["dry_run"], true, "{line}");
        assert_eq!(*programs.json().at(field), value, "{line}");
    }
    assert!(world.table().await == before, "nothing was written");
}

/// A market on a folder that is not gone when it stops.
async fn on_file(folder: &Path) -> World {
    let options = Options { in_memory: false, ..options(folder.to_owned()) };
    World { running: Running::start(options).await.unwrap(), folder: tempfile::tempdir().unwrap() }
}

/// The latest instant that is kept with the table of a folder.
fn kept(folder: &Path) -> i64 {
    let table = rusqlite::Connection::open(folder.join("market.db")).unwrap();
    table.query_row("SELECT max(shown_ms) FROM market_clock", [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_counted_in_a_folder_and_not_filled() {
    let folder = tempfile::tempdir().unwrap();
    let world = on_file(folder.path()).await;
    Stage::set(&world.running).await;
    let mut stripped = None;
    for (partition, sort) in world.items().await.into_keys() {
        let mut item = world.item(&partition, &sort).await;
        if item.remove("desk").is_some() {
            stripped = Some(item);
        }
    }
    world.put(&stripped.unwrap()).await;
    world.running.stop().await;
    let path = folder.path().display().to_string();
    for (line, says) in [
        (&["--dry-run"][..], "1 would be put into their lists. Nothing was changed."),
        (&["--dry-run"], "1 would be put into their lists. Nothing was changed."),
        (&[], "1 put into their lists."),
        (&["--dry-run"], "0 would be put into their lists. Nothing was changed."),
    ] {
        let line = [&["lists", "fill", "--data", &path], line].concat();
        let said = market(&line, &[]).await;
        assert_eq!(said.exit, 0, "{said:?}");
        assert!(said.out.trim_end().ends_with(says), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_looks_at_a_folder_of_a_release_before_does_not_complete_it() {
    let folder = tempfile::tempdir().unwrap();
    let world = on_file(folder.path()).await;
    Stage::set(&world.running).await;
    make_as_before(&world).await;
    world.running.stop().await;
    let path = folder.path().display().to_string();
    let text = folder.path().join("rules.txt");
    std::fs::write(&text, "1.甲\n1.1乙\n").unwrap();
    let text = text.display().to_string();
    let fill = async |more: &[&str]| {
        let said = market(&[&["lists", "fill", "--json", "--data", &path], more].concat(), &[]).await;
        assert_eq!(said.exit, 0, "{said:?}");
        said.json()["moved"].as_u64().unwrap()
    };
    let moved = fill(&["--dry-run"]).await;
    assert!(moved > 1, "{moved}");
    let publish = ["publish", "--document", "rules", "--kind", "rule", "--title", "t", "--file", &text];
    for line in [&["notices"][..], &["smoke"], &[&publish[..], &["--dry-run"]].concat()] {
        let said = market(&[line, &["--data", &path, "--json"]].concat(), &[]).await;
        assert_eq!((said.exit, &said.json()["error"]["code"]), (3, &json!("folder-incomplete").into()));
        assert!(said.out.contains("market lists fill --data"), "{said:?}");
    }
    assert_eq!(fill(&["--dry-run"]).await, moved, "and it is as it was");
    assert_eq!(fill(&[]).await, moved);

    let before = kept(folder.path());
    for line in [&["notices"][..], &["smoke"], &[&publish[..], &["--dry-run"]].concat()] {
        let said = market(&[line, &["--data", &path]].concat(), &[]).await;
        assert_eq!(said.exit, 0, "{said:?}");
    }
    assert_eq!(kept(folder.path()), before, "what only looks shows nobody the time");
    assert_eq!(market(&[&publish[..], &["--data", &path]].concat(), &[]).await.exit, 0);
    assert!(kept(folder.path()) > before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_is_published_is_not_said_to_be_refused() {
    let world = World::new().await;
    world.set_clock(at("2026-12-18T09:00:00+08:00"));
    let folder = tempfile::tempdir().unwrap();
    let mut year = requests::holidays_of_2027("2026-11-05");
    let yearless = folder.path().join("yearless.json").display().to_string();
    std::fs::write(&yearless, year.to_string()).unwrap();
    year["year"] = json!(2027);
    let file = folder.path().join("2027.json").display().to_string();
    std::fs::write(&file, year.to_string()).unwrap();
    let list = folder.path().join("list.json").display().to_string();
    std::fs::write(&list, "[]").unwrap();
    let text = folder.path().join("text.md").display().to_string();
    std::fs::write(&text, "# 2027\n").unwrap();
    let url = world.running.url.as_str();
    let publish = async |file: &str, more: &[&str]| {
        market(&[&["holidays", "publish", "--json", "--url", url, "--file", file], more].concat(), &[]).await
    };
    assert_eq!(publish(&file, &[]).await.json()["version"], 1);
    let again = publish(&file, &[]).await;
    assert_eq!((again.exit, &again.json()["repeated"]), (0, &json!(true).into()), "{again:?}");
    let tried = publish(&file, &["--dry-run"]).await;
    assert_eq!((tried.exit, &tried.json()["published"]), (0, &json!(true).into()), "{tried:?}");
    let corrected = publish(&file, &["--dry-run", "--corrects", "1"]).await;
    assert_eq!(corrected.exit, 1, "there is nothing to correct: {corrected:?}");
    for none in [&yearless, &list, &text] {
        for more in [&["--dry-run"][..], &[]] {
            let said = publish(none, more).await;
            assert_eq!((said.exit, &said.json()["error"]["code"]), (3, &json!("file-unreadable").into()));
            assert!(said.out.contains("it must be JSON such as"), "{said:?}");
        }
    }
}
