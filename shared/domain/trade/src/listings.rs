//! Listings (clauses 2.6, 2.7, 4.2, 4.4.2): what providers sell, and everything a merchant must be able to
//! read before buying. `draft → in_review → listed`.
//!
//! A listing cannot be written down incompletely: functions, instructions, charges, refund rule and
//! validity are not optional, and every scope names its purpose and method.

use jiff::Timestamp;
use market_agreement::documents::{Document, Publisher};
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::ids::{DocumentId, ListingId, PlanId, ProviderId, ScopeName};
use market_kernel::keys::{Key, ListEntry, ListName, Place};
use market_kernel::money::Fen;
use market_kernel::notices::{Notice, Notified, Reach, Validity};
use market_kernel::occasion::Occasion;
use market_kernel::stored::form;
use market_kernel::text::{Line, Prose};
use market_parties::providers::{Provider, ProviderStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events;
use crate::messages;

/// The most scopes and plans of one listing, and kinds of data of one scope.
pub const MAX_PARTS: usize = 32;
/// The largest description, as stored. An order keeps it, and the reply to an order, in which every quotation mark is
/// written with two strokes more, lies in one item of the table too; its limit is 400 KB with everything in it.
pub const MAX_DESCRIPTION_BYTES: usize = 160 * 1024;

/// What is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListingKind {
    /// Software (应用), which may need data.
    Application,
    /// A service (服务).
    Service,
}

impl ListingKind {
    /// Its name in lists and queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Service => "service",
        }
    }
}

/// Data that the application asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The platform's name of it.
    pub name: ScopeName,
    /// What it is used for.
    pub purpose: Line,
    /// How it is processed.
    pub method: Line,
    /// The kinds of data in it.
    pub data_kinds: Vec<Line>,
}

/// How far a plan reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// So many days, 1 to 1,830.
    Term {
        /// The days.
        days: u16,
    },
    /// So many uses, 1 to 1,000,000,000.
    Count {
        /// The uses.
        uses: u32,
    },
    /// Neither: it may stop at any time (clause 4.5).
    Unbounded,
}

/// A price and a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its id within the listing.
    pub id: PlanId,
    /// Its name.
    pub name: Line,
    /// Its price in fen.
    pub price_fen: Fen,
    /// How far it reaches.
    pub bound: Bound,
}

/// What a merchant must be able to read before buying (4.2, 4.4.2), and what is kept of it in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Application or service.
    pub kind: ListingKind,
    /// Its name.
    pub name: Line,
    /// Its place in the catalogue.
    pub category: Line,
    /// What it does.
    pub functions: Prose,
    /// How it is used.
    pub instructions: Prose,
    /// What it costs.
    pub charges: Prose,
    /// When money is returned.
    pub refund_rule: Prose,
    /// How long it lasts.
    pub validity: Prose,
    /// The provider's own agreement, accepted before ordering (4.1).
    pub subscription_agreement: DocumentId,
    /// The data it asks for; none for a service.
    pub scopes: Vec<Scope>,
    /// What can be bought.
    pub plans: Vec<Plan>,
}

/// Where a listing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListingStatus {
    /// The provider writes it.
    Draft,
    /// The operator reads it.
    InReview,
    /// Merchants can buy it.
    Listed,
}

impl ListingStatus {
    /// It as it is said of a listing.
    const fn said(self) -> &'static str {
        match self {
            Self::Draft => "is a draft (`draft`)",
            Self::InReview => "is in review (`in_review`)",
            Self::Listed => "is in the catalogue (`listed`)",
        }
    }
}

/// Something a provider sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Its id.
    pub id: ListingId,
    /// Its provider.
    pub provider_id: ProviderId,
    /// What merchants read.
    pub description: Description,
    /// Where it stands.
    pub status: ListingStatus,
    /// When it was written.
    pub created_at: Timestamp,
}

/// Why a listing was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingRefusal {
    /// The provider is not approved.
    #[error("the provider is not approved")]
    ProviderNotApproved,
    /// A scope or plan is named twice, or there are too many or no plans.
    #[error("needs 1 to {MAX_PARTS} plans and at most {MAX_PARTS} scopes, each with a name of its own")]
    Parts,
    /// A plan's bound is out of range.
    #[error("a plan's term is 1 to 1830 days, and its count 1 to 1000000000 uses")]
    Bound,
    /// A service asks for data, or an application's scope names no kind of data.
    #[error("a service has no scopes, and every scope of an application names at least one kind of data")]
    Scopes,
    /// It is larger than an order can keep.
    #[error(
        "the description has {bytes} bytes, and an order can keep {MAX_DESCRIPTION_BYTES}: shorten its texts, or name fewer scopes and kinds of data"
    )]
    TooLarge {
        /// Its size, as stored.
        bytes: usize,
    },
    /// The subscription agreement is not the provider's, or not in force.
    #[error("the subscription agreement is not one of this provider's documents in force")]
    SubscriptionAgreement,
    /// It is not in the state that this step starts from.
    #[error("the listing {}, and this step starts from one that {}", is.said(), needed.said())]
    WrongState {
        /// The state that it is in.
        is: ListingStatus,
        /// The one that the step starts from.
        needed: ListingStatus,
    },
}

impl Description {
    /// The price of a plan, if there is one of this id.
    #[must_use]
    pub fn price_of(&self, plan: &PlanId) -> Option<Fen> {
        self.plans.iter().find(|offered| offered.id == *plan).map(|plan| plan.price_fen)
    }

    fn check(&self) -> Result<(), ListingRefusal> {
        fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> bool {
            let mut seen = std::collections::BTreeSet::new();
            names.into_iter().all(|name| seen.insert(name))
        }
        let parts = (1..=MAX_PARTS).contains(&self.plans.len())
            && self.scopes.len() <= MAX_PARTS
            && distinct(self.plans.iter().map(|plan| plan.id.as_str()))
            && distinct(self.scopes.iter().map(|scope| scope.name.as_str()));
        if !parts {
            return Err(ListingRefusal::Parts);
        }
        let bounded = self.plans.iter().all(|plan| match plan.bound {
            Bound::Term { days } => (1..=1830).contains(&days),
            Bound::Count { uses } => (1..=1_000_000_000).contains(&uses),
            Bound::Unbounded => true,
        });
        if !bounded {
            return Err(ListingRefusal::Bound);
        }
        let scoped = match self.kind {
            ListingKind::Service => self.scopes.is_empty(),
            ListingKind::Application => {
                self.scopes.iter().all(|scope| (1..=MAX_PARTS).contains(&scope.data_kinds.len()))
            }
        };
        if !scoped {
            return Err(ListingRefusal::Scopes);
        }
        let bytes = form::bytes(self.clone()).len();
        if bytes > MAX_DESCRIPTION_BYTES { Err(ListingRefusal::TooLarge { bytes }) } else { Ok(()) }
    }
}

impl Listing {
    /// Writes a draft.
    ///
    /// # Errors
    /// See [`ListingRefusal`].
    pub fn draft(
        id: ListingId,
        provider: &Provider,
        agreement: Option<&Document>,
        description: Description,
        occasion: &Occasion,
    ) -> Result<(Self, Change), ListingRefusal> {
        if provider.status != ProviderStatus::Approved {
            return Err(ListingRefusal::ProviderNotApproved);
        }
        description.check()?;
        let theirs = agreement.is_some_and(|document| {
            document.publisher == Publisher::Provider(provider.id.clone())
                && document.in_force_at(occasion.at).is_some()
        });
        if !theirs {
            return Err(ListingRefusal::SubscriptionAgreement);
        }
        let listing = Self {
            id,
            provider_id: provider.id.clone(),
            description,
            status: ListingStatus::Draft,
            created_at: occasion.at,
        };
        let change = Change::on(occasion).create(&listing, Event::of(events::ListingDrafted {}));
        Ok((listing, change))
    }

    /// Hands it to the operator for review.
    ///
    /// # Errors
    /// See [`ListingRefusal`].
    pub fn submit(loaded: &Loaded<Self>, occasion: &Occasion) -> Result<(Self, Change), ListingRefusal> {
        Self::step(
            loaded,
            ListingStatus::Draft,
            ListingStatus::InReview,
            Event::of(events::ListingSubmitted {}),
            occasion,
        )
    }

    /// Lists it.
    ///
    /// # Errors
    /// See [`ListingRefusal`].
    pub fn approve(
        loaded: &Loaded<Self>,
        provider: &Provider,
        occasion: &Occasion,
    ) -> Result<(Self, Change), ListingRefusal> {
        let event = Event::of(events::ListingListed {}).tell(
            Reach::Party(provider),
            messages::ListingListed { listing: loaded.description.name.to_string() },
        );
        Self::step(loaded, ListingStatus::InReview, ListingStatus::Listed, event, occasion)
    }

    fn step(
        loaded: &Loaded<Self>,
        from: ListingStatus,
        to: ListingStatus,
        event: Event<'_>,
        occasion: &Occasion,
    ) -> Result<(Self, Change), ListingRefusal> {
        if loaded.status != from {
            return Err(ListingRefusal::WrongState { is: loaded.status, needed: from });
        }
        let stepped = Self { status: to, ..loaded.state.clone() };
        let change = Change::on(occasion).update(loaded, &stepped, event);
        Ok((stepped, change))
    }

    /// The list of what waits for the operator.
    pub const REVIEWS: ListName = ListName::of_market("reviews");

    /// The list of what a provider has for sale (index `desk`).
    #[must_use]
    pub fn listed(provider: &ProviderId) -> ListName {
        ListName::of(provider, "listed")
    }

    /// The list of a provider's drafts.
    #[must_use]
    pub fn drafts(provider: &ProviderId) -> ListName {
        ListName::of(provider, "drafts")
    }

    /// The list of the catalogue that listings of this kind are read in.
    #[must_use]
    pub fn catalogue(kind: ListingKind) -> ListName {
        ListName::new("catalogue#", kind.name())
    }
}

impl Notified for Listing {
    fn validity(&self, notice: &Notice, _: Timestamp) -> Validity {
        match notice.about.as_str() {
            messages::ListingListed::ABOUT => Validity::while_so(self.status == ListingStatus::Listed),
            _ => Validity::Stands,
        }
    }
}

impl Aggregate for Listing {
    type Id = ListingId;
    const KIND: &'static str = "listing";
    const PLACE: Place = Place::Own("listing#");

    fn key_of(id: &ListingId) -> Key {
        Self::PLACE.own(id)
    }

    fn key(&self) -> Key {
        Self::key_of(&self.id)
    }

    /// Drafts are in their provider's list, submitted listings in the operator's, the others in the catalogue.
    fn list_entry(&self) -> Option<ListEntry> {
        let list = match self.status {
            ListingStatus::Draft => Self::drafts(&self.provider_id),
            ListingStatus::InReview => Self::REVIEWS,
            ListingStatus::Listed => Self::catalogue(self.description.kind),
        };
        Some(ListEntry { list, place: self.id.to_string() })
    }

    /// What is for sale stands among its provider's too.
    fn desk_entry(&self) -> Option<ListEntry> {
        let is_listed = self.status == ListingStatus::Listed;
        is_listed.then(|| ListEntry { list: Self::listed(&self.provider_id), place: self.id.to_string() })
    }
}
