//! The pages that problem documents point to.

mod explain_error;

pub use explain_error::ExplainError;
