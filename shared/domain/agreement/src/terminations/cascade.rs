//! How everything that ends with an agreement is ended, one thing at a time.

use jiff::{SignedDuration, Timestamp};
use market_kernel::aggregate::Loaded;
use market_kernel::change::{Change, Event};
use market_kernel::keys::Key;
use market_kernel::occasion::Occasion;

use super::{Cascade, Next, Termination, TerminationStatus};
use crate::events;

/// How long after an end a request that was decided before it may still be committed: longer than any request lives.
const STRAGGLING: SignedDuration = SignedDuration::from_mins(2);

/// How long before an end what straggles may have been decided, by a clock that is behind ours.
const STRAGGLERS_SINCE: SignedDuration = SignedDuration::from_mins(10);

/// After this time another worker may take the next step: the one that took the last is dead or stuck.
const TAKEN_FOR: SignedDuration = SignedDuration::from_secs(60);

impl Termination {
    /// From when on everything that was decided before the end has been committed, or never will be.
    fn settled_at(&self) -> Timestamp {
        let end = self.ends_at.max(self.recorded_at);
        end.saturating_add(STRAGGLING).unwrap_or(end)
    }

    /// What a second look is for: things that were made since then. None while the first look is under way.
    #[must_use]
    pub fn stragglers_since(&self) -> Option<Timestamp> {
        let TerminationStatus::Ending(Cascade { again: true, .. }) = self.status else { return None };
        let end = self.ends_at.max(self.recorded_at);
        Some(end.saturating_sub(STRAGGLERS_SINCE).unwrap_or(end))
    }

    /// The cascade, if its next step is due, or if the caller took the step before.
    #[must_use]
    pub fn cascade(&self, now: Timestamp, took_the_last: bool) -> Option<&Cascade> {
        match &self.status {
            TerminationStatus::Ending(cascade) if took_the_last || cascade.since <= now => Some(cascade),
            _ => None,
        }
    }

    /// Notes a target as dealt with, and where the cascade goes on; goes into the same transaction as the target's own
    /// change. None where no cascade runs, as for the two below.
    #[must_use]
    pub fn step(
        loaded: &Loaded<Self>,
        target: &Key,
        (cursor, aside): (Option<String>, Vec<String>),
        next: Next,
        occasion: &Occasion,
    ) -> Option<Change> {
        let event = Event::of(events::CascadeStepped { target: target.to_string() });
        Self::go_on(loaded, (cursor, aside), next, event, occasion)
    }

    /// Notes how far the cascade has looked where nothing had to end, so that nobody looks there again, and what it set
    /// aside.
    #[must_use]
    pub fn pass(
        loaded: &Loaded<Self>,
        (cursor, aside): (Option<String>, Vec<String>),
        next: Next,
        occasion: &Occasion,
    ) -> Option<Change> {
        let count = u32::try_from(aside.len()).unwrap_or(u32::MAX);
        Self::go_on(
            loaded,
            (cursor, aside),
            next,
            Event::of(events::CascadePassed { aside: count }),
            occasion,
        )
    }

    fn go_on(
        loaded: &Loaded<Self>,
        (cursor, aside): (Option<String>, Vec<String>),
        next: Next,
        event: Event<'_>,
        occasion: &Occasion,
    ) -> Option<Change> {
        let TerminationStatus::Ending(Cascade { again, .. }) = loaded.status else { return None };
        let cascade = Cascade { cursor, since: next.due(occasion.at), again, aside };
        let stepped = Self { status: TerminationStatus::Ending(cascade), ..loaded.state.clone() };
        Some(Change::on(occasion).update(loaded, &stepped, event))
    }

    /// Notes that no target is left. As long as something that was decided before the end may still be committed, the
    /// cascade looks once more, later: what opens things does not name the account, so that it cannot hold up its end.
    #[must_use]
    pub fn complete(loaded: &Loaded<Self>, occasion: &Occasion) -> Option<Change> {
        if !matches!(loaded.status, TerminationStatus::Ending(_)) {
            return None;
        }
        let settled_at = loaded.settled_at();
        let (status, event) = if occasion.at < settled_at {
            let again = Cascade { since: settled_at, again: true, ..Cascade::default() };
            (TerminationStatus::Ending(again), Event::of(events::CascadeLooksAgain { at: settled_at }))
        } else {
            (TerminationStatus::Completed { at: occasion.at }, Event::of(events::TerminationCompleted {}))
        };
        Some(Change::on(occasion).update(loaded, &Self { status, ..loaded.state.clone() }, event))
    }
}

impl Next {
    pub(super) fn due(self, at: Timestamp) -> Timestamp {
        match self {
            Self::Anyone => at,
            Self::Same => at.saturating_add(TAKEN_FOR).unwrap_or(at),
        }
    }
}
