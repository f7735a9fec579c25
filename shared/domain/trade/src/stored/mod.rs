//! How trade lies in the table. Nothing else uses these types.

mod listing;
mod names;
mod order;
mod payment;

pub use listing::StoredScope;
