//! Notices and their proof of service (11.1).

use std::path::PathBuf;

use market::stage::Stage;
use market_domain::hash::Sha256Hash;
use serde_json::json;

use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_email_is_written_once_and_its_proof_names_what_was_said_to_whom_and_when() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    world.settle().await;
    let emails: Vec<_> = merchant
        .all("/accounts/shop-1/notices")
        .await
        .unwrap()
        .into_iter()
        .filter(|notice| notice["channel"] == "email")
        .collect();
    assert_eq!(emails.len(), 1);
    let notice = &emails[0];
    let id = notice["id"].as_str().unwrap();
    let one = merchant.get(&format!("/accounts/shop-1/notices/{id}")).await.unwrap();
    assert_eq!(one.text_at("/status"), "sent");
    assert_eq!(one.text_at("/address"), "shop-1@example.com");
    assert_eq!(one.text_at("/served_at"), world.now().to_string());
    assert_eq!(one.text_at("/clause"), "2.3");
    let said = format!("{}\n{}", one.text_at("/subject"), one.text_at("/body"));
    assert_eq!(one.text_at("/content_sha256"), Sha256Hash::of(said.as_bytes()).as_str());
    let file = world.folder.path().join("outbox").join(format!("{id}.eml"));
    let mail = std::fs::read_to_string(file).unwrap();
    assert!(mail.contains("To: shop-1@example.com") && mail.contains(&format!("<{id}@market.localhost>")));
    world.advance_days(3).await;
    let again = merchant.get(&format!("/accounts/shop-1/notices/{id}")).await.unwrap();
    assert_eq!(again.text_at("/served_at"), one.text_at("/served_at"), "served once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grave_notice_also_goes_out_as_a_text_message() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    stage.operator.post("/accounts/shop-1/terminations", json!({ "reason": "违规。" })).await.unwrap();
    world.settle().await;
    let all = merchant.all("/accounts/shop-1/notices").await.unwrap();
    let mut channels: Vec<_> = all
        .iter()
        .filter(|notice| notice["about"] == "termination_served")
        .map(|notice| (notice["channel"].as_str().unwrap(), notice["status"].as_str().unwrap()))
        .collect();
    channels.sort_unstable();
    assert_eq!(channels, [("email", "sent"), ("in_site", "sent"), ("sms", "sent")]);
}

/// Puts a file where the outbox was: nothing can be sent until it is a folder again.
fn break_outbox(world: &World) -> PathBuf {
    let outbox = world.folder.path().join("outbox");
    std::fs::remove_dir_all(&outbox).unwrap();
    std::fs::write(&outbox, "no folder").unwrap();
    outbox
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_down_is_tried_again_and_the_notice_counts_from_when_it_left() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    world.settle().await;
    let outbox = break_outbox(&world);
    let merchant = stage.merchant("shop-1").await;
    world.settle().await;
    let email = async || {
        let all = merchant.all("/accounts/shop-1/notices").await.unwrap();
        all.into_iter().find(|notice| notice["channel"] == "email").unwrap()
    };
    let waiting = email().await;
    assert_eq!((&waiting["status"], &waiting["attempts"]), (&json!("queued"), &json!(1)));
    std::fs::remove_file(&outbox).unwrap();
    std::fs::create_dir(&outbox).unwrap();
    world.advance_days(1).await;
    let sent = email().await;
    assert_eq!(sent["status"], "sent");
    assert_eq!(sent["served_at"], "2026-01-05T01:01:00Z", "a minute later");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_stays_down_leaves_the_notice_to_a_human() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    world.settle().await;
    break_outbox(&world);
    let merchant = stage.merchant("shop-1").await;
    world.advance_days(5).await;
    let all = merchant.all("/accounts/shop-1/notices").await.unwrap();
    let email = all.iter().find(|notice| notice["channel"] == "email").unwrap();
    assert_eq!(email["status"], "undeliverable");
    let in_site = all.iter().find(|notice| notice["channel"] == "in_site").unwrap();
    assert_eq!(in_site["status"], "sent", "the direct channel within the site served it all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn publications_are_announced_to_everyone() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let board = stage.operator.all("/announcements").await.unwrap();
    assert_eq!(board.len(), 1, "the operator's agreement, not the provider's terms");
    assert_eq!(board[0]["about"], "document_published");
}
