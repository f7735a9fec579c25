//! `list_reviews` – what waits for the operator's review.

use market_identity::Role;
use market_kernel::ids::ListingId;
use market_trade::listings::Listing;

use super::ListingSummary;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

#[derive(Debug)]
pub struct ListReviews;

impl Endpoint for ListReviews {
    type Path = Nothing;
    type Query = ListQuery;
    type Body = Nothing;
    type Reply = List<ListingSummary>;

    fn route() -> Route {
        Route::get("list_reviews", "listings", "/reviews")
            .summary("List the listings that wait for review.")
            .about("The listings that their providers have submitted and that wait for the operator's review (4.2).")
            .clauses(&["4.2"])
            .roles(&[Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<ListingSummary>>, Problem> {
        let asked = call.query.asked(call.after.as_deref(), |since| ListingId::first_of(since).into());
        let page = market.store.list_entries::<Listing>(&Listing::REVIEWS, asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |listing| listing.state.into())))
    }
}
