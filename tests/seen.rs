//! Where the acceptance tests keep what handlers did at the table, for what is made of it afterwards: the permissions
//! in `infra/permissions.json`, and the comparison with `docs/READS.md`.
//!
//! Each process of those tests writes a file of its own, a line for each thing when it is first done. They say that
//! something is in surplus only if all of them ran. So a folder belongs to one run: `MARKET_SEEN` names it, and has a
//! file `whole` once all have passed; without it, it is named for the process that started the tests (`cargo test`
//! starts the tests of one crate one after the other, by name, and stops at one that fails), and a process that runs
//! only some of its tests keeps nothing.

use std::path::PathBuf;

/// The folder of this run.
pub fn folder() -> PathBuf {
    std::env::var_os("MARKET_SEEN").map_or_else(
        || PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("seen").join(parent().to_string()),
        PathBuf::from,
    )
}

/// Whether whoever started the tests gathers what they did, and says when it is whole.
pub fn is_gathered() -> bool {
    std::env::var_os("MARKET_SEEN").is_some()
}

#[cfg(unix)]
fn parent() -> u32 {
    std::os::unix::process::parent_id()
}

/// No two runs are told apart there: nothing is compared but what `MARKET_SEEN` gathers.
#[cfg(not(unix))]
fn parent() -> u32 {
    std::process::id()
}
