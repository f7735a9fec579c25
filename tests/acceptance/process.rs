//! The market as a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use market::json::Json;
use market_functions::http::versioned;
use reqwest::StatusCode;
use serde_json::{Value, json};

pub struct Process {
    pub child: Child,
    pub url: String,
    pub http: reqwest::Client,
    said: BufReader<ChildStdout>,
}

impl Process {
    pub fn start(data: &Path) -> Self {
        Self::run(&mut command(data))
    }

    pub fn run(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        said.read_line(&mut first).unwrap();
        let url = first.rsplit(' ').next().unwrap().trim().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{first}");
        Self { child, url, http: reqwest::Client::new(), said }
    }

    pub async fn token(&self, role: &str, sub: &str) -> reqwest::Result<String> {
        let url = format!("{}/_local/token?role={role}&sub={sub}", self.url);
        let answer: Json = self.http.get(url).send().await?.json().await?;
        Ok(answer["access_token"].as_str().unwrap().to_owned())
    }

    pub async fn post(
        &self,
        token: &str,
        key: &str,
        path: &str,
        body: Value,
    ) -> reqwest::Result<(StatusCode, Json)> {
        let url = format!("{}{}", self.url, versioned(path));
        let request = self.http.post(url).bearer_auth(token).header("idempotency-key", key).json(&body);
        let answer = request.send().await?;
        Ok((answer.status(), answer.json().await?))
    }

    pub async fn get(&self, token: &str, path: &str) -> Json {
        let url = format!("{}{}", self.url, versioned(path));
        self.http.get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap()
    }

    pub async fn clock(&self) -> Json {
        let answer = self.http.get(format!("{}/_local/clock", self.url)).send().await.unwrap();
        answer.json().await.unwrap()
    }

    pub async fn advance(&self, by: &str) -> Json {
        let request = self.http.post(format!("{}/_local/clock", self.url)).json(&json!({ "advance": by }));
        request.send().await.unwrap().json().await.unwrap()
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Waits until it says something that begins so.
    pub fn says(&mut self, begins: &str) {
        let mut line = String::new();
        while !line.starts_with(begins) {
            line.clear();
            assert!(self.said.read_line(&mut line).unwrap() > 0, "it never says {begins:?}");
        }
    }

    /// Waits until it ends: its exit code, and what it wrote to standard error.
    pub fn ends(&mut self) -> (Option<i32>, String) {
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap().code(), errors)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_market"));
    command.arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]);
    command.env_remove("RUST_LOG").stderr(Stdio::piped());
    command
}
