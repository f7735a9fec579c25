//! What operations cost: requests, and read and write units as the engine reports them.
//!
//! Off unless asked for, because the report makes every answer longer.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};

/// A sum of requests and units.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Requests sent.
    pub requests: u64,
    /// Read units.
    pub read_units: f64,
    /// Write units, of the table and its indexes.
    pub write_units: f64,
}

/// Sums what goes through one store.
#[derive(Debug, Clone, Default)]
pub struct Meter(Option<Arc<Mutex<Cost>>>);

/// Whether a call reads or writes; engines report one number for both.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Direction {
    Read,
    Write,
}

impl Meter {
    /// A meter that counts.
    #[must_use]
    pub fn counting() -> Self {
        Self(Some(Arc::default()))
    }

    /// What was counted since the last call, which may also be asked for to begin anew.
    #[allow(clippy::must_use_candidate, reason = "counting begins anew")]
    pub fn take(&self) -> Cost {
        self.0.as_ref().map(|cost| std::mem::take(&mut *lock(cost))).unwrap_or_default()
    }

    /// What was counted since the last [`take`](Self::take), which goes on.
    #[must_use]
    pub fn so_far(&self) -> Cost {
        self.0.as_ref().map(|cost| *lock(cost)).unwrap_or_default()
    }

    pub(crate) fn wish(&self) -> Option<ReturnConsumedCapacity> {
        self.0.is_some().then_some(ReturnConsumedCapacity::Total)
    }

    pub(crate) fn count(&self, direction: Direction, consumed: &[ConsumedCapacity]) {
        let Some(cost) = &self.0 else { return };
        let units: f64 = consumed.iter().filter_map(ConsumedCapacity::capacity_units).sum();
        let mut cost = lock(cost);
        cost.requests += 1;
        match direction {
            Direction::Read => cost.read_units += units,
            Direction::Write => cost.write_units += units,
        }
    }
}

fn lock(cost: &Mutex<Cost>) -> std::sync::MutexGuard<'_, Cost> {
    cost.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
