//! The market's rules, and nothing else.
//!
//! Everything here is a pure function of its arguments: no async, no SDK, no clock, no randomness. A
//! command meets the state that was loaded, at an instant that was handed in, and becomes either a
//! [`change::Change`] (plain data: what to write, its evidence, its notices) or a refusal. The store
//! commits a change as one transaction; what must happen later is a property of the state that was
//! written ([`aggregate::Aggregate::next_due`]), so a timer can be neither lost nor stale.

pub mod accounts;
pub mod aggregate;
pub mod change;
mod characters;
pub mod contacts;
pub mod credit_code;
pub mod daytime;
pub mod deletion;
pub mod documents;
pub mod events;
pub mod evidence;
pub mod grants;
pub mod hash;
pub mod holidays;
pub mod ids;
pub mod listings;
pub mod money;
pub mod notices;
pub mod orders;
pub mod party;
pub mod payments;
pub mod periods;
pub mod providers;
mod reckoned_again;
pub mod reminders;
pub mod salt;
pub mod stored;
pub mod text;
pub mod vouching;

pub use jiff::Timestamp;
pub use jiff::civil::Date;
