//! Due work, as the operator reads it: what is late, counted job by job at a cost that does not grow.

use std::ops::RangeInclusive;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use market::TABLE;
use market::client::Client;
use market::stage::Stage;
use market_functions::market::jobs::late::late_work;
use market_identity::Role;
use market_kernel::aggregate::Lane;
use market_store::Meter;

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

/// Puts into one shard of the due index what has been due for two minutes, as if the sweep were gone.
async fn pile_up(world: &World, items: RangeInclusive<u16>) {
    let client = aws_sdk_dynamodb::Client::new(&market::sdk_at(&world.running.table_endpoint).await);
    let text = |text: String| AttributeValue::S(text);
    let since = (world.now() - SignedDuration::from_secs(120)).as_millisecond();
    let puts = items.map(|number| {
        client
            .put_item()
            .table_name(TABLE)
            .item("pk", text("account#shop-1".to_owned()))
            .item("sk", text(format!("order#{number:05}")))
            .item("due_shard", text(format!("due#{}#0", Lane::AdvanceCase)))
            .item("wake_at", text(format!("{since:015}")))
            .send()
    });
    for put in puts {
        put.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn however_much_is_late_no_more_than_a_page_of_each_shard_is_looked_at() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    let counted = async || {
        let answer = operator.get("/jobs/late").await.unwrap();
        let all = answer.body["items"].as_array().unwrap();
        let cases = all.iter().find(|job| job["job"] == "advance_case").unwrap();
        (cases["late"].as_u64().unwrap(), cases["more"] == true)
    };
    let meter = Meter::counting();
    let store = world.running.market.store.metered(meter.clone());
    let of_pages = async |pages: u16| {
        let work = late_work(&store, Lane::AdvanceCase, world.now(), pages).await.unwrap();
        (work.late, work.more, meter.take().requests)
    };
    assert_eq!(counted().await, (0, false));
    assert_eq!(of_pages(1).await, (0, false, 8), "one query for each shard");
    pile_up(&world, 1..=249).await;
    assert_eq!(counted().await, (249, false));
    pile_up(&world, 250..=600).await;
    assert_eq!(counted().await, (250, true), "there may be others");
    assert_eq!(of_pages(1).await, (250, true, 8));
    assert_eq!(of_pages(10).await, (600, false, 10), "three pages of the one shard");
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
