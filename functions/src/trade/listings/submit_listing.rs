//! `submit_listing` – a provider hands a draft to the operator.

use market_identity::Role;
use market_trade::listings::Listing;

use super::ListingView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::trade::problems;
use crate::wire::paths::ProviderListingPath;

#[derive(Debug)]
pub struct SubmitListing;

impl Endpoint for SubmitListing {
    type Path = ProviderListingPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = ListingView;

    fn route() -> Route {
        Route::post("submit_listing", "listings", "/providers/{provider_id}/listings/{listing_id}/submission")
            .summary("Submit a listing for review.")
            .about(
                "Hands a draft to the operator (4.2). It is for sale once it is approved. Refused \
                    where it is not a draft.",
            )
            .clauses(&["4.2"])
            .roles(&[Role::Provider])
            .problems(&[problems::WRONG_LISTING_STATE])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<ListingView>, Problem> {
        let listing = market.store.get::<Listing>(&call.path.listing_id).await?;
        let listing = listing
            .filter(|listing| listing.provider_id == call.path.provider_id)
            .ok_or(Problem::not_found())?;
        let submitted = Listing::submit(&listing, &call.occasion)?;
        Ok(Outcome::commit(submitted).map(ListingView::from))
    }
}
