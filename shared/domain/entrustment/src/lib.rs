//! Entrusted data (clause 4.4): grants and their tokens, the ledger of what was read under them, and the deletion that
//! every one of them ends in.
//!
//! Pure functions, as all rules of the market are (see `market_kernel`).

pub mod deletion;
pub mod events;
pub mod grants;
pub mod messages;
mod stored;
