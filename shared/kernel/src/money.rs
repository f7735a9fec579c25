//! Money is counted in fen (1/100 yuan), in whole numbers.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount in fen, from nothing to ten billion yuan. Never negative: the type cannot say it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u64", into = "u64")]
#[schemars(with = "u64", extend("maximum" = 1_000_000_000_000_u64))]
pub struct Fen(u64);

impl Fen {
    /// The largest amount the market handles.
    pub const MAX: Self = Self(1_000_000_000_000);

    /// The amount as a number of fen.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

crate::trusted!(Fen, u64);

impl TryFrom<u64> for Fen {
    type Error = &'static str;

    fn try_from(fen: u64) -> Result<Self, Self::Error> {
        if fen <= Self::MAX.0 { Ok(Self(fen)) } else { Err("must be at most 1000000000000 fen") }
    }
}

impl From<Fen> for u64 {
    fn from(fen: Fen) -> Self {
        fen.0
    }
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "¥{}.{:02}", self.0 / 100, self.0 % 100)
    }
}
