//! The relay: what a commit made due at once starts without waiting for the sweep.
//!
//! It reads the table's stream and keeps no state. What it misses, the sweep finds when the lease that the
//! commit wrote for it ends.

use std::time::Duration;

use market_store::due::due_at_once;

use crate::{Outgoing, WakeUp};

/// The wake-up that a written item asks for, if any. `attribute` gives the new image's texts and numbers.
#[must_use]
pub fn wake_up<'a>(attribute: impl Fn(&str) -> Option<&'a str>) -> Option<Outgoing> {
    let (lane, key) = due_at_once(attribute)?;
    Some(Outgoing { wake_up: WakeUp { lane, key }, delay: Duration::ZERO })
}
