//! A table, and what is known around it: that of a deployed stack, or the one in a data folder that no market is using.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use market_ambient::{Clock, SystemClock};
use market_kernel::Timestamp;
use market_kernel::keys::Partition;
use market_store::Store;
use market_store::schema::{self, Made};

use super::OperateError;
use super::error::aws_error;
use super::stack::Stack;
use crate::clock::LocalClock;
use crate::engine::{Engine, sdk_at};
use crate::folder::{self, CLOCK, TABLE_FILE};
use crate::{StartError, TABLE};

/// Partitions in which nothing has a chain.
const WITHOUT_THINGS: [&str; 2] = ["reply#", "ledger#"];

/// A table, and what is known around it.
pub(super) struct Source {
    store: Store,
    stack: Option<String>,
    table: String,
    clock: Arc<dyn Clock>,
    folder: Option<OpenFolder>,
}

/// A data folder that is held while it is verified.
struct OpenFolder {
    path: PathBuf,
    client: aws_sdk_dynamodb::Client,
    engine: Engine,
    lock: std::fs::File,
}

impl Source {
    /// The table of a stack.
    pub(super) fn stack(stack: &Stack) -> Result<Self, OperateError> {
        Ok(Self {
            store: stack.store()?,
            table: stack.table()?.to_owned(),
            stack: Some(stack.name().to_owned()),
            clock: Arc::new(SystemClock),
            folder: None,
        })
    }

    /// Opens a data folder for as long as the source lives. A market that is running on it holds it.
    pub(super) async fn folder(folder: &Path) -> Result<Self, OperateError> {
        let file = folder.join(TABLE_FILE);
        if !file.is_file() {
            return Err(OperateError::NoMarket(folder.to_owned()));
        }
        let lock = folder::lock(folder).map_err(StartError::from)?;
        folder::open(folder).map_err(StartError::from)?;
        let (engine, shown) = Engine::on_file(&file, Arc::default()).map_err(StartError::from)?;
        let clock = LocalClock::ticking(folder.join(CLOCK), shown).map_err(StartError::from)?;
        let client = aws_sdk_dynamodb::Client::new(&sdk_at(&engine).await);
        Ok(Self {
            store: Store::new(client.clone(), TABLE),
            table: TABLE.to_owned(),
            stack: None,
            clock: Arc::new(clock),
            folder: Some(OpenFolder { path: folder.to_owned(), client, engine, lock }),
        })
    }

    /// Gives the table of a folder that an older release wrote the indexes that it lacks.
    pub(super) async fn complete(&self) -> Result<Made, OperateError> {
        match &self.folder {
            Some(OpenFolder { client, .. }) => Ok(schema::create_table(client, TABLE).await?),
            None => Ok(Made::Whole),
        }
    }

    /// The folder, where it is one.
    pub(super) fn folder_path(&self) -> Option<&Path> {
        self.folder.as_ref().map(|folder| folder.path.as_path())
    }

    /// The market's clock.
    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Keeps with a folder's table how late it was when it was written, as a market that stops does.
    pub(super) async fn keep_time(&self) -> Result<(), OperateError> {
        match &self.folder {
            Some(OpenFolder { engine, .. }) => Ok(engine.keep(self.now()).await.map_err(StartError::from)?),
            None => Ok(()),
        }
    }

    /// Lets a folder go, its table in one file.
    pub(super) async fn close(self) {
        if let Some(OpenFolder { engine, lock, .. }) = self.folder {
            engine.close().await;
            drop(lock);
        }
    }

    pub(super) const fn store(&self) -> &Store {
        &self.store
    }

    /// The market's time.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The stack's name, where it is one, and the table's.
    pub(super) fn names(&self) -> (Option<String>, String) {
        (self.stack.clone(), self.table.clone())
    }

    /// Every partition of a data folder that holds things; none of a deployed table, which is not scanned.
    pub(super) async fn partitions(&self) -> Result<BTreeSet<Partition>, OperateError> {
        match &self.folder {
            Some(OpenFolder { client, .. }) => partitions(client).await,
            None => Ok(BTreeSet::new()),
        }
    }
}

/// Every partition of a data folder that holds things.
pub(crate) async fn partitions(
    client: &aws_sdk_dynamodb::Client,
) -> Result<BTreeSet<Partition>, OperateError> {
    let (mut partitions, mut start) = (BTreeSet::new(), None);
    loop {
        #[allow(clippy::disallowed_methods, reason = "a folder on this machine, which nobody else is using")]
        let scan = client.scan().table_name(TABLE).projection_expression("pk");
        let page = scan.set_exclusive_start_key(start).send().await;
        let page = page.map_err(|error| aws_error("the folder could not be read", &error))?;
        let keys = page.items().iter().filter_map(|item| item.get("pk")?.as_s().ok());
        let keys = keys.filter(|key| !WITHOUT_THINGS.iter().any(|own| key.starts_with(own)));
        partitions.extend(keys.map(Partition::stored));
        start = page.last_evaluated_key;
        if start.is_none() {
            return Ok(partitions);
        }
    }
}
