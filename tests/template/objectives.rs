//! `infra/made/objectives.yaml`: what each class of routes promises; its errors, what is slow and what is refused, as the access
//! log has them; the alarms on how fast errors use up what the promise leaves for them, and on the others. And
//! `infra/made/shift.yaml`: how callers are moved to new versions, and which errors of a class bring them back.
//!
//! Every route counts for the class that it declares and for no other, so that a class that is asked for seldom cannot hide
//! behind one that is asked for always. Why these windows, and why the log: docs/decisions/0084.

use expect_test::expect_file;
use market_functions::http::{Class, Route};

use crate::made::{Node, at, fill, items, join, map, number, read, repeat, text, write};
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
    /// So many refusals for the rate are no trend either.
    refusals: &'static str,
    /// Over how many short windows an error is held to be still going on: one where requests come all the time.
    windows: u32,
}

const fn objective(class: Class) -> Objective {
    match class {
        Class::Checks => Objective {
            name: "checks",
            percent: "99.95",
            budget: "0.0005",
            floor: "5",
            refusals: "150",
            windows: 1,
        },
        Class::Money => Objective {
            name: "money",
            percent: "99.9",
            budget: "0.001",
            floor: "3",
            refusals: "10",
            windows: 6,
        },
        Class::Protective => Objective {
            name: "protective",
            percent: "99.9",
            budget: "0.001",
            floor: "3",
            refusals: "10",
            windows: 6,
        },
        Class::Rest => Objective {
            name: "rest",
            percent: "99.5",
            budget: "0.005",
            floor: "5",
            refusals: "50",
            windows: 1,
        },
    }
}

/// The longest pattern that CloudWatch Logs takes.
const LONGEST_PATTERN: usize = 1024;

/// What is counted of each class, by the end of its metric's name, and which of its requests.
const COUNTED: [(&str, &str); 4] = [
    ("Requests", ""),
    ("Errors", r#"$.status = "5*" && "#),
    ("Refused", r#"$.status = "429" && "#),
    ("Slow", "$.latencyMs > 2000 && "),
];

/// What is counted of all requests in place of the rest, which is nearly all routes: an alarm takes away the other classes. Of one
/// log group there are a hundred filters at the most.
const OF_ALL: [&str; 2] = ["Refused", "Slow"];

fn pattern(which: &str, terms: &str) -> String {
    if which.is_empty() { format!("{{ {terms} }}") } else { format!("{{ {which}({terms}) }}") }
}

fn is_short(terms: &str) -> bool {
    COUNTED.iter().all(|(_, which)| pattern(which, terms).len() <= LONGEST_PATTERN)
}

/// The routes of a class as terms of a pattern, in as many patterns as it takes.
fn terms(routes: &[&Route]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for route in routes {
        for method in methods_of(route) {
            let term = format!(r#"$.route = "{} {}""#, method.to_uppercase(), route.address());
            match all.last_mut() {
                Some(last) if is_short(&format!("{last} || {term}")) => {
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
        let Objective { name, percent, budget, floor, refusals, .. } = objective(class);
        let ([refused_metric, slow_metric], which, [refused, slow]) = match class {
            Class::Checks => (["ChecksRefused", "ChecksSlow"], name, ["refused", "slow"]),
            Class::Money => (["MoneyRefused", "MoneySlow"], name, ["refused", "slow"]),
            Class::Protective => (["ProtectiveRefused", "ProtectiveSlow"], name, ["refused", "slow"]),
            Class::Rest => {
                let of_all =
                    ["(refused - checks - money - protective)", "(slow - checks - money - protective)"];
                (["AllRefused", "AllSlow"], "all", of_all)
            }
        };
        vec![
            ("Class", class.name()),
            ("class", name),
            ("percent", percent),
            ("budget", budget),
            ("floor", floor),
            ("refusals", refusals),
            ("Refused", refused_metric),
            ("Slow", slow_metric),
            ("which", which),
            ("refused", refused),
            ("slow", slow),
        ]
    };
    Class::ALL.map(blanks).into()
}

/// The filters of a class: of one metric as many as it takes.
fn filters(class: Class, routes: &[&Route]) -> Vec<(String, Node)> {
    let terms = terms(routes);
    let of_what = |(what, which): (&str, &str)| {
        if class == Class::Rest && OF_ALL.contains(&what) {
            let metric = format!("All{what}");
            let pattern = format!("{{ {} }}", which.trim_end_matches(" && "));
            return vec![(metric.clone(), filter(&pattern, &metric))];
        }
        let metric = format!("{}{what}", class.name());
        let each = terms.iter().enumerate();
        each.map(|(n, terms)| (format!("{metric}{n}"), filter(&pattern(which, terms), &metric))).collect()
    };
    COUNTED.into_iter().flat_map(of_what).collect()
}

/// What an alarm on the rest takes away from all: the other classes' own.
fn others(alarm: &mut Node, what: &str) {
    let metrics = items(at(alarm, &["Properties", "Metrics"]));
    let counted = metrics[1].clone();
    for class in Class::ALL.into_iter().filter(|class| *class != Class::Rest) {
        let mut other = counted.clone();
        *at(&mut other, &["Id"]) = text(objective(class).name);
        *at(&mut other, &["MetricStat", "Metric", "MetricName"]) = text(format!("{}{what}", class.name()));
        metrics.push(other);
    }
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
        join(at(&mut template, &["Resources"]), map(filters(class, &routes)));
    }
    for (alarm, what) in [("RestTooMany", "Refused"), ("RestTooSlow", "Slow")] {
        others(at(&mut template, &["Resources", alarm]), what);
    }
    template
}

#[test]
fn what_each_class_promises_is_what_its_routes_and_its_objective_say() {
    expect_file![path("infra/made/objectives.yaml")].assert_eq(&write(template()));
}

#[test]
fn what_brings_a_deployment_back_is_what_each_class_promises() {
    let template = repeat(read(include_str!("parts/shift.yaml")), &classes());
    expect_file![path("infra/made/shift.yaml")].assert_eq(&write(template));
}
