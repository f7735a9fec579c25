//! Notices that did not arrive: they wait for a human, who sends them again (11.1).

use jiff::SignedDuration;
use market::client::Client;
use market::json::Json;
use market::operate::api::Api;
use market::operate::notices::{
    Party, Service, ServiceOutcome, Way, correct_other_service, record_other_service, resend, undelivered,
    would_resend,
};
use market::requests;
use market::stage::{PROVIDER, Stage};
use market_identity::Role;
use market_kernel::aggregate::Lane;
use market_kernel::ids::NoticeId;
use market_kernel::keys::Key;
use market_kernel::notices::{EXCUSED_FOR, Hindrance, Sending};
use serde_json::{Value, json};

use crate::harness::World;

const REFUSED: &str = "smtp 550";

impl World {
    /// Has the channel refuse the e-mail to a party about something, for good.
    pub async fn refuse_email(&self, party: &str, about: &str) -> Json {
        let operator = Client::of(&self.running, Role::Operator, "ops");
        let of = |party: &str| format!("/{party}/notices").replacen("account", "accounts", 1);
        let path = of(party).replacen("provider", "providers", 1);
        let is_it = |notice: &&Json| notice["channel"] == "email" && notice["about"] == about;
        let all = operator.all(&path).await.unwrap();
        let id = all.iter().find(is_it).unwrap()["id"].as_str().unwrap().to_owned();
        let key = Key::stored(party.replace('/', "#"), format!("notice#{id}"));
        self.wake(Lane::Notify, key, Sending::Refused { reason: REFUSED.to_owned() }).await;
        let all = operator.all(&path).await.unwrap();
        let refused = all.into_iter().find(|notice| notice["id"] == id.as_str()).unwrap();
        assert_eq!(refused["status"], "undeliverable");
        refused
    }

    async fn waiting(&self) -> Vec<Json> {
        Client::of(&self.running, Role::Operator, "ops").all("/notices/undelivered").await.unwrap()
    }
}

fn ids(notices: &[Json]) -> Vec<&str> {
    notices.iter().map(|notice| notice["id"].as_str().unwrap()).collect()
}

fn id(notice: &Value) -> &str {
    notice["id"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_mailbox_takes_is_listed_the_oldest_first_sent_again_elsewhere_and_listed_no_more() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop_1 = stage.merchant("shop-1").await;
    world.set_clock(world.now() + SignedDuration::from_secs(1));
    stage.merchant("shop-2").await;
    assert!(world.waiting().await.is_empty());
    let second = world.refuse_email("account/shop-2", "account_opened").await;
    let first = world.refuse_email("account/shop-1", "account_opened").await;
    let waiting = world.waiting().await;
    assert_eq!(ids(&waiting), [id(&first), id(&second)]);
    assert_eq!(waiting[0]["recipient"], json!({ "kind": "merchant", "id": "shop-1" }));
    assert_eq!(waiting[0]["address"], "shop-1@example.com");
    assert_eq!((&*waiting[0]["channel"], &*waiting[0]["reason"]), (&json!("email"), &json!(REFUSED)));
    let page = stage.operator.get("/notices/undelivered?limit=1").await.unwrap();
    assert!(page.body["next_cursor"].is_string() && page.body["items"].as_array().unwrap().len() == 1);

    let path = format!("/accounts/shop-1/notices/{}", id(&first));
    let resending = format!("{path}/resending");
    let elsewhere = json!({ "address": "elsewhere@example.com" });
    let resent = stage.operator.post_as("once", &resending, elsewhere.clone()).await.unwrap();
    assert!(resent.is_ok(), "{}", resent.text);
    let again = stage.operator.post_as("once", &resending, elsewhere.clone()).await.unwrap();
    assert_eq!(again.text_at("/id"), resent.text_at("/id"), "the same request again sends nothing");
    let twice = stage.operator.post(&resending, elsewhere).await.unwrap();
    assert_eq!((twice.status.as_u16(), twice.code()), (409, "wrong-notice-state"));
    assert_eq!(ids(&world.waiting().await), [id(&second)]);

    world.settle().await;
    let new = shop_1.get(&format!("/accounts/shop-1/notices/{}", resent.text_at("/id"))).await.unwrap();
    assert_eq!((new.text_at("/status"), new.text_at("/address")), ("sent", "elsewhere@example.com"));
    let old = shop_1.get(&path).await.unwrap();
    assert_eq!((old.text_at("/status"), old.text_at("/address")), ("undeliverable", "shop-1@example.com"));
    assert_eq!(old.text_at("/follow_up"), new.text_at("/id"));
    for same in ["/subject", "/body", "/content_sha256", "/about", "/clause"] {
        assert_eq!(old.text_at(same), new.text_at(same));
    }
    let outbox = world.folder.path().join("outbox");
    assert!(outbox.join(format!("{}.eml", new.text_at("/id"))).exists());
    assert!(!outbox.join(format!("{}.eml", id(&first))).exists());
    let evidence = shop_1.all("/accounts/shop-1/evidence").await.unwrap();
    let records: Vec<_> = evidence.iter().map(|record| record["stored"].as_str().unwrap()).collect();
    let resent = records.iter().find(|record| record.contains("NoticeResent")).unwrap();
    assert!(resent.contains(new.text_at("/id")) && !resent.contains("example.com"), "{resent}");
    assert_eq!(world.verified("account#shop-1").await.faults, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_address_it_goes_where_the_recipient_can_be_reached_by_then() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    world.settle().await;
    let moved = json!({ "email": "old@northwind.example.com", "language": "en" });
    let provider = format!("/providers/{PROVIDER}");
    assert!(stage.provider.post(&format!("{provider}/contacts"), moved).await.unwrap().is_ok());
    let refused = world.refuse_email(&format!("provider/{PROVIDER}"), "contacts_changed").await;
    let now = json!({ "email": "now@northwind.example.com", "language": "en" });
    assert!(stage.operator.post(&format!("{provider}/contacts"), now).await.unwrap().is_ok());
    let resending = format!("{provider}/notices/{}/resending", id(&refused));
    let resent = stage.operator.post(&resending, json!({})).await.unwrap();
    assert_eq!(resent.text_at("/address"), "now@northwind.example.com", "{}", resent.text);
    assert!(world.waiting().await.is_empty());
    assert_eq!(world.verified(&format!("provider#{PROVIDER}")).await.faults, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_operator_sends_again_and_only_what_failed_and_to_an_address_of_its_channel() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let refused = world.refuse_email("account/shop-1", "account_opened").await;
    let resending = format!("/accounts/shop-1/notices/{}/resending", id(&refused));
    let all = shop.all("/accounts/shop-1/notices").await.unwrap();
    let in_site = all.iter().find(|notice| notice["channel"] == "in_site").unwrap();
    let before = world.table().await;
    for client in [&shop, &stage.provider] {
        let answer = client.post(&resending, json!({})).await.unwrap();
        assert_eq!(answer.code(), "role-not-allowed");
        assert_eq!(client.get("/notices/undelivered").await.unwrap().code(), "role-not-allowed");
    }
    for address in
        ["", "nowhere", "a@b", "13800000000", "+8613800000000", "a@example.com\r\nBcc: b@example.com"]
    {
        let answer = stage.operator.post(&resending, json!({ "address": address })).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.code()), (422, "invalid-body"), "{address:?}");
        assert_eq!(answer.text_at("/errors/0/pointer"), "/address", "{}", answer.text);
    }
    let path = format!("/accounts/shop-1/notices/{}/resending", id(in_site));
    let sent = stage.operator.post(&path, json!({})).await.unwrap();
    assert_eq!(sent.code(), "wrong-notice-state", "the site served it");
    let elsewhere = format!("/providers/{PROVIDER}/notices/{}/resending", id(&refused));
    assert_eq!(stage.operator.post(&elsewhere, json!({})).await.unwrap().code(), "not-found");
    let mut after = world.table().await;
    after.retain(|key, item| before.get(key) != Some(item));
    assert!(after.keys().all(|key| key.starts_with("reply#operator#")), "{:?}", after.keys());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_human_served_another_way_is_recorded_with_its_proof_and_waits_for_nobody() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    world.settle().await;
    world.set_clock(world.now() + SignedDuration::from_hours(1));
    let parties = [
        ("once", "account/shop-1".to_owned(), "/accounts/shop-1".to_owned()),
        ("once-more", format!("provider/{PROVIDER}"), format!("/providers/{PROVIDER}")),
    ];
    for (once, party, path) in &parties {
        let moved = json!({ "email": "moved@example.com", "language": "en" });
        assert!(stage.operator.post(&format!("{path}/contacts"), moved).await.unwrap().is_ok());
        let refused = world.refuse_email(party, "contacts_changed").await;
        let recording = format!("{path}/notices/{}/other-service", id(&refused));
        let service = requests::other_service(world.now());
        for client in [&shop, &stage.provider] {
            assert_eq!(client.post(&recording, service.clone()).await.unwrap().code(), "role-not-allowed");
        }
        for (name, wrong) in
            [("way", json!("pigeon")), ("evidence", json!("")), ("served_at", json!("tomorrow"))]
        {
            let mut body = service.clone();
            body[name] = wrong;
            let answer = stage.operator.post(&recording, body).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.code()), (422, "invalid-body"), "{name}");
        }
        let recorded = stage.operator.post_as(once, &recording, service.clone()).await.unwrap();
        assert!(recorded.is_ok(), "{}", recorded.text);
        let again = stage.operator.post_as(once, &recording, service.clone()).await.unwrap();
        assert_eq!(again.text, recorded.text, "the same request again records nothing");
        let told = &recorded.body["served_otherwise"];
        assert_eq!((&*told["way"], &*told["evidence"]), (&service["way"], &service["evidence"]));
        assert_eq!(told["served_at"], told["recorded_at"]);
        assert_eq!(recorded.text_at("/status"), "undeliverable", "what its own channel did stays so");
        assert!(world.waiting().await.is_empty());
        let twice = stage.operator.post(&recording, service.clone()).await.unwrap();
        assert_eq!((twice.status.as_u16(), twice.code()), (409, "not-undeliverable"));
        let resending = format!("{path}/notices/{}/resending", id(&refused));
        let resent = stage.operator.post(&resending, json!({})).await.unwrap();
        assert_eq!(resent.code(), "wrong-notice-state", "it was served");
        let evidence = stage.operator.all(&format!("{path}/evidence")).await.unwrap();
        let records: Vec<_> = evidence.iter().map(|record| record["stored"].as_str().unwrap()).collect();
        let record = records.iter().find(|record| record.contains("NoticeServedOtherwise")).unwrap();
        assert!(record.contains("letter") && !record.contains("XA12345678901"), "{record}");
        assert_eq!(world.verified(&party.replace('/', "#")).await.faults, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_by_mistake_is_corrected_and_stays_beside_it_and_what_was_not_served_waits_again() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    world.settle().await;
    world.set_clock(world.now() + SignedDuration::from_hours(1));
    let parties = [
        ("account/shop-1".to_owned(), "/accounts/shop-1".to_owned()),
        (format!("provider/{PROVIDER}"), format!("/providers/{PROVIDER}")),
    ];
    for (party, path) in &parties {
        let moved = json!({ "email": "moved@example.com", "language": "en" });
        assert!(stage.operator.post(&format!("{path}/contacts"), moved).await.unwrap().is_ok());
        let refused = world.refuse_email(party, "contacts_changed").await;
        let recording = format!("{path}/notices/{}/other-service", id(&refused));
        let correcting = format!("{recording}/correction");
        let none = stage.operator.post(&correcting, requests::correction(None)).await.unwrap();
        assert_eq!((none.status.as_u16(), none.code()), (409, "no-other-service"));
        let recorded = stage.operator.post(&recording, requests::other_service(world.now())).await.unwrap();
        assert!(recorded.is_ok(), "{}", recorded.text);
        for client in [&shop, &stage.provider] {
            let answer = client.post(&correcting, requests::correction(None)).await.unwrap();
            assert_eq!(answer.code(), "role-not-allowed");
        }
        let (served, long) = (requests::correction(Some(world.now())), "字".repeat(501));
        let with = |place: &str, value: Value| {
            let mut body = served.clone();
            *body.pointer_mut(place).unwrap() = value;
            body
        };
        let before = world.table().await;
        for (body, pointer) in [
            (json!({ "outcome": { "kind": "not_served" } }), "/reason"),
            (with("/reason", json!("")), "/reason"),
            (with("/reason", json!(long)), "/reason"),
            (with("/outcome/evidence", json!(long)), "/outcome/evidence"),
            // Nothing that was left out means that it was not served.
            (json!({ "reason": "x" }), "/outcome"),
            (with("/outcome", json!(null)), "/outcome"),
            (with("/outcome", json!({})), "/outcome/kind"),
            (with("/outcome/kind", json!("pending")), "/outcome/kind"),
            (with("/outcome/kind", json!("not_served")), "/outcome/evidence"),
            (
                with("/outcome", json!({ "kind": "served", "way": "letter", "evidence": "x" })),
                "/outcome/served_at",
            ),
            (json!({ "reason": "x", "outcome": { "kind": "not_served" }, "way": "letter" }), "/way"),
        ] {
            let answer = stage.operator.post(&correcting, body).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.code()), (422, "invalid-body"), "{}", answer.text);
            assert_eq!(answer.text_at("/errors/0/pointer"), pointer, "{}", answer.text);
        }
        // Both at once, with the bound of their own fields.
        for characters in [501, 4001] {
            let mut body = with("/reason", json!("字".repeat(characters)));
            body["outcome"]["evidence"] = body["reason"].clone();
            let answer = stage.operator.post(&correcting, body).await.unwrap();
            for (index, pointer) in ["/outcome/evidence", "/reason"].iter().enumerate() {
                let at = |field: &str| answer.text_at(&format!("/errors/{index}/{field}")).to_owned();
                let fault = (at("pointer"), at("detail"));
                assert_eq!(fault, ((*pointer).to_owned(), "must have at most 500 characters".to_owned()));
            }
        }
        for (_, other) in parties.iter().filter(|(_, other)| other != path) {
            let elsewhere = correcting.replace(path, other);
            let answer = stage.operator.post(&elsewhere, requests::correction(None)).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.code()), (404, "not-found"));
        }
        let nothing_but_replies = |key: &String| key.starts_with("reply#operator#");
        let after = world.table().await;
        assert!(after.keys().filter(|key| !before.contains_key(*key)).all(nothing_but_replies));
        assert!(before.iter().all(|(key, item)| after.get(key) == Some(item)), "nothing was corrected");
        world.set_clock(world.now() + SignedDuration::from_mins(1));
        let later = requests::correction(Some(world.now() + SignedDuration::from_secs(1)));
        let never = stage.operator.post(&correcting, later).await.unwrap();
        assert_eq!((never.status.as_u16(), never.code()), (422, "invalid-service"));
        assert_eq!(never.text_at("/errors/0/pointer"), "/outcome/served_at");

        let instead = requests::correction(Some(world.now()));
        let corrected = stage.operator.post_as(party, &correcting, instead.clone()).await.unwrap();
        assert!(corrected.is_ok(), "{}", corrected.text);
        let again = stage.operator.post_as(party, &correcting, instead.clone()).await.unwrap();
        assert_eq!(again.text, corrected.text, "the same request again corrects nothing");
        let told = &corrected.body["served_otherwise"];
        assert_eq!(
            (&*told["way"], &*told["evidence"]),
            (&json!("telephone"), &instead["outcome"]["evidence"])
        );
        let [was]: [&Json; 1] =
            corrected.body["corrected_services"].as_array().unwrap().try_into().expect("one");
        assert_eq!(&was["was"], &recorded.body["served_otherwise"], "as it was recorded");
        assert_eq!(&*was["reason"], &instead["reason"]);
        assert!(world.waiting().await.is_empty(), "it was served all the same");

        let back = stage.operator.post(&correcting, requests::correction(None)).await.unwrap();
        assert!(back.body.lacks("served_otherwise"), "{}", back.text);
        assert_eq!(back.body["corrected_services"].as_array().unwrap().len(), 2);
        assert_eq!(ids(&world.waiting().await), [id(&refused)], "a human has to see to it again");
        let twice = stage.operator.post(&correcting, requests::correction(None)).await.unwrap();
        assert_eq!((twice.status.as_u16(), twice.code()), (409, "no-other-service"));
        let resending = format!("{path}/notices/{}/resending", id(&refused));
        assert!(stage.operator.post(&resending, json!({})).await.unwrap().is_ok());
        assert!(world.waiting().await.is_empty());

        let evidence = stage.operator.all(&format!("{path}/evidence")).await.unwrap();
        let records: Vec<_> = evidence.iter().map(|record| record["stored"].as_str().unwrap()).collect();
        assert_eq!(records.iter().filter(|record| record.contains("NoticeServedOtherwise")).count(), 1);
        let corrections: Vec<_> =
            records.iter().filter(|record| record.contains("NoticeServiceCorrected")).collect();
        assert_eq!(corrections.len(), 2);
        assert!(corrections.iter().all(|record| record.contains("ops") && !record.contains("误录")));
        assert!(corrections[0].contains("telephone") != corrections[1].contains("telephone"));
        assert_eq!(world.verified(&party.replace('/', "#")).await.faults, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_operators_who_correct_at_once_the_later_corrects_what_the_earlier_recorded_or_is_told_that_nothing_is()
 {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    stage.merchant("shop-1").await;
    world.set_clock(world.now() + SignedDuration::from_hours(1));
    let refused = world.refuse_email("account/shop-1", "account_opened").await;
    let recording = format!("/accounts/shop-1/notices/{}/other-service", id(&refused));
    let correcting = format!("{recording}/correction");
    let mut recorded = 0;
    for round in 0..5 {
        let service = requests::other_service(world.now());
        assert!(stage.operator.post(&recording, service).await.unwrap().is_ok(), "round {round}");
        let other = Client::of(&world.running, Role::Operator, "ops-2");
        let (served, back) = tokio::join!(
            stage.operator.post(&correcting, requests::correction(Some(world.now()))),
            other.post(&correcting, requests::correction(None)),
        );
        let (served, back) = (served.unwrap(), back.unwrap());
        assert!(back.is_ok(), "what is recorded either way is taken back: {}", back.text);
        recorded += 1;
        if served.is_ok() {
            recorded += 1;
        } else {
            assert_eq!((served.status.as_u16(), served.code()), (409, "no-other-service"));
        }
        let now = stage.operator.get(&recording.replace("/other-service", "")).await.unwrap();
        assert!(now.body.lacks("served_otherwise"), "{}", now.text);
        assert_eq!(now.body["corrected_services"].as_array().unwrap().len(), recorded, "none is lost");
    }
    assert_eq!(world.verified("account#shop-1").await.faults, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_excused_for_seven_days_is_listed_for_a_human_while_the_market_goes_on_and_leaves_the_list_when_sent()
 {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let all = shop.all("/accounts/shop-1/notices").await.unwrap();
    let email = all.iter().find(|notice| notice["channel"] == "email").unwrap();
    let path = format!("/accounts/shop-1/notices/{}", id(email));
    let key = Key::stored("account#shop-1", format!("notice#{}", id(email)));
    let throttled = || Sending::Failed { by: Hindrance::Throttled, reason: "Throttling".to_owned() };
    world.wake(Lane::Notify, key.clone(), throttled()).await;
    assert!(world.waiting().await.is_empty());
    // No worker looks at it for a week.
    world.set_clock(world.now() + EXCUSED_FOR);
    world.wake(Lane::Notify, key.clone(), throttled()).await;
    let [listed] = world.waiting().await.try_into().unwrap();
    assert_eq!((&*listed["status"], &*listed["delayed_by"]), (&json!("queued"), &json!("throttled")));
    assert_eq!(&*listed["attempts"], &json!(1), "it counts");
    world.settle().await;
    let due = shop.get(&path).await.unwrap().text_at("/next_attempt_at").parse().unwrap();
    world.running.machine.advance_to(due).await.unwrap();
    assert_eq!(shop.get(&path).await.unwrap().text_at("/status"), "sent");
    assert!(world.waiting().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_message_to_someone_who_has_no_telephone_any_more_needs_an_address() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let reason = json!({ "reason": "多次违反平台规则，经提示未改正。" });
    assert!(stage.operator.post("/accounts/shop-1/terminations", reason).await.unwrap().is_ok());
    let all = shop.all("/accounts/shop-1/notices").await.unwrap();
    let text = all.iter().find(|notice| notice["channel"] == "sms").unwrap();
    let key = Key::stored("account#shop-1", format!("notice#{}", id(text)));
    world.wake(Lane::Notify, key, Sending::Refused { reason: "OptedOut".to_owned() }).await;
    let without = requests::contacts("shop-1@example.com");
    assert!(shop.post("/accounts/shop-1/contacts", without).await.unwrap().is_ok());
    let resending = format!("/accounts/shop-1/notices/{}/resending", id(text));
    let refused = stage.operator.post(&resending, json!({})).await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "no-address"));
    let given = json!({ "address": "+8613800000009" });
    let resent = stage.operator.post(&resending, given).await.unwrap();
    assert_eq!((resent.text_at("/channel"), resent.text_at("/address")), ("sms", "+8613800000009"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_command_lists_what_waits_and_sends_it_again() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    for shop in ["shop-1", "shop-2", "shop-3"] {
        stage.merchant(shop).await;
        world.set_clock(world.now() + SignedDuration::from_secs(1));
        world.refuse_email(&format!("account/{shop}"), "account_opened").await;
    }
    let url = world.running.url.as_str();
    let api = Api::at(url, Some(world.running.issuer.token(Role::Operator, "ops", world.now())));
    let some = undelivered(&api, 2).await.unwrap();
    assert_eq!((some.notices.len(), some.more), (2, true));
    let all = undelivered(&api, 3).await.unwrap();
    assert_eq!((all.notices.len(), all.more, all.unreadable), (3, false, 0));
    let first = &all.notices[0];
    assert_eq!((first.recipient.as_str(), first.reason.as_deref()), ("account/shop-1", Some(REFUSED)));
    let shown = all.to_string();
    assert!(shown.contains(first.id.as_str()) && shown.contains("shop-1@example.com"), "{shown}");
    let party: Party = first.recipient.parse().unwrap();
    let address = || Some("elsewhere@example.com".to_owned().try_into().unwrap());
    let resent = resend(&api, &party, &first.id, address()).await.unwrap();
    assert_eq!(
        (resent.address.as_deref(), resent.status.as_str()),
        (Some("elsewhere@example.com"), "queued")
    );
    assert_eq!(undelivered(&api, 100).await.unwrap().notices.len(), 2);
    let second = &all.notices[1];
    let evidence = "told on the telephone, 10:30, by Wang".to_owned().try_into().unwrap();
    let told = Service { way: Way::Telephone, served_at: world.now(), evidence };
    let served = &second.recipient.parse().unwrap();
    record_other_service(&api, served, &second.id, &told).await.unwrap();
    let once = record_other_service(&api, served, &second.id, &told).await.unwrap_err();
    assert!(once.to_string().contains("not-undeliverable"), "{once}");
    let would = would_resend(&api, served, &second.id, address()).await.unwrap();
    assert!(would.refused.unwrap().contains("another way"));
    assert_eq!(undelivered(&api, 100).await.unwrap().notices.len(), 1);
    let mistake = "told to another shop".to_owned().try_into().unwrap();
    let instead = ServiceOutcome::Served(Service { way: Way::InPerson, ..told });
    correct_other_service(&api, served, &second.id, &mistake, &instead).await.unwrap();
    assert_eq!(undelivered(&api, 100).await.unwrap().notices.len(), 1);
    let never = &ServiceOutcome::NotServed;
    correct_other_service(&api, served, &second.id, &mistake, never).await.unwrap();
    assert_eq!(undelivered(&api, 100).await.unwrap().notices.len(), 2, "it was not served after all");
    let none = correct_other_service(&api, served, &second.id, &mistake, never).await.unwrap_err();
    assert!(none.to_string().contains("no-other-service"), "{none}");
    let twice = resend(&api, &party, &first.id, address()).await.unwrap_err().to_string();
    assert!(twice.contains("wrong-notice-state"), "{twice}");
    let nothing: NoticeId = format!("ntc_{}", "0".repeat(32)).parse().unwrap();
    let none = resend(&api, &party, &nothing, None).await.unwrap_err().to_string();
    assert!(none.contains("not-found"), "{none}");
    let stranger = world.running.issuer.token(Role::Merchant, "shop-1", world.now());
    let refused = undelivered(&Api::at(url, Some(stranger)), 1).await.unwrap_err().to_string();
    assert!(refused.contains("role-not-allowed"), "{refused}");
}
