//! What each handler does at the table, all of it: the file that the roles of the templates are made from.
//!
//! Every acceptance test runs under the permissions of the file, so what is missing there fails where it is needed.
//! What all of them did together is compared here, after them: what none of them did is in surplus. While the file is
//! made anew nothing is refused, and what was done is the file. Where only some of them ran, or none, there is nothing
//! to compare; `cargo test --workspace` runs them all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use expect_test::expect_file;
use market::permissions::Table;
use market_functions::handler;

use crate::resources::path;
use crate::seen;

/// What handlers did in the tests of one run.
#[derive(Debug, Default)]
struct Seen {
    acted: Table,
    /// What decisions read and their commits did not rest on: kinds, by handler.
    read: BTreeSet<(String, String)>,
    /// Whether all the tests ran, and passed.
    is_whole: bool,
}

impl Seen {
    /// None where no test kept anything.
    fn of(folder: &Path, is_gathered: bool) -> Option<Self> {
        let mut seen = Self { is_whole: !is_gathered || folder.join("whole").exists(), ..Self::default() };
        for file in fs::read_dir(folder).ok()? {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            for line in text.lines() {
                match line.split('\t').collect::<Vec<_>>().as_slice() {
                    &["acted", handler, resource, action] => {
                        let resources = seen.acted.entry(handler.to_owned()).or_default();
                        resources.entry(resource.to_owned()).or_default().insert(action.to_owned());
                    }
                    &["read", handler, kind] => {
                        seen.read.insert((named(handler).to_owned(), kind.to_owned()));
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        (!seen.acted.is_empty()).then_some(seen)
    }

    /// The file's next contents: what was done; what is in it already stays where not all the tests have passed.
    fn merged(&self, file: &Table) -> Table {
        let mut merged = self.acted.clone();
        if !self.is_whole {
            for (handler, resources) in file {
                for (resource, actions) in resources {
                    let of_handler = merged.entry(handler.clone()).or_default();
                    of_handler.entry(resource.clone()).or_default().extend(actions.iter().cloned());
                }
            }
        }
        merged
    }
}

static SEEN: LazyLock<Option<Seen>> = LazyLock::new(|| Seen::of(&seen::folder(), seen::is_gathered()));

/// What each handler may do: the file, which is made anew first where files are.
pub fn permissions() -> Table {
    TABLE.clone()
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let file = path("infra/permissions.json");
    let committed: Table =
        serde_json::from_str(&fs::read_to_string(&file).unwrap()).expect("a list of actions");
    match &*SEEN {
        Some(seen) if std::env::var_os("UPDATE_EXPECT").is_some() => {
            let merged = seen.merged(&committed);
            expect_file![file].assert_eq(&text(&merged));
            merged
        }
        _ => committed,
    }
});

fn text(table: &Table) -> String {
    serde_json::to_string_pretty(table).unwrap() + "\n"
}

/// What all the acceptance tests of this run did.
fn all_seen() -> Option<&'static Seen> {
    let seen = SEEN.as_ref().filter(|seen| seen.is_whole);
    if seen.is_none() {
        println!("not all acceptance tests ran and passed before: nothing to compare");
    }
    seen
}

#[test]
fn a_handler_may_do_at_the_table_what_it_does_in_some_test_and_nothing_else() {
    let Some(seen) = all_seen() else { return };
    let asleep: BTreeSet<String> =
        handler::names().into_iter().filter(|name| !seen.acted.contains_key(name)).collect();
    let without_table = [
        "api",
        "api/explain_error",
        "api/get_description",
        "api/get_health",
        "api/get_older_description",
        "api/get_release",
        "api/list_errors",
        "authorizer",
        // It hands what it is given to `api/check_tokens`, and its role is that one's.
        "checks",
        "relay",
    ];
    assert_eq!(
        asleep,
        without_table.map(str::to_owned).into(),
        "every other handler had its turn in some test"
    );
    assert_eq!(text(&permissions()), text(&seen.acted), "what no test does is in surplus");
    // For whoever started the tests and wants to be sure.
    fs::write(seen::folder().join("../compared"), "").unwrap();
}

#[test]
fn what_a_decision_reads_and_does_not_rest_on_is_harmless_for_a_stated_reason() {
    let Some(seen) = all_seen() else { return };
    let explained = explained();
    let none: [&(String, String); 0] = [];
    assert_eq!(seen.read.difference(&explained).collect::<Vec<_>>(), none, "not in READS.md");
    assert_eq!(
        explained.difference(&seen.read).collect::<Vec<_>>(),
        none,
        "in READS.md, and nobody reads it so"
    );
}

/// A handler's name without where it stands.
fn named(handler: &str) -> &str {
    handler.rsplit('/').next().unwrap_or(handler)
}

/// The reads that `docs/READS.md` gives a reason for, by handler and kind.
fn explained() -> BTreeSet<(String, String)> {
    let reads = fs::read_to_string(path("docs/READS.md")).unwrap();
    let rows = reads.lines().filter_map(|line| line.strip_prefix("| ")).skip(1);
    let cells = rows.map(|row| row.split(" | ").collect::<Vec<_>>());
    let mut explained = BTreeSet::new();
    for row in cells {
        let [kinds, handlers, reason] = row.as_slice() else { panic!("{row:?}") };
        assert!(reason.len() > 20, "{row:?} gives no reason");
        for handler in handlers.split(", ") {
            for kind in kinds.split(", ") {
                assert!(explained.insert((handler.to_owned(), kind.to_owned())), "{handler} {kind}, twice");
            }
        }
    }
    explained
}

#[test]
fn what_processes_did_is_put_together_and_a_run_that_is_not_whole_takes_nothing_away() {
    let table = |lines: &[(&str, &str, &str)]| {
        let mut table = Table::new();
        for (handler, resource, action) in lines {
            let resources: &mut BTreeMap<_, BTreeSet<_>> = table.entry((*handler).to_owned()).or_default();
            resources.entry((*resource).to_owned()).or_default().insert((*action).to_owned());
        }
        table
    };
    let folder = tempfile::tempdir().unwrap();
    assert!(Seen::of(folder.path(), true).is_none(), "nobody kept anything");
    let (one, two) = ("acted\tapi/a\ttable\tget\nread\tapi/a\tgrant\n", "acted\tapi/a\tindex/lists\tquery\n");
    fs::write(folder.path().join("1"), one).unwrap();
    fs::write(folder.path().join("2"), one.to_owned() + two).unwrap();
    let committed = table(&[("api/a", "table", "put"), ("api/b", "table", "get")]);
    let did = [("api/a", "table", "get"), ("api/a", "index/lists", "query")];

    let part = Seen::of(folder.path(), true).unwrap();
    assert_eq!(part.read, [("a".to_owned(), "grant".to_owned())].into());
    assert_eq!(part.acted, table(&did));
    let all = [&did[..], &[("api/a", "table", "put"), ("api/b", "table", "get")]].concat();
    assert_eq!(part.merged(&committed), table(&all));

    fs::write(folder.path().join("whole"), "").unwrap();
    assert_eq!(Seen::of(folder.path(), true).unwrap().merged(&committed), table(&did));
}
