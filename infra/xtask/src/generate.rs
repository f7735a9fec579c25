//! `cargo xtask generate`: every file that is made from the code, in the order in which one needs another.
//!
//! The generators are tests, which compare where they do not write (`UPDATE_EXPECT`), and read at run time what others
//! wrote, so one build serves them all. What embeds generated files is `market` alone (`infra/permissions.json`,
//! `docs/examples.json`): after a change of those its next build takes them in.

use std::fs;

use crate::run::{Done, Failed, Times, cargo, program, root, run, run_quietly};

/// Makes them all.
///
/// # Errors
/// Where something does not build, or a test fails: what had been made by then stays.
pub fn run_all() -> Done {
    run_in(&mut Times::begin())
}

fn run_in(times: &mut Times) -> Done {
    let seen = root().join("target/tmp/seen/gathered");
    if seen.exists() {
        fs::remove_dir_all(&seen).map_err(Failed::to("remove what an earlier run kept"))?;
    }
    let tests = |arguments: &[&str]| {
        let mut command = cargo(&[&["test", "--quiet", "--workspace"], arguments].concat());
        command.env("UPDATE_EXPECT", "1").env("MARKET_SEEN", &seen);
        command
    };
    times.step("build", None, || {
        run(&mut tests(&["--no-run", "--test", "acceptance", "--test", "template", "--test", "lambda"]))
    })?;
    // Whatever fails here, what was seen is merged: a handler that a test's own process refused something may have it
    // the next time.
    let played = times.step("descriptions, pages, costs; what handlers do", None, || {
        run(&mut tests(&["--test", "acceptance"]))
    });
    // What was just sent is what they show.
    let described = times.step("descriptions with their examples", None, || {
        run(&mut tests(&["--test", "acceptance", "descriptions::the_"]))
    });
    if played.is_ok() {
        fs::write(seen.join("whole"), "").map_err(Failed::to("say that all tests passed"))?;
    }
    let templates = times.step("permissions, and the templates that follow from them", None, || {
        run(&mut tests(&["--test", "template"]))
    });
    // Not the other tests beside it: one reads what this one writes.
    let calls = times.step("calls beside the table", None, || {
        run(&mut tests(&["--test", "lambda", "calls::each_handler_asks_of_aws"]))
    });
    print!("{}", times.table());
    let changed = run_quietly(&mut program("git", &["status", "--short", "docs", "infra"]))?;
    if changed.is_empty() {
        println!("Nothing under docs and infra differs from what is committed.");
    }
    print!("{changed}");
    played.and(described).and(templates).and(calls)
}
