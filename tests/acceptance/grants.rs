//! Grants, their tokens and their ledger (4.4).

use jiff::SignedDuration;
use market::client::Client;
use market::requests;
use market::stage::Stage;
use market_identity::Role;
use serde_json::{Value, json};

use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_grant_is_refused_from_the_reply_on_and_leaves_exactly_one_demand() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    assert_eq!(stage.check(&granted.token, "orders.read").await, "allowed");
    let path = format!("/accounts/shop-1/grants/{}/revocation", granted.grant);
    let revoked = merchant.post(&path, json!({})).await.unwrap();
    assert_eq!(revoked.status, 200, "{}", revoked.text);
    assert_eq!(stage.check(&granted.token, "orders.read").await, "ended");
    assert_eq!(merchant.post(&path, json!({})).await.unwrap().code(), "grant-not-active");
    world.advance_days(40).await;
    let demands = merchant.all("/accounts/shop-1/demands").await.unwrap();
    assert_eq!(demands.len(), 1);
    assert_eq!(demands[0]["grant_id"], json!(granted.grant));
    assert_eq!(world.notices("providers/northwind", "grant_ended").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_check_is_allowed_after_the_reply_of_a_revocation_however_many_are_under_way() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let path = format!("/accounts/shop-1/grants/{}/revocation", granted.grant);
    let before = futures_util::future::join_all((0..40).map(|_| stage.check(&granted.token, "orders.read")));
    let (_, revoked) = tokio::join!(before, merchant.post(&path, json!({})));
    assert_eq!(revoked.unwrap().status, 200);
    let after =
        futures_util::future::join_all((0..40).map(|_| stage.check(&granted.token, "orders.read"))).await;
    assert!(after.iter().all(|outcome| outcome == "ended"), "{after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_instant_of_expiry_the_token_is_refused_whether_or_not_a_worker_has_run() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    world.set_clock(granted.expires_at - SignedDuration::from_nanos(1));
    assert_eq!(stage.check(&granted.token, "orders.read").await, "allowed");
    world.set_clock(granted.expires_at);
    assert_eq!(stage.check(&granted.token, "orders.read").await, "ended");
    let late = stage
        .provider
        .post(&format!("/accounts/shop-1/grants/{}/tokens", granted.grant), json!({}))
        .await
        .unwrap();
    assert_eq!(late.code(), "grant-not-active", "no new token either");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rotation_the_token_before_stays_good_for_a_minute_and_both_die_with_the_grant() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let grant = format!("/accounts/shop-1/grants/{}", granted.grant);
    let tokens = format!("{grant}/tokens");
    let issue = async || {
        let issued = stage.provider.post(&tokens, json!({})).await.unwrap();
        assert_eq!(issued.status, 201, "{}", issued.text);
        issued.text_at("/token").to_owned()
    };
    let check = async |token: &str| stage.check(token, "orders.read").await;
    let second = issue().await;
    world.advance_to(world.now() + SignedDuration::from_secs(60) - SignedDuration::from_nanos(1)).await;
    assert_eq!((&*check(&granted.token).await, &*check(&second).await), ("allowed", "allowed"));
    world.advance_to(world.now() + SignedDuration::from_nanos(1)).await;
    assert_eq!((&*check(&granted.token).await, &*check(&second).await), ("wrong_token", "allowed"));
    // Workers that ask at once all work, and what was replaced before is not good again.
    let at_once = [issue().await, issue().await, issue().await];
    for token in [&second].into_iter().chain(&at_once) {
        assert_eq!(check(token).await, "allowed");
    }
    assert_eq!(check(&granted.token).await, "wrong_token");
    assert_eq!(merchant.get(&grant).await.unwrap().body["has_token"], true);
    let revoked = merchant.post(&format!("{grant}/revocation"), json!({})).await.unwrap();
    assert_eq!((revoked.status.as_u16(), &*revoked.body["has_token"]), (200, &json!(false)));
    for token in [&second].into_iter().chain(&at_once) {
        assert_eq!(check(token).await, "ended");
    }
    let rival = Client::of(&world.running, Role::Provider, "rival");
    assert_eq!(rival.post(&tokens, json!({})).await.unwrap().code(), "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_dropped_before_its_minute_and_so_no_more_than_sixteen_are_issued_in_one() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let tokens = format!("/accounts/shop-1/grants/{}/tokens", granted.grant);
    for _ in 1..16 {
        assert_eq!(stage.provider.post(&tokens, json!({})).await.unwrap().status, 201);
    }
    let refused = stage.provider.post(&tokens, json!({})).await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.code()), (429, "too-many-requests"));
    assert_eq!(refused.headers["retry-after"], "60");
    assert_eq!(stage.check(&granted.token, "orders.read").await, "allowed");
    world.advance_to(world.now() + SignedDuration::from_secs(60)).await;
    assert_eq!(stage.provider.post(&tokens, json!({})).await.unwrap().status, 201);
    assert_eq!(stage.check(&granted.token, "orders.read").await, "wrong_token");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_tell_which_grants_have_a_token() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let with = stage.grant(&merchant, "shop-1", "month").await;
    let body = requests::grant(&with.order, &["orders.read"]);
    let without = merchant.post("/accounts/shop-1/grants", body).await.unwrap();
    let mut expected = [(json!(with.grant), json!(true)), (without.body["id"].clone().into(), json!(false))];
    expected.sort_by_key(|(id, _)| id.to_string());
    let lists = [
        merchant.all("/accounts/shop-1/grants").await.unwrap(),
        stage.provider.all("/providers/northwind/grants").await.unwrap(),
    ];
    for list in lists {
        let told: Vec<_> = list
            .iter()
            .map(|grant| (Value::from(grant["id"].clone()), Value::from(grant["has_token"].clone())))
            .collect();
        assert_eq!(told, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_check_is_in_the_ledger_by_hour_scope_and_outcome() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    for _ in 0..3 {
        stage.check(&granted.token, "orders.read").await;
    }
    stage.check(&granted.token, "buyers.read").await;
    world.advance_to(world.now() + SignedDuration::from_hours(1)).await;
    stage.check(&granted.token, "orders.read").await;
    let path = format!("/accounts/shop-1/grants/{}/accesses", granted.grant);
    let ledger = merchant.all(&path).await.unwrap();
    let chosen = async |query: &str| {
        let page = merchant.get(&format!("{path}?{query}")).await.unwrap();
        page.body["items"].as_array().unwrap().into_iter().cloned().collect::<Vec<_>>()
    };
    let mut newest_first = chosen("order=desc").await;
    newest_first.reverse();
    assert_eq!(newest_first, ledger);
    assert_eq!(chosen(&format!("since={}", world.now())).await, ledger[ledger.len() - 1..]);
    let none = merchant.get(&path.replace(&granted.grant, &format!("grt_{}", "0".repeat(32)))).await.unwrap();
    assert_eq!(none.code(), "not-found");
    let lines: Vec<_> = ledger
        .iter()
        .map(|line| {
            assert_eq!(line["provider_id"], "northwind");
            (
                line["scope"].as_str().unwrap(),
                line["outcome"].as_str().unwrap(),
                line["count"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [("buyers.read", "wrong_scope", 1), ("orders.read", "allowed", 3), ("orders.read", "allowed", 1)]
    );
    let unknown = stage.gateway.post("/checks", json!({ "token": "stolen", "scope": "orders.read" })).await;
    assert_eq!(unknown.unwrap().body, json!({ "allowed": false }), "nothing is said of a token that is none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_stays_within_its_order_and_its_listing() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let order = stage.buy(&merchant, "shop-1", "month").await;
    let grants = "/accounts/shop-1/grants";
    let refused = async |body| merchant.post(grants, body).await.unwrap().code().to_owned();
    let mut longer = requests::grant(&order, &["orders.read"]);
    longer["expires_at"] = json!(world.now() + SignedDuration::from_hours(24 * 40));
    assert_eq!(refused(longer).await, "invalid-term");
    let mut over = requests::grant(&order, &["orders.read"]);
    over["expires_at"] = json!(world.now());
    assert_eq!(refused(over).await, "invalid-term");
    assert_eq!(refused(requests::grant(&order, &[])).await, "invalid-scopes");
    assert_eq!(refused(requests::grant(&order, &["orders.read", "orders.read"])).await, "invalid-scopes");
    assert_eq!(refused(requests::grant(&order, &["wallet.read"])).await, "invalid-scopes");
    let unpaid = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    assert_eq!(refused(requests::grant(unpaid.text_at("/id"), &["orders.read"])).await, "not-in-service");
}
