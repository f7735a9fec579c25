//! Channels that are down: what waits, what leaves in which order, and what never does.

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use market::requests;
use market::stage::Stage;
use serde_json::json;

use super::{left, terminated};
use crate::harness::{World, at};

/// Puts a file where the outbox was: nothing can be sent until it is a folder again.
fn break_outbox(world: &World) -> PathBuf {
    let outbox = world.folder.path().join("outbox");
    std::fs::remove_dir_all(&outbox).unwrap();
    std::fs::write(&outbox, "no folder").unwrap();
    outbox
}

/// Puts the outbox back: what waits can leave.
fn mend_outbox(outbox: &Path) {
    std::fs::remove_file(outbox).unwrap();
    std::fs::create_dir(outbox).unwrap();
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
    assert_eq!((&*waiting["status"], &*waiting["attempts"]), (&json!("queued"), &json!(1)));
    assert_eq!((&*waiting["tries"], &*waiting["delayed_by"]), (&json!(1), &json!("failing")));
    assert_eq!(waiting["next_attempt_at"], "2026-01-05T01:01:00.000Z");
    mend_outbox(&outbox);
    world.advance_days(1).await;
    let sent = email().await;
    assert_eq!(sent["status"], "sent");
    assert_eq!(sent["served_at"], "2026-01-05T01:01:00.000Z", "a minute later");
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
async fn of_a_grants_reminders_that_waited_for_mail_the_newest_alone_leaves() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let grant = merchant.get(&format!("/accounts/shop-1/grants/{}", granted.grant)).await.unwrap();
    let expires_at = at(grant.text_at("/expires_at"));
    world.advance_to(expires_at - SignedDuration::from_hours(8 * 24)).await;
    let outbox = break_outbox(&world);
    // That of seven days before and that of one day before wait.
    world.advance_to(expires_at - SignedDuration::from_hours(26)).await;
    mend_outbox(&outbox);
    world.advance_to(expires_at - SignedDuration::from_hours(2)).await;
    let all = merchant.all("/accounts/shop-1/notices").await.unwrap();
    let left = all.iter().filter(|notice| {
        let is_meant = notice["about"] == "grant_expiring" && notice["channel"] == "email";
        is_meant
            && notice["status"] == "sent"
            && at(notice["served_at"].as_str().unwrap()) > expires_at - SignedDuration::from_hours(8 * 24)
    });
    assert_eq!(left.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_tells_the_days_at_its_sending_and_none_leaves_after_the_end() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let ends_at = terminated(&stage).await;
    world.settle().await;
    // The workers come late: seven days before has passed, and four are left.
    world.set_clock(ends_at - SignedDuration::from_hours(4 * 24));
    world.settle().await;
    let told = world.notices("accounts/shop-1", "termination_coming").await;
    assert_eq!(told.len(), 1);
    assert!(told[0]["subject"].as_str().unwrap().contains("4日后"), "{}", told[0]["subject"]);
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
    assert!(subjects[0].contains("今日"), "{subjects:?}");
    world.advance_to(ends_at).await;
    mend_outbox(&outbox);
    world.advance_days(2).await;
    let emails = left(&merchant, "/accounts/shop-1/notices", "email").await;
    assert_eq!(emails.last().unwrap().0, "agreement_ended");
    assert_eq!(emails.iter().filter(|(about, _)| about == "termination_coming").count(), 1 + 1, "{emails:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_that_is_put_anew_goes_where_its_recipient_is_by_now_and_an_older_one_is_not_sent() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let ends_at = terminated(&stage).await;
    world.advance_to(ends_at - SignedDuration::from_hours(8 * 24)).await;
    let outbox = break_outbox(&world);
    // The reminders of seven and of three days wait; meanwhile the merchant moves.
    world.advance_to(ends_at - SignedDuration::from_hours(2 * 24)).await;
    let contacts = json!({ "email": "new@example.com", "phone": null, "language": "en" });
    assert!(merchant.post("/accounts/shop-1/contacts", contacts).await.unwrap().is_ok());
    world.advance_to(ends_at - SignedDuration::from_hours(36)).await;
    mend_outbox(&outbox);
    world.advance_to(ends_at - SignedDuration::from_hours(29)).await;
    let all = merchant.all("/accounts/shop-1/notices").await.unwrap();
    let left: Vec<_> = all
        .iter()
        .filter(|notice| notice["about"] == "termination_coming" && notice["channel"] != "in_site")
        .filter(|notice| notice["status"] == "sent")
        .map(|notice| {
            let text = |name: &str| notice[name].as_str().unwrap().to_owned();
            (text("channel"), text("address"), text("language"), text("subject").contains("in 1 day"))
        })
        .collect();
    assert_eq!(left, [("email".to_owned(), "new@example.com".to_owned(), "en".to_owned(), true)]);
}
