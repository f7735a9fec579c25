//! `cargo xtask package`: one commit becomes a folder that can be deployed anywhere: the templates, the one artifact of all
//! functions, what it was made of, and a signed list of all that.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Architecture, Package, sums};
use crate::check::yaml_below;
use crate::run::{Done, Failed, cargo, program, root, run, run_quietly};

/// What all functions are, beside the templates.
pub const ARTIFACT: &str = "bootstrap.zip";
/// What the package was made of.
pub const RELEASE: &str = "RELEASE";

impl Architecture {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X8664 => "x86_64",
        }
    }
}

/// Builds, puts together and signs.
///
/// # Errors
/// Where something is not committed: the package would not be what its commit says. Where it does not build, or cannot be
/// signed.
pub fn package(package: &Package) -> Done {
    let key = package.key.clone().or_else(|| std::env::var_os("MARKET_RELEASE_KEY").map(PathBuf::from));
    let key = key.ok_or_else(|| Failed("no key signs it: --key FILE, or MARKET_RELEASE_KEY".into()))?;
    let changed = run_quietly(&mut program("git", &["status", "--porcelain"]))?;
    if !changed.is_empty() {
        return Err(Failed(format!("commit first, for a package is of a commit:\n{}", changed.trim_end())));
    }
    let commit = run_quietly(&mut program("git", &["rev-parse", "HEAD"]))?.trim().to_owned();
    let architecture = package.architecture.name();
    let artifact = build(package.architecture)?;
    let folder = root().join("target/package").join(name(&commit, architecture));
    let mut templates = vec!["template.yaml".to_owned()];
    templates.extend(yaml_below("infra")?);
    put_together(&folder, &root(), &templates, &artifact)?;
    let release =
        format!("version {}\ncommit {commit}\narchitecture {architecture}\n", env!("CARGO_PKG_VERSION"));
    fs::write(folder.join(RELEASE), release).map_err(Failed::to("write RELEASE"))?;
    sums::write(&folder)?;
    sums::sign(&folder, &key)?;
    println!("{}", folder.display());
    Ok(())
}

fn name(commit: &str, architecture: &str) -> String {
    format!("{}-{}-{architecture}", env!("CARGO_PKG_VERSION"), commit.get(..12).unwrap_or(commit))
}

/// As `sam build` does, once for all functions.
fn build(architecture: Architecture) -> Result<PathBuf, Failed> {
    let folder = root().join("target/package/build").join(architecture.name());
    let mut command: Command = cargo(&["lambda", "build", "--release", "--locked", "--bin", "bootstrap"]);
    command
        .args(["--manifest-path", "functions/Cargo.toml", "--output-format", "zip", "--lambda-dir"])
        .arg(&folder);
    if architecture == Architecture::Arm64 {
        command.arg("--arm64");
    } else {
        command.arg("--x86-64");
    }
    run(&mut command)?;
    Ok(folder.join("bootstrap").join(ARTIFACT))
}

/// The templates at their places, with the artifact in place of its source.
pub fn put_together(folder: &Path, from: &Path, templates: &[String], artifact: &Path) -> Done {
    let failed = Failed::to("put the package together");
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(&failed)?;
    }
    for template in templates {
        let place = folder.join(template);
        fs::create_dir_all(place.parent().unwrap_or(folder)).map_err(&failed)?;
        let text = fs::read_to_string(from.join(template)).map_err(&failed)?;
        let lines = text.lines().map(|line| with_artifact(line) + "\n");
        fs::write(place, lines.collect::<String>()).map_err(&failed)?;
    }
    fs::copy(artifact, folder.join(ARTIFACT)).map_err(&failed).map(drop)
}

/// `CodeUri: "../../functions"`, the source, is the artifact at its place in the package.
fn with_artifact(line: &str) -> String {
    if line.trim_start().starts_with("CodeUri: ") {
        line.replace("functions", ARTIFACT)
    } else {
        line.to_owned()
    }
}
