//! A cached value whose source is elsewhere and changes rarely.
//!
//! One that does not fit the need at hand (a key id that is not in it) is fetched again, so that rotation
//! needs no deploy, but at most once a minute, so that forged tokens cannot overload its source. While the
//! source is down it is asked every five seconds at most. A value fetched within the last day is still used; a lookup
//! that it cannot answer gets no answer until the source is back.

use std::sync::{Arc, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

const USABLE: SignedDuration = SignedDuration::from_hours(24);
const RENEW_AT_MOST_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// While the source is down, requests do not queue up behind it.
const RETRY_AT_MOST_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// The source does not answer, and nothing usable is kept. The text is for logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

struct Held<T> {
    value: Option<Arc<T>>,
    fetched_at: Option<Timestamp>,
    /// When the source last failed to answer; none once it has answered again.
    failed_at: Option<Timestamp>,
}

/// A kept value.
pub struct Kept<T> {
    fresh_for: SignedDuration,
    held: std::sync::Mutex<Held<T>>,
    asking: Mutex<()>,
}

impl<T> std::fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("fresh_for", &self.fresh_for).finish_non_exhaustive()
    }
}

fn within(since: Option<Timestamp>, span: SignedDuration, now: Timestamp) -> bool {
    since.is_some_and(|at| now.duration_since(at) < span)
}

impl<T> Kept<T> {
    /// Nothing yet; once fetched, the value is not asked for again for this long, as long as it fits.
    #[must_use]
    pub fn fresh_for(fresh_for: SignedDuration) -> Self {
        let held = Held { value: None, fetched_at: None, failed_at: None };
        Self { fresh_for, held: std::sync::Mutex::new(held), asking: Mutex::default() }
    }

    /// The value; one that does not fit only where it was fetched a moment ago.
    ///
    /// # Errors
    /// Where the source does not answer and nothing that fits is kept.
    pub async fn get(
        &self,
        now: Timestamp,
        fits: impl Fn(&T) -> bool,
        fetch: impl AsyncFnOnce() -> Result<T, String>,
    ) -> Result<Arc<T>, Unavailable> {
        if let Some(known) = self.answer(now, &fits) {
            return known;
        }
        // One caller fetches for all; callers that a cached value satisfies do not wait for it.
        let _asking = match self.asking.try_lock() {
            Ok(asking) => asking,
            Err(_) => match self.usable(now, &fits) {
                Some(value) => return Ok(value),
                None => self.asking.lock().await,
            },
        };
        if let Some(known) = self.answer(now, &fits) {
            return known;
        }
        match fetch().await {
            Ok(value) => {
                let value = Arc::new(value);
                *self.lock() =
                    Held { value: Some(Arc::clone(&value)), fetched_at: Some(now), failed_at: None };
                Ok(value)
            }
            Err(reason) => {
                self.lock().failed_at = Some(now);
                match self.usable(now, &fits) {
                    Some(value) => {
                        tracing::warn!(%reason, "a source does not answer; what it gave before goes on serving");
                        Ok(value)
                    }
                    None => Err(Unavailable(reason)),
                }
            }
        }
    }

    /// What can be said without asking the source; none where it has to be asked.
    fn answer(&self, now: Timestamp, fits: &impl Fn(&T) -> bool) -> Option<Result<Arc<T>, Unavailable>> {
        let usable = self.usable(now, fits);
        let held = self.lock();
        if within(held.fetched_at, self.fresh_for, now) && usable.is_some() {
            return usable.map(Ok);
        }
        // Only what the source said a moment ago can speak against a caller: its failure cannot.
        if within(held.failed_at, RETRY_AT_MOST_EVERY, now) {
            let unavailable = || Unavailable("the source did not answer lately".to_owned());
            return Some(usable.ok_or_else(unavailable));
        }
        let said = within(held.fetched_at, RENEW_AT_MOST_EVERY, now) && held.failed_at.is_none();
        held.value.clone().filter(|_| said).map(Ok)
    }

    /// What may go on serving while the source is down.
    fn usable(&self, now: Timestamp, fits: &impl Fn(&T) -> bool) -> Option<Arc<T>> {
        let held = self.lock();
        held.value.clone().filter(|value| within(held.fetched_at, USABLE, now) && fits(value))
    }

    fn lock(&self) -> MutexGuard<'_, Held<T>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
