//! Jobs that were given up on, and what operators do about them.

mod list_parked;
mod redrive_parked;

pub use list_parked::ListParked;
pub use redrive_parked::RedriveParked;
