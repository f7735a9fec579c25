//! Rules and the clauses that carry them, as stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::values::{Trust, Trusted};
use crate::citations::{Citations, RuleId, Rules};
use crate::clause::ClauseAddress;
use crate::text::Line;

/// The clauses of a version by the rules that they carry, as stored.
pub type StoredRules = BTreeMap<String, Trusted<ClauseAddress>>;

/// Rules as stored: by their numbers.
#[must_use]
pub fn stored_rules(rules: Rules) -> StoredRules {
    rules.into_iter().map(|(rule, clause)| (rule.raw(), Trusted(clause))).collect()
}

/// Stored rules again.
#[must_use]
pub fn restored_rules(rules: StoredRules) -> Rules {
    rules.into_iter().map(|(rule, clause)| (RuleId::trust(rule), clause.0)).collect()
}

/// See [`Citations`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredCitations {
    title: Trusted<Line>,
    version: u32,
    rules: StoredRules,
}

impl StoredCitations {
    /// Its form.
    #[must_use]
    pub fn of(citations: Citations) -> Self {
        let Citations { title, version, rules } = citations;
        Self { title: Trusted(title), version, rules: stored_rules(rules) }
    }

    /// The citations again.
    #[must_use]
    pub fn restore(self) -> Citations {
        Citations { title: self.title.0, version: self.version, rules: restored_rules(self.rules) }
    }
}
