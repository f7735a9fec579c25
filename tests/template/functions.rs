//! What every function has in the templates, whatever it is for.

use std::sync::LazyLock;

use market::permissions::Table;
use market_functions::http::Class;
use serde_json::Value;

use crate::made::{Node, at, call, entries, fill, items, join, list, map, read, remove, text};
use crate::resources::{Resources, pascal};

/// The role and the function of a part of the artifact, by their names.
pub fn function(name: &str, function: &str, handler: &str) -> Node {
    let blanks = [("Name", name), ("function", function), ("handler", handler)];
    fill(read(include_str!("parts/function.yaml")), &blanks)
}

/// The function's name behind the market's of what answers a route. A route of another resource is another function:
/// two stacks never have one of the same name, also while a route moves from one to the other.
pub fn of_route(resource: &str, operation: &str) -> String {
    format!("{resource}-{operation}")
}

/// Lets a function's role do more.
pub fn allow(resources: &mut Node, name: &str, statements: impl IntoIterator<Item = Node>) {
    let path = [&format!("{name}Role"), "Properties", "Policies", "0", "PolicyDocument", "Statement"];
    items(at(resources, &path)).extend(statements);
}

/// What a handler does at the table.
pub fn at_the_table(permissions: &Table, handler: &str) -> Vec<Node> {
    let places = permissions.get(handler).into_iter().flatten();
    let statement = |(place, actions): (&String, &std::collections::BTreeSet<String>)| {
        let (sid, arn) = match place.strip_prefix("index/") {
            Some(index) => {
                (format!("Index{}", pascal(index)), call("Sub", format!("${{TableArn}}/index/{index}")))
            }
            None => ("Table".to_owned(), call("Ref", "TableArn")),
        };
        map([
            ("Sid", text(sid)),
            ("Effect", text("Allow")),
            ("Action", list(actions.iter().map(|action| text(action.as_str())))),
            ("Resource", arn),
        ])
    };
    places.map(statement).collect()
}

/// Leave to fetch the secret whose name is the parameter `<sid>Secret`.
pub fn of_secret(sid: &str) -> Node {
    fill(read(include_str!("parts/secret.yaml")), &[("Sid", sid)])
}

/// What a stack with functions has for all of them: where they log, and how each goes live. The stack may be the one of a
/// resource of the API.
pub fn complete(template: &mut Node, resource: Option<&str>) {
    join(template, read(include_str!("parts/stack_of_functions.yaml")));
    let mut kept = false;
    for (name, handler) in functions(template) {
        let mut live = fill(read(include_str!("parts/published.yaml")), &[("Name", &name)]);
        let alarms = at(&mut live, &[&format!("{name}Shift"), "Properties", "AlarmConfiguration", "Alarms"]);
        items(alarms).extend(
            alarms_of(&handler)
                .into_iter()
                .map(|alarm| map([("Name", call("Sub", format!("${{MarketName}}-{alarm}")))])),
        );
        let resources = at(template, &["Resources"]);
        join(resources, live);
        join(at(resources, &[&name, "Properties"]), map([("Description", call("Ref", "Deployment"))]));
        if let Some(log) = log_before(&name, &handler, resource) {
            join(resources, log);
            kept = true;
        }
    }
    if !kept {
        remove(at(template, &["Parameters"]), "LogsBefore");
        remove(at(template, &["Conditions"]), "LogsBefore");
    }
}

/// The functions of a template, with their handlers.
fn functions(template: &mut Node) -> Vec<(String, String)> {
    let resources = entries(at(template, &["Resources"])).iter();
    let functions = resources.filter_map(|(name, resource)| {
        let handler = resource.as_mapping_get("Properties")?.as_mapping_get("Handler")?;
        Some((name.as_str()?.to_owned(), handler.as_str()?.to_owned()))
    });
    functions.collect()
}

/// The alarms that bring callers back to the version before: those that ring within minutes when this function fails.
/// Nothing that may stand for days is among them, for no deployment begins while one rings.
fn alarms_of(handler: &str) -> Vec<String> {
    let own = match handler {
        route if route.starts_with("api/") => format!("{}-deploy", class_of(route).name().to_lowercase()),
        "sweep" => "sweep-not-run".to_owned(),
        // What is invoked inside the account is in no access log.
        "relay" | "checks" => "functions-failing".to_owned(),
        other => format!("{}-errors", other.replace('/', "-")),
    };
    vec![own, "corrupt-items".to_owned()]
}

fn class_of(handler: &str) -> Class {
    let routes = Resources::all().0;
    let mut all = routes.values().flatten();
    all.find(|route| handler.strip_prefix("api/") == Some(route.operation)).expect("a route").class
}

/// What ran without a request before 0.6.0, beside the routes that its description has.
const BEFORE: [&str; 10] = [
    "authorizer",
    "feedback",
    "relay",
    "sweep",
    "worker/advance_case",
    "worker/expire_grant",
    "worker/notify",
    "worker/remind_deletion",
    "worker/seal_ledger",
    "worker/terminate_account",
];

/// The log that a function had for itself, where it was there before 0.6.0 in the stack where it is today: no other can
/// keep it.
fn log_before(name: &str, handler: &str, resource: Option<&str>) -> Option<Node> {
    let (function, was_there) = match (handler.strip_prefix("api/"), resource) {
        (Some(operation), Some(resource)) => (operation.to_owned(), was_a_route_of(resource, operation)),
        _ => (handler.replace('/', "-"), BEFORE.contains(&handler)),
    };
    let blanks = [("Name", name), ("function", function.as_str())];
    was_there.then(|| fill(read(include_str!("parts/log_before.yaml")), &blanks))
}

/// Whether 0.5.0 describes such an operation, and of this resource.
fn was_a_route_of(resource: &str, operation: &str) -> bool {
    static DESCRIBED: LazyLock<Value> =
        LazyLock::new(|| serde_json::from_str(include_str!("../described/0.5.0.json")).expect("JSON"));
    let methods = DESCRIBED["paths"].as_object().into_iter().flat_map(|paths| paths.values());
    let mut operations = methods.filter_map(Value::as_object).flat_map(|methods| methods.values());
    operations.any(|described| described["operationId"] == operation && described["tags"][0] == resource)
}

#[test]
fn a_route_that_moves_to_another_resource_is_a_function_of_another_name_and_leaves_its_old_log_behind() {
    let names = |resource: &str| {
        let mut stack = map([(
            "Resources",
            function("PlaceOrder", &of_route(resource, "place_order"), "api/place_order"),
        )]);
        complete(&mut stack, Some(resource));
        let function = at(&mut stack, &["Resources", "PlaceOrder", "Properties", "FunctionName"]).clone();
        (function, entries(at(&mut stack, &["Resources"])).contains_key(&text("PlaceOrderLog")))
    };
    assert_eq!(names("orders"), (call("Sub", "${MarketName}-orders-place_order"), true));
    assert_eq!(names("desk"), (call("Sub", "${MarketName}-desk-place_order"), false));
}
