//! Commits, as the embedded engine sees them: what they made due at once, and when and where the rest becomes due. So an
//! idle market looks at nothing, and one that wakes looks only where something is due. On AWS the table's stream and a
//! schedule do this; here the engine is in this process, and no write can pass it by.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use market_jobs::Outgoing;
use market_kernel::aggregate::Lane;
use market_store::due::Shard;
use tokio::sync::Notify;

/// When the sweep has something to hand out, by the shard of the due index in which it waits.
pub(crate) type Wakes = BTreeMap<(Lane, Shard), Timestamp>;

/// What was committed and not yet seen to.
#[derive(Debug, Default)]
pub struct Commits {
    noted: Mutex<Noted>,
    any: Notify,
}

#[derive(Debug, Default)]
struct Noted {
    outgoing: Vec<Outgoing>,
    wakes: Wakes,
}

impl Commits {
    /// Notes what a written item asks for.
    pub(crate) fn note(&self, outgoing: Option<Outgoing>, wakes: Option<((Lane, Shard), Timestamp)>) {
        if outgoing.is_none() && wakes.is_none() {
            return;
        }
        let mut noted = self.noted();
        noted.outgoing.extend(outgoing);
        add(&mut noted.wakes, wakes);
        drop(noted);
        self.any.notify_one();
    }

    /// What became due at once.
    pub(crate) fn take_outgoing(&self) -> Vec<Outgoing> {
        std::mem::take(&mut self.noted().outgoing)
    }

    /// When the sweep has something to hand out of what was written since it was last asked. It is the earliest of each
    /// shard; what was to be handed out then may have been written anew since.
    pub(crate) fn take_wakes(&self) -> Wakes {
        std::mem::take(&mut self.noted().wakes)
    }

    /// Waits until something was noted.
    pub(crate) async fn any(&self) {
        self.any.notified().await;
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds to what is known; of each shard the earliest stays.
pub(crate) fn add(wakes: &mut Wakes, more: impl IntoIterator<Item = ((Lane, Shard), Timestamp)>) {
    for (shard, at) in more {
        wakes.entry(shard).and_modify(|known| *known = at.min(*known)).or_insert(at);
    }
}
