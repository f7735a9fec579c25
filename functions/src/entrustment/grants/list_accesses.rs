//! `list_accesses` – the ledger of a grant: who checked its token, when, for which scope, how often.

use market_entrustment::grants::Grant;
use market_identity::Role;
use market_store::from_hour;

use super::AccessEntryView;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::GrantPath;

#[derive(Debug)]
pub struct ListAccesses;

impl Endpoint for ListAccesses {
    type Path = GrantPath;
    type Query = ListQuery;
    type Body = Nothing;
    type Reply = List<AccessEntryView>;

    fn route() -> Route {
        Route::get("list_accesses", "grants", "/accounts/{account_id}/grants/{grant_id}/accesses")
            .summary("List the checks of a grant's tokens, counted by hour, scope and outcome.")
            .about(
                "The ledger of a grant: a line for each hour, scope and answer, with how many \
                    checks there were (4.4.3). `since` counts from the beginning of its hour.",
            )
            .clauses(&["4.4.3"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<AccessEntryView>>, Problem> {
        let asked = call.query.asked(call.after.as_deref(), from_hour);
        let page = market.store.ledger(&call.path.account_id, &call.path.grant_id, asked).await?;
        if page.items.is_empty() && call.after.is_none() {
            let grant = (call.path.account_id.clone(), call.path.grant_id.clone());
            market.store.get::<Grant>(&grant).await?.ok_or(Problem::not_found())?;
        }
        Ok(Outcome::Reply(List::of(call, market, page, AccessEntryView::from)))
    }
}
