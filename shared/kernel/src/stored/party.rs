//! Parties, and how they are reached, as stored.

use serde::{Deserialize, Serialize};

use super::values::{Name, Trusted};
use crate::ids::{AccountId, ProviderId};
use crate::party::{Actor, Contacts, Language, PartyId, Recipient};
use crate::text::{EmailAddress, PhoneNumber};

#[derive(Debug, Serialize, Deserialize)]
pub struct StoredContacts {
    email: Trusted<EmailAddress>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<Trusted<PhoneNumber>>,
    language: Name<Language>,
}

impl StoredContacts {
    pub fn of(contacts: Contacts) -> Self {
        let Contacts { email, phone, language } = contacts;
        Self { email: Trusted(email), phone: phone.map(Trusted), language: Name(language) }
    }

    #[must_use]
    pub fn restore(self) -> Contacts {
        let Self { email, phone, language } = self;
        Contacts { email: email.0, phone: phone.map(|phone| phone.0), language: language.0 }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "role", content = "id", rename_all = "snake_case")]
pub enum StoredActor {
    Operator(String),
    Merchant(Trusted<AccountId>),
    Provider(Trusted<ProviderId>),
    Payments,
    Upstream,
    DataGateway,
    Anyone,
    Job(String),
}

impl StoredActor {
    #[must_use]
    pub fn of(actor: Actor) -> Self {
        match actor {
            Actor::Operator(subject) => Self::Operator(subject),
            Actor::Party(PartyId::Merchant(id)) => Self::Merchant(Trusted(id)),
            Actor::Party(PartyId::Provider(id)) => Self::Provider(Trusted(id)),
            Actor::Payments => Self::Payments,
            Actor::Upstream => Self::Upstream,
            Actor::DataGateway => Self::DataGateway,
            Actor::Anyone => Self::Anyone,
            Actor::Job(name) => Self::Job(name),
        }
    }

    #[must_use]
    pub fn restore(self) -> Actor {
        match self {
            Self::Operator(subject) => Actor::Operator(subject),
            Self::Merchant(id) => Actor::Party(PartyId::Merchant(id.0)),
            Self::Provider(id) => Actor::Party(PartyId::Provider(id.0)),
            Self::Payments => Actor::Payments,
            Self::Upstream => Actor::Upstream,
            Self::DataGateway => Actor::DataGateway,
            Self::Anyone => Actor::Anyone,
            Self::Job(name) => Actor::Job(name),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum StoredRecipient {
    Merchant(Trusted<AccountId>),
    Provider(Trusted<ProviderId>),
    Everyone,
}

impl StoredRecipient {
    #[must_use]
    pub fn of(recipient: Recipient) -> Self {
        match recipient {
            Recipient::Party(PartyId::Merchant(id)) => Self::Merchant(Trusted(id)),
            Recipient::Party(PartyId::Provider(id)) => Self::Provider(Trusted(id)),
            Recipient::Everyone => Self::Everyone,
        }
    }

    #[must_use]
    pub fn restore(self) -> Recipient {
        match self {
            Self::Merchant(id) => Recipient::Party(PartyId::Merchant(id.0)),
            Self::Provider(id) => Recipient::Party(PartyId::Provider(id.0)),
            Self::Everyone => Recipient::Everyone,
        }
    }
}
