//! The data folder: whose it is, who uses it, and what it was last written by.
//!
//! It is its owner's alone, and one market's at a time. docs/LOCAL.md tells what each file is.
//!
//! A file in it, `format.json`, says how the folder is laid out. What an older release left is brought up to date
//! when the market starts, step by step; what a newer one left is refused before anything is touched, because
//! this release cannot know what it would break. The marker is of the files. The items of the table have schemas
//! of their own, are upgraded one by one when they are next changed, and are refused one by one where they are
//! newer (`market_kernel::stored`).

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use serde::Serialize;
use serde_json::Value;

/// The layout that this release writes. The first had no marker.
const FORMAT: u32 = 1 + UPGRADES.len() as u32;
/// From each layout to the next. A step may be repeated: the marker is written after the last.
const UPGRADES: &[Upgrade] = &[make_it_the_owners_alone];
type Upgrade = fn(&Path) -> Result<(), FolderError>;
const MARKER: &str = "format.json";
/// Held by the market that runs on the folder.
const LOCK: &str = "market.lock";
/// The keys of the development issuer and of the payment system.
pub const ISSUER_KEY: &str = "issuer.key";
/// See [`ISSUER_KEY`].
pub const PAYMENT_KEY: &str = "payment.key";
/// The key by which subjects become ids.
pub const SUBJECT_KEY: &str = "subject.key";
/// How far the clock was advanced.
pub const CLOCK: &str = "clock";
/// The table.
pub const TABLE_FILE: &str = "market.db";
/// What was sent, a file for each message.
pub const OUTBOX: &str = "outbox";
/// Everything in the folder. What is not named here is not the market's, and is let alone.
const OURS: [&str; 10] = [
    MARKER,
    LOCK,
    ISSUER_KEY,
    PAYMENT_KEY,
    SUBJECT_KEY,
    CLOCK,
    TABLE_FILE,
    "market.db-wal",
    "market.db-shm",
    OUTBOX,
];

/// What the marker says.
#[derive(Debug, Serialize)]
struct Marker {
    format: u32,
    release: &'static str,
}

/// Why a folder is not used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A newer release has written it.
    #[error(
        "{} was written by {release} (format {found}), and this release reads formats up to {FORMAT}; \
         start that release, or choose another folder with --data",
        .folder.display()
    )]
    Newer {
        /// The folder.
        folder: PathBuf,
        /// The release that wrote it last.
        release: String,
        /// Its format.
        found: u64,
    },
    /// The marker says nothing that can be understood.
    #[error(
        "{} is not what a market writes; restore it, or remove it: the folder is then taken for the oldest layout, \
         and brought up to date",
        .0.display()
    )]
    Unreadable(PathBuf),
    /// Something else has its name.
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// Another market, or a command, uses it.
    #[error(
        "the folder {} is in use by {}, or choose another with --data",
        .folder.display(),
        .url.as_ref().map_or_else(
            || "another market that starts, or by a command: wait for it".to_owned(),
            |url| format!("another market, at {url}: stop it"),
        )
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// Where it answers; none of a command, or of a market that is still starting.
        url: Option<String>,
    },
    /// What lies where the table would be is another program's.
    #[error(
        "{}: it is damaged, or is no market's table; restore it, or choose another folder with --data",
        .0.display()
    )]
    Foreign(PathBuf),
    /// A file does not hold what a market writes into it.
    #[error("{} does not hold {what}: {remedy}", .file.display())]
    Broken {
        /// The file.
        file: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A file cannot be read or written.
    #[error("{}: {}", .file.display(), in_words(.error))]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// What the system says of a file, without its number.
#[must_use]
pub fn in_words(error: &io::Error) -> String {
    let said = error.to_string();
    match said.split_once(" (os error ") {
        Some((words, _number)) => words.to_owned(),
        None => said,
    }
}

/// Refuses what is there and no folder.
///
/// # Errors
/// [`FolderError::NotAFolder`].
pub fn check(folder: &Path) -> Result<(), FolderError> {
    match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => Err(FolderError::NotAFolder(folder.to_owned())),
        _ => Ok(()),
    }
}

/// Takes a folder for one market, for as long as the file is held. It is made where it does not exist.
///
/// # Errors
/// See [`FolderError`].
pub fn lock(folder: &Path) -> Result<File, FolderError> {
    let io = |file: &Path| {
        let file = file.to_owned();
        move |error| FolderError::Io { file, error }
    };
    check(folder)?;
    let table = folder.join(TABLE_FILE);
    if is_foreign(&table).map_err(io(&table))? {
        return Err(FolderError::Foreign(table));
    }
    make(folder).map_err(io(folder))?;
    let file = folder.join(LOCK);
    let lock = private(OpenOptions::new().write(true).create(true).truncate(false)).open(&file);
    let lock = lock.map_err(io(&file))?;
    // The engine would let a second process open the same file.
    match lock.try_lock() {
        Ok(()) => {
            // What a crash left.
            lock.set_len(0).map_err(io(&file))?;
            Ok(lock)
        }
        Err(TryLockError::WouldBlock) => {
            let url = fs::read_to_string(&file).ok().filter(|url| url.starts_with("http://"));
            Err(FolderError::InUse { folder: folder.to_owned(), url })
        }
        Err(TryLockError::Error(error)) => Err(io(&file)(error)),
    }
}

/// Whether a file is no database, or one that the embedded engine did not make. A damaged one is the engine's to refuse.
fn is_foreign(file: &Path) -> io::Result<bool> {
    const HEADER: &[u8] = b"SQLite format 3\0";
    let mut begins = Vec::new();
    match File::open(file) {
        Ok(open) => open.take(HEADER.len() as u64).read_to_end(&mut begins)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if begins != HEADER {
        return Ok(!begins.is_empty());
    }
    let tables = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(|database| {
        let tables = "SELECT count(*), count(*) FILTER (WHERE name = '_tables') FROM sqlite_master WHERE type = 'table'";
        database.query_row(tables, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
    });
    Ok(matches!(tables, Ok((1.., 0))))
}

/// Says where the market answers that holds a folder.
///
/// # Errors
/// Where the file does not take it.
pub fn announce(mut lock: &File, url: &str) -> io::Result<()> {
    lock.write_all(url.as_bytes())
}

/// Brings a folder up to date, and makes it its owner's alone.
///
/// # Errors
/// See [`FolderError`].
pub fn open(folder: &Path) -> Result<(), FolderError> {
    let file = folder.join(MARKER);
    let found = match fs::read(&file) {
        Ok(bytes) => format_of(folder, &file, &bytes)?,
        Err(error) if error.kind() == ErrorKind::NotFound => 1,
        Err(error) => return Err(FolderError::Io { file, error }),
    };
    // Not once and for all: what was copied back from a backup may be open again.
    make_it_the_owners_alone(folder)?;
    if found == FORMAT {
        return Ok(());
    }
    for upgrade in UPGRADES.iter().skip(found as usize - 1) {
        upgrade(folder)?;
    }
    let marker = Marker { format: FORMAT, release: env!("CARGO_PKG_VERSION") };
    let written =
        serde_json::to_vec(&marker).map_err(io::Error::from).and_then(|marker| replace(&file, &marker));
    written.map_err(|error| FolderError::Io { file, error })
}

/// The format that a marker names. What a later release says beside it is not looked at.
fn format_of(folder: &Path, file: &Path, marker: &[u8]) -> Result<u32, FolderError> {
    let unreadable = || FolderError::Unreadable(file.to_owned());
    let marker: Value = serde_json::from_slice(marker).map_err(|_| unreadable())?;
    let found = marker["format"].as_u64().filter(|format| *format > 0).ok_or_else(unreadable)?;
    match u32::try_from(found) {
        Ok(known) if known <= FORMAT => Ok(known),
        _ => {
            let release = match marker["release"].as_str() {
                Some(release) => format!("release {release}"),
                None => "a later release".to_owned(),
            };
            let release = release.chars().filter(|c| !c.is_control()).take(48).collect();
            Err(FolderError::Newer { folder: folder.to_owned(), release, found })
        }
    }
}

/// The first layout let everyone on the machine read the keys.
fn make_it_the_owners_alone(folder: &Path) -> Result<(), FolderError> {
    for file in std::iter::once(folder.to_owned()).chain(OURS.map(|name| folder.join(name))) {
        match restrict(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(FolderError::Io { file, error }),
            _ => {}
        }
    }
    Ok(())
}

/// Takes everyone else's permissions away.
#[cfg(unix)]
#[allow(clippy::verbose_bit_mask, reason = "a mode is read in octal digits")]
fn restrict(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(file)?.permissions().mode();
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        fs::set_permissions(file, fs::Permissions::from_mode(mode & 0o700))
    }
}

#[cfg(not(unix))]
#[allow(clippy::verbose_bit_mask, reason = "a mode is read in octal digits")]
fn restrict(file: &Path) -> io::Result<()> {
    fs::metadata(file).map(drop)
}

/// What is made with these options is its owner's alone.
#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}

#[cfg(not(unix))]
const fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Makes a folder for its owner alone. One that exists is left as it is.
///
/// # Errors
/// Where it cannot be made.
pub fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Makes an empty file for its owner alone. One that exists is left as it is.
///
/// # Errors
/// Where it cannot be made.
pub fn touch(file: &Path) -> io::Result<()> {
    private(OpenOptions::new().append(true).create(true)).open(file).map(drop)
}

/// What a file holds. Where it does not exist it is made, for its owner alone.
///
/// # Errors
/// Where it cannot be read or made.
pub fn kept(file: &Path, made: impl FnOnce() -> io::Result<Vec<u8>>) -> Result<Vec<u8>, FolderError> {
    let content = match fs::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => made().and_then(|content| {
            replace(file, &content)?;
            Ok(content)
        }),
        read => read,
    };
    content.map_err(|error| FolderError::Io { file: file.to_owned(), error })
}

/// Writes a file for its owner alone; whole, or not at all.
///
/// # Errors
/// Where the folder does not take it.
pub fn replace(file: &Path, content: &[u8]) -> io::Result<()> {
    let half_written = file.with_extension("new");
    // One that was left behind, whatever it is, is not written through.
    match fs::remove_file(&half_written) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut new = private(OpenOptions::new().write(true).create_new(true)).open(&half_written)?;
    new.write_all(content)?;
    new.sync_all()?;
    fs::rename(&half_written, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(marker: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(MARKER), marker).unwrap();
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn whoever_holds_a_folder_may_say_where_it_answers_and_nothing_is_left_of_who_held_it_before() {
        let folder = tempfile::tempdir().unwrap();
        let in_use = || match lock(folder.path()) {
            Err(FolderError::InUse { url, .. }) => url,
            other => panic!("{other:?}"),
        };
        let held = lock(folder.path()).unwrap();
        assert_eq!(in_use(), None);
        announce(&held, "http://127.0.0.1:8080").unwrap();
        assert_eq!(in_use().as_deref(), Some("http://127.0.0.1:8080"));
        drop(held);
        let _held = lock(folder.path()).unwrap();
        assert_eq!(in_use(), None);
    }

    #[test]
    fn a_database_of_another_program_is_refused_and_nothing_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(TABLE_FILE);
        let refused = || matches!(lock(folder.path()), Err(FolderError::Foreign(at)) if at == file);
        fs::write(&file, b"something else").unwrap();
        assert!(refused());
        fs::remove_file(&file).unwrap();
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
        assert!(refused());
        assert_eq!(names(folder.path()), [TABLE_FILE]);
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE _tables (a)").unwrap();
        lock(folder.path()).unwrap();
        fs::write(&file, b"").unwrap();
        lock(folder.path()).unwrap();
    }

    #[test]
    fn a_folder_of_the_release_without_a_marker_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join(ISSUER_KEY);
        fs::write(&key, b"key").unwrap();
        open(folder.path()).unwrap();
        assert_eq!(names(folder.path()), [MARKER, ISSUER_KEY], "and nothing is left over");
        assert_eq!(fs::read(&key).unwrap(), b"key");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |file: &Path| fs::metadata(file).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&key), mode(folder.path())), (0o600, 0o700));
            fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
            open(folder.path()).unwrap();
            assert_eq!(mode(&key), 0o600, "nor is one that comes from a backup left open");
        }
        let marker = fs::read(folder.path().join(MARKER)).unwrap();
        open(folder.path()).unwrap();
        assert_eq!(fs::read(folder.path().join(MARKER)).unwrap(), marker, "and is left alone from then on");
    }

    #[test]
    fn a_folder_of_a_newer_release_is_refused_and_not_touched() {
        for (newer, release) in [
            (format!(r#"{{"format":{},"release":"9.9.9","more":true}}"#, FORMAT + 1), "9.9.9"),
            (r#"{"format":5000000000,"release":"9.9.9\u001b[2J"}"#.to_owned(), "9.9.9[2J"),
            (r#"{"format":99,"release":{"major":9}}"#.to_owned(), "format 99"),
        ] {
            let folder = folder_with(&newer);
            let said = open(folder.path()).unwrap_err().to_string();
            assert!(said.contains(release) && said.contains(&folder.path().display().to_string()), "{said}");
            assert_eq!(names(folder.path()), [MARKER]);
            assert_eq!(fs::read_to_string(folder.path().join(MARKER)).unwrap(), newer);
        }
    }

    #[test]
    fn a_marker_that_is_none_is_named_and_not_guessed_at() {
        for marker in [
            "",
            "2",
            "{}",
            r#"{"format":"2","release":"0.2.0"}"#,
            r#"{"format":-1,"release":"x"}"#,
            r#"{"format":0}"#,
            r#"{"format":1.5}"#,
            "\u{0}",
        ] {
            let folder = folder_with(marker);
            let said = open(folder.path()).unwrap_err().to_string();
            assert!(said.contains(MARKER), "{marker:?}: {said}");
            assert_eq!(fs::read_to_string(folder.path().join(MARKER)).unwrap(), marker);
        }
    }
}
