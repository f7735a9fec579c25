//! Due work, as the operator reads it: what is late, counted job by job at a cost that does not grow.

use jiff::SignedDuration;
use market::client::Client;
use market::stage::Stage;
use market_identity::Role;
use market_kernel::aggregate::Lane;

use crate::harness::{World, shown};

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_reads_what_is_late_of_each_job_and_what_has_waited_longest() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    world.settle().await;
    let placed = merchant.post("/accounts/shop-1/orders", stage.order("month")).await.unwrap();
    let due_at = world.now() + SignedDuration::from_hours(24);
    let operator = || Client::of(&world.running, Role::Operator, "ops");

    world.set_clock(due_at + SignedDuration::from_secs(60));
    let on_time = operator().get("/jobs/late").await.unwrap();
    let jobs = on_time.body["items"].as_array().unwrap();
    assert_eq!(jobs.len(), Lane::ALL.len(), "every job is told of");
    assert!(jobs.iter().all(|job| job["late"] == 0 && job.lacks("oldest")), "{}", on_time.text);
    assert!(on_time.body.lacks("next_cursor"));

    world.set_clock(due_at + SignedDuration::from_secs(61));
    let late = operator().get("/jobs/late").await.unwrap();
    let all = late.body["items"].as_array().unwrap();
    let of = |name: &str| *all.iter().find(|job| job["job"] == name).unwrap();
    let cases = of("advance_case");
    assert!(cases["late"] == 1 && cases["tried"] == 0 && cases["more"] == false, "{}", late.text);
    assert_eq!(cases["counted_at"], shown(world.now()));
    assert_eq!(cases["oldest"]["due_at"], shown(due_at));
    assert_eq!(cases["oldest"]["tries"], 0);
    assert!(cases["oldest"]["item"].as_str().unwrap().ends_with(placed.text_at("/id")), "{}", late.text);
    assert_eq!(of("remind_deletion")["late"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_operator_reads_what_is_late() {
    let world = World::new().await;
    for (role, subject) in
        [(Role::Merchant, "shop-1"), (Role::Provider, "northwind"), (Role::DataGateway, "g")]
    {
        let refused = Client::of(&world.running, role, subject).get("/jobs/late").await.unwrap();
        assert_eq!(refused.code(), "role-not-allowed", "{}", refused.text);
    }
}
