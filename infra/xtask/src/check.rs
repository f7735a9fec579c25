//! `cargo xtask check` and CI: one list of steps, each with a budget on two cores from a clean checkout.
//!
//! A step that takes longer than its budget is marked, and fails nothing: machines differ. What a budget leaves is for
//! what is to come, so that all of CI stays under 40 minutes.

use std::path::PathBuf;
use std::process::Command;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::first_run;
use crate::run::{Done, Failed, Times, cargo, program, root, run, run_quietly};
use crate::tools::{self, Emulator, Environment, tail};

/// How much is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// What needs nothing but Rust.
    Code,
    /// What CI checks.
    Ci,
    /// Every case of the slow matrices too, and the artifact as it is shipped.
    All,
}

const ALWAYS: &[Extent] = &[Extent::Code, Extent::Ci, Extent::All];
/// What a developer hears of early; CI has it in another step.
const EARLY: &[Extent] = &[Extent::Code];
const CI: &[Extent] = &[Extent::Ci, Extent::All];

/// A step: where it is taken, its budget in seconds.
struct Step {
    name: &'static str,
    taken: &'static [Extent],
    budget_s: u64,
    what: fn(&mut Check) -> Done,
}

/// The list.
const STEPS: &[Step] = &[
    Step { name: "format", taken: ALWAYS, budget_s: 5, what: format },
    Step {
        name: "what `cargo run` builds",
        taken: ALWAYS,
        budget_s: 5,
        what: |_| first_run::what_it_builds(),
    },
    // Before anything is installed beside it: it is timed.
    Step {
        name: "the first `cargo run`, to its first page",
        taken: CI,
        budget_s: 220,
        what: |_| first_run::first_run(),
    },
    Step { name: "licences and sources of dependencies", taken: CI, budget_s: 15, what: licences },
    Step { name: "clippy", taken: ALWAYS, budget_s: 360, what: clippy },
    Step { name: "rules, and generated files", taken: EARLY, budget_s: 150, what: early },
    Step { name: "tests", taken: ALWAYS, budget_s: 580, what: tests },
    Step { name: "the demo", taken: ALWAYS, budget_s: 15, what: demo },
    Step {
        name: "the release before, side by side on one table",
        taken: CI,
        budget_s: 180,
        what: release_before,
    },
    Step {
        name: "tools from PyPI, npm and Debian, as far as they are not there yet",
        taken: CI,
        budget_s: 30,
        what: tools,
    },
    Step { name: "the pages, in a browser", taken: CI, budget_s: 60, what: |_| first_run::pages() },
    Step {
        name: "the store's and the queues' contracts again, against an independent AWS",
        taken: CI,
        budget_s: 40,
        what: contracts,
    },
    Step { name: "the API description", taken: CI, budget_s: 25, what: description },
    Step {
        name: "generated clients, against a running market",
        taken: CI,
        budget_s: 45,
        what: generated_clients,
    },
    Step {
        name: "the API description, held to by a running market, from every role",
        taken: CI,
        budget_s: 75,
        what: held_to_description,
    },
    Step { name: "the templates: validate, lint, scan", taken: CI, budget_s: 45, what: templates },
    Step {
        name: "the templates: what the transform makes of them, against the code",
        taken: CI,
        budget_s: 45,
        what: transformed,
    },
    Step { name: "sam build, for this machine", taken: CI, budget_s: 300, what: sam_build },
    Step { name: "what it built, against the runtime API", taken: CI, budget_s: 15, what: built },
    Step {
        name: "what it built, deployed to an emulator, carries the story, and goes on with a restored table",
        taken: CI,
        budget_s: 150,
        what: deployed,
    },
    Step {
        name: "docs/DEPLOY.md, carried out from an empty emulator on",
        taken: CI,
        budget_s: 180,
        what: by_the_text,
    },
];

/// What is under way while steps are taken.
struct Check {
    extent: Extent,
    installation: Option<JoinHandle<Done>>,
}

/// Takes the steps, or only those with these words in their names, in order, to the first that fails.
///
/// # Errors
/// That step's; where no step has such a name.
pub fn check(extent: Extent, only: Option<&str>) -> Done {
    let mut times = Times::begin();
    let mut check = Check { extent, installation: None };
    let mut outcome = Ok(());
    let steps: Vec<_> = STEPS
        .iter()
        .filter(|step| step.taken.contains(&extent) && only.is_none_or(|words| step.name.contains(words)))
        .collect();
    if steps.is_empty() {
        return Err(Failed(format!("no step of these is called so: {}", names(extent))));
    }
    for step in steps {
        // What `--all` adds takes the time that it takes.
        let budget = (extent < Extent::All).then_some(Duration::from_secs(step.budget_s));
        outcome = times.step(step.name, budget, || (step.what)(&mut check));
        if outcome.is_err() {
            break;
        }
    }
    print!("{}", times.table());
    if outcome.is_ok() && only.is_none() {
        println!("── all of it holds");
    }
    outcome
}

fn names(extent: Extent) -> String {
    let names: Vec<_> =
        STEPS.iter().filter(|step| step.taken.contains(&extent)).map(|step| step.name).collect();
    names.join(" · ")
}

fn format(_: &mut Check) -> Done {
    run(&mut cargo(&["fmt", "--all", "--check"]))
}

/// Not the advisories: their database is a git repository on GitHub, and CI reaches package registries only.
fn licences(check: &mut Check) -> Done {
    tools::install_for_cargo()?;
    // The rest comes while the next steps compile.
    check.installation = Some(tools::install_the_rest());
    let arguments = ["--locked", "--log-level", "error", "check", "licenses", "bans", "sources"];
    run(&mut Environment::of_cargo().program("cargo-deny", &arguments))
}

fn clippy(_: &mut Check) -> Done {
    run(&mut cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn test(check: &Check, arguments: &[&str]) -> Command {
    let mut command = cargo(&[&["test", "--locked", "--workspace"], arguments].concat());
    if check.extent == Extent::All {
        command.env("MARKET_MATRICES", "whole");
    }
    command
}

/// Unit tests, the domain's above all, and what is compared with a committed file.
fn early(check: &mut Check) -> Done {
    run(&mut test(check, &["--lib"]))?;
    let made = ["descriptions::", "clauses::", "commands::", "gateway::", "routes::"];
    run(&mut test(check, &[&["--test", "acceptance", "--test", "template", "--"], &made[..]].concat()))
}

/// What README tells to run.
fn tests(check: &mut Check) -> Done {
    let compared = root().join("target/tmp/seen/compared");
    drop(std::fs::remove_file(&compared));
    run(&mut test(check, &[]))?;
    if compared.exists() {
        return Ok(());
    }
    Err(Failed(
        "infra/permissions.json was not compared with what the tests did (tests/template/permissions.rs)"
            .into(),
    ))
}

/// The binary that the tests were just run with, which has every feature.
fn market() -> PathBuf {
    root().join("target/debug/market")
}

fn demo(_: &mut Check) -> Done {
    let said = run_quietly(&mut program(market(), &["demo"]))?;
    println!("{}", said.lines().rfind(|line| !line.is_empty()).unwrap_or_default());
    Ok(())
}

fn release_before(check: &mut Check) -> Done {
    let last = std::fs::read_to_string(root().join("tests/stored/LAST"))
        .map_err(Failed::to("read tests/stored/LAST"))?;
    let Some((release, commit)) = last.trim().split_once(' ') else {
        return Err(Failed("tests/stored/LAST is not a release and its commit".into()));
    };
    let object = format!("{commit}^{{commit}}");
    if run_quietly(&mut program("git", &["cat-file", "-e", &object])).is_err() {
        println!(
            "release {release} is commit {commit}, which a clone without history does not have: its corpus alone stands for it"
        );
        return Ok(());
    }
    let (before, binary) = (root().join("target/before"), root().join("target/before-market"));
    if before.exists() {
        std::fs::remove_dir_all(&before).map_err(Failed::to("remove target/before"))?;
    }
    run(&mut program("git", &["worktree", "prune"]))?;
    run(&mut program("git", &["worktree", "add", "--quiet", "--detach", "target/before", commit]))?;
    // With the example among what is built, features are unified as for the tests, and their dependencies serve again.
    run(&mut cargo(&[
        "build",
        "--locked",
        "--manifest-path",
        "target/before/Cargo.toml",
        "--target-dir",
        "target",
        "--workspace",
        "--bin",
        "market",
        "--example",
        "floor",
    ]))?;
    // Today's is built to the same place.
    std::fs::rename(root().join("target/debug/market"), &binary)
        .map_err(Failed::to("keep the release before"))?;
    run(test(check, &["--test", "rolling"]).env("MARKET_BEFORE", &binary))
}

fn tools(check: &mut Check) -> Done {
    let installation = check.installation.take().unwrap_or_else(tools::install_the_rest);
    installation.join().unwrap_or_else(|_| Err(Failed("the installation ended in a panic".into())))
}

fn contracts(check: &mut Check) -> Done {
    let emulator = Emulator::start()?;
    let mut command = test(check, &["--test", "contract"]);
    run(command
        .env("MARKET_TEST_DYNAMODB_ENDPOINT", &emulator.url)
        .env("MARKET_TEST_SQS_ENDPOINT", &emulator.url))
}

fn description(_: &mut Check) -> Done {
    const FILES: [&str; 2] = ["docs/openapi.json", "docs/openapi-3.0.json"];
    let files = |arguments: &[&'static str]| [arguments, &FILES[..]].concat();
    run(&mut Environment::of_templates().program("openapi-spec-validator", &files(&[])))?;
    let redocly = files(&["lint", "--config", "tests/clients/redocly.yaml"]);
    run_quietly(tools::of_npm("redocly", &redocly).env("REDOCLY_TELEMETRY", "off"))?;
    let spectral = files(&["lint", "--ruleset", "tests/clients/spectral.yaml", "--fail-severity", "hint"]);
    run_quietly(&mut tools::of_npm("spectral", &spectral)).map(drop)
}

fn generated_clients(_: &mut Check) -> Done {
    let (market, npm) = (market(), tools::npm());
    let arguments = [
        "tests/clients/run.py",
        "--market",
        &market.to_string_lossy(),
        "--npm",
        &npm.to_string_lossy(),
        "--folder",
        "target/clients",
    ];
    run(&mut Environment::of_clients().program("python", &arguments))
}

fn held_to_description(check: &mut Check) -> Done {
    let market = market();
    let examples = if check.extent == Extent::All { "50" } else { "5" };
    let arguments = [
        "tests/clients/fuzz.py",
        "--market",
        &market.to_string_lossy(),
        "--folder",
        "target/fuzz",
        "--examples",
        examples,
    ];
    run(&mut Environment::of_clients().program("python", &arguments))
}

/// The templates below a folder, by hand or made, sorted.
///
/// # Errors
/// Where the folder cannot be listed.
pub fn yaml_below(folder: &str) -> Result<Vec<String>, Failed> {
    let entries = std::fs::read_dir(root().join(folder)).map_err(Failed::to("list the templates"))?;
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Failed::to("list the templates"))?;
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            files.extend(yaml_below(&name)?);
        } else if entry.path().extension().is_some_and(|extension| extension == "yaml") {
            files.push(name);
        }
    }
    files.sort();
    Ok(files)
}

fn templates(_: &mut Check) -> Done {
    /// There is no SES in the China regions, and its stack is not made there.
    const MAIL: &str = "infra/mail.yaml";
    let environment = Environment::of_templates();
    run(&mut environment.program("sam", &["validate", "--lint"]))?;
    let mut everywhere = vec!["template.yaml".to_owned()];
    everywhere.extend(yaml_below("infra")?.into_iter().filter(|file| file != MAIL));
    let mut lint = environment.program("cfn-lint", &["--regions", "us-east-1", "cn-north-1", "--"]);
    run(lint.args(everywhere))?;
    run(&mut environment.program("cfn-lint", &["--regions", "us-east-1", "--", MAIL]))?;
    let scan = ["--config-file", "tests/template/checkov.yaml", "--directory", "infra"];
    run(&mut Environment::of_scanner().program("checkov", &scan))
}

fn transformed(_: &mut Check) -> Done {
    let handlers = root().join("target/handlers");
    let names = run_quietly(&mut program(market(), &["handlers"]))?;
    std::fs::write(&handlers, names).map_err(Failed::to("write target/handlers"))?;
    let arguments =
        ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "worksteal", "tests/template"];
    run(Environment::of_templates().program("python", &arguments).env("MARKET_HANDLERS", handlers))
}

/// Where `sam build` puts what is checked. Not where `sam deploy` looks: nobody ships what was built for its wiring.
const fn build_folder(extent: Extent) -> &'static str {
    match extent {
        Extent::Code | Extent::Ci => "target/sam-wiring",
        Extent::All => "target/sam-shipped",
    }
}

/// What it made for every function.
fn artifact(extent: Extent) -> PathBuf {
    root().join(build_folder(extent)).join("build/Gateway/Authorizer")
}

fn sam_build(check: &mut Check) -> Done {
    let architecture = match std::env::consts::ARCH {
        "aarch64" => "Architecture=arm64",
        _ => "Architecture=x86_64",
    };
    let folder = build_folder(check.extent);
    let (build, cache) = (format!("{folder}/build"), format!("{folder}/cache"));
    let places = ["--build-dir", &build, "--cached", "--cache-dir", &cache];
    let mut command = Environment::of_templates().program("sam", &["build"]);
    command.args(places).args(["--parameter-overrides", architecture]);
    if check.extent < Extent::All {
        // What is tested with it is the wiring. Fat LTO changes size and start, not behaviour (docs/decisions/0062).
        command.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    }
    let log = root().join("target/sam-build.log");
    let out = std::fs::File::create(&log).map_err(Failed::to("write target/sam-build.log"))?;
    let err = out.try_clone().map_err(Failed::to("write target/sam-build.log"))?;
    run(command.stdout(out).stderr(err)).inspect_err(|_| eprint!("{}", tail(&log)))
}

fn built(check: &mut Check) -> Done {
    let bootstrap = artifact(check.extent).join("bootstrap");
    run(test(check, &["--test", "lambda"]).env("MARKET_BOOTSTRAP", bootstrap))
}

fn deployed(check: &mut Check) -> Done {
    let code = artifact(check.extent);
    let (code, market) = (code.to_string_lossy(), market());
    let arguments = ["tests/template/deploy.py", "--code", &code, "--market", &market.to_string_lossy()];
    run(&mut Environment::of_templates().program("python", &arguments))
}

fn by_the_text(check: &mut Check) -> Done {
    let xtask = std::env::current_exe().map_err(Failed::to("name what is running"))?;
    let (code, market) = (artifact(check.extent), market());
    let mut command = Environment::of_templates().program("python", &["tests/template/by_the_text.py"]);
    run(command.arg("--code").arg(code).arg("--market").arg(market).arg("--xtask").arg(xtask))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(extent: Extent) -> Vec<&'static str> {
        STEPS.iter().filter(|step| step.taken.contains(&extent)).map(|step| step.name).collect()
    }

    #[test]
    fn all_of_ci_fits_into_its_budget_and_leaves_room() {
        let of_ci = STEPS.iter().filter(|step| step.taken.contains(&Extent::Ci));
        let budget_s: u64 = of_ci.map(|step| step.budget_s).sum();
        assert!(budget_s < 40 * 60, "{budget_s} s");
    }

    #[test]
    fn everything_that_needs_nothing_but_rust_is_a_part_of_ci_and_ci_of_all() {
        let code = STEPS.iter().filter(|step| step.taken.contains(&Extent::Code) && step.taken != EARLY);
        let ci = names_in(Extent::Ci);
        assert!(code.map(|step| step.name).all(|name| ci.contains(&name)), "{ci:?}");
        assert_eq!(ci, names_in(Extent::All));
        assert!(check(Extent::Code, Some("no such step")).is_err());
    }

    #[test]
    fn every_template_below_infra_is_linted() {
        let files = yaml_below("infra").unwrap();
        for file in ["infra/data.yaml", "infra/mail.yaml"] {
            assert!(files.iter().any(|found| found == file), "{files:?}");
        }
        assert!(files.len() > 20 && files.is_sorted(), "those of the routes too: {files:?}");
    }

    #[test]
    fn each_exception_of_a_linter_has_its_reason() {
        for file in ["redocly.yaml", "spectral.yaml"] {
            let text = std::fs::read_to_string(root().join("tests/clients").join(file)).unwrap();
            let lines: Vec<_> = text.lines().map(str::trim).collect();
            for pair in lines.windows(2).filter(|pair| pair[1].ends_with(": off")) {
                assert!(pair[0].starts_with("# "), "{file}: {}", pair[1]);
            }
            assert!(lines.first().is_some_and(|line| line.starts_with("# ")), "{file}");
        }
    }
}
