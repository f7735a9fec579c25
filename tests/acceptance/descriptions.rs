//! What is committed about the API is true: the description, the error pages, the register of events.
//! `cargo xtask generate` writes them anew.

mod compatible;
pub mod examples;
pub mod sent;
mod shapes;

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use market_functions::codes;
use market_functions::http::describe::older;
use market_functions::http::{Access, Endpoint, Visitor};
use market_functions::register;
use market_functions::register::samples;
use market_functions::routes;
use market_kernel::events::{RETIRED, Retired};
use market_kernel::notices::samples::{occasion, operator};
use market_kernel::notices::{Channel, Notice, Rendered};
use market_kernel::party::{Actor, Language};
use market_parties::samples::{Sample, SampleRecipient};
use serde_json::Value;

/// The description with the examples as they are committed, not as they were when this was built.
fn described() -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples.json");
    let examples = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    market::pages::openapi_with(&examples)
}

#[test]
fn the_committed_openapi_description_is_what_the_code_says() {
    let mut description = serde_json::to_string_pretty(&described()).unwrap();
    description.push('\n');
    expect_file!["../../docs/openapi.json"].assert_eq(&description);
}

#[test]
fn the_older_rendering_says_the_same() {
    let older = older(described());
    let mut description = serde_json::to_string_pretty(&older).unwrap();
    description.push('\n');
    expect_file!["../../docs/openapi-3.0.json"].assert_eq(&description);
    let said = |description: &Value| {
        let mut said = BTreeSet::new();
        shapes::walk("", description, &mut |place, fields| {
            // 3.0 has no word for what names a map may have.
            if place.ends_with("/propertyNames") {
                return;
            }
            // A reference that stands alone is one step deeper.
            let place = place.replace("/allOf/0", "");
            for word in ["operationId", "required", "enum", "format", "$ref", "description", "mapping"] {
                // A field of a reply may be called so too.
                let value = fields.get(word).filter(|value| word == "mapping" || !value.is_object());
                said.extend(value.map(|value| format!("{place} {word} {value}")));
            }
            let properties = fields.get("properties").and_then(Value::as_object);
            said.extend(properties.into_iter().flatten().map(|(name, _)| format!("{place} has {name}")));
        });
        said
    };
    let (today, before) = (said(&described()), said(&older));
    assert!(today.len() > 3_000, "{}", today.len());
    assert_eq!(today.difference(&before).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(before.difference(&today).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_problem_code_has_its_page() {
    let mut index = String::from(
        "# Problem codes\n\nEvery refusal and failure is a problem document (RFC 9457) with one of these codes. \
         A running market explains each at `/errors/<code>`.\n\n| code | status | meaning |\n|---|---|---|\n",
    );
    // By name, so that the page stays as it is when a code moves to another context.
    let mut all: Vec<_> = codes::ALL.iter().copied().flatten().collect();
    all.sort_by_key(|code| code.name());
    for code in all {
        let (name, status, title) = (code.name(), code.status(), code.title());
        writeln!(index, "| [`{name}`]({name}.md) | {status} | {title} |").unwrap();
        let page = format!("# `{name}` ({status})\n\n{title}\n\n**What to do.** {}\n", code.remedy());
        expect_file![format!("{}/../../docs/errors/{name}.md", env!("CARGO_MANIFEST_DIR"))].assert_eq(&page);
    }
    expect_file!["../../docs/errors/README.md"].assert_eq(&index);
}

/// What a reader of a notice is called in the pages.
const fn reader(told: &SampleRecipient) -> &'static str {
    match told {
        SampleRecipient::Merchant(_) => "to the merchant",
        SampleRecipient::Provider(_) | SampleRecipient::ProviderOf(_) => "to the provider",
        SampleRecipient::Everyone(_) => "on the notice board",
    }
}

fn drafted(sample: &Sample, told: &SampleRecipient) -> Vec<Notice> {
    let at = "2026-12-12T06:37:00Z".parse().unwrap();
    let occasion = occasion(at, Actor::Operator("ops".to_owned()));
    Notice::draft(&occasion, "sample", 1, sample.clause, &told.reach(), &*sample.message)
}

/// A notice as its recipient reads it, and the text message that takes its place.
fn show(page: &mut String, language: &str, sample: &Sample, told: &SampleRecipient) {
    let drafted = drafted(sample, told);
    let channels: Vec<_> = drafted
        .iter()
        .map(|notice| match notice.channel {
            Channel::Announcement => "notice board",
            Channel::InSite => "in-site message",
            Channel::Email => "e-mail",
            Channel::Sms => "text message",
        })
        .collect();
    let (Notice { subject, body, .. }, channels) = (&drafted[0], channels.join(", "));
    let heading = format!("## {language}, {}", reader(told));
    writeln!(page, "\n{heading}\n\nGoes out as {channels}.\n\n```text\n{subject}\n\n{body}\n```").unwrap();
    let sms = drafted.iter().find(|notice| notice.channel == Channel::Sms);
    let is_followed_up = sample.message.manner().is_followed_up();
    if matches!(told, SampleRecipient::Everyone(_)) || sms.is_none() && !is_followed_up {
        return;
    }
    let Rendered { subject, body } = drafted[0].short(&operator());
    assert!(sms.is_none_or(|sms| (&sms.subject, &sms.body) == (&subject, &body)));
    let when = if sms.is_some() { "Text message" } else { "Text message, where the e-mail comes back" };
    writeln!(page, "\n{when}:\n\n```text\n{subject}\n{body}\n```").unwrap();
}

#[test]
fn every_text_of_every_notice_has_its_page() {
    let mut index = String::from(
        "# Notices\n\nWhat the market writes to its parties, with sample values: each text in Chinese and in English, to \
         each party that is told it, and the text message that takes its place. Made from \
         `shared/domain/*/messages`; change the texts there.\n\n| about | it says | Chinese | told |\n\
         |---|---|---|---|\n",
    );
    let mut pages: Vec<(&str, String)> = Vec::new();
    let chinese = samples(Language::Chinese);
    for (zh, en) in chinese.iter().zip(&samples(Language::English)) {
        let about = zh.message.about();
        assert_eq!(about, en.message.about());
        if pages.last().is_none_or(|(last, _)| *last != about) {
            pages.push((about, format!("# `{about}`\n\nServes rule {} of the market.\n", zh.clause)));
            let mut told = Vec::new();
            for to in chinese.iter().filter(|other| other.message.about() == about).flat_map(|s| &s.told) {
                if !told.contains(&reader(to)) {
                    told.push(reader(to));
                }
            }
            let subject = |sample: &Sample| drafted(sample, &sample.told[0])[0].subject.clone();
            let (told, zh, en) = (told.join(", "), subject(zh), subject(en));
            writeln!(index, "| [`{about}`]({about}.md) | {en} | {zh} | {told} |").unwrap();
        }
        let Some((_, page)) = pages.last_mut() else { continue };
        for (zh_told, en_told) in zh.told.iter().zip(&en.told) {
            show(page, "Chinese", zh, zh_told);
            show(page, "English", en, en_told);
        }
    }
    let names: HashSet<_> = pages.iter().map(|(about, _)| *about).collect();
    assert_eq!(names.len(), pages.len(), "samples of one message stand together");
    for (about, page) in pages {
        expect_file![format!("{}/../../docs/notices/{about}.md", env!("CARGO_MANIFEST_DIR"))]
            .assert_eq(&page);
    }
    expect_file!["../../docs/notices/README.md"].assert_eq(&index);
}

/// The files of a folder, and of those below it, with their texts.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                vec![(path.clone(), std::fs::read_to_string(&path).unwrap())]
            }
        })
        .collect()
}

#[test]
fn no_stored_type_is_described_by_the_api_and_none_refuses_fields_that_it_does_not_know() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let description = market::pages::openapi();
    let mut stored = 0;
    for folder in
        ["shared/kernel/src", "shared/domain", "shared/store/src", "shared/jobs/src", "functions/src"]
    {
        for (file, source) in sources(&root.join(folder)) {
            for (start, _) in source.match_indices("Stored") {
                let name: String =
                    source[start..].chars().take_while(|letter| letter.is_alphanumeric()).collect();
                let schema = description["components"]["schemas"].get(&name);
                assert_eq!(schema, None, "{name} is described");
            }
            // A stored type is one that is serialized in a module that describes nothing.
            let is_stored = file.components().any(|part| part.as_os_str() == "stored")
                || ["shared/store/src", "shared/jobs/src"]
                    .iter()
                    .any(|folder| file.starts_with(root.join(folder)));
            if is_stored {
                stored += source.matches("Serialize, Deserialize").count();
                for word in ["JsonSchema", "schemars(", "deny_unknown_fields"] {
                    assert!(!source.contains(word), "{} has {word}", file.display());
                }
            }
        }
    }
    assert!(stored > 30, "the stored types were looked at: {stored}");
}

#[test]
fn the_register_of_events_is_described() {
    let mut page = String::from(
        "# Events\n\nMade from the `events.rs` of each context. Each is the `event` of an evidence record, with its \
         clause and its facts by name. In a record all but numbers, amounts (fen) and flags are texts; instants are \
         RFC 3339, hashes 64 hexadecimal digits. A name never changes what it means; one that is no longer written \
         stays.\n\n| event | it says | clauses | facts |\n|---|---|---|---|\n",
    );
    for event in register::events() {
        let facts: Vec<_> = event
            .facts
            .iter()
            .map(|fact| {
                let optional = if fact.is_optional { ", optional" } else { "" };
                format!("`{}` ({}{optional})", fact.name, fact.r#type.name())
            })
            .collect();
        let (meaning, clauses) = (event.meaning, event.clauses.join(", "));
        writeln!(page, "| `{}` | {meaning} | {clauses} | {} |", event.name, facts.join(", ")).unwrap();
    }
    page.push_str(
        "\nFacts of older records that are no longer written:\n\n| event | fact | now |\n|---|---|---|\n",
    );
    for retired in RETIRED {
        let Retired { event, name, r#type, now } = retired;
        writeln!(page, "| `{event}` | `{name}` ({}) | `{now}` |", r#type.name()).unwrap();
    }
    expect_file!["../../docs/EVENTS.md"].assert_eq(&page);
}

#[test]
fn every_route_says_what_it_does_who_may_call_it_and_which_clause_it_carries_out() {
    #[derive(Default)]
    struct Check {
        operations: HashSet<&'static str>,
        resources: HashSet<&'static str>,
    }
    impl Visitor for Check {
        fn visit<E: Endpoint>(&mut self) {
            let route = E::route();
            let operation = route.operation;
            assert!(self.operations.insert(operation), "{operation} twice");
            assert!(!route.summary.is_empty(), "{operation} has no summary");
            assert!(route.about.len() > route.summary.len(), "{operation} does not say what it does");
            let resource = route.resource;
            assert!(self.resources.contains(resource), "{operation}: nothing says what {resource} are");
            for clause in route.about.split(['(', ')']).skip(1).step_by(2).flat_map(|named| named.split(", "))
            {
                let is_one = clause.starts_with(|first: char| first.is_ascii_digit());
                assert!(
                    !is_one || route.clauses.contains(&clause),
                    "{operation} carries out {clause} as well"
                );
            }
            // That a clause has its place in docs/CLAUSES.md is in `clauses`.
            let is_of_the_api = ["errors", "system"].contains(&route.resource);
            assert!(is_of_the_api || !route.clauses.is_empty(), "{operation} names no clause");
            if matches!(route.access, Access::Public) {
                assert_eq!(route.method, "GET", "{operation} changes something for anyone");
            }
        }
    }
    let resources = routes::resources().into_iter().map(|(name, _)| name).collect();
    routes::visit(&mut Check { resources, ..Check::default() });
}
