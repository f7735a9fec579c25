//! What all contexts declare, joined: the events that evidence can carry, the rules of the market that they carry out,
//! and samples of what parties are told.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use market_kernel::citations::{RuleId, Rules};
use market_kernel::clause::ClauseAddress;
use market_kernel::events::Registered;
use market_kernel::party::Language;
use market_parties::samples::{Cast, Sample};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// Every event, context by context.
pub fn events() -> impl Iterator<Item = &'static Registered> {
    [
        market_agreement::events::REGISTER,
        market_parties::events::REGISTER,
        market_trade::events::REGISTER,
        market_entrustment::events::REGISTER,
        market_kernel::events::REGISTER,
    ]
    .into_iter()
    .flatten()
}

/// Every rule of the market that an event carries out, by its number.
#[must_use]
pub fn rules() -> BTreeSet<&'static str> {
    events().flat_map(|registered| registered.clauses).copied().collect()
}

/// One of each message, to those who read this language; of some, one for each way in which they end. Samples of one
/// message stand together.
#[must_use]
pub fn samples(language: Language) -> Vec<Sample> {
    samples_of(&Cast::of(language))
}

/// The same, of these parties and things.
#[must_use]
pub fn samples_of(cast: &Cast) -> Vec<Sample> {
    [
        market_agreement::messages::of_documents(cast),
        market_parties::samples::of_admissions(cast),
        market_trade::messages::samples(cast),
        market_entrustment::messages::samples(cast),
        market_agreement::messages::of_terminations(cast),
        market_parties::samples::of_contacts(cast),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The clauses that carry the market's rules, in a body: each rule is one that an event carries out.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub struct KnownRules(pub Rules);

impl<'de> Deserialize<'de> for KnownRules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::<KnownRule, ClauseAddress>::deserialize(deserializer)
            .map(|rules| Self(rules.into_iter().map(|(rule, clause)| (rule.0, clause)).collect()))
    }
}

impl JsonSchema for KnownRules {
    fn schema_name() -> Cow<'static, str> {
        "KnownRules".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": { "enum": rules() },
            "additionalProperties": generator.subschema_for::<ClauseAddress>(),
        })
    }
}

/// A rule that an event carries out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct KnownRule(RuleId);

impl<'de> Deserialize<'de> for KnownRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let unknown =
            || D::Error::custom("must be a rule of the market that an event carries out, for example 10.1.2");
        let number = String::deserialize(deserializer)?;
        if !events().any(|registered| registered.clauses.contains(&number.as_str())) {
            return Err(unknown());
        }
        number.try_into().map(Self).map_err(|_| unknown())
    }
}

#[cfg(test)]
mod tests;
