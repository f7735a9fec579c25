//! What no deployment does, however its templates and parameters read: it deletes no stack of a market, and neither replaces its
//! table nor lets go of it. `CloudFormation` keeps that as settings of stacks that no template can have, so each deployment looks
//! whether they are there and sets those that are not.

use super::Tools;
use super::deploy::ask;
use super::environment::Environment;
use crate::run::{Done, Failed};

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
    let query = "Stacks[0].EnableTerminationProtection";
    if cloudformation(tools, environment, &["describe-stacks", "--stack-name", stack, "--query", query])?
        != "True"
    {
        println!("{stack} is not protected from deletion: it is from now on");
        let protects = "--enable-termination-protection";
        cloudformation(
            tools,
            environment,
            &["update-termination-protection", protects, "--stack-name", stack],
        )?;
    }
    let query = "StackResourceDetail.PhysicalResourceId";
    let of_data =
        ["describe-stack-resource", "--stack-name", stack, "--logical-resource-id", DATA, "--query", query];
    let data = cloudformation(tools, environment, &of_data)?;
    for (what, stack, policy) in [("it", stack, OF_THE_STACK), ("its part Data", &data, OF_ITS_DATA)] {
        let named = ["--stack-name", stack];
        let query = ["--query", "StackPolicyBody"];
        let there =
            cloudformation(tools, environment, &[&["get-stack-policy"], &named[..], &query].concat())?;
        if squeezed(&there) != squeezed(policy) {
            println!(
                "no policy keeps the table in {}, or another one: {what} is put under it",
                environment.stack
            );
            let body = ["--stack-policy-body", policy];
            cloudformation(tools, environment, &[&["set-stack-policy"], &named[..], &body].concat())?;
        }
    }
    Ok(())
}

fn cloudformation(tools: &Tools, environment: &Environment, arguments: &[&str]) -> Result<String, Failed> {
    ask(tools, environment, &[&["cloudformation"], arguments].concat())
}

/// Without white space: a policy has none that says anything.
fn squeezed(policy: &str) -> String {
    policy.split_whitespace().collect()
}
