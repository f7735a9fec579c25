//! Heads that are kept outside the table: where each chain ended, and when.
//!
//! A state that is taken back together with its newest records and its head is whole in itself: nothing in the
//! table shows it. A list of heads, kept where whoever writes to the table cannot write, does. It is a file of
//! JSON lines: the first says of which table it is and when it was made, every other one is a head, in the order
//! of the keys.

use std::collections::BTreeSet;
use std::path::Path;

use market_kernel::Timestamp;
use market_kernel::hash::Sha256Hash;
use market_kernel::keys::{Key, Partition, Sort};
use market_store::{Record, StoredThing};
use serde::{Deserialize, Serialize};

use super::super::{OperateError, files};
use super::partition::WholePartition;
use super::{Faults, Verification};
use crate::folder::{in_words, replace};

/// The form of the file that this release writes, and reads.
const FORMAT: u32 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Title {
    format: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stack: Option<String>,
    table: String,
    at: Timestamp,
}

/// Where a chain ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Head {
    /// The partition of its thing.
    pub partition: Partition,
    /// Its sort key.
    pub sort: Sort,
    /// Its version, which is the number of its newest record.
    pub version: u64,
    /// The hash of that record.
    pub head: Sha256Hash,
}

impl Head {
    pub(super) fn of(as_stored: &StoredThing) -> Self {
        let Key { partition, sort } = as_stored.key.clone();
        Self { partition, sort, version: as_stored.version, head: as_stored.head.clone() }
    }
}

/// Heads of one table at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heads {
    title: Title,
    heads: Vec<Head>,
}

impl Heads {
    pub(super) fn new(stack: Option<String>, table: String, at: Timestamp, verified: &Verification) -> Self {
        let title = Title { format: FORMAT, stack, table, at };
        let mut heads = verified.heads.clone();
        heads.sort();
        Self { title, heads }
    }

    /// When they were.
    pub(super) const fn at(&self) -> Timestamp {
        self.title.at
    }

    /// Those of a partition.
    pub(super) fn of(&self, partition: &Partition) -> impl Iterator<Item = &Head> {
        self.heads.iter().filter(move |head| head.partition == *partition)
    }

    /// The partitions that they are of.
    pub(in crate::operate) fn partitions(&self) -> BTreeSet<Partition> {
        self.heads.iter().map(|head| head.partition.clone()).collect()
    }

    /// Writes the file, whole or not at all.
    pub(super) fn write(&self, file: &Path) -> Result<(), OperateError> {
        let mut lines = line(&self.title)?;
        for head in &self.heads {
            lines.push_str(&line(head)?);
        }
        let failed = |reason: String| OperateError::NotWritten { file: file.display().to_string(), reason };
        // It is put in the place of what has its name.
        if std::fs::symlink_metadata(file).is_ok_and(|found| !found.is_file()) {
            return Err(failed("there is something that is no file".to_owned()));
        }
        replace(file, lines.as_bytes()).map_err(|error| failed(in_words(&error)))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// Where it is none, or of a later form.
    pub fn read(file: &Path) -> Result<Self, OperateError> {
        Self::parse(&files::read(file)?).map_err(|reason| files::unread(file, reason))
    }

    fn parse(text: &str) -> Result<Self, String> {
        /// What every form has.
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let mut lines = (1..).zip(text.lines());
        let first = lines.next().map(|(_, line)| line).unwrap_or_default();
        let Format { format } = serde_json::from_str(first)
            .map_err(|_| "its first line is not that of a list of heads".to_owned())?;
        if format != FORMAT {
            return Err(format!("it is of format {format}, and this release reads {FORMAT}"));
        }
        let title =
            serde_json::from_str(first).map_err(|_| "its first line says no table and instant".to_owned())?;
        let heads = lines
            .map(|(number, line)| serde_json::from_str(line).map_err(|_| format!("line {number} is no head")))
            .collect::<Result<_, _>>()?;
        Ok(Self { title, heads })
    }

    /// That everything of a partition that had a head then is there still, and has grown from it.
    pub(super) fn hold_against(&self, read: &WholePartition, faults: &mut Faults) {
        for head in self.of(&read.name) {
            let key = Key::new(head.partition.clone(), head.sort.clone());
            let (version, then) = (head.version, self.title.at);
            match read.things.get(&head.sort) {
                None if read.has(&key) => {}
                None => faults.say(&key, format!("it is gone, and was at version {version} at {then}")),
                Some(now) if now.version < version => {
                    faults.say(
                        &key,
                        format!("it is at version {}, and was at {version} at {then}", now.version),
                    );
                }
                Some(now) if hash_at(version, now, read.chain(&head.sort)) != Some(head.head.clone()) => {
                    faults.say(
                        &key,
                        format!("its chain is not the one that was at version {version} at {then}"),
                    );
                }
                Some(_) => {}
            }
        }
    }
}

/// The hash of the record that led to a version: its own, or as the next record names it. A notice begins with the
/// record of its cause, which its own chain does not hold.
fn hash_at(version: u64, now: &StoredThing, chain: &[Record]) -> Option<Sha256Hash> {
    let number = |wanted: u64| chain.iter().find(move |record| record.evidence.number == wanted);
    number(version)
        .map(|record| Sha256Hash::of(record.stored.as_bytes()))
        .or_else(|| number(version + 1).map(|record| record.evidence.previous.clone()))
        .or_else(|| (now.version == version).then(|| now.head.clone()))
}

fn line(of: &impl Serialize) -> Result<String, OperateError> {
    let mut line = serde_json::to_string(of).map_err(OperateError::Unwritable)?;
    line.push('\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_it_was_written_and_what_is_none_is_refused_with_its_place() {
        let title = r#"{"format":1,"table":"market","at":"2026-01-05T01:00:00Z"}"#;
        let head = format!(
            r#"{{"partition":"account#a","sort":"state","version":2,"head":"{}"}}"#,
            Sha256Hash::origin()
        );
        let read = Heads::parse(&format!("{title}\n{head}\n")).unwrap();
        assert_eq!(
            format!("{}{}", line(&read.title).unwrap(), line(&read.heads[0]).unwrap()),
            format!("{title}\n{head}\n")
        );
        for (text, reason) in [
            (String::new(), "first line"),
            (head.clone(), "first line"),
            (title.replace(":1", ":2"), "format 2"),
            (r#"{"format":1}"#.to_owned(), "table"),
            (format!("{title}\n{head}\n{{}}\n"), "line 3"),
            (format!("{title}\n{}\n", head.replace("0000", "zzzz")), "line 2"),
        ] {
            let refused = Heads::parse(&text).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}
