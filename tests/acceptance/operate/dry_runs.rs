//! What changes something can be tried first: `--dry-run` says what would come of it, and nothing is written.

use market::requests;
use market::stage::Stage;
use serde_json::json;

use super::command::market;
use crate::harness::{World, at};

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_every_command_that_changes_something_leaves_the_table_as_it_was() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    stage.merchant("shop-1").await.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_counted_in_a_folder_and_not_filled() {
    let folder = tempfile::tempdir().unwrap();
    let options = market::Options { in_memory: false, ..crate::harness::options(folder.path().to_owned()) };
    market::Running::start(options).await.unwrap().stop().await;
    let path = folder.path().display().to_string();
    let said = market(&["lists", "fill", "--dry-run", "--data", &path], &[]).await;
    assert_eq!(said.exit, 0, "{said:?}");
    assert!(said.out.trim_end().ends_with("Nothing was changed."), "{said:?}");
}
