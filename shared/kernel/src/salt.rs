//! Salts: what makes a hash say nothing of the text that it is of.
//!
//! Evidence is kept for good and names texts and states by their hash. A hash alone would still let a guess be
//! tried ("was it this address?") after the text was erased. So what may hold personal data is hashed together
//! with a salt that lies beside it, and goes with it: the chain stays whole, and nothing can be guessed.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::hash::Sha256Hash;

/// 128 bits in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salt(String);

crate::trusted!(Salt, String);

impl Salt {
    /// A hash that commits to a text without telling anything of it.
    #[must_use]
    pub fn commitment(&self, text: &str) -> Sha256Hash {
        Sha256Hash::of(format!("{self}\n{text}").as_bytes())
    }
}

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The salts of one decision, drawn from random bytes that the caller hands in: the domain draws none itself.
#[derive(Clone)]
pub struct Salts([u8; 32]);

impl Salts {
    /// The salts that come of these random bytes.
    #[must_use]
    pub const fn drawn(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// The salt of one thing that the decision writes.
    #[must_use]
    pub fn of(&self, what: &str) -> Salt {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(what);
        Salt(hex::encode(&hash.finalize()[..16]))
    }
}

impl fmt::Debug for Salts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salts(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_has_a_salt_of_its_own_and_another_decision_has_others() {
        let (salts, others) = (Salts::drawn([1; 32]), Salts::drawn([2; 32]));
        assert_eq!(salts.of("a"), salts.of("a"));
        assert_ne!(salts.of("a"), salts.of("b"));
        assert_ne!(salts.of("a"), others.of("a"));
        assert_eq!(salts.of("a").to_string().len(), 32);
    }

    #[test]
    fn a_commitment_needs_its_salt_and_its_text() {
        let (salt, other) = (Salts::drawn([1; 32]).of("a"), Salts::drawn([1; 32]).of("b"));
        assert_eq!(salt.commitment("x"), Sha256Hash::of(format!("{salt}\nx").as_bytes()));
        assert_ne!(salt.commitment("x"), other.commitment("x"));
        assert_ne!(salt.commitment("x"), Sha256Hash::of(b"x"));
    }

    #[test]
    fn the_random_bytes_never_reach_a_log() {
        assert_eq!(format!("{:?}", Salts::drawn([7; 32])), "Salts(…)");
    }
}
