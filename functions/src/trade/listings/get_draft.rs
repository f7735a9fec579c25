//! `get_draft` – the whole of a listing for who writes it and who approves it, wherever it stands.

use market_identity::Role;
use market_trade::listings::Listing;

use super::ListingView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ProviderListingPath;

#[derive(Debug)]
pub struct GetDraft;

impl Endpoint for GetDraft {
    type Path = ProviderListingPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = ListingView;

    fn route() -> Route {
        Route::get("get_draft", "listings", "/providers/{provider_id}/drafts/{listing_id}")
            .summary("Read a listing before it is in the catalogue.")
            .about(
                "The whole of a provider's listing, in any state: as a draft, in review, and once it is \
                    listed (2.6, 4.2). By it the provider goes on writing, and the operator reads what is \
                    to be approved. Another provider's is not found here.",
            )
            .clauses(&["2.6", "4.2"])
            .roles(&[Role::Provider, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<ListingView>, Problem> {
        let listing = market.store.get::<Listing>(&call.path.listing_id).await?;
        let own = listing.filter(|listing| listing.provider_id == call.path.provider_id);
        Ok(Outcome::Reply(own.ok_or(Problem::not_found())?.state.into()))
    }
}
