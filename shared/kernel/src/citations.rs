//! Which clauses of a version carry the market's rules, so that notices cite an agreement as it is numbered.
//!
//! Agreements are numbered in many ways, and a rule of the market goes by its number in the register of
//! events. A version maps the one to the other, and an account keeps the map of the version that binds it:
//! drafting a notice needs no further read.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clause::ClauseAddress;
use crate::party::Language;
use crate::text::{Line, bracketed};

/// How many characters the number of a rule has at most.
const MAX_RULE_CHARS: usize = 16;

/// A rule of the market, by its number: `10.1.2`. Which rules events carry out, the register of all contexts says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct RuleId(String);

crate::trusted!(RuleId, String);

/// Why a rule was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the number of a rule, for example 10.1.2")]
pub struct NoRuleNumber;

impl RuleId {
    /// The number itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RuleId {
    type Error = NoRuleNumber;

    fn try_from(raw: String) -> Result<Self, NoRuleNumber> {
        let is_number =
            |part: &str| matches!(part.len(), 1..=3) && part.bytes().all(|byte| byte.is_ascii_digit());
        if raw.split('.').all(is_number) && raw.len() <= MAX_RULE_CHARS {
            Ok(Self(raw))
        } else {
            Err(NoRuleNumber)
        }
    }
}

impl From<RuleId> for String {
    fn from(rule: RuleId) -> Self {
        rule.0
    }
}

impl Borrow<str> for RuleId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The clauses of a version that carry the market's rules. A rule without one is cited by none.
pub type Rules = BTreeMap<RuleId, ClauseAddress>;

/// The agreement that binds an account, as far as notices cite it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citations {
    /// Its title.
    pub title: Line,
    /// The number of the version that binds the account.
    pub version: u32,
    /// Its clauses.
    pub rules: Rules,
}

impl Citations {
    /// The clause that carries a rule, as people cite it.
    #[must_use]
    pub fn cite(&self, rule: &str, language: Language) -> Option<String> {
        let clause = self.rules.get(rule)?.as_str();
        // Some agreements say 第五条 or Section 1.02 themselves.
        let is_bare = clause.starts_with(|first: char| first.is_ascii_digit());
        Some(match language {
            Language::English if is_bare => format!("clause {clause} of {}", self.title),
            Language::English => format!("{clause} of {}", self.title),
            Language::Chinese if is_bare => format!("{}第{clause}条", bracketed(self.title.as_str())),
            Language::Chinese => format!("{}{clause}", bracketed(self.title.as_str())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn citations(title: &str, rule: &str, clause: &str) -> Citations {
        let rules = [(rule.to_owned().try_into().unwrap(), clause.parse().unwrap())].into();
        Citations { title: title.try_into().unwrap(), version: 1, rules }
    }

    #[test]
    fn a_rule_is_cited_by_the_clause_that_the_version_gives_it_and_otherwise_by_none() {
        let citations = citations("服务协议（用户版）", "10.1.2", "8.3");
        let chinese = citations.cite("10.1.2", Language::Chinese);
        assert_eq!(chinese.as_deref(), Some("《服务协议（用户版）》第8.3条"));
        let english = citations.cite("10.1.2", Language::English);
        assert_eq!(english.as_deref(), Some("clause 8.3 of 服务协议（用户版）"));
        assert_eq!(citations.cite("4.4.5", Language::Chinese), None);
    }

    #[test]
    fn a_title_with_marks_of_its_own_is_given_no_second_ones() {
        let cited = citations("《服务协议》（用户版）", "10.1.2", "1").cite("10.1.2", Language::Chinese);
        assert_eq!(cited.as_deref(), Some("《服务协议》（用户版）第1条"));
    }

    #[test]
    fn a_rule_has_a_number() {
        for rule in ["1", "9.4", "10.1.2"] {
            assert_eq!(RuleId::try_from(rule.to_owned()).unwrap().as_str(), rule);
        }
        for other in ["", ".", "9.", "10.1.2 ", "第九条", "1234", "1.1.1.1.1.1.1.1.1"] {
            assert_eq!(RuleId::try_from(other.to_owned()), Err(NoRuleNumber), "{other:?}");
        }
    }
}
