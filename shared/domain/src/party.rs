//! Who acts, and whom a notice can reach.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, ProviderId};
use crate::text::{EmailAddress, Line, PhoneNumber};

/// Who caused a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The operator (运营方), by the staff member's id.
    Operator(String),
    /// A merchant (用户).
    Merchant(AccountId),
    /// A provider (服务商).
    Provider(ProviderId),
    /// The payment system, by its signed callback.
    Payments,
    /// The upstream platform.
    Upstream,
    /// A platform data API that asks whether a token may read.
    DataGateway,
    /// Someone without a token, who can only read.
    Anyone,
    /// A job, by its name.
    Job(String),
}

/// The language a party reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Language {
    /// Chinese.
    #[default]
    #[serde(rename = "zh")]
    Chinese,
    /// English.
    #[serde(rename = "en")]
    English,
}

/// Where a party can be reached. In-site messages need no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contacts {
    /// E-mail; every party has one, so that a legal notice always has a direct channel outside the site.
    pub email: EmailAddress,
    /// Mobile telephone, for text messages.
    pub phone: Option<PhoneNumber>,
    /// Language of what is sent.
    pub language: Language,
}

/// Who runs the market (运营方), as its notices name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Its full name in Chinese.
    pub name_zh: Line,
    /// Its full name in English.
    pub name_en: Line,
    /// The official address at which it takes what parties answer (11.2).
    pub official_address: EmailAddress,
}

impl Operator {
    /// Its full name.
    #[must_use]
    pub const fn name(&self, language: Language) -> &Line {
        match language {
            Language::Chinese => &self.name_zh,
            Language::English => &self.name_en,
        }
    }
}

/// Whom a notice is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// One merchant.
    Merchant(AccountId),
    /// One provider.
    Provider(ProviderId),
    /// Everyone: the notice board.
    Everyone,
}
