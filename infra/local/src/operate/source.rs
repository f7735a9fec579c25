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
pub(super) enum Source {
    /// In a data folder, which is held.
    Folder(Folder),
    /// Deployed.
    Stack(Deployed),
}

/// The table of a stack.
pub(super) struct Deployed {
    stack: String,
    table: String,
    store: Store,
}

/// A data folder that is held as long as this lives.
pub(super) struct Folder {
    path: PathBuf,
    store: Store,
    clock: Arc<dyn Clock>,
    client: aws_sdk_dynamodb::Client,
    engine: Engine,
    lock: std::fs::File,
}

impl Folder {
    /// Opens it. A market that is running on it holds it.
    pub(super) async fn open(folder: &Path) -> Result<Self, OperateError> {
        folder::check(folder).map_err(StartError::from)?;
        let file = folder.join(TABLE_FILE);
        if !file.is_file() {
            return Err(OperateError::NoMarket(folder.to_owned()));
        }
        let lock = folder::lock(folder).map_err(StartError::from)?;
        folder::open(folder).map_err(StartError::from)?;
        let (engine, shown) = Engine::on_file(&file, Arc::default()).map_err(StartError::from)?;
        let clock = LocalClock::ticking(folder.join(CLOCK), shown).map_err(StartError::from)?;
        let client = aws_sdk_dynamodb::Client::new(&sdk_at(&engine).await);
        let store = Store::new(client.clone(), TABLE);
        Ok(Self { path: folder.to_owned(), store, clock: Arc::new(clock), client, engine, lock })
    }

    /// Refuses one whose table lacks an index of this release: to look at its lists it would have to be completed.
    pub(super) async fn check_complete(&self) -> Result<(), OperateError> {
        if schema::is_complete(&self.client, TABLE).await? {
            return Ok(());
        }
        Err(OperateError::Incomplete(self.path.clone()))
    }

    /// Gives the table that an older release wrote the indexes that it lacks.
    pub(super) async fn complete(&self) -> Result<Made, OperateError> {
        Ok(schema::create_table(&self.client, TABLE).await?)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn store(&self) -> &Store {
        &self.store
    }

    /// The market's clock.
    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The market's time.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Keeps with the table how late it was when it was written, as a market that stops does.
    pub(super) async fn keep_time(&self) -> Result<(), OperateError> {
        Ok(self.engine.keep(self.now()).await.map_err(StartError::from)?)
    }

    /// Every partition that holds things.
    pub(super) async fn partitions(&self) -> Result<BTreeSet<Partition>, OperateError> {
        partitions(&self.client).await
    }

    /// Lets it go, its table in one file.
    pub(super) async fn close(self) {
        self.engine.close().await;
        drop(self.lock);
    }
}

impl Source {
    /// The table of a stack.
    pub(super) fn stack(stack: &Stack) -> Result<Self, OperateError> {
        let (store, table) = (stack.store()?, stack.table()?.to_owned());
        Ok(Self::Stack(Deployed { stack: stack.name().to_owned(), table, store }))
    }

    /// Keeps the time with a folder's table; a stack's is everyone's.
    pub(super) async fn keep_time(&self) -> Result<(), OperateError> {
        match self {
            Self::Folder(folder) => folder.keep_time().await,
            Self::Stack(_) => Ok(()),
        }
    }

    /// Lets a folder go.
    pub(super) async fn close(self) {
        if let Self::Folder(folder) = self {
            folder.close().await;
        }
    }

    pub(super) const fn store(&self) -> &Store {
        match self {
            Self::Folder(folder) => folder.store(),
            Self::Stack(deployed) => &deployed.store,
        }
    }

    /// The market's time.
    pub(super) fn now(&self) -> Timestamp {
        match self {
            Self::Folder(folder) => folder.now(),
            Self::Stack(_) => SystemClock.now(),
        }
    }

    /// The stack's name, where it is one, and the table's.
    pub(super) fn names(&self) -> (Option<String>, String) {
        match self {
            Self::Folder(_) => (None, TABLE.to_owned()),
            Self::Stack(Deployed { stack, table, .. }) => (Some(stack.clone()), table.clone()),
        }
    }

    /// Every partition of a data folder that holds things; none of a deployed table, which is not scanned.
    pub(super) async fn partitions(&self) -> Result<BTreeSet<Partition>, OperateError> {
        match self {
            Self::Folder(folder) => folder.partitions().await,
            Self::Stack(_) => Ok(BTreeSet::new()),
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
