//! `market lists fill`: puts things into the lists that their states ask for.
//!
//! What a release before 0.5.0 wrote last stands in fewer lists, or where it stood when that release wrote it. Every write
//! mends it; this mends what nobody writes. Only attributes beside the state are written, and only where nobody wrote the thing
//! meanwhile, so the command may be broken off and given again, beside a market that works.
//!
//! A deployed table is not scanned. Accounts, listings and reviews are found in their lists, and what they name is found by
//! them: providers, documents. What nothing names is named to the command.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use indicatif::ProgressBar;
use market_agreement::documents::Document;
use market_kernel::aggregate::Aggregate;
use market_kernel::ids::{AccountId, DocumentId, ProviderId};
use market_kernel::keys::{Owner, Partition};
use market_kernel::stored::values::Named;
use market_parties::accounts::{AccountStatus, MarketAccount};
use market_store::{Asked, Index, PartitionItem, Store, StoreError, StoredThing};
use market_trade::listings::{Listing, ListingKind};
use serde::Serialize;

use super::verify::source::Source;
use super::verify::thing::Thing;
use super::{Common, OperateError, progress, say};

/// Things of one read.
const PAGE: u16 = 100;

/// What to do with lists.
#[derive(Debug, clap::Subcommand)]
pub enum Lists {
    /// Put what releases before 0.5.0 wrote into the lists in which it is looked for.
    Fill(Arguments),
}

/// Where, and what nothing else names.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// An account that has not been written since 0.3.0.
    #[arg(long, value_name = "ID")]
    account: Vec<AccountId>,
    /// A provider that has neither listings nor orders.
    #[arg(long, value_name = "ID")]
    provider: Vec<ProviderId>,
    /// A document that nobody accepted and no listing names.
    #[arg(long, value_name = "ID")]
    document: Vec<DocumentId>,
    /// A data folder that no market is using, in place of a stack.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["stack_name", "region", "profile"])]
    data: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// What was looked at, and what was put into its lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Filled {
    /// Things that were looked at.
    pub looked_at: u64,
    /// Those that did not stand where their states say.
    pub moved: u64,
    /// What cannot be read, and stands where it stood.
    pub unreadable: Vec<String>,
}

impl fmt::Display for Filled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in &self.unreadable {
            writeln!(f, "{item} cannot be read")?;
        }
        write!(f, "{} things were looked at, and {} put into their lists.", self.looked_at, self.moved)
    }
}

pub(super) async fn run(lists: Lists) -> Result<ExitCode, OperateError> {
    let Lists::Fill(Arguments { account, provider, document, data, common }) = lists;
    let source = match &data {
        Some(folder) => Source::folder(folder).await?,
        None => Source::stack(&common.stack).await?,
    };
    source.complete().await?;
    let mut named: BTreeSet<Partition> = account.iter().map(Owner::partition).collect();
    named.extend(provider.iter().map(Owner::partition));
    named.extend(document.iter().map(Document::partition));
    named.extend(source.partitions().await?);
    let bar = progress("Filling", common.json);
    let filled = fill(source.store(), named, &bar).await;
    bar.finish_and_clear();
    source.close().await;
    let filled = filled?;
    say(&filled, common.json)?;
    Ok(super::exit(filled.unreadable.is_empty()))
}

/// Fills the lists of what lies in these partitions, of what is found in lists, and of whatever any of it names.
///
/// # Errors
/// Where the table cannot be read or written.
pub async fn fill(
    store: &Store,
    named: BTreeSet<Partition>,
    progress: &ProgressBar,
) -> Result<Filled, OperateError> {
    let mut to_do = named;
    to_do.insert(Document::partition(&DocumentId::market_agreement()));
    for status in [AccountStatus::Applied, AccountStatus::Active, AccountStatus::Terminated] {
        for list in status.lists() {
            to_do.extend(listed::<MarketAccount>(store, &list).await?);
        }
    }
    for list in ListingKind::ALL.iter().map(|kind| Listing::catalogue(*kind)).chain([Listing::REVIEWS]) {
        to_do.extend(listed::<Listing>(store, &list).await?);
    }
    let (mut filled, mut done) = (Filled::default(), BTreeSet::new());
    while let Some(partition) = to_do.pop_first() {
        if !done.insert(partition.clone()) {
            continue;
        }
        progress.inc_length(1);
        let found = fill_partition(store, &partition, &mut filled).await?;
        to_do.extend(found.into_iter().filter(|named| !done.contains(named)));
        progress.inc(1);
    }
    Ok(filled)
}

/// The partitions of what a list names, also of what stands in no list of this release yet.
async fn listed<A: Aggregate>(
    store: &Store,
    list: &market_kernel::keys::ListName,
) -> Result<Vec<Partition>, StoreError> {
    let (mut partitions, mut after) = (Vec::new(), None::<String>);
    loop {
        let asked = Asked::page(after.as_deref(), PAGE);
        let lists = std::slice::from_ref(list);
        let page = store.list_entries_merged::<A>(Index::Lists, lists, asked).await?;
        partitions.extend(page.items.iter().map(|item| item.state.key().partition));
        after = page.next;
        if after.is_none() {
            return Ok(partitions);
        }
    }
}

/// Fills the lists of a partition's things. The partitions of what they name.
async fn fill_partition(
    store: &Store,
    partition: &Partition,
    filled: &mut Filled,
) -> Result<BTreeSet<Partition>, OperateError> {
    let (mut named, mut after) = (BTreeSet::new(), None::<String>);
    loop {
        let page = store.everything(partition, after.as_deref(), PAGE).await?;
        for error in &page.unreadable {
            filled.unreadable.push(error.to_string());
        }
        for item in page.items {
            if let PartitionItem::Thing(as_stored) = item {
                filled.looked_at += 1;
                named.extend(fill_one(store, &as_stored, filled).await?);
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(named);
        }
    }
}

async fn fill_one(
    store: &Store,
    as_stored: &StoredThing,
    filled: &mut Filled,
) -> Result<Vec<Partition>, OperateError> {
    let Ok(thing) = Thing::read(as_stored) else {
        filled.unreadable.push(as_stored.key.to_string());
        return Ok(Vec::new());
    };
    let [list, desk] = thing.entries();
    if !as_stored.listed.is(list.as_ref(), desk.as_ref())
        && store.put_in_lists(as_stored, list.as_ref(), desk.as_ref()).await?
    {
        filled.moved += 1;
    }
    Ok(thing.names().into_iter().map(|key| key.partition).collect())
}
