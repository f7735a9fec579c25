//! The market's clock on one machine: the machine's own, or one that stands still, and either can be
//! advanced. How far it was advanced is kept in the data folder.
//!
//! It never runs backwards, not even where the machine's clock is set back: while the market runs, nor between
//! two starts as far as the file of the table knows what was shown (`engine/file.rs`).

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Span, Timestamp};
use market_ambient::{Clock, SystemClock};
use market_kernel::periods;
use tokio::sync::Notify;

use crate::folder::{self, FolderError};

/// The end of the clock: the year 3000. Beyond it the arithmetic of dates would come to its own end.
pub const LAST: Timestamp = Timestamp::constant(32_503_680_000, 0);
/// The clock that is waited for is looked at again after so long: the machine may have slept, or been set.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// A clock that can be advanced.
pub struct LocalClock {
    machine: Arc<dyn Clock>,
    state: Mutex<State>,
    kept_in: Option<PathBuf>,
    moved: Notify,
}

impl std::fmt::Debug for LocalClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalClock").field("state", &self.state).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// The machine's time and so much more; the latest that was shown.
    Ticking { ahead: SignedDuration, shown: Timestamp },
    /// Always this, until it is advanced.
    Standing(Timestamp),
}

impl LocalClock {
    /// A clock that ticks, as far ahead of the machine's as the file says, and not before an instant that was shown.
    ///
    /// # Errors
    /// Where the file cannot be read, or holds what was never written into it.
    pub fn ticking(kept_in: PathBuf, shown: Option<Timestamp>) -> Result<Self, FolderError> {
        Self::beside(Arc::new(SystemClock), kept_in, shown)
    }

    fn beside(
        machine: Arc<dyn Clock>,
        kept_in: PathBuf,
        shown: Option<Timestamp>,
    ) -> Result<Self, FolderError> {
        let ahead = kept(&kept_in)?;
        let state = State::Ticking { ahead, shown: shown.unwrap_or(Timestamp::MIN) };
        Ok(Self { machine, state: Mutex::new(state), kept_in: Some(kept_in), moved: Notify::new() })
    }

    /// A clock that stands still.
    #[must_use]
    pub fn standing(at: Timestamp) -> Self {
        let state = Mutex::new(State::Standing(at));
        Self { machine: Arc::new(SystemClock), state, kept_in: None, moved: Notify::new() }
    }

    /// Sets it ahead to an instant; an earlier one than it shows changes nothing.
    ///
    /// # Errors
    /// Where the data folder does not take the new setting; the clock is then not set.
    pub fn advance_to(&self, to: Timestamp) -> std::io::Result<()> {
        let to = to.min(LAST);
        let mut state = self.state();
        match &mut *state {
            State::Standing(at) => *at = (*at).max(to),
            State::Ticking { ahead, .. } => {
                let wanted = to.duration_since(self.machine.now());
                if wanted > *ahead {
                    // Whole seconds, upwards: the instant must have come.
                    let further = SignedDuration::from_secs(wanted.as_secs() + 1);
                    if let Some(file) = &self.kept_in {
                        folder::replace(file, further.as_secs().to_string().as_bytes())?;
                    }
                    *ahead = further;
                }
            }
        }
        drop(state);
        self.moved.notify_one();
        Ok(())
    }

    /// Waits until it shows an instant; without one, for ever. For one at a time.
    pub(crate) async fn reaches(&self, at: Option<Timestamp>) {
        let Some(at) = at else { return std::future::pending().await };
        // It has come, or nothing is left to wait for.
        while let Ok(left) = Duration::try_from(at.duration_since(self.now()))
            && !left.is_zero()
        {
            tokio::select! {
                () = tokio::time::sleep(left.min(LOOK_AGAIN)) => {}
                () = self.moved.notified() => {}
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for LocalClock {
    fn now(&self) -> Timestamp {
        match &mut *self.state() {
            State::Standing(at) => *at,
            State::Ticking { ahead, shown } => {
                let machine = self.machine.now();
                let now = machine.saturating_add(*ahead).unwrap_or(LAST);
                if now < *shown {
                    // The machine's clock was set back. The market's goes on from where it stood.
                    *ahead = shown.duration_since(machine);
                }
                *shown = now.max(*shown);
                *shown
            }
        }
    }
}

/// A span later, by the market's calendar; nothing where it does not lead on, or leads past the end of the clock.
#[must_use]
pub fn later(now: Timestamp, span: Span) -> Option<Timestamp> {
    let then = periods::ZONE.to_datetime(now).checked_add(span).ok()?;
    periods::ZONE.to_timestamp(then).ok().filter(|then| !span.is_negative() && *then <= LAST)
}

/// By how many seconds the clock is ahead, as the file says.
fn kept(file: &Path) -> Result<SignedDuration, FolderError> {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(SignedDuration::ZERO),
        Err(error) => return Err(FolderError::Io { file: file.to_owned(), error }),
    };
    let seconds = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse::<i64>().ok());
    let seconds = seconds.filter(|seconds| (0..=LAST.as_second()).contains(seconds));
    seconds.map(SignedDuration::from_secs).ok_or_else(|| FolderError::Broken {
        file: file.to_owned(),
        what: "the seconds that the market's clock is ahead of the machine's",
        remedy: "restore it from a backup; without it, the clock goes on from the latest time that market.db knows",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine whose clock can be set.
    struct Machine(Mutex<Timestamp>);

    impl Machine {
        fn at(instant: &str) -> Arc<Self> {
            Arc::new(Self(Mutex::new(instant.parse().unwrap())))
        }

        fn set(&self, instant: &str) {
            *self.0.lock().unwrap() = instant.parse().unwrap();
        }
    }

    impl Clock for Machine {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }
    }

    fn at(instant: &str) -> Timestamp {
        instant.parse().unwrap()
    }

    #[test]
    fn a_machine_that_is_set_back_does_not_take_the_market_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        let machine = Machine::at("2026-03-01T00:00:00Z");
        let clock = LocalClock::beside(Arc::clone(&machine) as _, file.clone(), None).unwrap();
        assert_eq!(clock.now(), at("2026-03-01T00:00:00Z"));
        machine.set("2026-02-01T00:00:00Z");
        assert_eq!(clock.now(), at("2026-03-01T00:00:00Z"));
        machine.set("2026-02-01T00:00:05Z");
        assert_eq!(clock.now(), at("2026-03-01T00:00:05Z"), "and it goes on from there");

        let again = LocalClock::beside(Arc::clone(&machine) as _, file, Some(clock.now())).unwrap();
        assert_eq!(again.now(), at("2026-03-01T00:00:05Z"), "between starts, too");
        machine.set("2026-04-01T00:00:00Z");
        assert!(again.now() >= at("2026-04-01T00:00:00Z"));
    }

    #[test]
    fn how_far_it_was_advanced_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        let machine = Machine::at("2026-03-01T00:00:00Z");
        let clock = LocalClock::beside(Arc::clone(&machine) as _, file.clone(), None).unwrap();
        clock.advance_to(at("2026-03-08T00:00:00Z")).unwrap();
        clock.advance_to(at("2026-03-02T00:00:00Z")).unwrap();
        let now = clock.now();
        assert_eq!(now, at("2026-03-08T00:00:01Z"), "whole seconds, upwards, and never back");
        assert_eq!(LocalClock::beside(machine, file, None).unwrap().now(), now);
    }

    #[test]
    fn a_file_that_was_never_written_so_is_named_and_not_guessed_at() {
        for text in ["", "soon", "-5", "1.5", "99999999999999999999", "999999999999", "\u{0}", "5 5"] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("clock");
            std::fs::write(&file, text).unwrap();
            let said = LocalClock::ticking(file.clone(), None).unwrap_err().to_string();
            assert!(said.contains(&file.display().to_string()), "{text:?}: {said}");
            assert_eq!(std::fs::read_to_string(file).unwrap(), text);
        }
    }

    #[test]
    fn a_span_leads_on_and_not_past_the_end() {
        let now = at("2026-03-01T00:00:00Z");
        let span = |text: &str| text.parse::<Span>().unwrap();
        assert_eq!(later(now, span("P1D")), Some(at("2026-03-02T00:00:00Z")));
        assert_eq!(later(now, span("P1M")), Some(at("2026-04-01T00:00:00Z")));
        assert_eq!(later(now, span("PT0S")), Some(now));
        for text in ["-P1D", "P974Y", "P9999Y", "PT100000000H"] {
            assert_eq!(later(now, span(text)), None, "{text}");
        }
    }
}
