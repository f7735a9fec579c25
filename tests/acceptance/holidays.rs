//! Holiday schedules that the operator publishes, and what waits for them (Civil Code, articles 200 to 204).

use jiff::SignedDuration;
use market::client::{Answer, Client};
use market::json::Json;
use market::operate::api::Api;
use market::operate::holidays::{GivenSchedule, publish};
use market::requests;
use market::stage::Stage;
use market_identity::Role;
use serde_json::{Value, json};

use crate::harness::{World, at};

const SERVED: &str = "2026-12-17T09:00:00+08:00";
const ANNOUNCED: &str = "2026-12-18";
/// What the law alone makes of 15 days from the 17th: past New Year's Day and the weekend.
const BY_THE_LAW: &str = "2027-01-05T00:00:00+08:00";
const MOVED: &str = "2027-01-07T00:00:00+08:00";

/// A world late in a year of which the next has no schedule yet.
async fn december(now: &str) -> World {
    let world = World::new().await;
    world.set_clock(at(now));
    world
}

/// 2027 with another New Year.
fn schedule(from: &str, to: &str, make_up: &[&str]) -> Value {
    let mut schedule = requests::holidays_of_2027(ANNOUNCED);
    schedule["holidays"][0]["from"] = json!(from);
    schedule["holidays"][0]["to"] = json!(to);
    schedule["holidays"][0]["make_up"] = json!(make_up);
    schedule
}

/// A New Year's Day that is prolonged by two days, which are worked at the next weekend.
fn longer() -> Value {
    schedule("2027-01-01", "2027-01-05", &["2027-01-09", "2027-01-10"])
}

fn ok(answer: Answer) -> Answer {
    assert!(answer.is_ok(), "{} {}", answer.status, answer.text);
    answer
}

async fn announce(stage: &Stage<'_>, schedule: Value) -> Answer {
    stage.operator.post("/holidays/2027", schedule).await.unwrap()
}

/// Serves notice on shop-1; where the termination is read.
async fn serve(stage: &Stage<'_>) -> (String, Json) {
    let notice = json!({ "reason": "违反平台规则。" });
    let served = ok(stage.operator.post("/accounts/shop-1/terminations", notice).await.unwrap());
    (served.headers["location"].to_str().unwrap().to_owned(), served.body)
}

async fn read(client: &Client, path: &str) -> Answer {
    ok(client.get(path).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_moves_the_end_of_a_notice_that_waits_for_it_within_a_day_and_the_merchant_is_told_once() {
    let world = december(SERVED).await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "year").await;
    let (path, served) = serve(&stage).await;
    assert_eq!(at(served["ends_at"].as_str().unwrap()), at(BY_THE_LAW));
    assert_eq!(served["cause"]["period"]["calendar_unpublished"], true);
    world.advance_to(at("2026-12-18T16:00:00+08:00")).await;
    ok(announce(&stage, longer()).await);
    world.advance_days(1).await;
    let moved = read(&merchant, &path).await;
    assert_eq!((at(moved.text_at("/ends_at")), moved.text_at("/status")), (at(MOVED), "served"));
    assert_eq!(moved.body["cause"]["period"]["calendar_unpublished"], false);
    let account = read(&merchant, "/accounts/shop-1").await;
    assert_eq!(at(account.text_at("/ends_at")), at(MOVED));
    world.advance_to(at(BY_THE_LAW)).await;
    assert_eq!(stage.check(&granted.token, "orders.read").await, "allowed", "until the new end");
    world.advance_to(at(MOVED) - SignedDuration::from_secs(1)).await;
    assert_eq!(stage.check(&granted.token, "orders.read").await, "allowed");
    world.set_clock(at(MOVED));
    assert_eq!(stage.check(&granted.token, "orders.read").await, "ended");
    world.advance_days(1).await;
    assert_eq!(read(&merchant, &path).await.text_at("/status"), "completed");
    let told = world.notices("accounts/shop-1", "termination_moved").await;
    assert_eq!(told.len(), 1);
    let body = told[0]["body"].as_str().unwrap();
    assert!(body.contains("顺延至北京时间2027年1月6日24时") && body.contains("适逢元旦"), "{body}");
    assert_eq!(world.days_told("accounts/shop-1", "termination_coming", at(MOVED)).await, [-7, -3, -1]);
    for partition in ["account#shop-1", "holidays#2027"] {
        assert_eq!(world.verified(partition).await.faults, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_would_end_a_period_earlier_or_says_nothing_new_changes_no_date_and_nobody_is_told() {
    // The 2nd is a Saturday: by the law alone the period ends on Monday the 4th.
    for schedule in [
        schedule("2027-01-01", "2027-01-03", &[]),
        // The Saturday is worked for the Spring Festival's Friday.
        {
            let mut earlier = schedule("2027-01-01", "2027-01-01", &[]);
            earlier["holidays"][1]["make_up"] = json!(["2027-01-02"]);
            earlier
        },
    ] {
        let world = december("2026-12-18T09:00:00+08:00").await;
        let stage = Stage::set(&world.running).await;
        let merchant = stage.merchant("shop-1").await;
        let (path, served) = serve(&stage).await;
        assert_eq!(at(served["ends_at"].as_str().unwrap()), at(BY_THE_LAW));
        ok(announce(&stage, schedule).await);
        world.advance_days(1).await;
        let now = read(&merchant, &path).await;
        assert_eq!(at(now.text_at("/ends_at")), at(BY_THE_LAW));
        assert_eq!(now.body["cause"]["period"]["calendar_unpublished"], false);
        let before = world.table().await;
        world.advance_days(1).await;
        assert_eq!(world.table().await, before, "it is looked at no more");
        world.advance_to(at(BY_THE_LAW)).await;
        assert_eq!(read(&merchant, &path).await.text_at("/status"), "ending");
        assert_eq!(world.notices("accounts/shop-1", "termination_moved").await.len(), 0);
        assert_eq!(
            world.days_told("accounts/shop-1", "termination_coming", at(BY_THE_LAW)).await,
            [-7, -3, -1]
        );
        assert_eq!(world.verified("account#shop-1").await.faults, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_ends_a_period_looks_first_however_late() {
    let world = december(SERVED).await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let (path, _) = serve(&stage).await;
    ok(stage.merchant("shop-2").await.get("/accounts/shop-2").await.unwrap());
    world.advance_to(at("2026-12-30T16:00:00+08:00")).await;
    // No worker runs from here to a moment after the end.
    world.set_clock(at(BY_THE_LAW) - SignedDuration::from_mins(30));
    let mut announced = longer();
    announced["notice"]["date"] = json!("2026-12-30");
    ok(announce(&stage, announced).await);
    world.set_clock(at(BY_THE_LAW) + SignedDuration::from_mins(5));
    world.settle().await;
    let moved = read(&merchant, &path).await;
    assert_eq!((at(moved.text_at("/ends_at")), moved.text_at("/status")), (at(MOVED), "served"));
    world.advance_to(at(MOVED) + SignedDuration::from_hours(1)).await;
    assert_eq!(read(&merchant, &path).await.text_at("/status"), "completed");
    assert_eq!(world.verified("account#shop-1").await.faults, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_schedule_comes_for_ends_as_the_law_alone_has_it() {
    let world = december(SERVED).await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let (path, _) = serve(&stage).await;
    world.advance_to(at(BY_THE_LAW) + SignedDuration::from_hours(1)).await;
    let ended = read(&merchant, &path).await;
    assert_eq!((at(ended.text_at("/ends_at")), ended.text_at("/status")), (at(BY_THE_LAW), "completed"));
    let evidence = merchant.all("/accounts/shop-1/evidence").await.unwrap();
    let looks = evidence.iter().filter(|record| record["record"]["event"] == "ScheduleAwaited").count();
    assert_eq!(looks, 20, "once a day, and an hour before the end");
    assert_eq!(world.verified("account#shop-1").await.faults, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_demand_that_waits_for_a_schedule_is_due_later_and_both_sides_are_told() {
    let world = december(SERVED).await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let granted = stage.grant(&merchant, "shop-1", "month").await;
    let revocation = format!("/accounts/shop-1/grants/{}/revocation", granted.grant);
    ok(merchant.post(&revocation, json!({})).await.unwrap());
    let demand = format!("/accounts/shop-1/demands/{}", granted.grant);
    let served = ok(merchant.post(&format!("{demand}/service"), json!({})).await.unwrap());
    assert_eq!(at(served.text_at("/period/ends_at")), at(BY_THE_LAW));
    world.advance_days(2).await;
    ok(announce(&stage, longer()).await);
    world.advance_days(1).await;
    let moved = read(&stage.provider, &demand).await;
    assert_eq!(at(moved.text_at("/period/ends_at")), at(MOVED));
    for party in ["accounts/shop-1", "providers/northwind"] {
        assert_eq!(world.notices(party, "demand_moved").await.len(), 1, "{party}");
    }
    world.advance_to(at(MOVED) - SignedDuration::from_secs(1)).await;
    assert_eq!(world.days_told("providers/northwind", "demand_due", at(MOVED)).await, [-7, -3, -1]);
    assert_eq!(world.notices("providers/northwind", "demand_overdue").await.len(), 0);
    world.advance_days(1).await;
    assert_eq!(world.days_told("providers/northwind", "demand_overdue", at(MOVED)).await, [0]);
    assert_eq!(world.verified("account#shop-1").await.faults, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_served_after_a_schedule_was_published_is_reckoned_by_it() {
    let world = december(SERVED).await;
    let stage = Stage::set(&world.running).await;
    stage.merchant("shop-1").await;
    let mut announced = longer();
    announced["notice"]["date"] = json!("2026-12-17");
    ok(announce(&stage, announced).await);
    let (_, served) = serve(&stage).await;
    assert_eq!(at(served["ends_at"].as_str().unwrap()), at(MOVED));
    assert_eq!(served["cause"]["period"]["calendar_unpublished"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_never_replaced_silently_and_a_correction_moves_no_date_to_an_earlier_one() {
    let world = december("2026-12-18T09:00:00+08:00").await;
    let stage = Stage::set(&world.running).await;
    let merchant = stage.merchant("shop-1").await;
    let first = ok(stage.operator.post_as("k-1", "/holidays/2027", longer()).await.unwrap());
    assert_eq!(first.headers["location"], "/v1/holidays/2027");
    let replayed = ok(stage.operator.post_as("k-1", "/holidays/2027", longer()).await.unwrap());
    assert_eq!(replayed.headers["idempotent-replayed"], "true");
    let (path, served) = serve(&stage).await;
    assert_eq!(at(served["ends_at"].as_str().unwrap()), at(MOVED));
    let corrected = |corrects: u32| {
        let mut corrected = schedule("2027-01-01", "2027-01-03", &[]);
        corrected["corrects"] = json!(corrects);
        corrected
    };
    for (schedule, why) in [
        (longer(), "corrects"),
        (schedule("2027-01-01", "2027-01-03", &[]), "corrects"),
        (corrected(2), "version 1"),
        (
            json!({ "corrects": 1, "notice": longer()["notice"], "holidays": longer()["holidays"] }),
            "just that",
        ),
    ] {
        let refused = announce(&stage, schedule).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (409, "schedule-published"),
            "{}",
            refused.text
        );
        assert!(refused.text_at("/detail").contains(why), "{}", refused.text);
    }
    ok(announce(&stage, corrected(1)).await);
    let anyone = Client::anonymous(&world.running);
    let shown = read(&anyone, "/holidays/2027").await;
    assert_eq!(shown.body["versions"].as_array().unwrap().len(), 2);
    assert_eq!(shown.text_at("/versions/0/holidays/0/to"), "2027-01-05");
    assert_eq!(shown.text_at("/versions/1/holidays/0/to"), "2027-01-03");
    world.advance_days(3).await;
    assert_eq!(at(read(&merchant, &path).await.text_at("/ends_at")), at(MOVED));
    for n in 2..8 {
        let mut next = if n % 2 == 0 { longer() } else { schedule("2027-01-01", "2027-01-03", &[]) };
        next["corrects"] = json!(n);
        ok(announce(&stage, next).await);
    }
    let mut ninth = longer();
    ninth["corrects"] = json!(8);
    assert_eq!(announce(&stage, ninth).await.code(), "schedule-published");
    assert_eq!(world.verified("holidays#2027").await.faults, []);
    let built_in = read(&anyone, "/holidays/2020").await;
    assert_eq!(built_in.text_at("/versions/0/changed_by/0/number"), "国办发明电〔2020〕1号");
    let unknown = anyone.get("/holidays/2028").await.unwrap();
    assert_eq!(unknown.code(), "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_schedule_is_refused_and_nothing_is_written() {
    let world = december("2026-12-18T09:00:00+08:00").await;
    let stage = Stage::set(&world.running).await;
    let before = world.table().await;
    let with = |pointer: &str, value: Value| {
        let mut schedule = longer();
        *schedule.pointer_mut(pointer).unwrap() = value;
        schedule
    };
    let without = |name: &str| {
        let mut schedule = longer();
        schedule.as_object_mut().unwrap().remove(name);
        schedule
    };
    let holidays = longer()["holidays"].as_array().unwrap().clone();
    for (schedule, code) in [
        (with("/holidays/0/make_up", json!(["2027-01-07", "2027-01-09"])), "invalid-schedule"),
        (with("/holidays/0/make_up", json!(["2027-01-09", "2027-01-10", "2027-01-16"])), "invalid-schedule"),
        (with("/holidays/0/from", json!("2026-12-28")), "invalid-schedule"),
        (with("/holidays/6/make_up", json!(["2027-09-26", "2028-01-08"])), "invalid-schedule"),
        (with("/holidays/0/to", json!("9999-12-31")), "invalid-schedule"),
        (with("/holidays/0/to", json!("2026-12-31")), "invalid-schedule"),
        (with("/holidays/4/from", json!("2027-06-10")), "invalid-schedule"),
        (with("/holidays/5", holidays[4].clone()), "invalid-schedule"),
        (with("/holidays", json!([])), "invalid-schedule"),
        (with("/notice/date", json!("2026-12-19")), "invalid-schedule"),
        (with("/notice/date", json!("2025-12-18")), "invalid-schedule"),
        (with("/holidays/0/make_up", json!(["2027-01-09", "2027-01-09"])), "invalid-body"),
        (with("/holidays/0/to", json!("2027-02-30")), "invalid-body"),
        (with("/notice/number", json!("")), "invalid-body"),
        (with("/holidays/0/name_zh", json!("元\u{202e}旦")), "invalid-body"),
        (with("/holidays", json!(vec![holidays[0].clone(); 17])), "invalid-body"),
        (without("notice"), "invalid-body"),
        (without("holidays"), "invalid-body"),
    ] {
        let refused = announce(&stage, schedule.clone()).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (422, code), "{} {schedule}", refused.text);
    }
    let mut nothing_yet = longer();
    nothing_yet["corrects"] = json!(1);
    assert_eq!(announce(&stage, nothing_yet).await.code(), "schedule-published");
    for (year, code) in [("2026", "invalid-schedule"), ("99999", "not-found"), ("x", "not-found")] {
        let refused = stage.operator.post(&format!("/holidays/{year}"), longer()).await.unwrap();
        assert_eq!(refused.code(), code, "{year}: {}", refused.text);
    }
    let built_in = read(&stage.operator, "/holidays/2026").await;
    let again = json!({
        "notice": built_in.body["versions"][0]["notice"], "holidays": built_in.body["versions"][0]["holidays"],
    });
    let refused = stage.operator.post("/holidays/2026", again).await.unwrap();
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "schedule-built-in"), "{}", refused.text);
    for role in [Role::Merchant, Role::Provider, Role::DataGateway, Role::Upstream] {
        let outsider = Client::of(&world.running, role, "ops");
        let refused = outsider.post("/holidays/2027", longer()).await.unwrap();
        assert_eq!(refused.code(), "role-not-allowed");
    }
    let mut after = world.table().await;
    // A refusal that the state decided is kept for its repeat.
    after.retain(|key, _| !key.starts_with("reply#operator#"));
    let mut before = before;
    before.retain(|key, _| !key.starts_with("reply#operator#"));
    assert_eq!(after, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_command_publishes_a_file_once_however_often_it_is_given() {
    let world = december("2026-12-18T09:00:00+08:00").await;
    let token = world.running.issuer.token(Role::Operator, "ops", world.now());
    let api = Api::at(&world.running.url, Some(token));
    let mut file = longer();
    file["year"] = json!(2027);
    let given = |file: &Value| serde_json::from_value::<GivenSchedule>(file.clone()).unwrap();
    let first = publish(&api, given(&file), None).await.unwrap();
    assert_eq!((first.year, first.version, first.repeated), (2027, 1, false));
    assert!(first.to_string().contains("schedule of 2027, version 1, is published"));
    let again = publish(&api, given(&file), None).await.unwrap();
    assert!(again.repeated && again.version == 1);
    file["holidays"][0]["to"] = json!("2027-01-03");
    file["holidays"][0]["make_up"] = json!([]);
    let refused = publish(&api, given(&file), None).await.unwrap_err().to_string();
    assert!(refused.contains("corrects"), "{refused}");
    assert_eq!(publish(&api, given(&file), Some(1)).await.unwrap().version, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn years_that_no_schedule_can_be_of_are_none() {
    let world = World::new().await;
    let operator = Client::of(&world.running, Role::Operator, "ops");
    for year in ["10000", "2201", "0", "-5000", "2003"] {
        let schedule = requests::holidays_of_2027("2026-11-01");
        let refused = operator.post(&format!("/holidays/{year}"), schedule).await.unwrap();
        assert_eq!(refused.code(), "not-found", "{year}: {}", refused.text);
    }
}
