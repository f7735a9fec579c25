//! Which aggregates one request reads, and what comes back of each.

use std::collections::HashMap;

use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::keys::Key;

use crate::error::StoreError;
use crate::item::Reader;

/// A wish for one aggregate.
#[derive(Debug)]
pub struct Of<A: Aggregate>(A::Id);

/// The aggregate with this id.
pub fn of<A: Aggregate>(id: A::Id) -> Of<A> {
    Of(id)
}

/// Loadable that one request answers: tuples of one to eight [`Of`].
pub trait Loadable {
    /// The aggregates that were found; `None` for each that does not exist.
    type Found;
    /// The keys to read.
    fn keys(&self) -> Vec<Key>;
    /// The answer, from what was found.
    ///
    /// # Errors
    /// Where an item cannot be read.
    fn take(&self, found: &HashMap<Key, Reader>) -> Result<Self::Found, StoreError>;
}

/// Tuples of one wish, of two, and so on to as many as are named.
macro_rules! what {
    ([$($a:ident $i:tt)*]) => {};
    ([$($a:ident $i:tt)*] $next:ident $at:tt $($rest:tt)*) => {
        what!(@of $($a $i)* $next $at);
        what!([$($a $i)* $next $at] $($rest)*);
    };
    (@of $($a:ident $i:tt)+) => {
        impl<$($a: Aggregate),+> Loadable for ($(Of<$a>,)+) {
            type Found = ($(Option<Loaded<$a>>,)+);

            fn keys(&self) -> Vec<Key> {
                vec![$($a::key_of(&self.$i.0)),+]
            }

            fn take(&self, found: &HashMap<Key, Reader>) -> Result<Self::Found, StoreError> {
                Ok(($(found.get(&$a::key_of(&self.$i.0)).map(Reader::aggregate).transpose()?,)+))
            }
        }
    };
}
what!([] A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7);
