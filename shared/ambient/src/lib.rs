//! The two things that a pure program cannot have: the present time and randomness.
//!
//! This is the only place that asks for them; everything else is handed a [`Clock`] or [`Entropy`]. What
//! is deployed knows only the real ones. A clock that can be set exists in the local market alone.

use jiff::Timestamp;

/// Tells the market's time.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock, in whole milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that asks for the time")]
    fn now(&self) -> Timestamp {
        // Nothing finer is shown; an instant that a client sends back is then the one that was kept.
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

/// Gives unpredictable bytes.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[allow(clippy::disallowed_methods, reason = "the one place that asks for randomness")]
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the operating system's generator answers once it is seeded");
    }
}

/// Unpredictable bytes, as many as the context wants.
pub fn random<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_in_whole_milliseconds() {
        for _ in 0..100 {
            assert_eq!(SystemClock.now().subsec_nanosecond() % 1_000_000, 0);
        }
    }
}
