//! Contacts change (11.1): both the new and the old addresses are told, and notices go to the new ones.

use jiff::SignedDuration;
use market::json::Json;
use market::requests;
use market::stage::{PROVIDER, Stage};
use market_kernel::aggregate::Lane;
use market_kernel::keys::Key;
use market_kernel::notices::{Hindrance, Sending};
use serde_json::{Value, json};

use crate::harness::World;

const CONTACTS: &str = "/accounts/shop-1/contacts";

fn new() -> Value {
    json!({ "email": "new@example.com", "phone": "+8613800000002", "language": "en" })
}

/// What notices say, as about, channel, address and language.
fn told(notices: &[Json], about: &str) -> Vec<(String, Option<String>, String)> {
    let of = notices.iter().filter(|notice| notice["about"] == about);
    let text = |notice: &Json, name: &str| notice.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut told: Vec<_> = of
        .map(|notice| {
            (text(notice, "channel").unwrap(), text(notice, "address"), text(notice, "language").unwrap())
        })
        .collect();
    told.sort();
    told
}

fn to(channel: &str, address: Option<&str>, language: &str) -> (String, Option<String>, String) {
    (channel.to_owned(), address.map(str::to_owned), language.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_new_and_the_old_addresses_are_told_and_evidence_holds_none() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    world.settle().await;
    let changed = shop.post(CONTACTS, new()).await.unwrap();
    assert!(changed.is_ok(), "{}", changed.text);
    assert_eq!(changed.body["contacts"], new());
    assert_eq!(shop.get("/accounts/shop-1").await.unwrap().body["contacts"], new());
    let notices = shop.all("/accounts/shop-1/notices").await.unwrap();
    assert_eq!(
        told(&notices, "contacts_changed"),
        [to("email", Some("new@example.com"), "en"), to("in_site", None, "en")]
    );
    assert_eq!(
        told(&notices, "contacts_left"),
        [to("email", Some("shop-1@example.com"), "zh"), to("sms", Some("+8613800000001"), "zh")]
    );
    world.settle().await;
    let notices = shop.all("/accounts/shop-1/notices").await.unwrap();
    let of_contacts =
        notices.iter().filter(|notice| notice["about"].as_str().unwrap().starts_with("contacts_"));
    assert!(of_contacts.clone().all(|notice| notice["status"] == "sent"), "{notices:?}");
    assert_eq!(of_contacts.count(), 4);
    let evidence = shop.all("/accounts/shop-1/evidence").await.unwrap();
    let records: Vec<_> = evidence.iter().map(|record| record["stored"].as_str().unwrap()).collect();
    assert!(!records.iter().any(|record| record.contains("example.com") || record.contains("+86")));
    let record = records.iter().find(|record| record.contains("ContactsChanged")).unwrap();
    let record: Value = serde_json::from_str(record).unwrap();
    assert_eq!(record["facts"], json!({ "email": true, "phone": true, "language": true }));
    assert_eq!(world.verified("account#shop-1").await.faults, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_changes_contacts_too_and_a_notice_says_who_did() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let path = format!("/providers/{PROVIDER}/contacts");
    for (client, email, said) in [
        (&stage.provider, "one@northwind.example.com", "by your account"),
        (&stage.operator, "two@northwind.example.com", "by us"),
    ] {
        let contacts = json!({ "email": email, "language": "en" });
        let changed = client.post(&path, contacts.clone()).await.unwrap();
        assert_eq!(changed.body["contacts"], contacts, "{}", changed.text);
        let notices = stage.provider.all(&format!("/providers/{PROVIDER}/notices")).await.unwrap();
        for about in ["contacts_changed", "contacts_left"] {
            let newest = notices.iter().rfind(|notice| notice["about"] == about).unwrap();
            assert!(newest["body"].as_str().unwrap().contains(said), "{newest}");
        }
    }
    assert_eq!(world.verified(&format!("provider#{PROVIDER}")).await.faults, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_contacts_again_write_nothing_and_bad_ones_are_refused() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    assert!(shop.post(CONTACTS, new()).await.unwrap().is_ok());
    let same = shop.post(CONTACTS, new()).await.unwrap();
    assert_eq!(same.body["contacts"], new(), "within the minute too: {}", same.text);
    let told = world.notices("accounts/shop-1", "contacts_changed").await;
    assert_eq!(told.len(), 1, "nobody is told of nothing");
    let before = world.table().await;
    for bad in [
        json!({ "email": "nowhere" }),
        json!({ "email": "a@example.com", "phone": "123" }),
        json!({ "email": "a@example.com", "language": "fr" }),
        json!({ "email": "a@example.com", "role": "operator" }),
    ] {
        let refused = shop.post(CONTACTS, bad.clone()).await.unwrap();
        assert_eq!((refused.status.as_u16(), refused.code()), (422, "invalid-body"), "{bad}");
    }
    assert_eq!(world.table().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_leaves_its_contacts_alone_for_a_minute_and_the_operator_need_not() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let changed_at = world.now();
    assert!(shop.post(CONTACTS, new()).await.unwrap().is_ok());
    world.set_clock(changed_at + SignedDuration::from_secs(59));
    let soon = shop.post(CONTACTS, requests::contacts("third@example.com")).await.unwrap();
    assert_eq!((soon.status.as_u16(), soon.code()), (409, "contacts-just-changed"));
    let until = (changed_at + SignedDuration::from_secs(60)).to_string();
    assert!(soon.text_at("/detail").contains(&until), "{}", soon.text);
    let righted = stage.operator.post(CONTACTS, requests::contacts("right@example.com")).await.unwrap();
    assert!(righted.is_ok(), "{}", righted.text);
    world.set_clock(world.now() + SignedDuration::from_secs(60));
    let later = shop.post(CONTACTS, requests::contacts("third@example.com")).await.unwrap();
    assert!(later.is_ok(), "{}", later.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn reminders_go_to_the_new_address_and_whoever_has_left_can_still_be_reached() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let reason = json!({ "reason": "多次违反平台规则，经提示未改正。" });
    assert!(stage.operator.post("/accounts/shop-1/terminations", reason).await.unwrap().is_ok());
    world.advance_days(1).await;
    assert!(shop.post(CONTACTS, new()).await.unwrap().is_ok());
    world.advance_days(19).await;
    let notices = shop.all("/accounts/shop-1/notices").await.unwrap();
    let emails = told(&notices, "termination_coming");
    let emails: Vec<_> = emails.iter().filter(|(channel, ..)| channel == "email").collect();
    assert_eq!(emails.len(), 3);
    assert!(emails.iter().all(|notice| **notice == to("email", Some("new@example.com"), "en")));
    assert_eq!(shop.get("/accounts/shop-1").await.unwrap().text_at("/status"), "terminated");
    let after_the_end = requests::contacts("after@example.com");
    let changed = shop.post(CONTACTS, after_the_end.clone()).await.unwrap();
    let contacts = &changed.body["contacts"];
    assert_eq!(
        (&*contacts["email"], contacts.get("phone")),
        (&after_the_end["email"], None),
        "{}",
        changed.text
    );
}

/// A mailbox is given up because it takes nothing: what still waits for it must not keep the new one waiting.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_dead_mailbox_holds_up_nothing_at_the_new_one() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let email = async |about: &str| {
        let all = shop.all("/accounts/shop-1/notices").await.unwrap();
        all.into_iter().find(|notice| notice["channel"] == "email" && notice["about"] == about).unwrap()
    };
    let attempt = async |about: &str, answer: Sending| {
        let id = email(about).await["id"].as_str().unwrap().to_owned();
        world.wake(Lane::Notify, Key::stored("account#shop-1", format!("notice#{id}")), answer).await;
        email(about).await["status"].as_str().unwrap().to_owned()
    };
    let down = || Sending::Failed { by: Hindrance::Unreachable, reason: "timeout".to_owned() };
    assert_eq!(attempt("account_opened", down()).await, "queued");
    assert!(shop.post(CONTACTS, new()).await.unwrap().is_ok());
    let taken = || Sending::Accepted { gateway_id: None };
    assert_eq!(attempt("contacts_left", taken()).await, "queued", "in its order, at the old address");
    assert_eq!(attempt("contacts_changed", taken()).await, "sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_of_a_change_stays_and_a_key_is_kept_where_nothing_changes() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let path = "/accounts/shop-1/contacts";
    let english = merchant.post(path, json!({ "language": "en" })).await.unwrap();
    let contacts = |email: &str| json!({ "email": email, "phone": "+8613800000001", "language": "en" });
    assert_eq!(english.body["contacts"], contacts("shop-1@example.com"), "{}", english.text);
    world.advance_to(world.now() + SignedDuration::from_mins(2)).await;
    let moved = merchant.post(path, json!({ "email": "new@example.com" })).await.unwrap();
    assert_eq!(moved.body["contacts"], contacts("new@example.com"), "{}", moved.text);
    world.advance_to(world.now() + SignedDuration::from_mins(2)).await;
    let same = merchant.post_as("same", path, json!({ "language": "en" })).await.unwrap();
    assert_eq!(same.status, 200, "{}", same.text);
    let reused = merchant.post_as("same", path, json!({ "language": "zh" })).await.unwrap();
    assert_eq!(reused.code(), "idempotency-key-reused");
    let silent = merchant.post(path, json!({ "phone": null })).await.unwrap();
    assert_eq!(silent.body["contacts"], json!({ "email": "new@example.com", "language": "en" }));
}
