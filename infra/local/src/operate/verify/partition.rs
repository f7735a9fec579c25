//! A partition as it is verified: read whole, once, in the order of its keys.

use std::collections::BTreeMap;

use market_kernel::keys::{Key, Partition, Sort};
use market_store::commit::{EVIDENCE, evidence_prefix};
use market_store::{Asked, PartitionItem, Record, Store, StoreError, StoredThing};

use super::super::OperateError;

/// Items of one read.
const PAGE: u16 = 100;
/// What lies beside things and has no chain (docs/ARCHITECTURE.md, "The table"): versions of documents, their texts and
/// outlines, lines of ledgers from before they had partitions.
const CONTENTS: [&str; 4] = ["version#", "text#", "outline#", "access#"];

/// Whether what has no chain belongs where it lies.
pub(super) fn is_known_content(key: &Key) -> bool {
    CONTENTS.iter().any(|prefix| key.sort.starts_with(prefix))
}

/// All that lies in a partition.
pub(super) struct WholePartition {
    pub name: Partition,
    /// Things, by their sort keys.
    pub things: BTreeMap<Sort, StoredThing>,
    /// The records of every chain, by the sort key of its thing.
    pub chains: BTreeMap<Sort, Vec<Record>>,
    /// What has no chain.
    pub contents: Vec<Key>,
    /// What cannot be read, with the reason.
    pub unreadable: BTreeMap<Key, String>,
}

impl WholePartition {
    pub(super) async fn read(store: &Store, name: &Partition) -> Result<Self, OperateError> {
        let mut read = Self {
            name: name.clone(),
            things: BTreeMap::new(),
            chains: BTreeMap::new(),
            contents: Vec::new(),
            unreadable: BTreeMap::new(),
        };
        let mut after: Option<String> = None;
        loop {
            let page = store.everything(name, after.as_deref(), PAGE).await?;
            for found in page.items {
                match found {
                    PartitionItem::Thing(as_stored) => {
                        read.things.insert(as_stored.key.sort.clone(), as_stored);
                    }
                    PartitionItem::Record(record) => {
                        read.chains.entry(Sort::stored(chain_of(&record.sort))).or_default().push(record);
                    }
                    PartitionItem::Content(key) => read.contents.push(key),
                }
            }
            for error in page.unreadable {
                match error {
                    StoreError::Corrupt { key, reason } => read.unreadable.insert(key, reason),
                    error => return Err(error.into()),
                };
            }
            after = page.next;
            if after.is_none() {
                return Ok(read);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.things.is_empty()
            && self.chains.is_empty()
            && self.contents.is_empty()
            && self.unreadable.is_empty()
    }

    /// The records of a thing, in their order; none where there are none.
    pub(super) fn chain(&self, sort: &str) -> &[Record] {
        self.chains.get(sort).map_or(&[], Vec::as_slice)
    }

    /// Whether anything lies at a key of this partition, whatever it is.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.things.contains_key(&key.sort)
            || self.unreadable.contains_key(key)
            || self.contents.contains(key)
    }
}

/// The sort key of the thing that a record is of.
fn chain_of(sort: &str) -> &str {
    let thing = sort.strip_prefix(EVIDENCE).unwrap_or(sort);
    thing.rsplit_once('#').map_or(thing, |(thing, _number)| thing)
}

/// The records of one chain, in their order. One that cannot be read is missing, and shows as that.
pub(super) async fn records(store: &Store, key: &Key) -> Result<Vec<Record>, StoreError> {
    let (mut all, mut after) = (Vec::new(), None::<String>);
    loop {
        let asked = Asked::page(after.as_deref(), PAGE);
        let page = store.list_records(&key.partition, &evidence_prefix(&key.sort), asked).await?;
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}
