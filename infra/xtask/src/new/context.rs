//! The contexts, as far as something new is declared in them.

use std::path::Path;

use crate::run::Failed;

/// Those that have aggregates and messages of their own. What belongs to none (`market`) declares no new ones.
pub const CONTEXTS: [&str; 4] = ["agreement", "entrustment", "parties", "trade"];

/// Where the domain of a context lies.
pub fn domain(context: &str) -> String {
    format!("shared/domain/{context}")
}

/// Refuses what is no context.
pub fn check(context: &str) -> Result<(), Failed> {
    if CONTEXTS.contains(&context) {
        return Ok(());
    }
    Err(Failed(format!("{context} is no context: there are {}", CONTEXTS.join(", "))))
}

/// Refuses what is there already.
pub fn check_new(root: &Path, file: &str) -> Result<(), Failed> {
    if root.join(file).exists() { Err(Failed(format!("{file} is there already"))) } else { Ok(()) }
}
