//! The embedded DynamoDB engine: on a loopback port of its own, in a thread and runtime of its own, because
//! it works synchronously under one lock.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use dynoxide::Database;
use tokio::sync::oneshot;

/// A running engine; it stops when this is dropped.
#[derive(Debug)]
pub struct Engine {
    address: SocketAddr,
    /// Dropped with the engine, which ends it.
    _stop: oneshot::Sender<()>,
}

/// The engine did not start.
#[derive(Debug, thiserror::Error)]
#[error("the embedded database engine did not start: {0}")]
pub struct EngineError(String);

impl Engine {
    /// Starts it on a file, or in memory where none is named.
    pub fn start(file: Option<&Path>) -> Result<Self, EngineError> {
        let failed = |error: &dyn std::fmt::Display| EngineError(error.to_string());
        let database = match file {
            Some(file) => Database::new(&file.to_string_lossy()),
            None => Database::memory(),
        }
        .map_err(|error| failed(&error))?;
        if let Some(file) = file {
            tend_stream(file).map_err(|error| failed(&error))?;
        }
        Self::serve(database)
    }

    /// Serves a database that is open.
    pub fn serve(database: Database) -> Result<Self, EngineError> {
        let failed = |error: &dyn std::fmt::Display| EngineError(error.to_string());
        let listener =
            std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| failed(&error))?;
        listener.set_nonblocking(true).map_err(|error| failed(&error))?;
        let address = listener.local_addr().map_err(|error| failed(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        let (stop, stopped) = oneshot::channel();
        // Not joined at the end: it waits for idle connections of clients that may outlive it. Commits are durable.
        std::thread::Builder::new()
            .name("dynamodb-engine".to_owned())
            .spawn(move || {
                let served = runtime.block_on(async {
                    let listener =
                        tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())?;
                    dynoxide::server::serve_with_shutdown(listener, database, async { drop(stopped.await) })
                        .await
                });
                if let Err(error) = served {
                    tracing::error!(%error, "the embedded database engine failed");
                }
            })
            .map_err(|error| failed(&error))?;
        Ok(Self { address, _stop: stop })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Makes the engine's stream bearable on a file that is kept: it never drops a record, and looks through all of
/// them at every write and every read. Here they get an index, and those that DynamoDB would have dropped
/// (after 24 hours) are dropped when the market starts.
fn tend_stream(file: &Path) -> rusqlite::Result<()> {
    rusqlite::Connection::open(file)?.execute_batch(
        "CREATE INDEX IF NOT EXISTS market_stream_order
             ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
         -- Sequence numbers count from microseconds since 1970.
         DELETE FROM _stream_records
             WHERE CAST(sequence_number AS INTEGER) < (unixepoch() - 86400) * 1000000;",
    )
}

/// The SDK's configuration for an endpoint on this machine, with the timeouts and retries of everywhere.
pub async fn sdk_at(endpoint: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .timeout_config(market_outside::sdk::timeouts())
        .retry_config(market_outside::sdk::retry())
        .load()
        .await
}
