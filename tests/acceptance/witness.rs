//! What handlers may do in these tests, and what they did: kept for `tests/template/permissions.rs` (see `seen`).

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};

use market::permissions::{Permissions, Witness};

use crate::seen;

/// One process's file. None where nothing is kept.
#[derive(Debug, Default)]
struct Notes(Mutex<(HashSet<String>, Option<File>)>);

static NOTES: LazyLock<Arc<Notes>> = LazyLock::new(|| {
    let keeps = seen::is_gathered() || runs_all(std::env::args().skip(1));
    Arc::new(if keeps { Notes::begin() } else { Notes::default() })
});

/// The permissions of `infra/permissions.json` as they are now; while that is made anew, all.
pub fn permissions() -> Permissions {
    let permissions =
        if std::env::var_os("UPDATE_EXPECT").is_some() { Permissions::learning() } else { committed() };
    permissions.witnessed_by(Arc::clone(&NOTES) as Arc<dyn Witness>)
}

/// Those of the file, and nobody sees what is done.
pub fn committed() -> Permissions {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../permissions.json");
    let text = fs::read_to_string(file).expect("it is committed");
    Permissions::kept(serde_json::from_str(&text).expect("a list of actions"))
}

/// Whether a test process that was started so runs every test that it has.
fn runs_all(mut arguments: impl Iterator<Item = String>) -> bool {
    const SHOW: [&str; 6] =
        ["--nocapture", "--no-capture", "--show-output", "--quiet", "-q", "--include-ignored"];
    let set =
        |argument: &str| ["--test-threads=", "--color=", "--format="].iter().any(|a| argument.starts_with(a));
    arguments.all(|argument| SHOW.contains(&&*argument) || set(&argument))
}

impl Notes {
    fn begin() -> Self {
        let folder = seen::folder();
        if !seen::is_gathered() {
            // What earlier runs left.
            drop(fs::remove_dir_all(folder.parent().expect("it is in a folder of such")));
        }
        fs::create_dir_all(&folder).expect("the target folder can be written");
        let file = File::create(folder.join(std::process::id().to_string()));
        Self(Mutex::new((HashSet::new(), Some(file.expect("the target folder can be written")))))
    }

    fn note(&self, line: String) {
        let mut notes = self.0.lock().unwrap();
        let (known, file) = &mut *notes;
        if let Some(file) = file
            && !known.contains(&line)
        {
            file.write_all(line.as_bytes()).expect("the target folder can be written");
            known.insert(line);
        }
    }
}

impl Witness for Notes {
    fn acted(&self, handler: &str, resource: &str, action: &str) {
        self.note(format!("acted\t{handler}\t{resource}\t{action}\n"));
    }

    fn read(&self, handler: &str, kind: &str) {
        self.note(format!("read\t{handler}\t{kind}\n"));
    }
}

#[test]
fn only_a_process_that_runs_every_test_keeps_what_they_did() {
    let of = |arguments: &str| runs_all(arguments.split_whitespace().map(str::to_owned));
    for all in ["", "--nocapture", "--test-threads=1 -q"] {
        assert!(of(all), "{all}");
    }
    for some in
        ["grants::", "--skip verify", "--exact a::b --nocapture", "--ignored", "--list", "--test-threads 1"]
    {
        assert!(!of(some), "{some}");
    }
}
