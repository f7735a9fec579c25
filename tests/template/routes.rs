//! `infra/made/routes/<resource>.yaml`: for each route a function with its role, and how it goes live. Beside the route of many
//! checks stands the function that gateways inside the account invoke (docs/decisions/0096).

use std::collections::BTreeSet;

use expect_test::expect_file;
use market_functions::http::{Access, Class, Route};

use crate::bounded::bounded;
use crate::functions::{allow, at_the_table, complete, function, of_route, of_secret};
use crate::made::{Node, at, call, entries, fill, join, map, number, read, remove, text, write};
use crate::permissions::permissions;
use crate::resources::{Resources, pascal, path};

/// The largest texts are parsed and hashed whole.
fn memory(route: &Route) -> Option<u32> {
    matches!(route.operation, "publish_version" | "preview_version").then_some(512)
}

/// The handler that carries out an operation for whoever may invoke it inside the account, without the API.
const INSIDE: (&str, &str) = ("checks", "check_tokens");

/// The stack of one resource.
pub fn template(resource: &str, routes: &[Route]) -> Node {
    let permissions = permissions();
    let handler = |route: &Route| format!("api/{}", route.operation);
    let is_paid = |route: &Route| matches!(route.access, Access::PaymentSignature);
    let mut template = fill(read(include_str!("parts/routes.yaml")), &[("resource", resource)]);
    if !routes.iter().any(|route| permissions.contains_key(&handler(route))) {
        remove(at(&mut template, &["Parameters"]), "TableArn");
    }
    if !routes.iter().any(is_paid) {
        remove(at(&mut template, &["Parameters"]), "PaymentKeysSecret");
    }
    let is_check = |route: &Route| route.class == Class::Checks;
    if !routes.iter().any(is_check) {
        for parameter in ["ReserveConcurrency", "ChecksConcurrency"] {
            remove(at(&mut template, &["Parameters"]), parameter);
        }
        remove(at(&mut template, &["Conditions"]), "Reserve");
    }
    for route in routes {
        let (name, handler) = (pascal(route.operation), handler(route));
        let mut made = function(&name, &of_route(resource, route.operation), &handler);
        if is_paid(route) {
            allow(&mut made, &name, [of_secret("PaymentKeys")]);
            let variables = map([("MARKET_PAYMENT_KEYS_SECRET", call("Ref", "PaymentKeysSecret"))]);
            let settings = map([("Environment", map([("Variables", variables)]))]);
            join(at(&mut made, &[&name, "Properties"]), settings);
        }
        allow(&mut made, &name, at_the_table(&permissions, &handler));
        if is_check(route) {
            join(at(&mut made, &[&name]), read(include_str!("parts/reserved.yaml")));
        }
        if let Some(memory) = memory(route) {
            join(at(&mut made, &[&name, "Properties"]), map([("MemorySize", number(memory))]));
        }
        join(at(&mut template, &["Resources"]), made);
    }
    let (inside, operation) = INSIDE;
    if routes.iter().any(|route| route.operation == operation) {
        let name = pascal(inside);
        let mut made = function(&name, inside, inside);
        // It does what the route does.
        allow(&mut made, &name, at_the_table(&permissions, &format!("api/{operation}")));
        join(at(&mut made, &[&name]), read(include_str!("parts/reserved.yaml")));
        join(at(&mut template, &["Resources"]), made);
    }
    complete(&mut template, Some(resource));
    // Only what was there before 0.6.0 has a log of its own, and how long that is kept.
    if !entries(at(&mut template, &["Parameters"])).contains_key(&text("LogsBefore")) {
        remove(at(&mut template, &["Parameters"]), "LogRetentionDays");
    }
    bounded(template)
}

#[test]
fn the_functions_of_the_routes_are_what_the_code_says() {
    let resources = Resources::all();
    for (resource, routes) in &resources.0 {
        let file = path(&format!("infra/made/routes/{resource}.yaml"));
        expect_file![file].assert_eq(&write(template(resource, routes)));
    }
    let files = std::fs::read_dir(path("infra/made/routes")).unwrap();
    let files: BTreeSet<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let expected: BTreeSet<_> = resources.0.keys().map(|resource| format!("{resource}.yaml")).collect();
    assert_eq!(files, expected, "a template of a resource that is gone");
}
