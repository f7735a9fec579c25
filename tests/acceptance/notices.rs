//! Notices and their proof of service (11.1).

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use market::client::{Client, pay};
use market::json::Json;
use market::requests;
use market::stage::Stage;
use market_identity::Role;
use market_kernel::hash::Sha256Hash;
use market_kernel::periods::ZONE;
use serde_json::{Value, json};

use crate::harness::{World, at};

/// What a notice says, in one.
fn said(notice: &Json) -> String {
    format!("{}\n{}", notice["subject"].as_str().unwrap(), notice["body"].as_str().unwrap())
}

/// The only in-site notice of a party about something, as the operator reads it.
async fn only(world: &World, of: &str, about: &str) -> Json {
    let notices = world.notices(of, about).await;
    assert_eq!(notices.len(), 1, "{about}");
    notices[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demand_names_both_parties_grant_scopes_and_dates_and_who_sends_it() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let revocation = format!("/accounts/shop-1/grants/{}/revocation", granted.grant);
    assert_eq!(merchant.post(&revocation, json!({})).await.unwrap().status, 200);
    let demand = format!("/accounts/shop-1/demands/{}", granted.grant);
    let served = merchant.post(&format!("{demand}/service"), json!({})).await.unwrap();
    assert_eq!(at(served.text_at("/period/ends_at")), at("2026-01-21T00:00:00+08:00"));
    world.settle().await;
    let told = said(&only(&world, "providers/northwind", "demand_served").await);
    for part in [
        "To: 北风软件有限公司",
        "The merchant 成都示例商贸有限公司",
        &granted.grant,
        "orders.read, stock.read",
        "ended at 09:00 on 5 January 2026, Beijing time",
        "by 24:00 on 20 January 2026, Beijing time",
        "under clause 4.4.5 of 服务市场服务协议（用户版）, as accepted by the merchant",
        "Local Market Operator",
        "notices@market.example",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    // The seller is told of a sale, and not that it bought something.
    let told = said(&only(&world, "providers/northwind", "order_in_service").await);
    assert!(told.contains("by the merchant 成都示例商贸有限公司") && told.contains(&granted.order), "{told}");
    assert!(!told.contains("Your order"), "{told}");
    let told = said(&only(&world, "accounts/shop-1", "order_in_service").await);
    assert!(told.contains("服务商北风软件有限公司") && told.contains(&granted.order), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_asks_for_what_is_still_open_of_a_demand() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let revocation = format!("/accounts/shop-1/grants/{}/revocation", granted.grant);
    assert_eq!(merchant.post(&revocation, json!({})).await.unwrap().status, 200);
    world.advance_days(3).await;
    let told = said(&only(&world, "accounts/shop-1", "deletion_reminder").await);
    assert!(told.contains("尚未送达") && told.contains("2026年1月5日09:00"), "{told}");
    let demand = format!("/accounts/shop-1/demands/{}", granted.grant);
    assert_eq!(merchant.post(&format!("{demand}/service"), json!({})).await.unwrap().status, 200);
    world.advance_days(4).await;
    let told = said(&only(&world, "accounts/shop-1", "demand_unanswered").await);
    assert!(told.contains("答复期限为北京时间2026年1月23日24时，服务商尚未提交"), "{told}");
    world.advance_days(25).await;
    let told = world.notices("accounts/shop-1", "demand_unanswered").await;
    assert!(told.iter().any(|notice| said(notice).contains("现已届满")), "{told:?}");
    assert_eq!(world.notices("accounts/shop-1", "deletion_reminder").await.len(), 1, "it was served since");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_cites_the_version_that_binds_its_party_by_that_versions_own_clauses() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    stage.merchant("shop-1").await;
    let terminate = async || {
        let served =
            stage.operator.post("/accounts/shop-1/terminations", json!({ "reason": "违规。" })).await;
        served.unwrap().headers["location"].to_str().unwrap().to_owned()
    };
    let path = terminate().await;
    let notice = only(&world, "accounts/shop-1", "termination_served").await;
    let cited = "《服务市场服务协议（用户版）》第10.1.2条";
    assert_eq!((notice["clause"].as_str(), notice["cites"].as_str()), (Some("10.1.2"), Some(cited)));
    assert!(said(&notice).contains(&format!("通知依据：{cited}。")), "{notice}");
    assert_eq!(stage.operator.post(&format!("{path}/withdrawal"), json!({})).await.unwrap().status, 200);

    // The next version numbers its clauses otherwise, and has none on orders.
    let mut second = requests::agreement("1.总则\n1.1定义。\n2.终止\n2.1提前通知解除。\n", &[]);
    second["title"] = json!("《服务市场协议》（新版）");
    second["rules"] = json!({ "10.1.2": "2.1" });
    second["effective_at"] = json!("2026-01-13T00:00:00+08:00");
    let published = stage.operator.post("/documents/market-agreement/versions", second).await.unwrap();
    assert_eq!(published.body["versions"][1]["rules"], json!({ "10.1.2": "2.1" }), "{}", published.text);
    world.advance_days(9).await;
    terminate().await;
    let notices = world.notices("accounts/shop-1", "termination_served").await;
    assert_eq!(
        notices.iter().filter(|notice| notice.get("cites").is_some_and(|cites| cites == cited)).count(),
        2,
        "not accepted yet"
    );
    let merchant = Client::of(&world.running, Role::Merchant, "shop-1");
    let mut acceptance =
        requests::acceptance("market-agreement", published.text_at("/versions/1/sha256"), &[]);
    acceptance["version"] = json!(2);
    let accepted = merchant.post("/accounts/shop-1/acceptances", acceptance).await.unwrap();
    assert_eq!(accepted.status, 201, "{}", accepted.text);
    world.advance_days(9).await;
    let told = world.notices("accounts/shop-1", "termination_coming").await;
    assert_eq!(told[0]["cites"], "《服务市场协议》（新版）第2.1条");
    let mut free = stage.order("year");
    free["accept_shorter_term"] = json!(true);
    let order = merchant.post("/accounts/shop-1/orders", free).await.unwrap();
    let price = order.body["snapshot"]["plan"]["price_fen"].as_i64().unwrap();
    let id = order.text_at("/id");
    pay(&world.running, "pay-1", "shop-1", id, price).await.unwrap();
    let notice = only(&world, "accounts/shop-1", "order_in_service").await;
    assert_eq!(notice["clause"], "4.6");
    assert!(notice.get("cites").is_none() && !said(&notice).contains("通知依据"), "{notice}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_names_only_rules_that_the_market_knows_and_clauses_that_it_has() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    let publish = async |rules: Value| {
        let mut body = requests::agreement("1.总则\n1.1定义。\n", &[]);
        body["rules"] = rules;
        operator.post("/documents/market-agreement/versions", body).await.unwrap()
    };
    for (rules, status, code) in [
        (json!({ "99.1": "1.1" }), 422, "invalid-body"),
        (json!({ "10.1.2": "zwei" }), 422, "no-such-clause"),
        (json!({ "10.1.2": "1/1" }), 422, "invalid-body"),
        (json!(["10.1.2"]), 422, "invalid-body"),
        (json!({ "10.1.2": "1.2" }), 422, "no-such-clause"),
    ] {
        let refused = publish(rules.clone()).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (status, code), "{rules}: {}", refused.text);
    }
    assert_eq!(publish(json!({ "10.1.2": "1.1", "4.4.5": "1.1" })).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_goes_out_on_every_channel_that_the_withdrawn_notice_took() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let reason = json!({ "reason": "违规。".repeat(1_000) });
    let served = stage.operator.post("/accounts/shop-1/terminations", reason).await.unwrap();
    let path = served.headers["location"].to_str().unwrap();
    assert_eq!(stage.operator.post(&format!("{path}/withdrawal"), json!({})).await.unwrap().status, 200);
    world.settle().await;
    let all = merchant.all("/accounts/shop-1/notices").await.unwrap();
    let of = |about: &str| {
        let mut notices: Vec<_> = all.iter().filter(|notice| notice["about"] == about).collect();
        notices.sort_by_key(|notice| notice["channel"].as_str());
        notices
    };
    let channels = |about| of(about).iter().map(|notice| notice["channel"].clone()).collect::<Vec<_>>();
    assert_eq!(channels("termination_withdrawn"), channels("termination_served"));
    assert_eq!(channels("termination_served"), ["email", "in_site", "sms"]);
    for about in ["termination_served", "termination_withdrawn"] {
        let [_, in_site, sms] = of(about).try_into().unwrap();
        let text = said(sms);
        assert!(text.chars().count() <= 200, "{text}");
        assert!(
            text.contains(in_site["id"].as_str().unwrap()) && text.contains("本机服务市场运营方"),
            "{text}"
        );
        assert_eq!(sms["content_sha256"], Sha256Hash::of(text.as_bytes()).as_str());
    }
    let text = said(of("termination_served")[2]);
    assert!(text.contains("北京时间2026年1月20日24时"), "{text}");
    assert_eq!(world.verified("account#shop-1").await.faults.len(), 0);
}

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
    assert_eq!((&*waiting["status"], &*waiting["attempts"]), (&json!("queued"), &json!(1)));
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
        assert!((9..21).contains(&there.hour()), "{about} at {there}");
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

#[tokio::test(flavor = "multi_thread")]
async fn a_text_message_of_a_worker_that_comes_a_second_late_leaves_on_its_day_and_says_its_days() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let reason = json!({ "reason": "多次违反平台规则，经提示未改正。" });
    let served = stage.operator.post("/accounts/shop-1/terminations", reason).await.unwrap();
    let ends_at = at(served.text_at("/ends_at"));
    world.settle().await;
    // Seven days before the end lies at midnight, and so the reminder at 20:00 of the evening before.
    world.set_clock(ends_at - SignedDuration::from_hours(7 * 24 + 4) + SignedDuration::from_secs(1));
    world.settle().await;
    let all = merchant.all("/accounts/shop-1/notices").await.unwrap();
    let coming: Vec<_> = all.iter().filter(|notice| notice["about"] == "termination_coming").collect();
    assert_eq!(coming.len(), 3, "one on each channel");
    for notice in coming {
        assert_eq!(notice["status"], "sent", "{notice}");
        assert!(notice["subject"].as_str().unwrap().contains("7日后"), "{notice}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_that_is_put_anew_goes_where_its_recipient_is_by_now_and_an_older_one_is_not_sent() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let reason = json!({ "reason": "多次违反平台规则，经提示未改正。" });
    let served = stage.operator.post("/accounts/shop-1/terminations", reason).await.unwrap();
    let ends_at = at(served.text_at("/ends_at"));
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
