//! Reminders as stored.

use serde::{Deserialize, Serialize};

use crate::reminders::Reminders;

/// Of reminders only their number is stored: which they were follows from their plan.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredReminders {
    passed: u32,
}

impl StoredReminders {
    /// Its form.
    #[must_use]
    pub const fn of(reminders: Reminders) -> Self {
        Self { passed: reminders.passed }
    }

    /// The reminders again.
    #[must_use]
    pub const fn restore(self) -> Reminders {
        Reminders { passed: self.passed }
    }
}
