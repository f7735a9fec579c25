//! A text that is kept once, as the release after this one writes it: an e-mail names the notice in the account that has it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use market::json::Json;
use market::stage::Stage;
use serde_json::Value;

use crate::harness::World;

const ACCOUNT: &str = "account#shop-1";

/// A notice as it is stored where another one has its text.
fn kept_by(in_site: &Value, body: &str) -> String {
    let mut body: Value = serde_json::from_str(body).unwrap();
    let fields = body.as_object_mut().unwrap();
    fields.remove("subject").unwrap();
    fields.remove("body").unwrap();
    fields.insert("text_of".to_owned(), in_site["id"].clone());
    body.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_whose_text_the_notice_in_the_account_has_is_shown_sent_and_verified_like_any() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let all = merchant.all("/accounts/shop-1/notices").await.unwrap();
    let of = |channel: &str| {
        let is_it = |notice: &&Json| notice["channel"] == channel && notice["about"] == "account_opened";
        all.iter().find(is_it).unwrap().clone()
    };
    let (in_site, email) = (of("in_site"), of("email"));
    let id = |notice: &Value| notice["id"].as_str().unwrap().to_owned();
    let sort = |notice: &Value| format!("notice#{}", id(notice));
    world.tamper(ACCOUNT, &sort(&email), |body| Some(kept_by(&in_site, body))).await;
    let path = format!("/accounts/shop-1/notices/{}", id(&email));
    assert_eq!(merchant.get(&path).await.unwrap().body, email, "by its id");
    assert_eq!(merchant.all("/accounts/shop-1/notices").await.unwrap(), all, "and in the list");

    world.settle().await;
    let sent = merchant.get(&path).await.unwrap().body;
    assert_eq!((&sent["body"], sent["status"].as_str()), (&email["body"], Some("sent")));
    let file = world.folder.path().join("outbox").join(format!("{}.eml", id(&email)));
    let mail = std::fs::read_to_string(file).unwrap();
    let first_line = email["body"].as_str().unwrap().lines().next().unwrap();
    let begins = BASE64_STANDARD.encode(&first_line.as_bytes()[..first_line.len().min(54) / 3 * 3]);
    assert!(begins.len() > 20 && mail.contains(&begins), "{mail}");
    let items = world.items().await;
    let stored: Value = serde_json::from_str(&items[&(ACCOUNT.to_owned(), sort(&email))].body).unwrap();
    assert!(stored.get("body").is_none() && stored["text_of"] == id(&in_site), "written as it was read");
    assert!(world.verified(ACCOUNT).await.faults.is_empty());

    // To a provider too.
    let providers = "/providers/northwind/notices";
    let all = stage.provider.all(providers).await.unwrap();
    let of = |channel: &str| {
        let is_it = |notice: &&Json| notice["channel"] == channel && notice["about"] == "provider_approved";
        all.iter().find(is_it).unwrap().clone()
    };
    let (of_provider, provider) = (of("in_site"), "provider#northwind");
    world.tamper(provider, &sort(&of("email")), |body| Some(kept_by(&of_provider, body))).await;
    assert_eq!(stage.provider.all(providers).await.unwrap(), all);

    world.tamper(ACCOUNT, &sort(&in_site), |_| None).await;
    assert_eq!(merchant.get(&path).await.unwrap().code(), "corrupt", "and never an empty text");
    let faults = world.verified(ACCOUNT).await.faults;
    assert!(faults.iter().any(|fault| fault.item.ends_with(&sort(&email))), "{faults:?}");
}
