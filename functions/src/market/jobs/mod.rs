//! Jobs that are late or were given up on, and what operators do about them.

pub mod late;
mod list_late_jobs;
mod list_parked;
mod redrive_parked;

pub use list_late_jobs::ListLateJobs;
pub use list_parked::ListParked;
pub use redrive_parked::RedriveParked;
