//! A page of what was asked for; what cannot be read hides nothing else.

use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::evidence::Evidence;
use market_kernel::keys::Sort;

use crate::attributes::BODY;
use crate::error::StoreError;
use crate::item::Reader;

/// A page, and where the next one begins.
#[derive(Debug)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The place after which the next page begins; none on the last page.
    pub next: Option<String>,
    /// What is wrong with those that could not be read. They do not hide the others.
    pub unreadable: Vec<StoreError>,
}

/// An evidence record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its sort key.
    pub sort: Sort,
    /// Its bytes, exactly as hashed.
    pub stored: String,
    /// What they say.
    pub evidence: Evidence,
}

impl Reader {
    pub(crate) fn record(&self) -> Result<Record, StoreError> {
        Ok(Record {
            sort: self.key.sort.clone(),
            stored: self.text(BODY)?.to_owned(),
            evidence: self.form::<Evidence>()?,
        })
    }
}

impl Page<Reader> {
    /// The same page of what its items are; those that are corrupt are set aside.
    pub(crate) fn of<T>(self, read: impl Fn(&Reader) -> Result<T, StoreError>) -> Page<T> {
        let mut page = Page { items: Vec::new(), next: self.next, unreadable: self.unreadable };
        for reader in &self.items {
            match read(reader) {
                Ok(item) => page.items.push(item),
                Err(error) => page.unreadable.push(error),
            }
        }
        page
    }

    /// The first `limit` aggregates of the page of a partition that are kept. Where there are more, the next page begins
    /// behind the last of them.
    pub(crate) fn sift<A: Aggregate>(self, limit: u16, keep: impl Fn(&A) -> bool) -> Page<Loaded<A>> {
        let mut page = self.of(Reader::aggregate::<A>);
        page.items.retain(|item| keep(&item.state));
        if page.items.len() > usize::from(limit) {
            page.items.truncate(limit.into());
            page.next = page.items.last().map(|item| item.state.key().sort.to_string());
        }
        page
    }
}
