//! The pages that problem documents point to.

mod explain_error;
mod kind;
mod list_errors;

pub use explain_error::ExplainError;
pub use list_errors::ListErrors;
