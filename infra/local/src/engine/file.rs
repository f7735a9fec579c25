//! The file that the engine keeps its table in. The latest instant that the market's clock has shown lies in it
//! too, so that a copy of this one file goes on where it stood.

use std::path::{Path, PathBuf};

use dynoxide::Database;
use jiff::Timestamp;
use rusqlite::Connection;

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

/// The file of an engine.
#[derive(Debug)]
pub(crate) struct EngineFile(PathBuf);

/// Opens a file, which is made where it does not exist.
pub(super) fn open(file: &Path) -> Result<(Database, EngineFile, Option<Timestamp>), EngineError> {
    let failed = |error: &dyn std::fmt::Display| EngineError::of(file, error);
    // Made here, so that nobody else on the machine can read it; its log is made with the same permissions.
    folder::touch(file).map_err(|error| failed(&error))?;
    let database = Database::new(&file.to_string_lossy()).map_err(|error| failed(&error))?;
    let connection = Connection::open(file).map_err(|error| failed(&error))?;
    connection.execute_batch(TEND).map_err(|error| failed(&error))?;
    let shown = connection.query_row("SELECT max(shown_ms) FROM market_clock", [], |row| row.get(0));
    let shown: Option<i64> = shown.map_err(|error| failed(&error))?;
    let shown = shown.map(Timestamp::from_millisecond).transpose().map_err(|error| failed(&error))?;
    Ok((database, EngineFile(file.to_owned()), shown))
}

/// Makes the engine's stream bearable on a file that is kept: it never drops a record, and looks through all of
/// them at every write. Here they get an index, and those that DynamoDB would have dropped (after 24 hours) are
/// dropped when the market starts.
const TEND: &str = "
    CREATE INDEX IF NOT EXISTS market_stream_order
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
    -- Sequence numbers count from microseconds since 1970.
    DELETE FROM _stream_records
        WHERE CAST(sequence_number AS INTEGER) < (unixepoch() - 86400) * 1000000;
    CREATE TABLE IF NOT EXISTS market_clock (shown_ms INTEGER NOT NULL)";

impl EngineFile {
    /// Keeps an instant, unless a later one is kept.
    pub(super) fn keep(&self, shown: Timestamp) -> Result<(), EngineError> {
        let kept = Connection::open(&self.0).and_then(|mut connection| {
            let change = connection.transaction()?;
            let ms = shown.as_millisecond();
            change.execute("INSERT INTO market_clock (shown_ms) VALUES (?1)", [ms])?;
            change.execute(
                "DELETE FROM market_clock WHERE shown_ms < (SELECT max(shown_ms) FROM market_clock)",
                [],
            )?;
            change.commit()
        });
        kept.map_err(|error| EngineError::of(&self.0, error))
    }

    /// Sees to it that the file stands alone, when the engine has closed it.
    pub(super) fn fold(&self) {
        let folded = Connection::open(&self.0).and_then(|connection| {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
        });
        match folded {
            Ok(0) => {}
            Ok(_) => {
                tracing::warn!(file = %self.0.display(), "something else has it open: its -wal belongs to it")
            }
            Err(error) => tracing::warn!(file = %self.0.display(), %error, "its -wal belongs to it"),
        }
    }
}
