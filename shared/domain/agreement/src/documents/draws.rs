//! Numbers that look drawn and are the same in every run, for tests.

/// Where the row of numbers stands.
pub(super) struct Draws(pub(super) u64);

impl Draws {
    /// The next number, below a bound.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}
