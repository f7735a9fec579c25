//! What is refused about what is agreed.

use market::client::Client;
use market::requests;
use market::stage::{PROMINENT, Stage, TERMS};
use market_identity::Role;
use market_kernel::hash::Sha256Hash;
use serde_json::{Value, json};

use super::Refusals;
use crate::harness::{World, at};

const VERSIONS: &str = "/documents/market-agreement/versions";
const RULE: &str = "/documents/rule-1/versions";

fn rule(text: &str) -> Value {
    json!({ "kind": "rule", "title": "规则", "text": text })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_about_documents_is_told() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let (operator, provider) = (&stage.operator, &stage.provider);
    let mut told = Refusals::of("documents", "What is refused about documents.");

    let terms = requests::subscription_agreement;
    let rival = Client::of(&world.running, Role::Provider, "rival");
    assert!(rival.post("/providers/rival", requests::provider()).await.unwrap().is_ok());
    told.post(
        "provider-not-approved",
        "terms of a provider that is not approved",
        &rival,
        "/documents/rival.terms/versions",
        terms(),
    )
    .await;
    assert!(operator.post("/providers/rival/approval", json!({})).await.unwrap().is_ok());
    told.post(
        "not-the-publisher",
        "a version of another's document",
        &rival,
        "/documents/northwind.terms/versions",
        terms(),
    )
    .await;
    told.post("wrong-document-kind", "a provider publishes a rule", provider, RULE, rule("1.甲\n")).await;
    told.post(
        "wrong-document-id",
        "a provider takes an operator's name",
        provider,
        "/documents/rule-2/versions",
        terms(),
    )
    .await;
    told.post(
        "wrong-document-id",
        "an operator takes a provider's name",
        operator,
        "/documents/northwind.rule/versions",
        rule("1.甲\n"),
    )
    .await;

    told.post("invalid-text", "a text of nothing", operator, RULE, rule("")).await;
    told.post("invalid-text", "a text that turns what is shown", operator, RULE, rule("1.甲\u{202e}乙\n"))
        .await;
    let unnumbered = requests::agreement("店铺九点开门。\n", &[]);
    told.post("nothing-recognised", "a body without clauses", operator, VERSIONS, unnumbered).await;
    for (what, outline) in [
        ("an outline of nothing", json!([])),
        ("an outline beyond the text", json!([{ "line": 9, "address": "1" }])),
        (
            "an outline that goes backwards",
            json!([{ "line": 2, "address": "1" }, { "line": 1, "address": "2" }]),
        ),
        (
            "an outline with an address twice",
            json!([{ "line": 1, "address": "1" }, { "line": 2, "address": "1" }]),
        ),
        ("an outline that skips a depth", json!([{ "line": 1, "depth": 2, "address": "1" }])),
    ] {
        let mut body = rule("甲\n乙\n");
        body["outline"] = outline;
        told.post("invalid-outline", what, operator, RULE, body).await;
    }
    let prominent = requests::agreement("1.甲\n", &["9.9".to_owned()]);
    told.post("no-such-clause", "a prominent clause that is not in the text", operator, VERSIONS, prominent)
        .await;
    let mut numbered = requests::agreement("1.甲\n", &[]);
    numbered["rules"] = json!({ "99.9": "1" });
    told.post("invalid-body", "a rule that there is not", operator, VERSIONS, numbered).await;

    let mut early = requests::agreement("1.新版\n", &[]);
    early["effective_at"] = json!("2026-01-12T00:00:00+08:00");
    told.post(
        "publicity-too-short",
        "an amendment a week from now, less a day",
        operator,
        VERSIONS,
        early.clone(),
    )
    .await;
    early["effective_at"] = json!("2026-01-01T00:00:00+08:00");
    told.post(
        "wrong-effective-date",
        "a version that took effect before it is published",
        operator,
        VERSIONS,
        early,
    )
    .await;
    assert!(operator.post(RULE, rule("1.甲\n")).await.unwrap().is_ok());
    told.post("same-text", "the same text again", operator, RULE, rule("1.甲\n")).await;
    let withdrawal = format!("{RULE}/1/withdrawal");
    told.post("version-not-to-come", "what is in force is withdrawn", operator, &withdrawal, json!({})).await;
    told.post("not-the-publisher", "another's version is withdrawn", provider, &withdrawal, json!({})).await;
    let mut number = 1;
    let refused = loop {
        number += 1;
        let mut to_come = rule(&format!("1.第{number}版\n"));
        to_come["effective_at"] = json!(format!("{}-01-01T00:00:00+08:00", 2026 + number));
        let answer = operator.post(RULE, to_come.clone()).await.unwrap();
        if !answer.is_ok() {
            break to_come;
        }
        assert!(number < 100, "there is a bound");
    };
    told.post("too-many-versions", "more versions to come than a document holds", operator, RULE, refused)
        .await;
    told.kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_about_acceptances_and_ends_is_told() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    let shop = stage.merchant("shop-1").await;
    let newcomer = Client::of(&world.running, Role::Merchant, "shop-2");
    let applied = requests::merchant("shop-2", "91510100MA6C0QLJ");
    assert!(newcomer.post("/accounts/shop-2", applied).await.unwrap().is_ok());
    let mut told = Refusals::of("agreement", "What is refused about acceptances, terminations and holidays.");

    let (own, theirs) = ("/accounts/shop-1/acceptances", "/accounts/shop-2/acceptances");
    let acceptance = stage.agreement_acceptance();
    let with = |pointer: &str, value: Value| {
        let mut acceptance = acceptance.clone();
        *acceptance.pointer_mut(pointer).unwrap() = value;
        acceptance
    };
    told.post("already-accepted", "a version is accepted again", &shop, own, acceptance.clone()).await;
    told.post(
        "no-such-version",
        "a version that there is not",
        &newcomer,
        theirs,
        with("/version", json!(7)),
    )
    .await;
    let other = json!(Sha256Hash::of(b"another text"));
    told.post("other-text", "another text's hash", &newcomer, theirs, with("/sha256", other.clone())).await;
    told.post(
        "other-rendering",
        "what the market did not render",
        &newcomer,
        theirs,
        with("/rendered_sha256", other),
    )
    .await;
    told.post(
        "prominent-clauses-not-shown",
        "prominent clauses were not shown",
        &newcomer,
        theirs,
        with("/prominent_shown", json!([PROMINENT[0]])),
    )
    .await;
    let more = json!([PROMINENT[0], PROMINENT[1], "99.9"]);
    told.post(
        "no-such-clause",
        "a clause that is not in the text was shown",
        &newcomer,
        theirs,
        with("/prominent_shown", more),
    )
    .await;
    let terms = shop.get(&format!("/documents/{TERMS}")).await.unwrap();
    let subscription = requests::acceptance(TERMS, terms.text_at("/versions/0/sha256"), &[]);
    told.post("account-not-open", "a provider's terms before the agreement", &newcomer, theirs, subscription)
        .await;
    let mut next = requests::agreement("1.新版\n", &[]);
    next["effective_at"] = json!("2026-01-14T00:00:00+08:00");
    assert!(stage.operator.post(VERSIONS, next).await.unwrap().is_ok());
    world.advance_days(10).await;
    told.post(
        "not-in-force",
        "a version that is not in force any more",
        &newcomer,
        theirs,
        acceptance.clone(),
    )
    .await;

    let terminations = "/accounts/shop-1/terminations";
    let notice = json!({ "reason": "违反平台规则。" });
    let served = stage.operator.post(terminations, notice.clone()).await.unwrap();
    told.post("already-terminating", "notice is served again", &stage.operator, terminations, notice).await;
    let withdrawal = format!("{terminations}/{}/withdrawal", served.text_at("/id"));
    assert!(stage.operator.post(&withdrawal, json!({})).await.unwrap().is_ok());
    told.post("notice-not-running", "a notice is withdrawn again", &stage.operator, &withdrawal, json!({}))
        .await;
    let event = |ended_at: &str| json!({ "event_id": "e-1", "agreement": "平台协议", "ended_at": ended_at });
    let upstream_end = "/accounts/shop-1/upstream-end";
    told.post(
        "event-in-the-future",
        "an end that is to come",
        &stage.upstream,
        upstream_end,
        event("2027-01-01T00:00:00+08:00"),
    )
    .await;

    world.set_clock(at("2026-12-18T09:00:00+08:00"));
    let schedule = requests::holidays_of_2027("2026-12-18");
    let publish = "/holidays/2027";
    let mut contradiction = schedule.clone();
    contradiction["holidays"][0]["make_up"] = json!(["2027-01-07"]);
    told.post(
        "invalid-schedule",
        "a workday that is worked in exchange",
        &stage.operator,
        publish,
        contradiction,
    )
    .await;
    let mut unlawful = schedule.clone();
    unlawful["holidays"].as_array_mut().unwrap().remove(4);
    told.post(
        "invalid-schedule",
        "a statutory day that is in no holiday",
        &stage.operator,
        publish,
        unlawful,
    )
    .await;
    let built_in = stage.operator.get("/holidays/2026").await.unwrap();
    let again = json!({
        "notice": built_in.body["versions"][0]["notice"], "holidays": built_in.body["versions"][0]["holidays"],
    });
    told.post("schedule-built-in", "a year that the release has", &stage.operator, "/holidays/2026", again)
        .await;
    assert!(stage.operator.post(publish, schedule.clone()).await.unwrap().is_ok());
    told.post("schedule-published", "a year that is published", &stage.operator, publish, schedule).await;
    told.kept();
}
