//! What a route has at hand.

use std::sync::Arc;

use market_ambient::{Clock, Entropy, random};
use market_identity::Verifier;
use market_kernel::Timestamp;
use market_kernel::party::Operator;
use market_kernel::periods::{Calendar, PublicityMode};
use market_store::{Store, StoreError};

use super::payments::PaymentKeys;
use super::problem::Code;

/// Who says who is calling.
#[derive(Debug)]
pub enum Callers {
    /// The bearer token, verified here.
    Tokens(Box<Verifier>),
    /// The gateway, whose authorizer has verified the token: what it found comes with the request, as an
    /// extension of type [`VerifiedCaller`](market_identity::VerifiedCaller). Only for what is reached through it alone.
    Gateway,
}

/// Called with the instant at which something that is stored could not be read.
pub type CorruptionAlarm = Arc<dyn Fn(Timestamp) + Send + Sync>;

/// The market, as routes see it; built once, at start.
pub struct Market {
    /// The table.
    pub store: Store,
    /// The market's time.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for ids and secrets.
    pub entropy: Arc<dyn Entropy>,
    /// Knows callers.
    pub callers: Callers,
    /// Knows the payment system by its signature; none where no route of it is served.
    pub payments: Option<PaymentKeys>,
    /// Rest days.
    pub calendar: &'static Calendar,
    /// How publicity periods are counted (9.4).
    pub publicity: PublicityMode,
    /// Who runs it: its notices name it.
    pub operator: Arc<Operator>,
    /// Every code of a problem, list by list.
    pub codes: &'static [&'static [Code]],
    /// Raised when something that is stored cannot be read.
    pub corruption_alarm: CorruptionAlarm,
}

impl std::fmt::Debug for Market {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Market").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Market {
    /// Raises the corruption alarm.
    pub(crate) fn raise_corruption_alarm(&self) {
        (self.corruption_alarm)(self.clock.now());
    }

    /// How many items could not be read, if any. Each is logged and raises the alarm: it is left out of a reply that
    /// shows the others.
    pub fn count_unreadable(&self, unreadable: &[StoreError]) -> Option<usize> {
        for error in unreadable {
            tracing::error!(%error, "an item cannot be read, and is left out");
            self.raise_corruption_alarm();
        }
        (!unreadable.is_empty()).then_some(unreadable.len())
    }

    /// Unpredictable bytes, for an id or a secret.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        random(&*self.entropy)
    }
}
