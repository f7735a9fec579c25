//! Notices and their proof of service (11.1).

mod channels;
mod kept_once;

use jiff::SignedDuration;
use market::client::{Client, pay};
use market::json::Json;
use market::requests;
use market::stage::Stage;
use market_identity::Role;
use market_kernel::Timestamp;
use market_kernel::hash::Sha256Hash;
use market_kernel::periods::ZONE;
use serde_json::{Value, json};

use crate::harness::{World, at, shown};

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

/// The operator serves shop-1 notice of termination; when the agreement ends.
async fn terminated(stage: &Stage<'_>) -> Timestamp {
    let reason = json!({ "reason": "多次违反平台规则，经提示未改正。" });
    let served = stage.operator.post("/accounts/shop-1/terminations", reason).await.unwrap();
    at(served.text_at("/ends_at"))
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
    assert_eq!(one.text_at("/served_at"), shown(world.now()));
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

#[tokio::test(flavor = "multi_thread")]
async fn publications_are_announced_to_everyone() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let board = stage.operator.all("/announcements").await.unwrap();
    assert_eq!(board.len(), 1, "the operator's agreement, not the provider's terms");
    assert_eq!(board[0]["about"], "document_published");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_telephone_rings_at_night() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let ends_at = terminated(&stage).await;
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
    let ends_at = terminated(&stage).await;
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
