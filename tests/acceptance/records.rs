//! What evidence says: nothing but registered events with their facts, and nothing that identifies a person. Held
//! against the records of every release that is kept, and of today's.

use std::collections::{BTreeMap, BTreeSet};

use market::stage::Stage;
use market_functions::register;
use market_kernel::events::RETIRED;
use market_kernel::evidence::Evidence;
use market_kernel::hash::Sha256Hash;
use market_kernel::party::Actor;
use serde_json::{Value, json};

use crate::corpus::{Corpus, key, text, today};
use crate::harness::World;
use crate::stored::{done, releases, things, word};

/// The corpora that are kept, and what today's code stores.
async fn corpora() -> Vec<Corpus> {
    let mut corpora: Vec<_> = releases().iter().map(|release| Corpus::read(release)).collect();
    corpora.push(today().await.clone());
    corpora
}

/// What of a record is not as its event is registered. Records of the first schema may say null for what is absent.
fn slip(record: &Evidence) -> Option<String> {
    let Some(event) = register::events().find(|event| event.name == record.event) else {
        return Some(format!("no event is called {}", record.event));
    };
    if !event.clauses.contains(&record.clause.as_str()) {
        return Some(format!("{} does not carry out {}", event.name, record.clause));
    }
    let retired: Vec<_> = RETIRED.iter().filter(|retired| retired.event == event.name).collect();
    for (name, value) in &record.facts {
        let as_registered = event.facts.iter().any(|fact| {
            fact.name == name && (fact.r#type.admits(value) || fact.is_optional && value.is_null())
        });
        if !as_registered && !retired.iter().any(|fact| fact.name == name && fact.r#type.admits(value)) {
            return Some(format!("{}: {name} is {value}", event.name));
        }
    }
    let is_there = |name: &str| {
        let was = retired.iter().find(|retired| retired.now == name);
        record.facts.contains_key(name) || was.is_some_and(|was| record.facts.contains_key(was.name))
    };
    let missing = event.facts.iter().find(|fact| !fact.is_optional && !is_there(fact.name));
    missing.map(|fact| format!("{}: {} is missing", event.name, fact.name))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_of_every_registered_event_is_kept_and_all_are_as_they_are_registered() {
    let registered: BTreeSet<_> = register::events().map(|event| event.name.to_owned()).collect();
    let mut kept = BTreeSet::new();
    for corpus in corpora().await {
        let records = corpus.items.iter().filter(|item| key(item).1.starts_with("evidence#"));
        let records: Vec<_> =
            records.map(|item| Evidence::read(text(item, "body").unwrap()).unwrap()).collect();
        assert_eq!(records.iter().filter_map(slip).collect::<Vec<_>>(), [""; 0]);
        kept = records.into_iter().map(|record| record.event).collect();
    }
    // Earlier releases did not have every event; what today's code stores comes last.
    assert_eq!(kept, registered);
}

#[test]
fn a_slip_in_a_recorded_name_clause_or_fact_is_found() {
    let record = |event: &str, clause: &str, facts: Value| Evidence {
        chain: "c".to_owned(),
        number: 1,
        previous: Sha256Hash::origin(),
        event: event.to_owned(),
        clause: clause.to_owned(),
        at: "2026-01-05T01:00:00Z".parse().unwrap(),
        actor: Actor::Payments,
        request: "r".to_owned(),
        state: Sha256Hash::origin(),
        facts: facts.as_object().unwrap().clone(),
        notices: Vec::new(),
    };
    let hash = Sha256Hash::origin();
    for good in [
        record("TerminationReminded", "10.1.2", json!({ "days": 7 })),
        record("NoticeServed", "11.1", json!({ "content": hash, "attempts": 1 })),
        record("NoticeServed", "11.1", json!({ "content_sha256": hash, "gateway_id": null, "attempts": 1 })),
    ] {
        assert_eq!(slip(&good), None);
    }
    for bad in [
        record("TerminationRemined", "10.1.2", json!({ "days": 7 })),
        record("TerminationReminded", "10.1", json!({ "days": 7 })),
        record("TerminationReminded", "10.1.2", json!({})),
        record("TerminationReminded", "10.1.2", json!({ "day": 7 })),
        record("TerminationReminded", "10.1.2", json!({ "days": "7" })),
        record("TerminationReminded", "10.1.2", json!({ "days": 7, "x": 1 })),
        record("NoticeServed", "11.1", json!({ "content_sha256": hash })),
        record("NoticeServed", "11.1", json!({ "content": "no hash", "attempts": 1 })),
    ] {
        assert!(slip(&bad).is_some(), "{bad:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_record_holds_what_identifies_a_person() {
    for corpus in corpora().await {
        let mut personal = BTreeSet::new();
        for kind in ["account", "provider", "acceptance", "demand", "notice"] {
            for body in things(&corpus, kind) {
                let places = [
                    "/contacts/email",
                    "/contacts/phone",
                    "/signer/name",
                    "/attestation/signer",
                    "/user_agent",
                    "/address",
                    "/legal_name",
                ];
                personal.extend(
                    places.iter().filter_map(|place| body.pointer(place)?.as_str().map(str::to_owned)),
                );
            }
        }
        assert!(personal.len() > 10, "{personal:?}");
        for item in corpus.items.iter().filter(|item| key(item).1.starts_with("evidence#")) {
            let record = text(item, "body").unwrap();
            let told = personal.iter().find(|word| record.contains(word.as_str()));
            assert_eq!(told, None, "{record}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_can_hold_personal_data_are_salted_afresh_at_every_write() {
    let world = World::new().await;
    let stage = Stage::set(&world.running).await;
    stage.merchant("shop-1").await;
    let salts = async || -> BTreeMap<String, String> {
        let corpus = Corpus::of(&world).await;
        let kinds = ["account", "provider", "acceptance"];
        let personal =
            corpus.items.iter().filter(|item| text(item, "kind").is_some_and(|kind| kinds.contains(&kind)));
        personal
            .map(|item| {
                let body: Value = serde_json::from_str(text(item, "body").unwrap()).unwrap();
                (format!("{:?}", key(item)), word(&body, "salt").to_owned())
            })
            .collect()
    };
    let before = salts().await;
    assert_eq!(before.values().collect::<BTreeSet<_>>().len(), before.len(), "no two are the same");
    done(stage.operator.post("/accounts/shop-1/terminations", json!({ "reason": "x" })).await);
    let after = salts().await;
    let changed: Vec<_> = before.iter().filter(|(key, salt)| after[*key] != **salt).collect();
    assert_eq!(changed.len(), 1, "the account was written: {changed:?}");
}
