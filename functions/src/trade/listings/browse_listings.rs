//! `browse_listings` – the catalogue, page by page.

use market_kernel::ids::ListingId;
use market_trade::listings::{Listing, ListingKind};
use schemars::JsonSchema;
use serde::Deserialize;

use super::ListingSummary;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

/// Which part of the catalogue.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueQuery {
    /// Applications or services.
    kind: ListingKind,
    #[serde(flatten)]
    page: ListQuery,
}

#[derive(Debug)]
pub struct BrowseListings;

impl Endpoint for BrowseListings {
    type Path = Nothing;
    type Query = CatalogueQuery;
    type Body = Nothing;
    type Reply = List<ListingSummary>;

    fn route() -> Route {
        Route::get("browse_listings", "listings", "/listings")
            .summary("Browse the catalogue.")
            .about("The catalogue: what merchants can buy, by its kind (3, 4.2).")
            .clauses(&["3", "4.2"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<ListingSummary>>, Problem> {
        let list = Listing::catalogue(call.query.kind);
        let asked = call.query.page.asked(call.after.as_deref(), |since| ListingId::first_of(since).into());
        let page = market.store.list_entries::<Listing>(&list, asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |listing| listing.state.into())))
    }
}
