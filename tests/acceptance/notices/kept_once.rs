//! A text that is kept once: an e-mail names the notice in the account that says the same (decision 0078).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use market::json::Json;
use market::stage::Stage;
use serde_json::Value;

use crate::harness::World;

const ACCOUNT: &str = "account#shop-1";

#[tokio::test(flavor = "multi_thread")]
async fn an_email_whose_text_the_notice_in_the_account_has_is_shown_sent_and_verified_like_any() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let all = merchant.all("/accounts/shop-1/notices").await.unwrap();
    let of = |all: &[Json], about: &str, channel: &str| {
        let is_it = |notice: &&Json| notice["channel"] == channel && notice["about"] == about;
        all.iter().find(is_it).unwrap().clone()
    };
    let [in_site, email] = ["in_site", "email"].map(|channel| of(&all, "account_opened", channel));
    let id = |notice: &Value| notice["id"].as_str().unwrap().to_owned();
    let sort = |notice: &Value| format!("notice#{}", id(notice));
    let stored = async |partition: &str, notice: &Value| -> Value {
        serde_json::from_str(&world.items().await[&(partition.to_owned(), sort(notice))].body).unwrap()
    };
    let kept = stored(ACCOUNT, &email).await;
    assert!(kept.get("subject").is_none() && kept.get("body").is_none(), "{kept}");
    assert_eq!(kept["text_of"], id(&in_site));
    assert_eq!(in_site["body"], stored(ACCOUNT, &in_site).await["body"]);
    for said in ["subject", "body"] {
        assert_eq!(email[said], in_site[said], "in the list");
    }
    let path = format!("/accounts/shop-1/notices/{}", id(&email));
    assert_eq!(merchant.get(&path).await.unwrap().body, email, "and by its id");

    world.settle().await;
    let sent = merchant.get(&path).await.unwrap().body;
    assert_eq!((&sent["body"], sent["status"].as_str()), (&email["body"], Some("sent")));
    let file = world.folder.path().join("outbox").join(format!("{}.eml", id(&email)));
    let mail = std::fs::read_to_string(file).unwrap();
    let first_line = email["body"].as_str().unwrap().lines().next().unwrap();
    let begins = BASE64_STANDARD.encode(&first_line.as_bytes()[..first_line.len().min(54) / 3 * 3]);
    assert!(begins.len() > 20 && mail.contains(&begins), "{mail}");
    assert_eq!(stored(ACCOUNT, &email).await["text_of"], id(&in_site), "written as it was read");
    assert!(world.verified(ACCOUNT).await.faults.is_empty());

    // To a provider too.
    let told = stage.provider.all("/providers/northwind/notices").await.unwrap();
    let [own, mailed] = ["in_site", "email"].map(|channel| of(&told, "provider_approved", channel));
    assert_eq!(stored("provider#northwind", &mailed).await["text_of"], id(&own));
    assert_eq!(mailed["body"], own["body"]);

    world.tamper(ACCOUNT, &sort(&in_site), |_| None).await;
    assert_eq!(merchant.get(&path).await.unwrap().code(), "corrupt", "and never an empty text");
    let faults = world.verified(ACCOUNT).await.faults;
    assert!(faults.iter().any(|fault| fault.item.ends_with(&sort(&email))), "{faults:?}");
}

/// As 0.4.0 wrote it, and 0.5.0 still did.
#[tokio::test(flavor = "multi_thread")]
async fn an_email_that_was_stored_with_its_own_text_keeps_it() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let all = merchant.all("/accounts/shop-1/notices").await.unwrap();
    let is_it = |notice: &&Json| notice["channel"] == "email" && notice["about"] == "account_opened";
    let email = all.iter().find(is_it).unwrap();
    let sort = format!("notice#{}", email["id"].as_str().unwrap());
    let own = |body: &str| {
        let mut kept: Value = serde_json::from_str(body).unwrap();
        assert!(kept.as_object_mut().unwrap().remove("text_of").is_some());
        for said in ["subject", "body"] {
            kept[said] = email[said].clone().into();
        }
        Some(kept.to_string())
    };
    world.tamper(ACCOUNT, &sort, own).await;
    assert_eq!(merchant.all("/accounts/shop-1/notices").await.unwrap(), all);
    world.settle().await;
    let items = world.items().await;
    let kept: Value = serde_json::from_str(&items[&(ACCOUNT.to_owned(), sort)].body).unwrap();
    assert_eq!(email["body"], kept["body"]);
    assert_eq!(kept["status"], "sent");
    assert!(world.verified(ACCOUNT).await.faults.is_empty());
}
