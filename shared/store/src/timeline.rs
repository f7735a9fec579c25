//! The timeline of an account: what happened to what it has, in the order of its instants.
//!
//! Evidence sorts by the thing that it is of. So of the records that one commit adds to a merchant's partition the first stands
//! in a list, at the instant of the commit, and names the others. An entry for each commit is what a timeline costs to write.
//! These attributes are beside what is hashed, and prove nothing: the records do.

use market_kernel::Timestamp;
use market_kernel::change::{Change, Write};
use market_kernel::keys::{Key, ListName, Partition, instant_place};

use crate::Store;
use crate::attributes::{BESIDE, Item, LIST, PLACE, s};
use crate::commit::evidence_key;
use crate::error::StoreError;
use crate::item::Reader;
use crate::read::{Asked, Consistency, Page, Record};

/// What one commit did in a merchant's partition.
#[derive(Debug)]
pub struct Told {
    /// Its first record.
    pub first: Record,
    /// Its other records.
    pub beside: Vec<Record>,
}

/// Which of a change's records stand in timelines.
pub(crate) struct Timelines(Vec<(ListName, Vec<Key>)>);

/// The timelines that a change is told in.
pub(crate) fn of(change: &Change) -> Timelines {
    let is_told = |write: &&Write| write.is_told && write.record.is_some();
    let mut told: Vec<(ListName, Vec<Key>)> = Vec::new();
    for write in change.writes.iter().filter(is_told) {
        let Some(list) = ListName::timeline(&write.key.partition) else { continue };
        let key = evidence_key(&write.key, write.version());
        match told.iter_mut().find(|(known, _)| *known == list) {
            Some((_, keys)) => keys.push(key),
            None => told.push((list, vec![key])),
        }
    }
    Timelines(told)
}

impl Timelines {
    /// Gives the record at a key its place, if it has one.
    pub(crate) fn place(&self, key: &Key, at: Timestamp, item: &mut Item) {
        let Some((list, keys)) = self.0.iter().find(|(_, keys)| keys.first() == Some(key)) else { return };
        item.insert(LIST.to_owned(), s(list.as_str()));
        item.insert(PLACE.to_owned(), s(format!("{}#{}", instant_place(at), key.sort)));
        let beside: Vec<_> = keys.iter().skip(1).map(|key| key.sort.as_str()).collect();
        if !beside.is_empty() {
            item.insert(BESIDE.to_owned(), s(beside.join("|")));
        }
    }
}

impl Store {
    /// A page of what happened in a merchant's partition, one entry for each commit. What was recorded before 0.5.0 is not in
    /// it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn timeline(&self, partition: &Partition, asked: Asked<'_>) -> Result<Page<Told>, StoreError> {
        let empty = Page { items: Vec::new(), next: None, unreadable: Vec::new() };
        let Some(list) = ListName::timeline(partition) else { return Ok(empty) };
        let (keys, next) = self.entry_keys(&list, asked).await?;
        let mut found = self.batch(keys.clone(), Consistency::Eventual).await?;
        let firsts: Vec<Reader> = keys.iter().filter_map(|key| found.remove(key)).collect();
        let others = firsts.iter().flat_map(|first| beside(first, partition)).collect();
        let others = self.batch(others, Consistency::Eventual).await?;
        let page = Page { items: firsts, next, unreadable: Vec::new() };
        Ok(page.of(|first| {
            let beside = beside(first, partition).into_iter().filter_map(|key| others.get(&key));
            Ok(Told { first: first.record()?, beside: beside.map(Reader::record).collect::<Result<_, _>>()? })
        }))
    }
}

/// The keys of the other records of a commit, by its first.
fn beside(first: &Reader, partition: &Partition) -> Vec<Key> {
    let names = first.plain(BESIDE).unwrap_or_default();
    let names = names.split('|').filter(|name| !name.is_empty());
    names.map(|sort| Key::stored(partition.as_str(), sort)).collect()
}
