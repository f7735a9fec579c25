//! `get_listing` – a listing of the catalogue.

use market_trade::listings::{Listing, ListingStatus};

use super::ListingView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ListingPath;

#[derive(Debug)]
pub struct GetListing;

impl Endpoint for GetListing {
    type Path = ListingPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = ListingView;

    fn route() -> Route {
        Route::get("get_listing", "listings", "/listings/{listing_id}")
            .summary("Read a listing of the catalogue.")
            .about(
                "A listing with its plans and the data that it asks for (4.2, 4.4.2). Drafts and \
                    what is in review are not found here, but by `get_draft`.",
            )
            .clauses(&["4.2", "4.4.2"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<ListingView>, Problem> {
        let listing = market.store.get::<Listing>(&call.path.listing_id).await?;
        let listed = listing.filter(|listing| listing.status == ListingStatus::Listed);
        Ok(Outcome::Reply(listed.ok_or(Problem::not_found())?.state.into()))
    }
}
