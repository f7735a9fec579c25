//! A listing as stored, and what an order keeps of it.

use jiff::Timestamp;
use market_kernel::ids::{DocumentId, ListingId, PlanId, ProviderId, ScopeName};
use market_kernel::money::Fen;
use market_kernel::stored::form::{Storable, StoredForm, Upcaster};
use market_kernel::stored::values::{Name, Trusted, each, restored_each, trusted_each};
use market_kernel::text::{Line, Prose};
use serde::{Deserialize, Serialize};

use crate::listings::{Bound, Description, Listing, ListingKind, ListingStatus, Plan, Scope};

/// See [`Scope`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredScope {
    name: Trusted<ScopeName>,
    purpose: Trusted<Line>,
    method: Trusted<Line>,
    data_kinds: Vec<Trusted<Line>>,
}

impl StoredScope {
    /// Its form.
    #[must_use]
    pub fn of(scope: Scope) -> Self {
        let Scope { name, purpose, method, data_kinds } = scope;
        Self {
            name: Trusted(name),
            purpose: Trusted(purpose),
            method: Trusted(method),
            data_kinds: trusted_each(data_kinds),
        }
    }

    /// The scope again.
    #[must_use]
    pub fn restore(self) -> Scope {
        Scope {
            name: self.name.0,
            purpose: self.purpose.0,
            method: self.method.0,
            data_kinds: restored_each(self.data_kinds),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum StoredBound {
    Term { days: u16 },
    Count { uses: u32 },
    Unbounded,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct StoredPlan {
    id: Trusted<PlanId>,
    name: Trusted<Line>,
    price_fen: Trusted<Fen>,
    bound: StoredBound,
}

impl StoredPlan {
    pub fn of(plan: Plan) -> Self {
        let Plan { id, name, price_fen, bound } = plan;
        let bound = match bound {
            Bound::Term { days } => StoredBound::Term { days },
            Bound::Count { uses } => StoredBound::Count { uses },
            Bound::Unbounded => StoredBound::Unbounded,
        };
        Self { id: Trusted(id), name: Trusted(name), price_fen: Trusted(price_fen), bound }
    }

    pub fn restore(self) -> Plan {
        let bound = match self.bound {
            StoredBound::Term { days } => Bound::Term { days },
            StoredBound::Count { uses } => Bound::Count { uses },
            StoredBound::Unbounded => Bound::Unbounded,
        };
        Plan { id: self.id.0, name: self.name.0, price_fen: self.price_fen.0, bound }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct StoredDescription {
    kind: Name<ListingKind>,
    name: Trusted<Line>,
    category: Trusted<Line>,
    functions: Trusted<Prose>,
    instructions: Trusted<Prose>,
    charges: Trusted<Prose>,
    refund_rule: Trusted<Prose>,
    validity: Trusted<Prose>,
    subscription_agreement: Trusted<DocumentId>,
    scopes: Vec<StoredScope>,
    plans: Vec<StoredPlan>,
}

impl Storable for Description {
    type Form = StoredDescription;
}

/// Within a listing, and within an order.
impl StoredForm for StoredDescription {
    type State = Description;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = false;

    fn of(description: Description) -> Self {
        let Description {
            kind,
            name,
            category,
            functions,
            instructions,
            charges,
            refund_rule,
            validity,
            subscription_agreement,
            scopes,
            plans,
        } = description;
        Self {
            kind: Name(kind),
            name: Trusted(name),
            category: Trusted(category),
            functions: Trusted(functions),
            instructions: Trusted(instructions),
            charges: Trusted(charges),
            refund_rule: Trusted(refund_rule),
            validity: Trusted(validity),
            subscription_agreement: Trusted(subscription_agreement),
            scopes: each(scopes, StoredScope::of),
            plans: each(plans, StoredPlan::of),
        }
    }

    fn restore(self) -> Description {
        Description {
            kind: self.kind.0,
            name: self.name.0,
            category: self.category.0,
            functions: self.functions.0,
            instructions: self.instructions.0,
            charges: self.charges.0,
            refund_rule: self.refund_rule.0,
            validity: self.validity.0,
            subscription_agreement: self.subscription_agreement.0,
            scopes: each(self.scopes, StoredScope::restore),
            plans: each(self.plans, StoredPlan::restore),
        }
    }
}

/// See [`Listing`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredListing {
    id: Trusted<ListingId>,
    provider_id: Trusted<ProviderId>,
    description: StoredDescription,
    status: Name<ListingStatus>,
    created_at: Timestamp,
}

impl Storable for Listing {
    type Form = StoredListing;
}

impl StoredForm for StoredListing {
    type State = Listing;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = false;

    fn of(listing: Listing) -> Self {
        let Listing { id, provider_id, description, status, created_at } = listing;
        Self {
            id: Trusted(id),
            provider_id: Trusted(provider_id),
            description: StoredDescription::of(description),
            status: Name(status),
            created_at,
        }
    }

    fn restore(self) -> Listing {
        Listing {
            id: self.id.0,
            provider_id: self.provider_id.0,
            description: self.description.restore(),
            status: self.status.0,
            created_at: self.created_at,
        }
    }
}
