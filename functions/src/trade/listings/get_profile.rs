//! `get_profile` – who a provider is, and what it sells, for whoever may buy: without a token, and without how to reach it.
//! It stands here because it shows listings, of which a provider knows nothing.

use market_kernel::ids::{ListingId, ProviderId};
use market_kernel::text::Line;
use market_parties::credit_code::CreditCode;
use market_parties::providers::{Provider, ProviderStatus};
use market_store::Index;
use market_trade::listings::Listing;
use schemars::JsonSchema;
use serde::Serialize;

use super::ListingSummary;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ProviderPath;
use crate::wire::time::Instant;

/// A provider, as everyone may know it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Profile {
    /// Its id.
    id: ProviderId,
    /// The legal entity's name.
    legal_name: Line,
    /// Its unified social credit code.
    credit_code: CreditCode,
    /// When it applied to sell here.
    applied_at: Instant,
    /// Since when it may sell here. Those that were approved before 0.5.0 do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_at: Option<Instant>,
    /// What it has for sale; `cursor` goes on with it.
    listings: List<ListingSummary>,
}

#[derive(Debug)]
pub struct GetProfile;

impl Endpoint for GetProfile {
    type Path = ProviderPath;
    type Query = ListQuery;
    type Body = Nothing;
    type Reply = Profile;

    fn route() -> Route {
        Route::get("get_profile", "providers", "/providers/{provider_id}/profile")
            .summary("Read who a provider is and what it sells.")
            .about("What a buyer has to know of a seller (2.2, 3): its legal name, its credit code, since when it is here, and what it offers. Providers that are not approved have none.")
            .clauses(&["2.2", "3"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Profile>, Problem> {
        let provider = market.store.get::<Provider>(&call.path.provider_id).await?;
        // One that is not approved sells nothing, and is nobody's business.
        let provider = provider.filter(|provider| provider.status == ProviderStatus::Approved);
        let provider = provider.ok_or(Problem::not_found())?;
        let asked = call.query.asked(call.after.as_deref(), |since| ListingId::first_of(since).into());
        let listed = [Listing::listed(&provider.id)];
        let page = market.store.list_entries_merged::<Listing>(Index::Desk, &listed, asked).await?;
        let listings = List::of(call, market, page, |listing| listing.state.into());
        let Provider { id, legal_name, credit_code, applied_at, approved_at, .. } = provider.state;
        Ok(Outcome::Reply(Profile {
            id,
            legal_name,
            credit_code,
            applied_at: applied_at.into(),
            approved_at: approved_at.map(Instant::from),
            listings,
        }))
    }
}
