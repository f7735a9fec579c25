//! A listing as its provider writes it and as everyone reads it: its description has one form for both. A
//! field is shown only if it is named here.

use market_kernel::ids::{DocumentId, ListingId, PlanId, ProviderId, ScopeName};
use market_kernel::money::Fen;
use market_kernel::text::{Line, Prose};
use market_trade::listings::{
    Bound, Description, Listing, ListingKind, ListingStatus, MAX_PARTS, Plan, Scope,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::lists::AtMost;
use crate::wire::time::Instant;

/// Data that the application asks for.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Scope")]
pub struct ScopeForm {
    /// The platform's name of it.
    name: ScopeName,
    /// What it is used for.
    purpose: Line,
    /// How it is processed.
    method: Line,
    /// The kinds of data in it.
    data_kinds: AtMost<Line, MAX_PARTS>,
}

impl From<ScopeForm> for Scope {
    fn from(form: ScopeForm) -> Self {
        let ScopeForm { name, purpose, method, data_kinds } = form;
        Self { name, purpose, method, data_kinds: data_kinds.into_vec() }
    }
}

impl From<Scope> for ScopeForm {
    fn from(scope: Scope) -> Self {
        let Scope { name, purpose, method, data_kinds } = scope;
        Self { name, purpose, method, data_kinds: data_kinds.into_iter().collect() }
    }
}

/// How far a plan reaches.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "Bound")]
pub enum BoundForm {
    /// So many days, 1 to 1,830.
    Term {
        /// The days.
        #[schemars(range(min = 1, max = 1830))]
        days: u16,
    },
    /// So many uses, 1 to 1,000,000,000.
    Count {
        /// The uses.
        #[schemars(range(min = 1, max = 1_000_000_000))]
        uses: u32,
    },
    /// Neither: it may stop at any time (clause 4.5).
    Unbounded {},
}

impl From<BoundForm> for Bound {
    fn from(form: BoundForm) -> Self {
        match form {
            BoundForm::Term { days } => Self::Term { days },
            BoundForm::Count { uses } => Self::Count { uses },
            BoundForm::Unbounded {} => Self::Unbounded,
        }
    }
}

impl From<Bound> for BoundForm {
    fn from(bound: Bound) -> Self {
        match bound {
            Bound::Term { days } => Self::Term { days },
            Bound::Count { uses } => Self::Count { uses },
            Bound::Unbounded => Self::Unbounded {},
        }
    }
}

/// A price and a bound.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Plan")]
pub struct PlanForm {
    /// Its id within the listing.
    id: PlanId,
    /// Its name.
    name: Line,
    /// Its price in fen.
    price_fen: Fen,
    /// How far it reaches.
    bound: BoundForm,
}

impl From<PlanForm> for Plan {
    fn from(form: PlanForm) -> Self {
        let PlanForm { id, name, price_fen, bound } = form;
        Self { id, name, price_fen, bound: bound.into() }
    }
}

impl From<Plan> for PlanForm {
    fn from(plan: Plan) -> Self {
        let Plan { id, name, price_fen, bound } = plan;
        Self { id, name, price_fen, bound: bound.into() }
    }
}

/// What a merchant must be able to read before buying (4.2, 4.4.2), and what is kept of it in an order. All of it
/// together has at most 163,840 bytes of JSON.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Description")]
pub struct DescriptionForm {
    /// Application or service.
    kind: ListingKind,
    /// Its name.
    name: Line,
    /// Its place in the catalogue.
    category: Line,
    /// What it does.
    functions: Prose,
    /// How it is used.
    instructions: Prose,
    /// What it costs.
    charges: Prose,
    /// When money is returned.
    refund_rule: Prose,
    /// How long it lasts.
    validity: Prose,
    /// The provider's own agreement, accepted before ordering (4.1).
    subscription_agreement: DocumentId,
    /// The data it asks for; none for a service.
    #[serde(default)]
    scopes: AtMost<ScopeForm, MAX_PARTS>,
    /// What can be bought.
    #[schemars(length(min = 1))]
    plans: AtMost<PlanForm, MAX_PARTS>,
}

impl From<DescriptionForm> for Description {
    fn from(form: DescriptionForm) -> Self {
        let DescriptionForm {
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
        } = form;
        Self {
            kind,
            name,
            category,
            functions,
            instructions,
            charges,
            refund_rule,
            validity,
            subscription_agreement,
            scopes: scopes.into_vec().into_iter().map(Scope::from).collect(),
            plans: plans.into_vec().into_iter().map(Plan::from).collect(),
        }
    }
}

impl From<Description> for DescriptionForm {
    fn from(description: Description) -> Self {
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
            kind,
            name,
            category,
            functions,
            instructions,
            charges,
            refund_rule,
            validity,
            subscription_agreement,
            scopes: scopes.into_iter().map(ScopeForm::from).collect(),
            plans: plans.into_iter().map(PlanForm::from).collect(),
        }
    }
}

/// Something a provider sells.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Listing")]
pub struct ListingView {
    /// Its id.
    id: ListingId,
    /// Its provider.
    provider_id: ProviderId,
    /// What merchants read.
    description: DescriptionForm,
    /// Where it stands.
    status: ListingStatus,
    /// When it was written.
    created_at: Instant,
}

impl From<Listing> for ListingView {
    fn from(listing: Listing) -> Self {
        let Listing { id, provider_id, description, status, created_at } = listing;
        Self { id, provider_id, description: description.into(), status, created_at: created_at.into() }
    }
}
