//! What no deployment does, however its templates and parameters read: it deletes no stack of a market, and neither replaces its
//! table nor lets go of it. `CloudFormation` keeps that as settings of stacks that no template can have, so each deployment looks
//! whether they are there and sets those that are not.

use super::Tools;
use super::aws::cloudformation;
use super::environment::Environment;
use crate::run::Done;

/// The part of the stack that makes the table.
const DATA: &str = "Data";
/// The part stays in the stack.
const OF_THE_STACK: &str = include_str!("../../../stack-policy.json");
/// The table stays in the part. A policy lies on one stack, and says nothing of those below it.
const OF_ITS_DATA: &str = include_str!("../../../data-stack-policy.json");

/// Sets what is not set.
///
/// # Errors
/// Where `CloudFormation` does not say or take it.
pub fn protect(tools: &Tools, environment: &Environment) -> Done {
    let Environment { stack, .. } = environment;
    let asked =
        |arguments: &[&str], query: Option<&str>| cloudformation(tools, environment, arguments, query);
    let query = "Stacks[0].EnableTerminationProtection";
    if asked(&["describe-stacks", "--stack-name", stack], Some(query))? != "True" {
        println!("the stack {stack} could be deleted: termination protection is turned on now");
        let protects = "--enable-termination-protection";
        asked(&["update-termination-protection", protects, "--stack-name", stack], None)?;
    }
    let part = ["describe-stack-resource", "--stack-name", stack, "--logical-resource-id", DATA];
    let data = asked(&part, Some("StackResourceDetail.PhysicalResourceId"))?;
    let nested = format!("the part {DATA} of the stack {stack}");
    for (what, stack, policy) in
        [(format!("the stack {stack}"), stack, OF_THE_STACK), (nested, &data, OF_ITS_DATA)]
    {
        let named = ["--stack-name", stack.as_str()];
        let there = asked(&[&["get-stack-policy"], &named[..]].concat(), Some("StackPolicyBody"))?;
        if squeezed(&there) != squeezed(policy) {
            println!(
                "{what} did not have the policy that keeps updates from deleting the table: it is set now"
            );
            let body = ["--stack-policy-body", policy];
            asked(&[&["set-stack-policy"], &named[..], &body].concat(), None)?;
        }
    }
    Ok(())
}

/// Without white space: a policy has none that says anything.
fn squeezed(policy: &str) -> String {
    policy.split_whitespace().collect()
}
