//! What every context of the market rests on, and nothing of what any of them means.
//!
//! Everything in the domain is a pure function of its arguments: no async, no SDK, no clock, no randomness. A
//! command meets the state that was loaded, at an instant that was handed in, and becomes either a
//! [`change::Change`] (plain data: what to write, its evidence, its notices) or a refusal. The store
//! commits a change as one transaction; what must happen later is a property of the state that was
//! written ([`aggregate::Aggregate::next_due`]), so a timer can be neither lost nor stale.

pub mod aggregate;
pub mod change;
pub mod characters;
pub mod citations;
pub mod clause;
pub mod daytime;
pub mod events;
pub mod evidence;
pub mod hash;
pub mod ids;
pub mod keys;
pub mod money;
pub mod notices;
pub mod occasion;
pub mod party;
pub mod periods;
pub mod reminders;
pub mod salt;
pub mod stored;
pub mod text;

pub use jiff::Timestamp;
pub use jiff::civil::Date;
