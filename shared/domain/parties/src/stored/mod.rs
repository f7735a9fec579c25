//! How parties lie in the table. Nothing else uses these types.

mod account;
mod names;
mod provider;
mod vouching;

pub use account::in_the_first_period;
