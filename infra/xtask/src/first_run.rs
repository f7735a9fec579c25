//! What someone meets who has just cloned the project: `cargo run` builds what one machine needs and no more, shows a page
//! within minutes, and the page works in a browser.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Instant;

use crate::run::{Done, Failed, cargo, program, root, run, run_quietly};
use crate::tools::{self, Environment};

/// What a first `cargo run` does not wait for: AWS's services other than the table, what runs Lambda, and what came with
/// them (docs/decisions/0081).
const NOT_FOR_ONE_MACHINE: [&str; 18] = [
    "aws-config",
    "aws-sdk-cloudformation",
    "aws-sdk-dynamodbstreams",
    "aws-sdk-secretsmanager",
    "aws-sdk-sesv2",
    "aws-sdk-sns",
    "aws-sdk-sqs",
    "aws-sdk-sso",
    "aws-sdk-ssooidc",
    "aws-sdk-sts",
    "aws_lambda_events",
    "chrono",
    "darling",
    "hdrhistogram",
    "lambda_http",
    "lambda_runtime",
    "rcgen",
    "regex-automata",
];

/// Those of the packages in a tree that one machine does not need.
fn unneeded(tree: &str) -> BTreeSet<&str> {
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    names.filter(|name| NOT_FOR_ONE_MACHINE.contains(name)).collect()
}

/// Nothing comes back into `cargo run` unseen, by a dependency of a dependency or by a feature.
///
/// # Errors
/// Where something has.
pub fn what_it_builds() -> Done {
    let tree = ["tree", "--locked", "--package", "market", "--edges", "normal,build", "--prefix", "none"];
    let tree = run_quietly(&mut cargo(&tree))?;
    let unneeded = unneeded(&tree);
    if unneeded.is_empty() {
        return Ok(());
    }
    let names = unneeded.into_iter().collect::<Vec<_>>().join(", ");
    Err(Failed(format!(
        "`cargo run` would build {names}, which only what is deployed needs: make it part of a feature \
         (`cargo tree -p market -e features -i <name>` says whose it is)"
    )))
}

fn folder() -> PathBuf {
    root().join("target/cold")
}

/// The program as `cargo run` builds it.
pub fn market() -> PathBuf {
    folder().join("debug/market")
}

/// Builds it from nothing, in a folder of its own, and asks it for its first page. Its code is compiled nowhere else: the
/// tests have every feature.
///
/// # Errors
/// Where it warns, does not start, or shows no page.
pub fn first_run() -> Done {
    if folder().exists() {
        std::fs::remove_dir_all(folder()).map_err(Failed::to("remove target/cold"))?;
    }
    run(&mut cargo(&["fetch", "--locked"]))?;
    let (began, used) = (Instant::now(), processor_s());
    let target = folder().to_string_lossy().into_owned();
    let mut build = cargo(&["build", "--locked", "--quiet", "--target-dir", &target]);
    run(build.env("RUSTFLAGS", "-D warnings"))?;
    let (built, used) = (Instant::now(), processor_s() - used);
    let market = Market::start()?;
    let page = get(&market.address)?;
    if !page.starts_with("HTTP/1.1 200") || !page.contains("<h1>") {
        return Err(Failed(format!("it shows no page: {}", page.lines().next().unwrap_or_default())));
    }
    println!(
        "first page after {:.0} s ({:.0} s of processors to build it), {} ms after the start",
        began.elapsed().as_secs_f64(),
        used,
        built.elapsed().as_millis()
    );
    says_what_it_lacks()
}

/// What it was built without is refused as a command line is, before anything is made.
fn says_what_it_lacks() -> Done {
    let data = folder().join("never");
    let never = data.to_string_lossy();
    for arguments in [
        &["dead-letters", "list"][..],
        &["verify", "--announcements"],
        &["--data", &never, "--sqs-endpoint", "http://127.0.0.1:9"],
        &["--data", &never, "--dynamodb-endpoint", "http://127.0.0.1:9"],
    ] {
        let output = program(market(), arguments).output().map_err(Failed::to("ask it for a stack"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(2) || !said.contains("cargo run --features stack") || data.exists() {
            return Err(Failed(format!(
                "{arguments:?} is not refused as it should be ({}): {said}",
                output.status
            )));
        }
    }
    Ok(())
}

/// The pages in a browser.
///
/// # Errors
/// Where there is no browser, or a test fails.
pub fn pages() -> Done {
    let arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/pages"];
    let mut command = Environment::of_pages().program("python", &arguments);
    run(command.env("MARKET", market()).env("AXE", tools::axe()))
}

/// The processor time of everything that was run and has ended, in seconds; 0 where the system does not say.
fn processor_s() -> f64 {
    /// proc(5): the ticks of children in user and in system mode, after the name in parentheses; a hundred a second.
    const CHILDREN: [usize; 2] = [13, 14];
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = CHILDREN.iter().filter_map(|place| fields.get(*place)?.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// It while it runs, on a folder of its own.
struct Market {
    process: Child,
    address: String,
}

impl Market {
    fn start() -> Result<Self, Failed> {
        let data = folder().join("data");
        let data = data.to_string_lossy();
        let mut command = program(market(), &["--data", &data, "--listen", "0"]);
        let mut process = command.stdout(Stdio::piped()).spawn().map_err(Failed::to("start it"))?;
        let mut first = String::new();
        if let Some(said) = process.stdout.take() {
            BufReader::new(said).read_line(&mut first).map_err(Failed::to("read what it says"))?;
        }
        let address = first.trim().rsplit('/').next().unwrap_or_default().to_owned();
        Ok(Self { process, address })
    }
}

impl Drop for Market {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The first page at an address.
fn get(address: &str) -> Result<String, Failed> {
    let failed = Failed::to("ask for its page");
    let mut stream = TcpStream::connect(address).map_err(&failed)?;
    write!(stream, "GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").map_err(&failed)?;
    let mut page = String::new();
    stream.read_to_string(&mut page).map_err(&failed)?;
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_that_only_the_deployed_market_needs_is_named_when_it_comes_back() {
        let tree = "market v0.5.0 (/market/infra/local)\naws-sdk-dynamodb v1.136.0\nregex-lite v0.1.9\nchrono-tz v1.0.0\n";
        assert!(unneeded(tree).is_empty());
        let more = format!("{tree}aws-sdk-sesv2 v1.145.0\nchrono v0.4.44\nchrono v0.4.44 (*)\n");
        assert_eq!(unneeded(&more).into_iter().collect::<Vec<_>>(), ["aws-sdk-sesv2", "chrono"]);
    }

    #[test]
    fn the_processor_time_of_what_has_ended_never_goes_back() {
        let before = processor_s();
        run(&mut program("true", &[])).unwrap();
        assert!(processor_s() >= before);
    }
}
