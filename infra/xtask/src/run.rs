//! Programs that are run from the project's root, and steps with the time that each took.

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Why something was not done, for whoever asked for it.
#[derive(Debug)]
pub struct Failed(pub String);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Failed {
    /// What could not be done, and what the system said.
    pub fn to(what: &str) -> impl Fn(std::io::Error) -> Self {
        move |error| Self(format!("cannot {what}: {error}"))
    }
}

/// How something ended.
pub type Done = Result<(), Failed>;

/// The root of the project that it is run in: cargo says where, and one that was built in another checkout serves too.
pub fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).join("../..").canonicalize().unwrap_or_default()
}

/// A program, to be run from the root.
pub fn program(name: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root());
    command
}

/// Cargo, the one that runs this.
pub fn cargo(arguments: &[&str]) -> Command {
    program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), arguments)
}

/// Runs it to its end, with its output where ours goes.
///
/// # Errors
/// Where it does not start, or fails.
pub fn run(command: &mut Command) -> Done {
    let status = command.status().map_err(|error| Failed(format!("{}: {error}", words(command))))?;
    if status.success() { Ok(()) } else { Err(Failed(format!("{}: {status}", words(command)))) }
}

/// Runs it to its end and keeps what it says, which is shown where it fails.
///
/// # Errors
/// Where it does not start, or fails.
pub fn run_quietly(command: &mut Command) -> Result<String, Failed> {
    let output = command.output().map_err(|error| Failed(format!("{}: {error}", words(command))))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    eprint!("{said}{}", String::from_utf8_lossy(&output.stderr));
    Err(Failed(format!("{}: {}", words(command), output.status)))
}

/// The command as it would be typed.
pub fn words(command: &Command) -> String {
    let mut words = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        words.push(' ');
        words.push_str(&argument.to_string_lossy());
    }
    words
}

/// What steps took.
#[derive(Debug)]
pub struct Times {
    began: Instant,
    steps: Vec<(String, Option<Duration>, Duration)>,
}

impl Times {
    pub fn begin() -> Self {
        Self { began: Instant::now(), steps: Vec::new() }
    }

    /// Does a step and keeps the time, whatever becomes of it.
    ///
    /// # Errors
    /// The step's.
    pub fn step(&mut self, name: &str, budget: Option<Duration>, what: impl FnOnce() -> Done) -> Done {
        println!("\n── {name}  ({} s)", self.began.elapsed().as_secs());
        let began = Instant::now();
        let done = what();
        self.steps.push((name.to_owned(), budget, began.elapsed()));
        done
    }

    /// What each step took, with a warning where it was more than its budget.
    pub fn table(&self) -> String {
        let mut table = String::from("\n      s  budget\n");
        for (name, budget, took) in &self.steps {
            let budget_s = budget.map_or(String::new(), |budget| budget.as_secs().to_string());
            let over = if budget.is_some_and(|budget| *took > budget) { "  ← over its budget" } else { "" };
            // Writing to a text cannot fail.
            let _ = writeln!(table, "{:7}{budget_s:>8}  {name}{over}", took.as_secs());
        }
        let _ = writeln!(table, "{:7}          all", self.began.elapsed().as_secs());
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_took_longer_than_its_budget_is_marked_and_one_that_failed_is_in_the_table_too() {
        let mut times = Times::begin();
        assert!(times.step("quick", Some(Duration::from_mins(1)), || Ok(())).is_ok());
        assert!(times.step("slow", Some(Duration::ZERO), || Err(Failed("no".to_owned()))).is_err());
        let table = times.table();
        let line = |name: &str| table.lines().find(|line| line.contains(name)).unwrap();
        assert!(!line("quick").contains("over"), "{table}");
        assert!(line("slow").contains("over its budget"), "{table}");
    }

    #[test]
    fn a_program_that_fails_or_does_not_exist_is_named() {
        assert!(run(&mut program("true", &[])).is_ok());
        assert!(run(&mut program("false", &["x"])).unwrap_err().0.contains("false x"));
        assert!(run_quietly(&mut program("no-such-program", &[])).unwrap_err().0.contains("no-such-program"));
    }
}
