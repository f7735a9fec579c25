//! What follows from the list of lanes: a queue with its dead letters and alarms, a worker with its role and log, leave to
//! send to it, its rows in the dashboard; and the whole of the stacks.

use expect_test::expect_file;
use market::permissions::Table;
use market_kernel::aggregate::Lane;
use saphyr::Yaml;

use crate::bounded::bounded;
use crate::functions::{allow, at_the_table, complete, function};
use crate::made::{
    Node, at, call, entries, fill, items, join, json, map, number, read, remove, repeat, text, write,
};
use crate::objectives;
use crate::permissions::permissions;
use crate::resources::{Resources, pascal, path};
use crate::routes;

/// The templates that a list of lanes makes.
struct Templates {
    queues: Node,
    workers: Node,
    alarms: Node,
    root: Node,
}

/// The lane whose work leaves at a pace.
const PACED: &str = "notify";

/// What a lane's worker has that others do not.
fn special(lane: &str) -> Option<Node> {
    (lane == PACED).then(|| read(include_str!("parts/worker.notify.yaml")))
}

impl Templates {
    fn of(lanes: &[&str], permissions: &Table) -> Self {
        let names: Vec<_> = lanes.iter().map(|lane| (*lane, pascal(lane))).collect();
        let each: Vec<_> =
            names.iter().map(|(lane, name)| vec![("lane", *lane), ("Lane", name.as_str())]).collect();
        let mut made = Self {
            queues: repeat(read(include_str!("parts/queues.yaml")), &each),
            workers: repeat(read(include_str!("parts/workers.yaml")), &each),
            alarms: read(include_str!("parts/alarms.yaml")),
            root: root(&each),
        };
        for blanks in &each {
            made.add_worker(blanks, permissions);
        }
        complete(&mut made.workers, None);
        let of_classes = repeat(read(include_str!("parts/dashboard.yaml")), &objectives::classes());
        let board = json(&repeat(of_classes, &each));
        let body = serde_json::to_string_pretty(&board).expect("JSON");
        *at(&mut made.alarms, &["Resources", "Dashboard", "Properties", "DashboardBody"]) = call("Sub", body);
        made.workers = bounded(made.workers);
        made
    }

    fn add_worker(&mut self, blanks: &[(&str, &str)], permissions: &Table) {
        let [(_, lane), (_, name)] = blanks else { panic!("a lane has a name, spelt in two ways") };
        let handler = format!("worker/{lane}");
        let mut worker = function(name, &handler.replace('/', "-"), &handler);
        allow(&mut worker, name, at_the_table(permissions, &handler));
        let own = [Some(read(include_str!("parts/worker.yaml"))), special(lane)];
        for part in own.into_iter().flatten() {
            let mut part = fill(part, blanks);
            allow(&mut worker, name, items(at(&mut part, &["Statements"])).drain(..));
            join(&mut worker, remove(&mut part, "Resources").expect("resources"));
        }
        let own = at(&mut worker, &[name, "Properties"]).as_mapping_get("Timeout").cloned();
        let usual = at(&mut self.workers, &["Globals", "Function", "Timeout"]).clone();
        let seconds = own.unwrap_or(usual).as_integer().expect("seconds");
        let visibility = number(u32::try_from(6 * seconds).expect("no more than SQS takes"));
        let queue = at(&mut self.queues, &["Resources", name, "Properties", "Parameters"]);
        *at(queue, &["VisibilitySeconds"]) = visibility;
        if *lane == PACED {
            *at(queue, &["PacePerSecond"]) = call("Ref", "NoticesPerSecond");
        }
        join(at(&mut self.workers, &["Resources"]), worker);
    }
}

/// The stacks: one for each resource of the API among them, with the parameters that it declares.
fn root(lanes: &[Vec<(&str, &str)>]) -> Node {
    let resources = Resources::all();
    let names: Vec<_> = resources.0.keys().map(|resource| (resource.as_str(), pascal(resource))).collect();
    let each: Vec<_> = names
        .iter()
        .map(|(resource, name)| vec![("resource", *resource), ("Resource", name.as_str())])
        .collect();
    let mut root = repeat(repeat(read(include_str!("parts/template.yaml")), &each), lanes);
    for (resource, name) in &names {
        let mut stack = routes::template(resource, &resources.0[*resource]);
        let declared = entries(at(&mut stack, &["Parameters"]));
        let passed = at(&mut root, &["Resources", &format!("{name}Routes"), "Properties", "Parameters"]);
        entries(passed).retain(|parameter, _| declared.contains_key(parameter));
    }
    // CloudFormation hands a stack's tags on to whatever it makes, so what has costs or rights is found by one name.
    for (_, stack) in entries(at(&mut root, &["Resources"])).iter_mut() {
        let tags = map([("market", call("Ref", "MarketName"))]);
        join(at(stack, &["Properties"]), map([("Tags", tags)]));
    }
    root
}

#[test]
fn what_runs_without_a_request_is_what_the_list_of_lanes_says() {
    let made = Templates::of(&Lane::ALL.map(Lane::name), &permissions());
    expect_file![path("infra/made/queues.yaml")].assert_eq(&write(made.queues));
    expect_file![path("infra/made/workers.yaml")].assert_eq(&write(made.workers));
    expect_file![path("infra/made/alarms.yaml")].assert_eq(&write(made.alarms));
    expect_file![path("template.yaml")].assert_eq(&write(made.root));
}

/// Every text in a piece of a template.
fn texts(node: &Node) -> Vec<&str> {
    match node {
        Yaml::Sequence(items) => items.iter().flat_map(texts).collect(),
        Yaml::Mapping(entries) => {
            entries.iter().flat_map(|(key, value)| [texts(key), texts(value)].concat()).collect()
        }
        Yaml::Tagged(_, inner) => texts(inner),
        other => other.as_str().into_iter().collect(),
    }
}

#[test]
fn two_more_lanes_are_two_more_names_in_the_list() {
    let today = Lane::ALL.map(Lane::name);
    let mut permissions = permissions();
    for lane in ["deliver", "cascade"] {
        permissions.insert(format!("worker/{lane}"), permissions["worker/advance_case"].clone());
    }
    let mut before = Templates::of(&today, &permissions);
    let mut after = Templates::of(&[&today[..], &["deliver", "cascade"]].concat(), &permissions);

    for lane in ["deliver", "cascade"] {
        let name = pascal(lane);
        let like = |template: &mut Node, logical: &str| {
            let there = at(template, &["Resources", &logical.replace("{}", "AdvanceCase")]).clone();
            let made = at(template, &["Resources", &logical.replace("{}", &name)]).clone();
            // It differs from another lane's in nothing but the name.
            assert_eq!(renamed(there, lane, &name), made);
        };
        like(&mut after.queues, "{}");
        for logical in ["{}", "{}Role", "{}Version", "{}Live", "{}Shift", "{}Mapping"] {
            like(&mut after.workers, logical);
        }
        let queue = text(format!("{name}QueueArn"));
        assert!(entries(at(&mut after.queues, &["Outputs"])).contains_key(&queue));
        assert!(entries(at(&mut after.workers, &["Parameters"])).contains_key(&queue));
        let passed = at(&mut after.root, &["Resources", "Workers", "Properties", "Parameters"]);
        assert!(entries(passed).contains_key(&queue));
        for role in ["SweepRole", "RelayRole"] {
            let sends = texts(at(&mut after.workers, &["Resources", role]));
            assert!(sends.contains(&format!("{name}QueueArn").as_str()), "{role} may wake {lane}");
        }
        let board = texts(at(&mut after.alarms, &["Resources", "Dashboard"])).concat();
        for row in [format!("-{lane}\""), format!("-{lane}-dead\""), format!("{lane} failed\"")] {
            assert!(board.contains(&row), "{row}");
        }
    }

    // No alarm is about more than one lane, and what was there stays as it was.
    let alarms = |template: &mut Node| {
        let mut resources = at(template, &["Resources"]).clone();
        remove(&mut resources, "Dashboard");
        resources
    };
    assert_eq!(alarms(&mut before.alarms), alarms(&mut after.alarms));
    for (old, new) in [(&mut before.queues, &mut after.queues), (&mut before.workers, &mut after.workers)] {
        for (logical, resource) in entries(at(old, &["Resources"])).iter() {
            let grows = matches!(logical.as_str(), Some("SweepRole" | "RelayRole"));
            let kept = entries(at(new, &["Resources"])).get(logical);
            assert!(grows || kept == Some(resource), "{logical:?}");
        }
    }
}

fn renamed(node: Node, lane: &str, name: &str) -> Node {
    match node {
        Yaml::Sequence(items) => {
            Yaml::Sequence(items.into_iter().map(|item| renamed(item, lane, name)).collect())
        }
        Yaml::Mapping(entries) => Yaml::Mapping(
            entries
                .into_iter()
                .map(|(key, value)| (renamed(key, lane, name), renamed(value, lane, name)))
                .collect(),
        ),
        Yaml::Tagged(tag, inner) => Yaml::Tagged(tag, Box::new(renamed(*inner, lane, name))),
        other => match other.as_str() {
            Some(value) => text(value.replace("advance_case", lane).replace("AdvanceCase", name)),
            None => other,
        },
    }
}
