//! Listings on their way into the catalogue (2.6, 4.2).

use market::client::Client;
use market::requests;
use market::stage::Stage;
use market_identity::Role;
use serde_json::json;

use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_its_providers_own_and_a_submission_the_operators() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let drafted =
        stage.provider.post("/providers/northwind/listings", requests::listing("northwind.terms")).await;
    let id = drafted.unwrap().text_at("/id").to_owned();
    let standing = async || {
        let anyone = Client::anonymous(&world.running);
        let all = [
            stage.provider.all("/providers/northwind/drafts").await.unwrap(),
            stage.operator.all("/reviews").await.unwrap(),
            anyone.get("/listings?kind=application").await.unwrap().body["items"]
                .as_array()
                .unwrap()
                .into_iter()
                .cloned()
                .collect(),
        ];
        all.map(|list| list.iter().any(|listing| listing["id"] == json!(id)))
    };
    assert_eq!(standing().await, [true, false, false]);
    let submission = format!("/providers/northwind/listings/{id}/submission");
    let stranger = Client::of(&world.running, Role::Provider, "rival");
    let theirs =
        stranger.post(&format!("/providers/rival/listings/{id}/submission"), json!({})).await.unwrap();
    assert_eq!(theirs.code(), "not-found", "another provider's draft");
    assert!(stage.provider.post(&submission, json!({})).await.unwrap().is_ok());
    assert_eq!(standing().await, [false, true, false]);
    assert!(stage.operator.post(&format!("/listings/{id}/approval"), json!({})).await.unwrap().is_ok());
    assert_eq!(standing().await, [false, false, true]);
    let again = stage.provider.post(&submission, json!({})).await.unwrap();
    assert_eq!((again.status.as_u16(), again.code()), (409, "wrong-listing-state"));
    let detail = again.text_at("/detail");
    assert!(detail.contains("`listed`") && detail.contains("`draft`"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_provider_and_the_operator_read_the_whole_of_a_listing_wherever_it_stands() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let drafted =
        stage.provider.post("/providers/northwind/listings", requests::listing("northwind.terms")).await;
    let id = drafted.unwrap().text_at("/id").to_owned();
    let (draft, public) = (format!("/providers/northwind/drafts/{id}"), format!("/listings/{id}"));
    let anyone = Client::anonymous(&world.running);
    let read = async |status: &str| {
        for who in [&stage.provider, &stage.operator] {
            let read = who.get(&draft).await.unwrap();
            assert_eq!(read.text_at("/status"), status, "{}", read.text);
            let description = &read.body["description"];
            for whole in ["scopes", "refund_rule", "functions", "plans"] {
                assert!(!description[whole].is_null(), "{whole}: {}", read.text);
            }
        }
    };
    read("draft").await;
    let stranger = Client::of(&world.running, Role::Provider, "rival");
    for (who, path, code) in [
        (&anyone, draft.as_str(), "missing-token"),
        (&stranger, &draft, "not-found"),
        (&stranger, &format!("/providers/rival/drafts/{id}"), "not-found"),
        (&stage.operator, &format!("/providers/rival/drafts/{id}"), "not-found"),
    ] {
        let refused = who.get(path).await.unwrap();
        assert_eq!(refused.code(), code, "{path}: {}", refused.text);
    }
    let submission = format!("/providers/northwind/listings/{id}/submission");
    assert!(stage.provider.post(&submission, json!({})).await.unwrap().is_ok());
    read("in_review").await;
    assert_eq!(anyone.get(&public).await.unwrap().code(), "not-found");
    assert!(stage.operator.post(&format!("/listings/{id}/approval"), json!({})).await.unwrap().is_ok());
    read("listed").await;
    assert_eq!(anyone.get(&public).await.unwrap().body["id"], id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_contradicts_itself_is_refused() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let listings = "/providers/northwind/listings";
    let with = |pointer: &str, value: serde_json::Value| {
        let mut listing = requests::listing("northwind.terms");
        *listing.pointer_mut(pointer).unwrap() = value;
        listing
    };
    for (what, listing) in [
        ("no plan", with("/plans", json!([]))),
        ("a plan twice", with("/plans/1/id", json!("month"))),
        ("a scope twice", with("/scopes/1/name", json!("orders.read"))),
        ("a scope of nothing", with("/scopes/0/data_kinds", json!([]))),
        ("a service that asks for data", with("/kind", json!("service"))),
        ("another's agreement", with("/subscription_agreement", json!("market-agreement"))),
    ] {
        let refused = stage.provider.post(listings, listing).await.unwrap();
        assert_eq!((refused.status.as_u16(), refused.code()), (422, "incomplete-listing"), "{what}");
    }
}
