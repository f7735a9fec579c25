//! `docs/CLAUSES.md`: each clause of the agreement with what carries it out. Routes, events and notices declare their
//! clauses; what the software does is told in a file for each clause, `docs/clauses/<clause>.md`, with the jobs that do
//! it and the tests that show it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use market_functions::http::{Endpoint, Visitor};
use market_functions::register;
use market_functions::{handler, routes};
use market_kernel::party::Language;

/// What declares a clause, by clause in the order of the agreement.
#[derive(Default)]
struct Declared(BTreeMap<Clause, Declarations>);

#[derive(Default)]
struct Declarations {
    routes: BTreeSet<&'static str>,
    events: BTreeSet<&'static str>,
    notices: BTreeSet<&'static str>,
}

/// Its number, which orders it: 4.4.5 stands before 4.10.
type Clause = Vec<u32>;

fn clause(number: &str) -> Clause {
    number.split('.').map(|part| part.parse().unwrap_or_else(|_| panic!("{number} is no clause"))).collect()
}

impl Declared {
    fn all() -> Self {
        let mut declared = Self::default();
        routes::visit(&mut declared);
        for event in register::events() {
            for number in event.clauses {
                declared.of(number).events.insert(event.name);
            }
        }
        for sample in register::samples(Language::English) {
            declared.of(sample.clause).notices.insert(sample.message.about());
        }
        declared
    }

    fn of(&mut self, number: &str) -> &mut Declarations {
        self.0.entry(clause(number)).or_default()
    }
}

impl Visitor for Declared {
    fn visit<E: Endpoint>(&mut self) {
        let route = E::route();
        for number in route.clauses {
            self.of(number).routes.insert(route.operation);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The prose of a clause.
fn prose(name: &str) -> String {
    let file = root().join("docs/clauses").join(name);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A file of `docs/clauses` as a part of the page above that folder.
fn as_part(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| if line.starts_with('#') { format!("#{line}\n") } else { format!("{line}\n") });
    lines.collect::<String>().replace("](../", "](")
}

/// What stands in code font in the lines of a text that begin so.
fn named<'a>(text: &'a str, beginning: &str) -> impl Iterator<Item = &'a str> {
    let lines = text.lines().filter_map(move |line| line.strip_prefix(beginning));
    lines.flat_map(|line| line.split('`').skip(1).step_by(2))
}

#[test]
fn every_clause_that_something_carries_out_is_told_with_all_that_does() {
    let mut page = String::from(
        "<!-- Made from the declarations of routes, events and notices and from docs/clauses: `cargo xtask generate`. -->\n\n",
    );
    let intro = prose("README.md");
    page += &intro.replace("](../", "](");
    let (mut explained, mut jobs) = (BTreeSet::new(), BTreeSet::new());
    for (number, declared) in Declared::all().0 {
        let number = number.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
        let name = format!("{number}.md");
        let text = prose(&name);
        assert!(text.starts_with(&format!("# {number} ")), "{name} begins with its number and its title");
        jobs.extend(named(&text, "Jobs: ").map(str::to_owned));
        write!(page, "\n{}", as_part(&text)).unwrap();
        for (what, names) in
            [("Routes", declared.routes), ("Events", declared.events), ("Notices", declared.notices)]
        {
            if !names.is_empty() {
                let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
                write!(page, "\n{what}: {}\n", names.join(", ")).unwrap();
            }
        }
        explained.insert(name);
    }
    write!(page, "\n{}", prose("not-yet.md").replace("](../", "](")).unwrap();
    expect_file!["../../docs/CLAUSES.md"].assert_eq(&page);

    let files = fs::read_dir(root().join("docs/clauses")).unwrap();
    let files: BTreeSet<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    explained.extend(["README.md", "not-yet.md"].map(str::to_owned));
    assert_eq!(files, explained, "a file of a clause that nothing declares");
    for handler in handler::names() {
        let name = handler.rsplit('/').next().unwrap_or(&handler);
        let is_needed = handler.starts_with("worker/") || handler == "feedback";
        assert_eq!(jobs.remove(name), is_needed, "whether a file of docs/clauses names {handler}");
    }
    assert_eq!(jobs, BTreeSet::new(), "nobody does this");
}

#[test]
fn every_test_that_a_clause_is_shown_by_exists() {
    let mut shown = 0;
    for file in fs::read_dir(root().join("docs/clauses")).unwrap() {
        let file = file.unwrap().path();
        let text = fs::read_to_string(&file).unwrap();
        for test in named(&text, "- ") {
            let Some((module, function)) = test.rsplit_once("::") else { panic!("{test} is no test") };
            let sources = ["acceptance", "faults", "lambda"].map(|tests| root().join("tests").join(tests));
            let found = sources.into_iter().filter_map(|folder| {
                fs::read_to_string(folder.join(module.replace("::", "/")).with_extension("rs")).ok()
            });
            let exists = found.into_iter().any(|source| source.contains(&format!("fn {function}(")));
            assert!(exists, "{}: there is no test {test}", file.display());
            shown += 1;
        }
    }
    assert!(shown > 50, "the files were read: {shown}");
}
