//! How entrustments lie in the table. Nothing else uses these types.

mod demand;
mod grant;
mod ledger;
mod names;
mod token;
