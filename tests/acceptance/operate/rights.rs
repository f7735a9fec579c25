//! What operators' commands ask of AWS: the file that their roles are compared with (`infra/operators.json`,
//! `tests/template/test_access.py`).
//!
//! Each command does here, at a stack, all that it ever does there: something is parked, there are dead letters, a thing is
//! missing in its list. Of a write the attributes are kept that it names, for a role may be allowed those alone. A command that is
//! new needs a line in [`COMMANDS`]: without one the last test here fails.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use clap::CommandFactory;
use expect_test::expect_file;
use market::TABLE;
use market::commands::Arguments;
use market::requests;
use market_identity::Role;
use serde::Serialize;
use serde_json::json;

use super::aws::{Aws, Call};
use super::command::market;
use super::places::with_work_for_a_human;

/// Every command that can be given for a stack: its name, and a line with which it has something to do.
const COMMANDS: &[(&str, &str)] = &[
    ("dead-letters inspect", "dead-letters inspect notify"),
    ("dead-letters list", "dead-letters list"),
    ("dead-letters redrive", "dead-letters redrive notify"),
    ("holidays publish", "holidays publish --dry-run --file HOLIDAYS"),
    ("jobs late", "jobs late"),
    ("jobs parked", "jobs parked"),
    ("jobs redrive", "jobs redrive advance_case"),
    ("lists fill", "lists fill --account shop-1"),
    ("notices", "notices"),
    (
        "notices correct-service",
        "notices correct-service account/shop-1 ntc_00000000000000000000000000000000 --reason mistake --not-served",
    ),
    ("notices resend", "notices resend account/shop-1 ntc_00000000000000000000000000000000"),
    (
        "notices served-otherwise",
        "notices served-otherwise account/shop-1 ntc_00000000000000000000000000000000 --way letter --served-at 2026-01-05T00:00:00Z --evidence file-1",
    ),
    ("publish", "publish --document rules --kind rule --title T --file TEXT"),
    ("smoke", "smoke"),
    (
        "verify",
        "verify --account shop-1 --provider northwind --document market-agreement --announcements --holidays 2027",
    ),
];

/// Commands that are nobody's every day: whoever gives them takes all rights.
const BY_BREAK_GLASS: [&str; 1] = ["restore"];

/// What is asked of AWS by one call, as far as a role can tell calls apart.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Asked {
    /// `stack`, `table`, `index/<name>`, `queue/<name>`.
    on: BTreeSet<String>,
    /// The attributes that a write names.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    attributes: BTreeSet<String>,
    /// What a write has answered of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    returns: Option<String>,
}

/// The action that IAM asks for, and what it is told.
fn right((service, operation, given): &Call) -> (String, Asked) {
    let mut asked = Asked { on: BTreeSet::new(), attributes: BTreeSet::new(), returns: None };
    let mut action = operation.as_str();
    match *service {
        "cloudformation" => drop(asked.on.insert("stack".to_owned())),
        "sqs" => {
            let queue = given["QueueUrl"].as_str().unwrap().rsplit('/').next().unwrap();
            asked.on.insert(format!("queue/{}", queue.strip_prefix("market-").unwrap()));
            action = action.strip_suffix("Batch").unwrap_or(action);
        }
        "dynamodb" => {
            let index = given["IndexName"].as_str();
            asked.on.insert(index.map_or_else(|| "table".to_owned(), |index| format!("index/{index}")));
            if !matches!(action, "BatchGetItem" | "GetItem" | "Query") {
                let key = given["Key"].as_object().unwrap().keys();
                let named = given["ExpressionAttributeNames"].as_object().unwrap().values();
                asked
                    .attributes
                    .extend(key.cloned().chain(named.map(|name| name.as_str().unwrap().to_owned())));
                asked.returns = Some(given["ReturnValues"].as_str().unwrap_or("NONE").to_owned());
            }
        }
        other => panic!("{other} is not among what the commands use"),
    }
    (format!("{service}:{action}"), asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_asks_of_aws_what_the_operators_role_is_compared_with() {
    let folder = tempfile::tempdir().unwrap();
    let world = with_work_for_a_human(folder.path()).await;
    let running = &world.running;
    let aws = Aws::start(running).await;
    aws.queues.put("notify-dead", ["{}".to_owned()]);
    // An order is missing where orders are looked for.
    let client = aws_sdk_dynamodb::Client::new(&market::sdk_at(&running.table_endpoint).await);
    let items = world.items().await;
    let (pk, sk) = items.keys().find(|(pk, sk)| pk == "account#shop-1" && sk.starts_with("order#")).unwrap();
    let [pk, sk] = [pk, sk].map(|key| AttributeValue::S(key.clone()));
    let strip = client.update_item().table_name(TABLE).key("pk", pk).key("sk", sk);
    strip.update_expression("REMOVE desk").send().await.unwrap();

    let files = tempfile::tempdir().unwrap();
    let [text, holidays] =
        ["rules.txt", "2027.json"].map(|name| files.path().join(name).display().to_string());
    std::fs::write(&text, "1.甲\n1.1乙\n").unwrap();
    let mut year = requests::holidays_of_2027("2026-11-05");
    year["year"] = json!(2027);
    std::fs::write(&holidays, year.to_string()).unwrap();
    let token = running.issuer.token(Role::Operator, "ops", running.market.clock.now());
    let environment = aws.environment();
    let mut environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    environment.push(("MARKET_TOKEN", &token));

    let mut rights: BTreeMap<&str, BTreeMap<String, BTreeSet<Asked>>> = BTreeMap::new();
    for (command, line) in COMMANDS {
        let line = line.replace("TEXT", &text).replace("HOLIDAYS", &holidays);
        let words: Vec<&str> = line.split(' ').chain(["--stack-name", "market", "--json"]).collect();
        let said = market(&words, &environment).await;
        for (action, asked) in aws.asked().iter().map(right) {
            let known = rights.entry(command).or_default().entry(action).or_default();
            // Of queues and indexes each is one of many of its like.
            known.insert(asked);
        }
        assert!(rights.contains_key(command), "{line} asks nothing of AWS: {said:?}");
    }
    let did = |command: &str, action: &str| rights[command].contains_key(action);
    assert!(did("jobs redrive", "dynamodb:UpdateItem"), "nothing was parked");
    assert!(did("lists fill", "dynamodb:UpdateItem"), "nothing was missing in its list");
    assert!(did("dead-letters redrive", "sqs:DeleteMessage"), "there was no dead letter");
    let mut written = serde_json::to_string_pretty(&rights).unwrap();
    written.push('\n');
    expect_file!["../../../infra/operators.json"].assert_eq(&written);
}

/// The commands that can be given for a stack, below a command.
fn for_a_stack(command: &clap::Command, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for below in command.get_subcommands() {
        found.extend(for_a_stack(below, format!("{name} {}", below.get_name()).trim()));
    }
    let is_given = !command.is_subcommand_required_set() && !name.is_empty();
    if is_given && command.get_arguments().any(|argument| argument.get_id() == "stack_name") {
        found.push(name.to_owned());
    }
    found
}

#[test]
fn every_command_that_can_be_given_for_a_stack_is_among_those_whose_rights_are_known() {
    let mut all = for_a_stack(&Arguments::command(), "");
    all.sort();
    let known = COMMANDS.iter().map(|(command, _)| *command).chain(BY_BREAK_GLASS);
    let mut known: Vec<_> = known.map(str::to_owned).collect();
    known.sort();
    assert_eq!(known, all);
}
