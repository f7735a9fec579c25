//! What waits for the operator, counted.

mod read_desk;

pub use read_desk::ReadDesk;
