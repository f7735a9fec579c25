//! On what occasion something is decided.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::party::{Actor, Operator};
use crate::salt::Salts;

/// How far the clock of another system may be from ours.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// When, by whom, in which request and in whose market something is decided.
#[derive(Debug, Clone)]
pub struct Occasion {
    /// The market's time.
    pub at: Timestamp,
    /// Who acts.
    pub actor: Actor,
    /// The request's or wake-up's id, for tracing a record back.
    pub request: String,
    /// What makes the hashes in its evidence say nothing of personal data.
    pub salts: Salts,
    /// Who runs the market: its notices name it.
    pub operator: Arc<Operator>,
}
