//! `cargo xtask new`: files that compile, to begin something with, and their lines in the lists that name them.

mod context;
mod job;
mod lines;
mod message;
mod route;

use std::fs;
use std::path::Path;

use clap::Subcommand;

use crate::run::{Done, Failed, cargo, root, run as run_program};

#[derive(Debug, Subcommand)]
pub enum New {
    /// A route: its file, its place in the lists, and a test that holds from the beginning.
    Route(route::NewRoute),
    /// A job: its file, and its place in the kind's line.
    Job(job::NewJob),
    /// A message: its declaration, a text in each language, and a sample.
    Message(message::NewMessage),
}

/// Writes them below the project's root.
///
/// # Errors
/// Where a name is none, or something of that name is there already: then nothing is written.
pub fn run(what: &New) -> Done {
    match what {
        New::Route(route) => println!("{}", route.write(&root())?),
        New::Job(job) => println!("{}", job.write(&root())?),
        New::Message(message) => println!("{}", message.write(&root())?),
    }
    // A long name breaks lines that a skeleton does not.
    run_program(&mut cargo(&["fmt", "--all"]))
}

/// A file as it will be.
struct Edit {
    path: String,
    text: String,
}

/// Writes all of them, below a root.
fn write(root: &Path, edits: &[Edit]) -> Done {
    for Edit { path, text } in edits {
        let file = root.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(Failed::to("make a folder"))?;
        }
        fs::write(&file, text).map_err(Failed::to(&format!("write {path}")))?;
    }
    Ok(())
}

fn read(root: &Path, path: &str) -> Result<String, Failed> {
    fs::read_to_string(root.join(path)).map_err(Failed::to(&format!("read {path}")))
}

/// Fills the blanks of a skeleton, `{{name}}`.
fn fill(skeleton: &str, blanks: &[(&str, &str)]) -> String {
    blanks
        .iter()
        .fold(skeleton.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
}

/// `place_order` as a type: `PlaceOrder`.
fn pascal(name: &str) -> String {
    let mut capital = true;
    name.chars()
        .filter_map(|letter| {
            let is_gap = letter == '_';
            let kept = (!is_gap).then(|| if capital { letter.to_ascii_uppercase() } else { letter });
            capital = is_gap;
            kept
        })
        .collect()
}

/// Whether this can be the name of a module of ours.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

/// The files of the project that a test changes, apart from the project's own.
#[cfg(test)]
fn copied(files: &[&str]) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in files {
        let to = copy.path().join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(root().join(file), to).unwrap();
    }
    copy
}
