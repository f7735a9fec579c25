//! The market's clock on one machine: the machine's own, or one that stands still, and either can be
//! advanced. How far it was advanced is kept in the data folder, so that time never runs backwards.

use std::path::PathBuf;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use market_ambient::{Clock, SystemClock};

/// A clock that can be advanced.
#[derive(Debug)]
pub struct LocalClock {
    state: Mutex<State>,
    kept_in: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// The machine's time and so much more.
    Ticking(SignedDuration),
    /// Always this, until it is advanced.
    Standing(Timestamp),
}

impl LocalClock {
    /// A clock that ticks, as far ahead of the machine's as the file says.
    #[must_use]
    pub fn ticking(kept_in: PathBuf) -> Self {
        let ahead = std::fs::read_to_string(&kept_in)
            .ok()
            .and_then(|seconds| seconds.trim().parse().ok())
            .map_or(SignedDuration::ZERO, SignedDuration::from_secs);
        Self { state: Mutex::new(State::Ticking(ahead)), kept_in: Some(kept_in) }
    }

    /// A clock that stands still.
    #[must_use]
    pub const fn standing(at: Timestamp) -> Self {
        Self { state: Mutex::new(State::Standing(at)), kept_in: None }
    }

    /// Sets it ahead to an instant; an earlier one than it shows changes nothing.
    ///
    /// # Errors
    /// Where the data folder does not take the new setting.
    pub fn advance_to(&self, to: Timestamp) -> std::io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &mut *state {
            State::Standing(at) => *at = (*at).max(to),
            State::Ticking(ahead) => {
                let machine = SystemClock.now();
                let wanted = to.duration_since(machine);
                if wanted > *ahead {
                    // Whole seconds, upwards: the instant must have come.
                    *ahead = SignedDuration::from_secs(wanted.as_secs() + 1);
                    if let Some(file) = &self.kept_in {
                        std::fs::write(file, ahead.as_secs().to_string())?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Clock for LocalClock {
    fn now(&self) -> Timestamp {
        match *self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner) {
            State::Standing(at) => at,
            State::Ticking(ahead) => SystemClock.now().saturating_add(ahead).unwrap_or(Timestamp::MAX),
        }
    }
}
