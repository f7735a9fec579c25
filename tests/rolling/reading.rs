//! What both versions read of the table, and where they may show it differently.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use market_kernel::aggregate::Lane;
use serde_json::Value;

use crate::sides::{Items, Sides, Version, text};
use crate::story::{NORTHWIND, OPERATOR};

/// Something that one version shows otherwise than the other.
struct Difference {
    /// Whether it is at this path.
    at: fn(&str) -> bool,
    /// Takes away what one of them alone may show.
    take_away: fn(before: &mut Value, today: &mut Value),
}

/// All that may differ, each with its reason. Everything else has to be equal, to the last field.
const DIFFERENCES: [Difference; 4] = [
    // Today's lists carry summaries, where those of the release before carry whole things: the same things all the same.
    Difference {
        at: |path| {
            let lists = ["/orders", "/grants", "/demands", "/drafts", "/reviews"];
            lists.iter().any(|list| path.ends_with(list)) || path.starts_with("/listings?")
        },
        take_away: |before, today| {
            for shown in [before, today] {
                let items = shown.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten();
                items.filter_map(Value::as_object_mut).for_each(|item| {
                    item.retain(|name, _| {
                        ["id", "grant_id", "account_id", "provider_id"].contains(&name.as_str())
                    });
                });
            }
        },
    },
    // Today's says of a document which version is in force and which are to come, and nothing twice of a clause.
    Difference {
        at: |path| path.starts_with("/documents/"),
        take_away: |before, today| {
            take(today, &["in_force", "upcoming"]);
            let clauses = before.get_mut("clauses").and_then(Value::as_array_mut).into_iter().flatten();
            clauses.filter_map(Value::as_object_mut).for_each(|clause| drop(clause.remove("number")));
        },
    },
    // Today's says when a provider was approved.
    Difference {
        at: |path| path.starts_with("/providers/"),
        take_away: |_, today| take(today, &["approved_at"]),
    },
    // Today's shows instants with milliseconds, leaves out what is not there, and has other names and forms for some
    // fields. The last, for it takes apart what the others look into.
    Difference { at: |_| true, take_away: |before, today| [before, today].into_iter().for_each(in_one_form) },
];

/// A reply in what both forms of it have in common, at every depth.
fn in_one_form(shown: &mut Value) {
    match shown {
        Value::String(text) if text.ends_with('Z') => {
            if let Ok(at) = text.parse::<Timestamp>() {
                *text = at.as_millisecond().to_string();
            }
        }
        Value::Array(all) => all.iter_mut().for_each(in_one_form),
        Value::Object(fields) => {
            let named = std::mem::take(fields).into_iter().filter(|(_, value)| !value.is_null());
            *fields = named.map(|(name, value)| (name_before(name), value)).collect();
            if let (Some(kind), Some(count)) = (word(fields.get("kind")), fields.get("count").cloned()) {
                *fields = serde_json::Map::from_iter([(kind, count)]);
            }
            let agreement = fields.get_mut("subscription_agreement").and_then(Value::as_object_mut);
            if let Some([id, number, hash]) =
                agreement.map(|of| ["document_id", "version", "sha256"].map(|name| of[name].clone()))
            {
                fields.insert("subscription_agreement".to_owned(), Value::Array(vec![id, number, hash]));
            }
            if let Some(name) = fields.get("signer").and_then(|signer| signer.get("name")).cloned() {
                fields.insert("signer".to_owned(), name);
            }
            fields.values_mut().for_each(in_one_form);
        }
        _ => {}
    }
    // The list of parked jobs was an array.
    if let Some(items) = shown.get("items").filter(|_| shown.as_object().is_some_and(|list| list.len() == 1))
    {
        *shown = items.clone();
    }
}

fn word(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

/// A field's name in the release before.
fn name_before(name: String) -> String {
    match name.as_str() {
        "starts_at" => "start".to_owned(),
        "hour_starts_at" => "hour".to_owned(),
        "expired_at" | "closed_at" | "returned_at" | "dismissed_at" | "decided_at" | "came_back_at" => {
            "at".to_owned()
        }
        _ => name,
    }
}

/// Takes fields away: of one thing, or of each of a list.
fn take(shown: &mut Value, names: &[&str]) {
    let things = std::iter::once(&mut *shown);
    for thing in things.filter_map(Value::as_object_mut) {
        thing.retain(|name, _| !names.contains(&name.as_str()));
    }
    for thing in shown.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        thing.as_object_mut().unwrap().retain(|name, _| !names.contains(&name.as_str()));
    }
}

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
        let (mut before, mut today) = tokio::join!(
            shown(sides, &readers, Version::Before, &path),
            shown(sides, &readers, Version::Today, &path),
        );
        for difference in DIFFERENCES.iter().filter(|difference| (difference.at)(&path)) {
            (difference.take_away)(&mut before, &mut today);
        }
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
