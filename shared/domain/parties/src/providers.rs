//! Providers (服务商): `applied → approved`.

use jiff::Timestamp;
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::ids::ProviderId;
use market_kernel::keys::{self, Key, ListEntry, ListName, Place};
use market_kernel::notices::Reach;
use market_kernel::occasion::Occasion;
use market_kernel::party::{Contacts, Party, PartyId};
use market_kernel::stored::values::Named;
use market_kernel::text::Line;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::applications::Application;
use crate::contacts::{self, ContactsRefusal};
use crate::credit_code::CreditCode;
use crate::events;
use crate::messages;

/// Where a provider stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderStatus {
    /// Has applied.
    Applied,
    /// May list.
    Approved,
}

impl ProviderStatus {
    /// The list of the providers that stand so.
    #[must_use]
    pub fn list(self) -> ListName {
        ListName::new("providers#", self.name())
    }
}

/// A seller of applications and services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The `sub` of its tokens.
    pub id: ProviderId,
    /// The legal entity's name.
    pub legal_name: Line,
    /// Its unified social credit code.
    pub credit_code: CreditCode,
    /// How to reach it.
    pub contacts: Contacts,
    /// When that was changed last.
    pub contacts_changed_at: Option<Timestamp>,
    /// Where it stands.
    pub status: ProviderStatus,
    /// When it applied.
    pub applied_at: Timestamp,
    /// When it was approved. Those that were approved before 0.5.0 do not tell.
    pub approved_at: Option<Timestamp>,
}

/// Why a provider was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderRefusal {
    /// It has applied before.
    #[error("this provider has applied before")]
    AlreadyApplied,
    /// It was approved before.
    #[error("this provider was approved before")]
    AlreadyApproved,
}

impl Provider {
    /// Applies to become a provider.
    ///
    /// # Errors
    /// See [`ProviderRefusal`].
    pub fn apply(
        existing: Option<&Loaded<Self>>,
        application: Application<'_, ProviderId>,
        occasion: &Occasion,
    ) -> Result<(Self, Change), ProviderRefusal> {
        if existing.is_some() {
            return Err(ProviderRefusal::AlreadyApplied);
        }
        let Application { id, legal_name, credit_code, vouching, contacts } = application;
        let provider = Self {
            id,
            legal_name,
            credit_code,
            contacts,
            contacts_changed_at: None,
            status: ProviderStatus::Applied,
            applied_at: occasion.at,
            approved_at: None,
        };
        let event =
            Event::of(events::ProviderApplied { vouched: vouching.map(|vouching| vouching.head.clone()) });
        let change = Change::on(occasion).create(&provider, event);
        Ok((provider, change))
    }

    /// Lets it list.
    ///
    /// # Errors
    /// See [`ProviderRefusal`].
    pub fn approve(loaded: &Loaded<Self>, occasion: &Occasion) -> Result<(Self, Change), ProviderRefusal> {
        if loaded.status == ProviderStatus::Approved {
            return Err(ProviderRefusal::AlreadyApproved);
        }
        let state = loaded.state.clone();
        let approved = Self { status: ProviderStatus::Approved, approved_at: Some(occasion.at), ..state };
        let event =
            Event::of(events::ProviderApproved {}).tell(Reach::Party(loaded), messages::ProviderApproved {});
        let change = Change::on(occasion).update(loaded, &approved, event);
        Ok((approved, change))
    }

    /// Changes how to reach it; `None` where that is how it is reached already.
    ///
    /// # Errors
    /// See [`ContactsRefusal`].
    pub fn change_contacts(
        loaded: &Loaded<Self>,
        contacts: Contacts,
        occasion: &Occasion,
    ) -> Result<Option<(Self, Change)>, ContactsRefusal> {
        let state = loaded.state.clone();
        let provider = Self { contacts, contacts_changed_at: Some(occasion.at), ..state };
        let (before, after) = (Reach::Party(loaded), Reach::Party(&provider));
        let (before, after) = ((before, &loaded.contacts), (after, &provider.contacts));
        let Some(event) = contacts::changed(before, after, loaded.contacts_changed_at, occasion)? else {
            return Ok(None);
        };
        let change = Change::on(occasion).update(loaded, &provider, event);
        Ok(Some((provider, change)))
    }
}

impl Party for Provider {
    fn party_id(&self) -> PartyId {
        PartyId::Provider(self.id.clone())
    }

    fn legal_name(&self) -> &Line {
        &self.legal_name
    }

    fn contacts(&self) -> &Contacts {
        &self.contacts
    }
}

impl Aggregate for Provider {
    type Id = ProviderId;
    const KIND: &'static str = "provider";
    const PLACE: Place = Place::Own(keys::PROVIDER);

    fn key_of(id: &ProviderId) -> Key {
        Self::PLACE.own(id)
    }

    fn key(&self) -> Key {
        Self::key_of(&self.id)
    }

    /// In the list of its status, by the instant of its application.
    fn list_entry(&self) -> Option<ListEntry> {
        let place = format!("{}#{}", keys::instant_place(self.applied_at), self.id);
        Some(ListEntry { list: self.status.list(), place })
    }
}
