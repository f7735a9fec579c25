//! `list_reviews` – what waits for the operator's review.

use market_identity::Role;
use market_trade::listings::Listing;

use super::ListingView;
use crate::http::cursor::{List, PageQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

/// See the module.
#[derive(Debug)]
pub struct ListReviews;

impl Endpoint for ListReviews {
    type Path = Nothing;
    type Query = PageQuery;
    type Body = Nothing;
    type Reply = List<ListingView>;

    fn route() -> Route {
        Route::get("list_reviews", "listings", "/reviews")
            .summary("List the listings that wait for review, the oldest first.")
            .about("The listings that their providers have submitted and that wait for the operator's review (4.2).")
            .clauses(&["4.2"])
            .roles(&[Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<ListingView>>, Problem> {
        let limit = call.query.limit.get();
        let page =
            market.store.list_entries::<Listing>(&Listing::REVIEWS, call.after.as_deref(), limit).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |listing| listing.state.into())))
    }
}
