//! `list_drafts` – what a provider has written and not submitted.

use market_identity::Role;
use market_kernel::ids::ListingId;
use market_trade::listings::Listing;

use super::ListingSummary;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ProviderPath;

#[derive(Debug)]
pub struct ListDrafts;

impl Endpoint for ListDrafts {
    type Path = ProviderPath;
    type Query = ListQuery;
    type Body = Nothing;
    type Reply = List<ListingSummary>;

    fn route() -> Route {
        Route::get("list_drafts", "listings", "/providers/{provider_id}/drafts")
            .summary("List a provider's drafts.")
            .about("What the provider has written and not submitted (2.6).")
            .clauses(&["2.6"])
            .roles(&[Role::Provider])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<ListingSummary>>, Problem> {
        let list = Listing::drafts(&call.path.provider_id);
        let asked = call.query.asked(call.after.as_deref(), |since| ListingId::first_of(since).into());
        let page = market.store.list_entries::<Listing>(&list, asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |listing| listing.state.into())))
    }
}
