//! Trade (clauses 2.6, 4.1–4.3, 4.5, 4.6): what providers list, what merchants order, and the money that arrives.
//!
//! Pure functions, as all rules of the market are (see `market_kernel`).

pub mod events;
pub mod listings;
pub mod messages;
pub mod orders;
pub mod payments;
pub mod returns;
pub mod stored;
