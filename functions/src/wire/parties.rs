//! The parties that a thing names, and how they are written in bodies and replies.

use market_kernel::aggregate::Loaded;
use market_kernel::ids::{AccountId, ProviderId};
use market_kernel::party::{Actor, Contacts, Language, PartyId, Recipient};
use market_kernel::text::{EmailAddress, Line, PhoneNumber};
use market_parties::providers::Provider;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;

use crate::http::describe::NULL;
use crate::http::{Market, Problem, problems};

/// The provider that a thing names; providers are never deleted, so one that is missing is our fault.
pub(crate) async fn provider_of(market: &Market, id: &ProviderId) -> Result<Loaded<Provider>, Problem> {
    market.store.get::<Provider>(id).await?.ok_or(Problem::new(problems::INTERNAL))
}

/// Where a party can be reached. In-site messages need no address.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Contacts")]
pub struct ContactsForm {
    /// E-mail; every party has one, so that a legal notice always has a direct channel outside the site.
    email: EmailAddress,
    /// Mobile telephone, for text messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<PhoneNumber>,
    /// Language of what is sent.
    #[serde(default)]
    language: Language,
}

impl From<ContactsForm> for Contacts {
    fn from(form: ContactsForm) -> Self {
        let ContactsForm { email, phone, language } = form;
        Self { email, phone, language }
    }
}

/// Where a party can be reached from now on. What is left out stays as it is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ContactsToChange")]
pub struct ContactsChange {
    /// E-mail.
    #[serde(default)]
    email: Option<EmailAddress>,
    /// Mobile telephone, for text messages; null where there is none any more.
    #[serde(default, deserialize_with = "said")]
    #[schemars(schema_with = "number_or_null")]
    phone: Option<Option<PhoneNumber>>,
    /// Language of what is sent.
    #[serde(default)]
    language: Option<Language>,
}

/// The one null of the API that says something.
fn number_or_null(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = PhoneNumber::json_schema(generator);
    schema.insert("type".to_owned(), json!(["string", "null"]));
    schema.insert(NULL.to_owned(), json!("There is none any more."));
    schema
}

/// What is null is said, and what is left out is not.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl ContactsChange {
    /// The contacts as they are afterwards.
    #[must_use]
    pub fn of(self, before: &Contacts) -> Contacts {
        let Self { email, phone, language } = self;
        Contacts {
            email: email.unwrap_or_else(|| before.email.clone()),
            phone: phone.unwrap_or_else(|| before.phone.clone()),
            language: language.unwrap_or(before.language),
        }
    }
}

impl From<Contacts> for ContactsForm {
    fn from(contacts: Contacts) -> Self {
        let Contacts { email, phone, language } = contacts;
        Self { email, phone, language }
    }
}

/// The person who signs for a party.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Signer")]
pub struct SignerForm {
    /// Name.
    pub name: Line,
    /// By what authority: legal representative, holder of a power of attorney.
    pub authority: Line,
}

/// Who caused a change.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "role", content = "id", rename_all = "snake_case")]
#[schemars(rename = "Actor")]
pub enum ActorView {
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

impl From<Actor> for ActorView {
    fn from(actor: Actor) -> Self {
        match actor {
            Actor::Operator(subject) => Self::Operator(subject),
            Actor::Party(PartyId::Merchant(id)) => Self::Merchant(id),
            Actor::Party(PartyId::Provider(id)) => Self::Provider(id),
            Actor::Payments => Self::Payments,
            Actor::Upstream => Self::Upstream,
            Actor::DataGateway => Self::DataGateway,
            Actor::Anyone => Self::Anyone,
            Actor::Job(name) => Self::Job(name),
        }
    }
}

/// Whom a notice is for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
#[schemars(rename = "Recipient")]
pub enum RecipientView {
    /// One merchant.
    Merchant(AccountId),
    /// One provider.
    Provider(ProviderId),
    /// Everyone: the notice board.
    Everyone,
}

impl From<Recipient> for RecipientView {
    fn from(recipient: Recipient) -> Self {
        match recipient {
            Recipient::Party(PartyId::Merchant(id)) => Self::Merchant(id),
            Recipient::Party(PartyId::Provider(id)) => Self::Provider(id),
            Recipient::Everyone => Self::Everyone,
        }
    }
}
