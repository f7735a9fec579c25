//! What becomes due of notices.

pub mod notify;
