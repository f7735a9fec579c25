//! Reading: one item, a few at once, a page of a partition, a page of a list.
//!
//! Items are read strongly consistent. Lists of another party (index `view`) are eventually consistent;
//! they are for people, and no decision is made on them.
//!
//! Where a page begins is chosen by the client. It is checked against the query, which fixes the partition or the list:
//! a page begins within it or is refused ([`StoreError::OutsideQuery`]), and never shows what lies outside.

mod items;
mod list;
mod loadable;
mod merged;
mod page;
mod partition;

pub use self::loadable::{Of, of};
pub use self::page::{Page, Record};
