//! `browse_listings` – the catalogue, page by page.

use market_trade::listings::{Listing, ListingKind};
use schemars::JsonSchema;
use serde::Deserialize;

use super::ListingView;
use crate::http::cursor::{Limit, List};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

/// Which part of the catalogue.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueQuery {
    /// Applications or services.
    kind: ListingKind,
    /// Where to go on: `next_cursor` of the page before.
    #[serde(default)]
    #[allow(dead_code, reason = "opened before the query is decided; here for the description")]
    cursor: Option<String>,
    /// How many items, 1 to 100; 50 by default.
    #[serde(default)]
    limit: Limit,
}

/// See the module.
#[derive(Debug)]
pub struct BrowseListings;

impl Endpoint for BrowseListings {
    type Path = Nothing;
    type Query = CatalogueQuery;
    type Body = Nothing;
    type Reply = List<ListingView>;

    fn route() -> Route {
        Route::get("browse_listings", "listings", "/listings")
            .summary("Browse the catalogue, the oldest listing first.")
            .about("The catalogue: what merchants can buy, by its kind (3, 4.2).")
            .clauses(&["3", "4.2"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<ListingView>>, Problem> {
        let list = Listing::catalogue(call.query.kind);
        let page = market
            .store
            .list_entries::<Listing>(&list, call.after.as_deref(), call.query.limit.get())
            .await?;
        Ok(Outcome::Reply(List::of(call, market, page, |listing| listing.state.into())))
    }
}
