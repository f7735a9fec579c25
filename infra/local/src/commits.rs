//! Commits, as the embedded engine sees them: what they made due at once, and when the earliest of the rest is
//! due. So an idle market looks at nothing. On AWS the table's stream and a schedule do this; here the engine is
//! in this process, and no write can pass it by.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use market_jobs::Outgoing;
use tokio::sync::Notify;

/// What was committed and not yet seen to.
#[derive(Debug, Default)]
pub struct Commits {
    noted: Mutex<Noted>,
    any: Notify,
}

#[derive(Debug, Default)]
struct Noted {
    outgoing: Vec<Outgoing>,
    wakes_at: Option<Timestamp>,
}

impl Commits {
    /// Notes what a written item asks for.
    pub(crate) fn note(&self, outgoing: Option<Outgoing>, wakes_at: Option<Timestamp>) {
        if outgoing.is_none() && wakes_at.is_none() {
            return;
        }
        let mut noted = self.noted();
        noted.outgoing.extend(outgoing);
        noted.wakes_at = noted.wakes_at.into_iter().chain(wakes_at).min();
        drop(noted);
        self.any.notify_one();
    }

    /// What became due at once.
    pub(crate) fn take_outgoing(&self) -> Vec<Outgoing> {
        std::mem::take(&mut self.noted().outgoing)
    }

    /// When the sweep has something to hand out of what was written since it was last asked.
    pub(crate) fn take_wake(&self) -> Option<Timestamp> {
        self.noted().wakes_at.take()
    }

    /// Waits until something was noted.
    pub(crate) async fn any(&self) {
        self.any.notified().await;
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
