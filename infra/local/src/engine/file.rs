//! The file that the engine keeps its table in. The latest instant that the market's clock has shown lies in it
//! too, so that a copy of this one file goes on where it stood.

use std::fs::File;
use std::path::{Path, PathBuf};

use dynoxide::actions::create_table::StreamSpecification;
use dynoxide::actions::list_tables::ListTablesRequest;
use dynoxide::actions::update_table::UpdateTableRequest;
use dynoxide::{Database, DynoxideError};
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode};

use crate::folder;

/// The engine did not start, or does not go on.
#[derive(Debug, thiserror::Error)]
#[error("the embedded database engine: {0}")]
pub struct EngineError(String);

impl EngineError {
    pub(super) fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }

    fn of(file: &Path, error: impl std::fmt::Display) -> Self {
        Self(format!("{}: {error}; restore the file, or choose another folder with --data", file.display()))
    }
}

/// The file of an engine, and what is kept in it beside the tables.
#[derive(Debug)]
pub(super) struct EngineFile {
    path: PathBuf,
    beside: Connection,
}

/// Opens a file, which is made where it does not exist.
pub(super) fn open(file: &Path) -> Result<(Database, EngineFile, Option<Timestamp>), EngineError> {
    let failed = |error: &dyn std::fmt::Display| EngineError::of(file, error);
    // Made here, so that nobody else on the machine can read it; its log is made with the same permissions.
    folder::touch(file).map_err(|error| failed(&error))?;
    check(file)?;
    let database = Database::new(&file.to_string_lossy()).map_err(|error| failed(&error))?;
    let connection = Connection::open(file).map_err(|error| failed(&error))?;
    connection.execute_batch(TEND).map_err(|error| failed(&error))?;
    let shown = connection.query_row("SELECT max(shown_ms) FROM market_clock", [], |row| row.get(0));
    let shown: Option<i64> = shown.map_err(|error| failed(&error))?;
    let shown = shown.map(Timestamp::from_millisecond).transpose().map_err(|error| failed(&error))?;
    // A commit is in the log when it returns, and `durable` brings the log to the disk. Until here each did so itself.
    // The library calls this its normal mode, beside that of bulk loading.
    database.disable_bulk_loading().map_err(|error| failed(&error))?;
    connection.execute_batch("PRAGMA synchronous = NORMAL").map_err(|error| failed(&error))?;
    Ok((database, EngineFile { path: file.to_owned(), beside: connection }, shown))
}

/// Refuses what is no database, in words of our own: the engine's are advice to whoever builds on it.
fn check(file: &Path) -> Result<(), EngineError> {
    let read = Connection::open(file)
        .and_then(|connection| connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())));
    match read.as_ref().map_err(rusqlite::Error::sqlite_error_code) {
        Err(Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)) => {
            Err(EngineError::of(file, "it is damaged, or is no market's table"))
        }
        _ => read.map_err(|error| EngineError::of(file, error)),
    }
}

/// Writes nothing where a market has run before: a start that fails leaves the file as it was.
const TEND: &str = "CREATE TABLE IF NOT EXISTS market_clock (shown_ms INTEGER NOT NULL)";

/// Says of every table whether it has a stream. While the market runs, none has: its commits are seen as they are
/// carried out, and the engine looks for the stream's newest record at every write. A file that is closed has one,
/// for a release that reads it.
fn set_streams(database: &Database, enabled: bool) -> Result<(), DynoxideError> {
    for table in database.list_tables(ListTablesRequest::default())?.table_names {
        let stream_view_type = enabled.then(|| "NEW_IMAGE".to_owned());
        database.update_table(UpdateTableRequest {
            table_name: table,
            stream_specification: Some(StreamSpecification { stream_enabled: enabled, stream_view_type }),
            ..UpdateTableRequest::default()
        })?;
    }
    Ok(())
}

impl EngineFile {
    /// The log that commits are in before they are in the file; `SQLite` keeps it as long as the file is open.
    pub(super) fn log(&self) -> Result<File, EngineError> {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        File::options().write(true).open(&log).map_err(|error| EngineError::of(Path::new(&log), error))
    }

    /// Takes the streams from the tables, with their records, which are nobody's and which the engine never drops.
    pub(super) fn stop_streams(&self, database: &Database) {
        let stopped = set_streams(database, false).map_err(EngineError::new).and_then(|()| {
            self.beside.execute("DELETE FROM _stream_records", []).map(drop).map_err(EngineError::new)
        });
        if let Err(error) = stopped {
            tracing::warn!(file = %self.path.display(), %error, "its tables keep their streams");
        }
    }

    /// Writes down an instant, unless a later one is there.
    pub(super) fn keep(&mut self, shown: Timestamp) -> Result<(), EngineError> {
        let kept = self.beside.transaction().and_then(|change| {
            let ms = shown.as_millisecond();
            change.execute("INSERT INTO market_clock (shown_ms) VALUES (?1)", [ms])?;
            change.execute(
                "DELETE FROM market_clock WHERE shown_ms < (SELECT max(shown_ms) FROM market_clock)",
                [],
            )?;
            change.commit()
        });
        kept.map_err(|error| EngineError::of(&self.path, error))
    }

    /// Closes the engine, and sees to it that its file stands alone. Tables have streams then, as they had.
    pub(super) fn close(self, database: Database, has_streams: bool) {
        let Self { path, beside } = self;
        if !has_streams && let Err(error) = set_streams(&database, true) {
            tracing::warn!(file = %path.display(), %error, "its tables have no stream");
        }
        // The last to close a file folds its log into it.
        drop((beside, database));
        let folded = Connection::open(&path).and_then(|connection| {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
        });
        match folded {
            Ok(0) => {}
            Ok(_) => {
                tracing::warn!(file = %path.display(), "something else has it open: its -wal belongs to it");
            }
            Err(error) => tracing::warn!(file = %path.display(), %error, "its -wal belongs to it"),
        }
    }
}
