//! The commands as whoever types them meets them: a process, its exit code, and what it says.

use std::process::Command;

use market::json::Json;

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub exit: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The one document on standard output.
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Gives a command to the program, in an environment that names no place and no token but these.
pub async fn market(line: &[&str], environment: &[(&str, &str)]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_market"));
    command.args(line).env_clear();
    command.envs(environment.iter().copied());
    tokio::task::spawn_blocking(move || {
        let output = command.output().unwrap();
        let [out, err] =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        Said { exit: output.status.code().unwrap(), out, err }
    })
    .await
    .unwrap()
}
