//! `infra/made/objectives.yaml`: what each class of routes promises, its errors as the access log has them, and the alarms on
//! how fast they use up what the promise leaves for errors.
//!
//! Every route counts for the class that it declares and for no other, so that a class that is asked for seldom cannot hide
//! behind one that is asked for always. Why these windows, and why the log: docs/decisions/0084.

use expect_test::expect_file;
use market_functions::http::{Class, Route};

use crate::made::{Node, at, fill, join, map, number, read, repeat, write};
use crate::resources::{Resources, methods_of, path};

/// What a class promises.
struct Objective {
    /// Its name within those of alarms.
    name: &'static str,
    /// How many of a hundred requests are answered otherwise than by 5xx, over thirty days.
    percent: &'static str,
    /// The share that may fail.
    budget: &'static str,
    /// Fewer errors in a window are no trend: of the few requests of a night one is a large share.
    floor: &'static str,
    /// Over how many short windows an error is held to be still going on: one where requests come all the time.
    windows: u32,
}

const fn objective(class: Class) -> Objective {
    match class {
        Class::Checks => {
            Objective { name: "checks", percent: "99.95", budget: "0.0005", floor: "5", windows: 1 }
        }
        Class::Money => Objective { name: "money", percent: "99.9", budget: "0.001", floor: "3", windows: 6 },
        Class::Protective => {
            Objective { name: "protective", percent: "99.9", budget: "0.001", floor: "3", windows: 6 }
        }
        Class::Rest => Objective { name: "rest", percent: "99.5", budget: "0.005", floor: "5", windows: 1 },
    }
}

/// The longest pattern that CloudWatch Logs takes.
const LONGEST_PATTERN: usize = 1024;

fn is_failure(terms: &str) -> String {
    format!(r#"{{ $.status = "5*" && ({terms}) }}"#)
}

fn is_request(terms: &str) -> String {
    format!("{{ {terms} }}")
}

/// The routes of a class as terms of a pattern, in as many patterns as it takes.
fn terms(routes: &[&Route]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for route in routes {
        for method in methods_of(route) {
            let term = format!(r#"$.route = "{} {}""#, method.to_uppercase(), route.address());
            match all.last_mut() {
                Some(last) if is_failure(&format!("{last} || {term}")).len() <= LONGEST_PATTERN => {
                    *last = format!("{last} || {term}");
                }
                _ => all.push(term),
            }
        }
    }
    all
}

fn filter(pattern: &str, metric: &str) -> Node {
    fill(read(include_str!("parts/filter.yaml")), &[("pattern", pattern), ("metric", metric)])
}

/// What stands for each class in parts that are repeated for it.
pub fn classes() -> Vec<Vec<(&'static str, &'static str)>> {
    let blanks = |class: Class| {
        let Objective { name, percent, budget, floor, .. } = objective(class);
        vec![
            ("Class", class.name()),
            ("class", name),
            ("percent", percent),
            ("budget", budget),
            ("floor", floor),
        ]
    };
    Class::ALL.map(blanks).into()
}

fn template() -> Node {
    let resources = Resources::all();
    let mut template = repeat(read(include_str!("parts/objectives.yaml")), &classes());
    for class in Class::ALL {
        for window in ["5m", "30m"] {
            let path =
                ["Resources", &format!("{}Burn{window}", class.name()), "Properties", "EvaluationPeriods"];
            *at(&mut template, &path) = number(objective(class).windows);
        }
        let routes: Vec<_> = resources.0.values().flatten().filter(|route| route.class == class).collect();
        for (n, terms) in terms(&routes).iter().enumerate() {
            for (what, pattern) in [("Requests", is_request(terms)), ("Errors", is_failure(terms))] {
                let metric = format!("{}{what}", class.name());
                let filters = map([(format!("{metric}{n}"), filter(&pattern, &metric))]);
                join(at(&mut template, &["Resources"]), filters);
            }
        }
    }
    template
}

#[test]
fn what_each_class_promises_is_what_its_routes_and_its_objective_say() {
    expect_file![path("infra/made/objectives.yaml")].assert_eq(&write(template()));
}
