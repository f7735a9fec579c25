//! `cargo xtask drift`: what in an environment is not as its templates made it. CloudFormation looks at one stack at a time,
//! so each nested one is asked.

use std::time::Duration;

use super::aws::cloudformation;
use super::environment::Environment;
use super::{Drift, Tools};
use crate::run::{Done, Failed};

const BETWEEN_LOOKS: Duration = Duration::from_secs(5);
/// Stacks that are looked at together: most of it is waiting.
const AT_ONCE: usize = 6;

/// Tells it, stack by stack.
///
/// # Errors
/// Where something differs, or CloudFormation cannot say.
pub fn drift(drift: &Drift, tools: &Tools) -> Done {
    let environment = Environment::read(&tools.environments, &drift.environment)?;
    let mut stacks = vec![environment.stack.clone()];
    let mut differ = 0;
    let mut seen = 0;
    while !stacks.is_empty() {
        let together: Vec<_> = stacks.drain(..stacks.len().min(AT_ONCE)).collect();
        for (stack, found) in together.iter().zip(looked_at(tools, &environment, &together)) {
            let (nested, found) = found?;
            stacks.extend(nested.lines().map(str::to_owned));
            for line in found.lines() {
                println!("{}: {line}", stack.rsplit('/').nth(1).unwrap_or(stack));
            }
            differ += found.lines().count();
            seen += 1;
        }
    }
    if differ == 0 {
        println!("{seen} stacks are as their templates made them");
        return Ok(());
    }
    Err(Failed(format!("{differ} resources of {seen} stacks are not as their templates made them")))
}

/// What each stack nests, and what differs in it, in their order.
fn looked_at(
    tools: &Tools,
    environment: &Environment,
    stacks: &[String],
) -> Vec<Result<(String, String), Failed>> {
    let query = "StackResourceSummaries[?ResourceType=='AWS::CloudFormation::Stack'].[PhysicalResourceId]";
    let look = |stack: &str| {
        let listed = ["list-stack-resources", "--stack-name", stack];
        let nested = cloudformation(tools, environment, &listed, Some(query))?;
        Ok((nested, differences(tools, environment, stack)?))
    };
    std::thread::scope(|scope| {
        let looks: Vec<_> = stacks.iter().map(|stack| scope.spawn(move || look(stack))).collect();
        let ended = || Err(Failed("a look at a stack ended in a panic".into()));
        looks.into_iter().map(|look| look.join().unwrap_or_else(|_| ended())).collect()
    })
}

/// A line for each resource of a stack that differs: its name, its type, how, and in what.
fn differences(tools: &Tools, environment: &Environment, stack: &str) -> Result<String, Failed> {
    let begin = ["detect-stack-drift", "--stack-name", stack];
    let id = cloudformation(tools, environment, &begin, Some("StackDriftDetectionId"))?;
    let look = ["describe-stack-drift-detection-status", "--stack-drift-detection-id", &id];
    let state = loop {
        let query = "[DetectionStatus,StackDriftStatus]";
        let state = cloudformation(tools, environment, &look, Some(query))?;
        if !state.starts_with("DETECTION_IN_PROGRESS") {
            break state;
        }
        std::thread::sleep(BETWEEN_LOOKS);
    };
    // Where it could not look at everything, the rest may be in sync all the same.
    match state.split_whitespace().collect::<Vec<_>>()[..] {
        ["DETECTION_COMPLETE", "IN_SYNC"] => return Ok(String::new()),
        ["DETECTION_COMPLETE", "DRIFTED"] => {}
        _ => {
            let why = cloudformation(tools, environment, &look, Some("DetectionStatusReason"))?;
            return Err(Failed(format!("CloudFormation cannot tell of {stack}: {state} {why}")));
        }
    }
    let drifts = [
        "describe-stack-resource-drifts",
        "--stack-name",
        stack,
        "--stack-resource-drift-status-filters",
        "MODIFIED",
        "DELETED",
    ];
    let query = "StackResourceDrifts[].[LogicalResourceId,ResourceType,StackResourceDriftStatus,join(' ',PropertyDifferences[].PropertyPath||`[]`)]";
    cloudformation(tools, environment, &drifts, Some(query))
}
