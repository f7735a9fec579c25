//! How AWS is asked: by the program `aws`, in the environment's region.

use std::ffi::OsString;
use std::process::Command;

use super::Tools;
use super::environment::Environment;
use crate::run::{Failed, program, words};

/// A program, with its first words.
pub fn of(words: &[OsString], arguments: &[&str]) -> Command {
    let (name, first) = words.split_first().expect("a program has a name");
    let mut command = program(name, &[]);
    command.args(first).args(arguments);
    command
}

/// What `aws` answers, as a text.
///
/// # Errors
/// Where it cannot be run, or fails: with what it says.
pub fn ask(tools: &Tools, environment: &Environment, arguments: &[&str]) -> Result<String, Failed> {
    let mut command = of(&tools.aws, arguments);
    command.args(["--region", &environment.region, "--output", "text"]);
    let output = command.output().map_err(|error| Failed(format!("{}: {error}", words(&command))))?;
    if output.status.success() {
        // Not the tab before a value that is empty.
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches(['\n', '\r']).to_owned());
    }
    Err(Failed(format!("{}: {}", words(&command), String::from_utf8_lossy(&output.stderr).trim())))
}

/// What `CloudFormation` answers; of that what the query, where there is one, picks.
///
/// # Errors
/// As [`ask`] fails.
pub fn cloudformation(
    tools: &Tools,
    environment: &Environment,
    arguments: &[&str],
    query: Option<&str>,
) -> Result<String, Failed> {
    let picked = query.map(|query| ["--query", query]);
    let picked = picked.as_ref().map_or(&[][..], |picked| &picked[..]);
    ask(tools, environment, &[&["cloudformation"], arguments, picked].concat())
}
