//! `approve_listing` – the operator lists it.

use market_identity::Role;
use market_trade::listings::Listing;

use super::ListingView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::trade::problems;
use crate::wire::parties::provider_of;
use crate::wire::paths::ListingPath;

#[derive(Debug)]
pub struct ApproveListing;

impl Endpoint for ApproveListing {
    type Path = ListingPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = ListingView;

    fn route() -> Route {
        Route::post("approve_listing", "listings", "/listings/{listing_id}/approval")
            .summary("List a listing that was submitted.")
            .about(
                "Puts a submitted listing into the catalogue (4.2), and tells its provider. \
                    Refused where it is not in review.",
            )
            .clauses(&["4.2"])
            .roles(&[Role::Operator])
            .problems(&[problems::WRONG_LISTING_STATE])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<ListingView>, Problem> {
        let listing = market.store.get::<Listing>(&call.path.listing_id).await?;
        let listing = listing.ok_or(Problem::not_found())?;
        let provider = provider_of(market, &listing.provider_id).await?;
        let approved = Listing::approve(&listing, &provider, &call.occasion)?;
        Ok(Outcome::commit(approved).map(ListingView::from))
    }
}
