//! The evidence log of a merchant's things.

mod list_evidence;

pub use list_evidence::ListEvidence;
