//! Notices and their proof of service (11.1).

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use market::client::Client;
use market::requests;
use market::stage::Stage;
use market_domain::hash::Sha256Hash;
use market_domain::periods::ZONE;
use serde_json::json;

use crate::harness::{World, at};

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
    mend_outbox(&outbox);
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

/// Puts the outbox back: what waits can leave.
fn mend_outbox(outbox: &Path) {
    std::fs::remove_file(outbox).unwrap();
    std::fs::create_dir(outbox).unwrap();
}

/// What left, by channel, in its order, as the subject of what was told.
async fn left(merchant: &Client, path: &str, channel: &str) -> Vec<(String, String)> {
    let all = merchant.all(path).await.unwrap().into_iter();
    let mut sent: Vec<_> = all
        .filter(|notice| notice["channel"] == channel && notice["status"] == "sent")
        .map(|notice| (notice["served_at"].to_string(), notice))
        .collect();
    sent.sort_by(|(one, _), (other, _)| one.cmp(other));
    sent.into_iter().map(|(at, notice)| (notice["about"].as_str().unwrap().to_owned(), at)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_was_withdrawn_while_mail_was_down_never_leaves_and_its_withdrawal_does() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    world.settle().await;
    let outbox = break_outbox(&world);
    let reason = json!({ "reason": "多次违反平台规则，经提示未改正。" });
    let served = stage.operator.post("/accounts/shop-1/terminations", reason).await.unwrap();
    world.advance_to(world.now() + SignedDuration::from_mins(65)).await;
    let path = format!("{}/withdrawal", served.headers["location"].to_str().unwrap());
    assert!(stage.operator.post(&path, json!({})).await.unwrap().is_ok());
    world.settle().await;
    mend_outbox(&outbox);
    world.advance_days(1).await;
    let emails = left(&merchant, "/accounts/shop-1/notices", "email").await;
    let emails: Vec<_> = emails.iter().map(|(about, _)| about.as_str()).collect();
    assert_eq!(emails, ["account_opened", "termination_withdrawn"]);
    let texts = left(&merchant, "/accounts/shop-1/notices", "sms").await;
    assert!(texts.iter().all(|(about, _)| about == "termination_withdrawn"), "{texts:?}");
    let all = merchant.all("/accounts/shop-1/notices").await.unwrap();
    let superseded: Vec<_> = all.iter().filter(|notice| notice["status"] == "superseded").collect();
    assert!(superseded.iter().all(|notice| notice["about"] == "termination_served"));
    assert_eq!(superseded.len(), 2, "the e-mail and the text message");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_one_thing_leaves_in_its_order_whatever_channel_was_down_meanwhile() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    world.settle().await;
    let outbox = break_outbox(&world);
    let grant = format!("/accounts/shop-1/grants/{}", granted.grant);
    assert!(merchant.post(&format!("{grant}/revocation"), json!({})).await.unwrap().is_ok());
    let demand = format!("/accounts/shop-1/demands/{}", granted.grant);
    assert!(merchant.post(&format!("{demand}/service"), json!({})).await.unwrap().is_ok());
    // The first is tried at ever longer distances; the second comes in between.
    world.advance_to(world.now() + SignedDuration::from_hours(20)).await;
    let declared = requests::attestation(world.now());
    for (act, body) in [("acknowledgement", json!({})), ("attestation", declared)] {
        assert!(stage.provider.post(&format!("{demand}/{act}"), body).await.unwrap().is_ok());
    }
    assert!(merchant.post(&format!("{demand}/closure"), json!({})).await.unwrap().is_ok());
    world.settle().await;
    mend_outbox(&outbox);
    world.advance_days(2).await;
    // To the provider: what it was asked to do is done, so only the end of it is said.
    let emails = left(&stage.provider, "/providers/northwind/notices", "email").await;
    let of_the_demand: Vec<_> =
        emails.iter().map(|(about, _)| about.as_str()).filter(|about| about.starts_with("demand")).collect();
    assert_eq!(of_the_demand, ["demand_closed"]);
    // To the merchant: the acknowledgement, which stays true, and in its order.
    let emails = left(&merchant, "/accounts/shop-1/notices", "email").await;
    let of_the_demand: Vec<_> =
        emails.iter().map(|(about, _)| about.as_str()).filter(|about| about.starts_with("demand")).collect();
    assert_eq!(of_the_demand, ["demand_acknowledged"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_notice_of_the_same_thing_leaves_first_and_holds_up_no_other_thing() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let grant = format!("/accounts/shop-1/grants/{}", granted.grant);
    assert!(merchant.post(&format!("{grant}/revocation"), json!({})).await.unwrap().is_ok());
    let demand = format!("/accounts/shop-1/demands/{}", granted.grant);
    assert!(merchant.post(&format!("{demand}/service"), json!({})).await.unwrap().is_ok());
    world.settle().await;
    let outbox = break_outbox(&world);
    assert!(stage.provider.post(&format!("{demand}/acknowledgement"), json!({})).await.unwrap().is_ok());
    // Its first attempts fail: the next one is eight hours away when the outbox is mended.
    world.advance_to(world.now() + SignedDuration::from_hours(9)).await;
    mend_outbox(&outbox);
    let attested = requests::attestation(world.now());
    assert!(stage.provider.post(&format!("{demand}/attestation"), attested).await.unwrap().is_ok());
    let other = stage.buy(&merchant, "shop-1", "month").await;
    assert!(!other.is_empty());
    world.settle().await;
    let emails = left(&merchant, "/accounts/shop-1/notices", "email").await;
    let abouts: Vec<_> = emails.iter().map(|(about, _)| about.as_str()).collect();
    assert!(!abouts.contains(&"demand_attested"), "it waits for the acknowledgement: {abouts:?}");
    assert_eq!(abouts.last(), Some(&"order_in_service"), "another thing waits for nothing");
    world.advance_days(1).await;
    let emails = left(&merchant, "/accounts/shop-1/notices", "email").await;
    let of_the_demand: Vec<_> =
        emails.iter().map(|(about, _)| about.as_str()).filter(|about| about.starts_with("demand")).collect();
    assert_eq!(of_the_demand, ["demand_acknowledged", "demand_attested"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_tells_the_days_at_its_sending_and_none_leaves_after_the_end() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let reason = json!({ "reason": "多次违反平台规则，经提示未改正。" });
    let served = stage.operator.post("/accounts/shop-1/terminations", reason).await.unwrap();
    let ends_at = at(served.text_at("/ends_at"));
    world.settle().await;
    // The workers come late: seven days before has passed, and four are left.
    world.set_clock(ends_at - SignedDuration::from_hours(4 * 24));
    world.settle().await;
    let told = world.notices("accounts/shop-1", "termination_coming").await;
    assert_eq!(told.len(), 1);
    assert!(told[0]["subject"].as_str().unwrap().contains("4天"), "{}", told[0]["subject"]);
    // Mail is down for the last one, and comes back after the end.
    world.advance_to(ends_at - SignedDuration::from_hours(60)).await;
    let outbox = break_outbox(&world);
    world.advance_to(ends_at - SignedDuration::from_hours(12)).await;
    let waiting = merchant.all("/accounts/shop-1/notices").await.unwrap();
    let coming = waiting.iter().filter(|notice| {
        notice["about"] == "termination_coming"
            && notice["status"] == "queued"
            && notice["channel"] == "email"
    });
    let subjects: Vec<_> = coming.map(|notice| notice["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects.len(), 1, "put anew on the last day: {subjects:?}");
    assert!(!subjects[0].contains("1天"), "{subjects:?}");
    world.advance_to(ends_at).await;
    mend_outbox(&outbox);
    world.advance_days(2).await;
    let emails = left(&merchant, "/accounts/shop-1/notices", "email").await;
    assert_eq!(emails.last().unwrap().0, "agreement_ended");
    assert_eq!(emails.iter().filter(|(about, _)| about == "termination_coming").count(), 1 + 1, "{emails:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_telephone_rings_at_night() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let reason = json!({ "reason": "多次违反平台规则，经提示未改正。" });
    let served = stage.operator.post("/accounts/shop-1/terminations", reason).await.unwrap();
    let ends_at = at(served.text_at("/ends_at"));
    world.advance_to(ends_at + SignedDuration::from_hours(24)).await;
    let texts = left(&merchant, "/accounts/shop-1/notices", "sms").await;
    assert_eq!(texts.last().unwrap().0, "agreement_ended");
    assert_eq!(texts.len(), 5, "the notice, three reminders, the end: {texts:?}");
    for (about, sent_at) in texts {
        let there = ZONE.to_datetime(at(sent_at.trim_matches('"')));
        assert!((9..=20).contains(&there.hour()), "{about} at {there}");
    }
    let ended = world.notices("accounts/shop-1", "agreement_ended").await;
    assert_eq!(at(ended[0]["drafted_at"].as_str().unwrap()), ends_at, "the end itself is not moved");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_merchant_is_asked_for_what_is_still_open_until_it_is_closed() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let grant = format!("/accounts/shop-1/grants/{}", granted.grant);
    let ended = world.now();
    assert!(merchant.post(&format!("{grant}/revocation"), json!({})).await.unwrap().is_ok());
    let demand = format!("/accounts/shop-1/demands/{}", granted.grant);
    world.advance_days(4).await;
    assert!(merchant.post(&format!("{demand}/service"), json!({})).await.unwrap().is_ok());
    world.advance_days(16).await;
    let attested = requests::attestation(world.now());
    assert!(stage.provider.post(&format!("{demand}/attestation"), attested).await.unwrap().is_ok());
    world.advance_days(50).await;
    assert!(merchant.post(&format!("{demand}/closure"), json!({})).await.unwrap().is_ok());
    world.advance_days(90).await;
    for (about, days) in [
        ("deletion_reminder", vec![3]),
        ("demand_unanswered", vec![7, 15]),
        ("demand_unconfirmed", vec![30, 60]),
    ] {
        assert_eq!(world.days_told("accounts/shop-1", about, ended).await, days, "{about}");
    }
}
