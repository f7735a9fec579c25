//! What both versions read of the table: the same, to the last field.

use std::collections::{BTreeMap, BTreeSet};

use market_kernel::aggregate::Lane;
use serde_json::Value;

use crate::sides::{Items, Sides, Version, text};
use crate::story::{NORTHWIND, OPERATOR};

/// What a party's partition is read in.
const OF_ACCOUNT: &[&str] = &["", "/acceptances", "/orders", "/grants", "/demands", "/notices", "/evidence"];
const OF_PROVIDER: &[&str] = &["", "/drafts", "/orders", "/grants", "/demands", "/notices", "/evidence"];
/// What shows things of any partition.
const OF_MARKET: &[&str] =
    &["/announcements", "/listings?kind=application", "/listings?kind=service", "/reviews"];

/// What shows what was written since: the lists that it is in, and the thing itself.
fn routes(items: &Items, since: &Items) -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    let mut show = |of: &str, what: &[&str]| routes.extend(what.iter().map(|part| format!("{of}{part}")));
    show("", OF_MARKET);
    for job in Lane::ALL {
        show("/jobs", &[&format!("/{job}/parked")]);
    }
    for ((partition, sort), item) in items.iter().filter(|(key, item)| since.get(*key) != Some(item)) {
        // What is under way with a provider lies with the merchants.
        if let Some(list) = item.get("list").and_then(|list| list.as_s().ok()?.strip_prefix("provider#")) {
            show(&format!("/providers/{}", list.split('#').next().unwrap()), OF_PROVIDER);
        }
        let (kind, of) = match partition.split('#').collect::<Vec<_>>()[..] {
            ["account", id] => ("account", format!("/accounts/{id}")),
            ["provider", id] => ("provider", format!("/providers/{id}")),
            ["document", id] => ("document", format!("/documents/{id}")),
            ["listing", id] => ("listing", format!("/listings/{id}")),
            ["ledger", account, grant, ..] => ("ledger", format!("/accounts/{account}/grants/{grant}")),
            _ => continue,
        };
        match (kind, &sort.split('#').collect::<Vec<_>>()[..]) {
            ("account", [kind @ ("order" | "demand" | "termination" | "notice"), id]) => {
                show(&of, &[&format!("/{kind}s/{id}")]);
            }
            ("account", ["grant", id]) => show(&of, &[&format!("/grants/{id}")]),
            ("account", ["access", grant, ..]) => show(&of, &[&format!("/grants/{grant}/accesses")]),
            ("ledger", _) => show(&of, &["/accesses"]),
            ("document", ["state"]) => show(&of, &[""]),
            ("document", ["text", number]) => {
                let version = format!("/versions/{}", number.parse::<u32>().unwrap());
                show(&of, &[&version, &format!("{version}/text"), &format!("{version}/clauses/1.1")]);
            }
            // Before it is listed it is shown among drafts and reviews alone.
            ("listing", ["state"]) if text(item, "body").contains(r#""status":"listed""#) => show(&of, &[""]),
            ("account", _) => show(&of, OF_ACCOUNT),
            ("provider", _) => show(&of, OF_PROVIDER),
            _ => {}
        }
    }
    routes
}

/// The tokens of those who read, at both versions.
struct Readers(BTreeMap<Version, [String; 2]>);

impl Readers {
    async fn of(sides: &Sides) -> Self {
        let mut tokens = BTreeMap::new();
        for version in [Version::Before, Version::Today] {
            let process = sides.of(version);
            tokens.insert(version, [process.token(OPERATOR).await, process.token(NORTHWIND).await]);
        }
        Self(tokens)
    }

    /// The token that may read a path: the operator's, or the provider's.
    fn token(&self, version: Version, path: &str) -> &str {
        // The drafts are the provider's alone.
        &self.0[&version][usize::from(path.ends_with("/drafts"))]
    }
}

/// All that one version shows of a route. Of a list every page is asked for at the other version than the one
/// before, as a client's next request may meet either.
async fn shown(sides: &Sides, readers: &Readers, first: Version, path: &str) -> Value {
    let (mut version, mut page, mut whole) = (first, path.to_owned(), None::<Value>);
    loop {
        let answer = sides.of(version).get(readers.token(version, path), &page).await;
        assert_eq!(answer.status, 200, "{version:?} reads {page}: {}", answer.text);
        // A text is itself.
        let mut body = if answer.body.is_null() { Value::String(answer.text) } else { answer.body.into() };
        let next = body.as_object_mut().and_then(|body| body.remove("next_cursor"));
        match &mut whole {
            None => whole = Some(body),
            Some(whole) => {
                let items = body["items"].as_array_mut().unwrap();
                whole["items"].as_array_mut().unwrap().append(items);
            }
        }
        let Some(cursor) = next else { return whole.unwrap() };
        let join = if path.contains('?') { '&' } else { '?' };
        page = format!("{path}{join}cursor={}", cursor.as_str().unwrap());
        version = version.other();
    }
}

/// Both versions read what was written since, and the same.
pub async fn read_by_both(sides: &Sides, items: &Items, since: &Items) {
    let readers = Readers::of(sides).await;
    for path in routes(items, since) {
        let (before, today) = tokio::join!(
            shown(sides, &readers, Version::Before, &path),
            shown(sides, &readers, Version::Today, &path),
        );
        let parted = parting(&before, &today, String::new());
        assert!(parted.is_none(), "{path}: {}", parted.unwrap_or_default());
    }
}

/// Where two answers first part, and how.
fn parting(before: &Value, today: &Value, at: String) -> Option<String> {
    match (before, today) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            names.into_iter().find_map(|name| match (one.get(name), other.get(name)) {
                (Some(one), Some(other)) => parting(one, other, format!("{at}/{name}")),
                (None, Some(other)) => Some(format!("at {at}, today's alone has {name}: {other}")),
                (one, _) => Some(format!("at {at}, the release before alone has {name}: {one:?}")),
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => one
            .iter()
            .zip(other)
            .enumerate()
            .find_map(|(n, (one, other))| parting(one, other, format!("{at}/{n}"))),
        _ => (before != today)
            .then(|| format!("at {at}, the release before shows {before}, and today's {today}")),
    }
}
