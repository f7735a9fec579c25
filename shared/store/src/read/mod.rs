//! Reading: one item, a few at once, a page of a partition, a page of a list.
//!
//! Items are read strongly consistent. Lists that others than the owner read (indexes `lists` and `desk`) are eventually
//! consistent; they are for people, and no decision is made on them.
//!
//! One item more than a page shows is asked for, so that the last page is known as the last.
//!
//! Where a page begins is chosen by the client. It is checked against the query, which fixes the partition or the list:
//! a page begins within it or is refused ([`StoreError::OutsideQuery`]), and never shows what lies outside.

mod asked;
mod items;
mod list;
mod loadable;
mod merged;
mod page;
mod partition;

pub use self::asked::{Asked, Sorted};
pub(crate) use self::items::Consistency;
pub use self::list::Index;
pub use self::loadable::{Of, of};
pub use self::page::{Page, Record};
