//! What runs: as much at once as the account may, and what was signed.

use std::collections::BTreeMap;
use std::path::Path;

use super::aws::ask;
use super::environment::{Environment, Parameters};
use super::package::ARTIFACT;
use super::{Tools, sums};
use crate::run::{Done, Failed};

/// Whether Lambda runs as much at once in this account as the environment's file says.
///
/// # Errors
/// Where it does not: what the file reserves would be refused in the middle of a deployment, and what it lets jobs take would
/// be taken from requests.
pub fn may_run_so_much(tools: &Tools, environment: &Environment, parameters: &Parameters) -> Done {
    // A package of an earlier release may have no such parameter.
    let Some(wanted) = parameters.get("AccountConcurrency") else { return Ok(()) };
    let query = "AccountLimit.ConcurrentExecutions";
    let granted = ask(tools, environment, &["lambda", "get-account-settings", "--query", query])?;
    let number =
        |text: &str| text.parse::<u32>().map_err(|_| Failed(format!("{query} is `{text}`, no number")));
    if number(wanted)? <= number(&granted)? {
        return Ok(());
    }
    Err(Failed(format!(
        "AccountConcurrency is {wanted} in the environment's file, and Lambda runs {granted} at once in this account: have that \
         raised first (docs/DEPLOY.md, How much may run at once), or say AccountConcurrency = \"10\" and ReserveConcurrency = \
         \"false\" for a market without merchants"
    )))
}

/// Whether every function of the market runs the package's artifact. What is uploaded is named by a hash that proves nothing, and
/// an object of that name that is there already is not uploaded again.
///
/// # Errors
/// Where one runs something else, or nothing says so.
pub fn runs_what_was_signed(
    tools: &Tools,
    environment: &Environment,
    folder: &Path,
    parameters: &Parameters,
) -> Done {
    let signed = sums::as_lambda_tells(&folder.join(ARTIFACT))?;
    let market = parameters.get("MarketName").map_or("", String::as_str);
    let query =
        format!("Functions[?starts_with(FunctionName,'{market}-')].[FunctionName,Version,CodeSha256]");
    let listed = ask(
        tools,
        environment,
        &["lambda", "list-functions", "--function-version", "ALL", "--query", &query],
    )?;
    let mut newest: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    for line in listed.lines() {
        let &[name, version, hash] = &line.split_whitespace().collect::<Vec<_>>()[..] else {
            return Err(Failed(format!("Lambda lists `{line}`, which is no function")));
        };
        // Numbers grow, and the newest is live. What has no number is of a function of which there is no version.
        let version = version.parse().unwrap_or_default();
        if newest.get(name).is_none_or(|(before, _)| version >= *before) {
            newest.insert(name, (version, hash));
        }
    }
    let other: Vec<_> =
        newest.iter().filter(|(_, (_, hash))| *hash != signed).map(|(name, _)| *name).collect();
    if !newest.is_empty() && other.is_empty() {
        println!("{} functions run the artifact that was signed", newest.len());
        return Ok(());
    }
    Err(Failed(format!(
        "of {} functions {} do not run the artifact that was signed ({signed}): {}\nWhat lies in s3://{} may be another one \
         under its name, or somebody has changed functions by hand. Find out who; then delete that object, and deploy again \
         what is right, under another commit or with another parameter",
        newest.len(),
        other.len(),
        other.join(", "),
        environment.bucket,
    )))
}
