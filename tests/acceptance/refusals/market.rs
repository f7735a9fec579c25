//! What is refused about notices.

use jiff::SignedDuration;
use market::requests;
use market::stage::Stage;
use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;
use market_kernel::notices::{MAX_CORRECTIONS, Sending};
use serde_json::json;

use super::Refusals;
use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_about_notices_is_told() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let mut told = Refusals::of("market", "What is refused about notices.");
    let reason = json!({ "reason": "违反平台规则。" });
    assert!(stage.operator.post("/accounts/shop-1/terminations", reason).await.unwrap().is_ok());
    let all = shop.all("/accounts/shop-1/notices").await.unwrap();
    let on = |channel: &str| {
        let notice = all.iter().find(|notice| notice["channel"] == channel).unwrap();
        let id = notice["id"].as_str().unwrap();
        let key = Key::stored("account#shop-1", format!("notice#{id}"));
        (key, format!("/accounts/shop-1/notices/{id}/resending"))
    };
    let (_, in_site) = on("in_site");
    told.post(
        "wrong-notice-state",
        "what the site served is sent again",
        &stage.operator,
        &in_site,
        json!({}),
    )
    .await;
    let (key, sms) = on("sms");
    world.wake(Lane::Notify, key, Sending::Refused { reason: "OptedOut".to_owned() }).await;
    told.post(
        "invalid-body",
        "a text message to a mailbox",
        &stage.operator,
        &sms,
        json!({ "address": "shop@example.com" }),
    )
    .await;
    assert!(shop.post("/accounts/shop-1/contacts", json!({ "phone": null })).await.unwrap().is_ok());
    told.post("no-address", "a text message to who has no telephone", &stage.operator, &sms, json!({})).await;
    let (_, in_site) = on("in_site");
    let service = |notice: &str| notice.replace("/resending", "/other-service");
    let now = requests::other_service(world.now());
    let operator = &stage.operator;
    told.post(
        "not-undeliverable",
        "what the site served was served by a letter",
        operator,
        &service(&in_site),
        now,
    )
    .await;
    let later = requests::other_service(world.now() + SignedDuration::from_hours(1));
    told.post("invalid-service", "a letter of tomorrow", operator, &service(&sms), later).await;
    let correction = format!("{}/correction", service(&sms));
    let taken_back = requests::correction(None);
    told.post(
        "no-other-service",
        "a letter that was never recorded is taken back",
        operator,
        &correction,
        taken_back,
    )
    .await;
    assert!(operator.post(&service(&sms), requests::other_service(world.now())).await.unwrap().is_ok());
    let later = requests::correction(Some(world.now() + SignedDuration::from_hours(1)));
    told.post("invalid-service", "a call of tomorrow instead", operator, &correction, later).await;
    for call in 0..MAX_CORRECTIONS {
        let mut again = requests::correction(Some(world.now()));
        again["outcome"]["evidence"] = json!(format!("第{call}次通话记录"));
        assert!(operator.post(&correction, again).await.unwrap().is_ok());
    }
    let once_more = requests::correction(None);
    told.post("too-many-corrections", "one correction too many", operator, &correction, once_more).await;
    told.kept();
}
