//! `market lists fill`: puts things into the lists that their states ask for.
//!
//! What a release before 0.5.0 wrote last stands in fewer lists, or where it stood when that release wrote it. Every write
//! mends it; this mends what nobody writes. Only attributes beside the state are written, and only where nobody wrote the thing
//! meanwhile, so the command may be broken off and given again, beside a market that works.
//!
//! A folder is scanned. A deployed table is not: accounts, listings and reviews are found in their lists, and by them
//! what they name: providers, documents. What nothing names is named to the command.

use std::collections::BTreeSet;
use std::fmt;

use indicatif::ProgressBar;
use market_agreement::documents::Document;
use market_kernel::aggregate::Aggregate;
use market_kernel::ids::{AccountId, DocumentId, ProviderId};
use market_kernel::keys::{Owner, Partition};
use market_kernel::stored::values::Named;
use market_parties::accounts::{AccountStatus, MarketAccount};
use market_store::schema::Made;
use market_store::{Asked, Index, PartitionItem, Store, StoreError, StoredThing};
use market_trade::listings::{Listing, ListingKind};
use serde::Serialize;

use super::place::Place;
use super::source::{Folder, Source};
use super::verify::thing::Thing;
use super::{Common, Ended, OperateError, counted, progress, say};

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
    /// Count what would be put into its lists; change nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    common: Common,
}

impl Lists {
    pub(super) const fn common(&self) -> &Common {
        let Self::Fill(arguments) = self;
        &arguments.common
    }
}

/// Whether lists are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// They are.
    Write,
    /// What would be put into them is counted.
    Count,
}

/// What was looked at, and what was put into its lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Filled {
    /// That nothing was written.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
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
        let Self { dry_run, looked_at, moved, unreadable: _ } = self;
        let were = counted(*looked_at, "thing was", "things were");
        if *dry_run {
            return write!(
                f,
                "{were} looked at, and {moved} would be put into their lists. Nothing was changed."
            );
        }
        write!(f, "{were} looked at, and {moved} put into their lists.")
    }
}

pub(super) async fn run(lists: Lists) -> Result<Ended, OperateError> {
    let Lists::Fill(Arguments { account, provider, document, dry_run, common }) = lists;
    let not_there = || OperateError::NotThere {
        what: "lists fill".to_owned(),
        place: "--url",
        why: "lists are filled in the table itself; name the stack, or the folder while no market uses it",
    };
    if common.at.url()?.is_some() {
        return Err(not_there());
    }
    let source = match common.at.find().await? {
        Place::Folder(folder) => Source::Folder(folder),
        Place::Stack(stack) => Source::stack(&stack)?,
        Place::Url(_) => return Err(not_there()),
    };
    let accounts = account.iter().map(Owner::partition);
    let providers = provider.iter().map(Owner::partition);
    let named = accounts.chain(providers).chain(document.iter().map(Document::partition)).collect();
    let how = if dry_run { How::Count } else { How::Write };
    let filled = fill_all(&source, &named, how, common.json).await;
    source.close().await;
    let filled = filled?;
    say(&filled, common.json)?;
    Ok(Ended::well(filled.unreadable.is_empty()))
}

async fn fill_all(
    source: &Source,
    named: &BTreeSet<Partition>,
    how: How,
    json: bool,
) -> Result<Filled, OperateError> {
    let found = match source {
        Source::Folder(folder) => {
            if how == How::Write {
                folder.complete().await?;
            }
            folder.partitions().await?
        }
        Source::Stack(_) => in_lists(source.store()).await?,
    };
    let bar = progress("Filling", json);
    let filled = fill(source.store(), found.union(named).cloned().collect(), how, &bar).await;
    bar.finish_and_clear();
    filled
}

/// Gives the table of a folder that an older release wrote the indexes that it lacks, and fills them.
pub(super) async fn complete(folder: &Folder) -> Result<(), OperateError> {
    if folder.complete().await? == Made::Completed {
        fill(folder.store(), folder.partitions().await?, How::Write, &ProgressBar::hidden()).await?;
    }
    Ok(())
}

/// The partitions of what is found in lists, and of the agreement. A table that is scanned needs none of them.
///
/// # Errors
/// Where the table cannot be read.
pub async fn in_lists(store: &Store) -> Result<BTreeSet<Partition>, OperateError> {
    let mut found = BTreeSet::from([Document::partition(&DocumentId::market_agreement())]);
    for status in [AccountStatus::Applied, AccountStatus::Active, AccountStatus::Terminated] {
        for list in status.lists() {
            found.extend(listed::<MarketAccount>(store, &list).await?);
        }
    }
    for list in ListingKind::ALL.iter().map(|kind| Listing::catalogue(*kind)).chain([Listing::REVIEWS]) {
        found.extend(listed::<Listing>(store, &list).await?);
    }
    Ok(found)
}

/// Fills the lists of what lies in these partitions, and of whatever any of it names.
///
/// # Errors
/// Where the table cannot be read or written.
pub async fn fill(
    store: &Store,
    named: BTreeSet<Partition>,
    how: How,
    progress: &ProgressBar,
) -> Result<Filled, OperateError> {
    let mut to_do = named;
    let mut filled = Filled { dry_run: how == How::Count, ..Filled::default() };
    let mut done = BTreeSet::new();
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
        && (filled.dry_run || store.put_in_lists(as_stored, list.as_ref(), desk.as_ref()).await?)
    {
        filled.moved += 1;
    }
    Ok(thing.names().into_iter().map(|key| key.partition).collect())
}
