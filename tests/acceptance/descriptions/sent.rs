//! What is really sent has the one form of each thing, and is described.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, LazyLock};

use market::client::{Client, Exchange, witnessed};
use market_functions::http::{unversioned, versioned};
use market_identity::Role;
use serde_json::Value;

use crate::corpus::{Corpus, key, today};
use crate::harness::World;
use crate::stored::releases;

static DESCRIPTION: LazyLock<Value> = LazyLock::new(market::pages::openapi);

/// The description of what answered a path.
pub fn operation(method: &str, path: &str) -> Option<&'static Value> {
    let path = versioned(unversioned(path.split('?').next()?));
    let parts: Vec<_> = path.split('/').collect();
    let fits = |template: &str| {
        let wanted: Vec<_> = template.split('/').collect();
        wanted.len() == parts.len()
            && wanted.iter().zip(&parts).all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
    };
    let paths = DESCRIPTION["paths"].as_object()?;
    // One that names the path to the letter goes before one with a parameter in that place.
    let mut fitting: Vec<_> = paths.iter().filter(|(template, _)| fits(template)).collect();
    fitting.sort_by_key(|(template, _)| template.matches('{').count());
    fitting.into_iter().find_map(|(_, methods)| methods.get(method.to_lowercase()))
}

/// Headers that every server sends.
const OF_HTTP: [&str; 4] = ["content-type", "content-length", "date", "vary"];

/// Panics where an answer is not as the description promises: its status, its headers, its instants, and no null.
pub fn is_as_described(exchange: &Exchange<'_>) {
    let Exchange { method, path, answer, .. } = exchange;
    let Some(operation) = operation(method.as_str(), path) else { return };
    let (id, status) = (operation["operationId"].as_str().unwrap(), answer.status.as_str());
    let described = operation["responses"].get(status);
    let described = described.unwrap_or_else(|| panic!("{id} does not describe {status}: {}", answer.text));
    let headers: HashSet<String> =
        described["headers"].as_object().unwrap().keys().map(|h| h.to_lowercase()).collect();
    for header in answer.headers.keys().map(reqwest::header::HeaderName::as_str) {
        let is_described = headers.contains(header) || OF_HTTP.contains(&header);
        assert!(is_described || header.starts_with("access-control-"), "{id} {status}: {header}");
    }
    if answer.headers["content-type"].to_str().unwrap().contains("json") {
        has_one_form_of_each(id, &answer.body);
    }
}

fn has_one_form_of_each(place: &str, value: &Value) {
    match value {
        Value::Null => panic!("{place} is null"),
        Value::Array(all) => all.iter().for_each(|one| has_one_form_of_each(place, one)),
        Value::Object(fields) => {
            for (name, field) in fields {
                // Facts are shown as they were recorded, for their hashes.
                if name == "facts" {
                    continue;
                }
                let place = format!("{place}/{name}");
                if name.ends_with("_at") || ["pay_by", "valid_until"].contains(&name.as_str()) {
                    let shown = field.as_str().unwrap_or_else(|| panic!("{place} is {field}"));
                    let at: jiff::Timestamp = shown.parse().unwrap_or_else(|_| panic!("{place} is {shown}"));
                    assert_eq!(shown, crate::harness::shown(at), "{place}");
                }
                has_one_form_of_each(&place, field);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What a party's things are read by.
const OF_A_PARTY: [&str; 7] = ["", "/acceptances", "/orders", "/grants", "/demands", "/notices", "/evidence"];
/// What shows things of any party.
const OF_THE_MARKET: [&str; 11] = [
    "/me",
    "/accounts?status=active",
    "/announcements",
    "/listings?kind=application",
    "/listings?kind=service",
    "/reviews",
    "/payments",
    "/notices/undelivered",
    "/jobs/notify/parked",
    "/jobs/advance_case/parked",
    "/holidays/2026",
];

/// The reads that show what lies in a table.
fn reads(corpus: &Corpus) -> BTreeSet<String> {
    let mut reads: BTreeSet<_> = OF_THE_MARKET.map(str::to_owned).into();
    for item in &corpus.items {
        let (partition, sort) = key(item);
        let Some((kind, id)) = partition.split_once('#') else { continue };
        if ["account", "provider"].contains(&kind) {
            let parts = OF_A_PARTY.iter().filter(|part| kind == "account" || **part != "/acceptances");
            reads.extend(parts.map(|part| format!("/{kind}s/{id}{part}")));
        }
        match (kind, sort.split_once('#')) {
            ("account", Some(("grant", grant))) => {
                reads.extend(["", "/accesses"].map(|part| format!("/accounts/{id}/grants/{grant}{part}")));
            }
            ("account", Some((kind @ ("order" | "demand" | "termination" | "notice"), of))) => {
                reads.insert(format!("/accounts/{id}/{kind}s/{of}"));
            }
            ("document", Some(("version", number))) => {
                let number: u32 = number.parse().unwrap();
                let parts = ["", "/text", "/page", "/page?language=en"];
                reads.extend(parts.map(|part| format!("/documents/{id}/versions/{number}{part}")));
                if let Some(before @ 1..) = number.checked_sub(1) {
                    let parts = ["", "/page"];
                    reads.extend(parts.map(|part| {
                        format!("/documents/{id}/versions/{number}/comparison{part}?before={before}")
                    }));
                }
            }
            ("document", _) => drop(reads.insert(format!("/documents/{id}"))),
            ("payment", _) => drop(reads.insert(format!("/payments/{id}"))),
            ("listing", _) => drop(reads.insert(format!("/listings/{id}"))),
            ("credit-code", _) => drop(reads.insert(format!("/credit-codes/{id}/vouching"))),
            _ => {}
        }
    }
    reads
}

/// Asks for all that lies in a table, and says how much there was to read.
pub async fn read_everything(world: &World, corpus: &Corpus) -> usize {
    let operator = Client::of(&world.running, Role::Operator, "ops-wang");
    let mut seen = 0;
    for read in reads(corpus) {
        let is_a_list = operation("GET", &read).is_some_and(|operation| {
            let parameters = operation["parameters"].as_array().unwrap();
            parameters.iter().any(|parameter| parameter["name"] == "limit")
        });
        let join = if read.contains('?') { '&' } else { '?' };
        let path = if is_a_list { format!("{read}{join}limit=100") } else { read };
        seen += usize::from(operator.get(&path).await.unwrap().is_ok());
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn no_reply_about_what_any_release_stored_has_a_null_and_its_instants_have_one_form() {
    let kept = releases().into_iter().map(|folder| Corpus::read(&folder));
    for corpus in kept.chain([today().await.clone()]) {
        let world = World::of(&corpus).await;
        let seen = witnessed(Arc::new(is_as_described), read_everything(&world, &corpus)).await;
        assert!(seen > 50, "{}: {seen}", corpus.release);
    }
}
