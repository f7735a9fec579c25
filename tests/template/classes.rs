//! How much of each method the gateway takes, by the class of its route, and `infra/made/classes.json`, in which operators
//! and tests read the same.
//!
//! Protective acts have limits of their own and no switch: an operator who stops everything else stops no party from
//! leaving (docs/decisions/0097).

use std::collections::BTreeMap;

use expect_test::expect_file;
use market_functions::http::{Class, Route};
use serde_json::{Value, json};

use crate::made::{Node, fill, read};
use crate::resources::{Resources, methods_of, path};

/// What every setting stands for that no other names.
const REMAINING: &str = "/*";

/// A method of the API, as the settings of its stage name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Method {
    /// The address in the spelling of a JSON Pointer. That its first slash is no `~1` is API Gateway's own rule.
    path: String,
    name: String,
}

impl Method {
    fn of(address: &str, name: &str) -> Self {
        Self { path: format!("/{}", address.replace('/', "~1")), name: name.to_uppercase() }
    }

    fn remaining() -> Self {
        Self { path: REMAINING.to_owned(), name: "*".to_owned() }
    }
}

/// What a setting says of its methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Limits {
    class: Class,
    may_stop: bool,
}

impl Limits {
    const fn of(class: Class) -> Self {
        Self { class, may_stop: !matches!(class, Class::Protective) }
    }
}

/// What tells of the market as such, whether it is there and what a refusal means: its address has no version.
fn tells_of_the_market(route: &Route) -> bool {
    route.address() == route.path
}

/// The settings of methods for which those of the rest would be wrong.
fn settings(resources: &Resources) -> BTreeMap<Method, Limits> {
    let mut settings = BTreeMap::new();
    for route in resources.0.values().flatten() {
        let address = route.address();
        let mut set = |limits: Limits, names: Vec<String>| {
            for name in names {
                settings.insert(Method::of(&address, &name), limits);
            }
        };
        if tells_of_the_market(route) {
            set(Limits { class: Class::Rest, may_stop: false }, methods_of(route));
        } else if route.class != Class::Rest {
            set(Limits::of(route.class), methods_of(route));
            // A browser asks before each call: while the rest is stopped, too.
            set(Limits { class: Class::Protective, may_stop: false }, vec!["options".to_owned()]);
        }
    }
    settings
}

/// The gateway's settings of methods, beside the one of all that remain.
pub fn throttles(resources: &Resources) -> Vec<Node> {
    let one = |(method, limits): (Method, Limits)| {
        let part = match (method.name.as_str(), limits.may_stop) {
            ("OPTIONS", _) => include_str!("parts/throttle.preflight.yaml"),
            (_, true) => include_str!("parts/throttle.yaml"),
            (_, false) => include_str!("parts/throttle.never.yaml"),
        };
        fill(read(part), &[("path", &method.path), ("METHOD", &method.name), ("Class", limits.class.name())])
    };
    settings(resources).into_iter().map(one).collect()
}

fn route_of(route: &Route) -> String {
    format!("{} {}", route.method, route.address())
}

/// Of each class its operations, the settings by which it is stopped, and the parameters.
fn classes(resources: &Resources) -> Value {
    let settings = settings(resources);
    let of = |class: Class| {
        let routes = resources.0.values().flatten().filter(|route| route.class == class);
        let routes: BTreeMap<_, _> = routes.map(|route| (route.operation, route_of(route))).collect();
        let stopped = settings.iter().filter(|(_, limits)| **limits == Limits::of(class) && limits.may_stop);
        let remaining = (class == Class::Rest).then(Method::remaining);
        let stops: Vec<_> = stopped.map(|(method, _)| method.clone()).chain(remaining).collect();
        let mut about = json!({
            "rate": format!("{}RateLimit", class.name()),
            "burst": format!("{}BurstLimit", class.name()),
            "routes": routes,
        });
        if !stops.is_empty() {
            about["stop"] = json!(format!("Stop{}", class.name()));
            about["settings"] =
                stops.iter().map(|method| format!("{}/{}", method.path, method.name)).collect();
        }
        (class.name().to_owned(), about)
    };
    Class::ALL.map(of).into_iter().collect::<serde_json::Map<_, _>>().into()
}

#[test]
fn operators_read_the_classes_as_the_routes_have_them() {
    let written = serde_json::to_string_pretty(&classes(&Resources::all())).unwrap() + "\n";
    expect_file![path("infra/made/classes.json")].assert_eq(&written);
}
