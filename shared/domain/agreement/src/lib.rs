//! What is agreed (clauses 1, 9.1, 9.4, 10): documents and their versions, what merchants accepted of them, how the
//! agreement ends, and the holiday schedules that its periods are reckoned with.
//!
//! Pure functions, as all rules of the market are (see `market_kernel`).

pub mod documents;
pub mod events;
pub mod holidays;
pub mod messages;
mod stored;
pub mod terminations;
