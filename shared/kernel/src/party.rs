//! The parties of the market: who acts, whose things they are, and whom a notice can reach.
//!
//! A party is known here by its kind and id alone; what else a notice needs to know of one, it asks of a [`Party`]. So
//! whatever deals with parties in general (keys, notices, evidence, access) depends on none of them in particular, and a
//! kind that is to come is added here.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aggregate::Loaded;
use crate::ids::{AccountId, ProviderId};
use crate::keys::{Owner, Partition};
use crate::text::{EmailAddress, Line, PhoneNumber};

/// A party, by its kind and id: whose things something is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartyId {
    /// A merchant (用户).
    Merchant(AccountId),
    /// A provider (服务商).
    Provider(ProviderId),
}

impl Owner for PartyId {
    fn partition(&self) -> Partition {
        match self {
            Self::Merchant(id) => id.partition(),
            Self::Provider(id) => id.partition(),
        }
    }
}

/// A party as it is now, as far as whoever writes to it has to know it.
pub trait Party: fmt::Debug + Send + Sync {
    /// Its kind and id.
    fn party_id(&self) -> PartyId;
    /// Its full name.
    fn legal_name(&self) -> &Line;
    /// How it is reached.
    fn contacts(&self) -> &Contacts;
    /// The clause that carries a rule of the market in the agreement that binds it, as people cite it; none where no
    /// agreement binds it, or that has no clause for the rule.
    fn cite(&self, _rule: &str, _language: Language) -> Option<String> {
        None
    }
}

/// A party that was loaded is a party.
impl<P: Party> Party for Loaded<P> {
    fn party_id(&self) -> PartyId {
        self.state.party_id()
    }

    fn legal_name(&self) -> &Line {
        self.state.legal_name()
    }

    fn contacts(&self) -> &Contacts {
        self.state.contacts()
    }

    fn cite(&self, rule: &str, language: Language) -> Option<String> {
        self.state.cite(rule, language)
    }
}

/// Who caused a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The operator (运营方), by the staff member's id.
    Operator(String),
    /// A party.
    Party(PartyId),
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

/// How a notice travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The public notice board (网页公告).
    Announcement,
    /// A message in the party's account (站内信).
    InSite,
    /// E-mail (电子邮件).
    Email,
    /// Text message (手机短信).
    Sms,
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
    /// One party.
    Party(PartyId),
    /// Everyone: the notice board.
    Everyone,
}
