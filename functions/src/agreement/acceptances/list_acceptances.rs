//! `list_acceptances` – what a merchant accepted.

use market_agreement::documents::acceptance::Acceptance;
use market_identity::Role;
use market_kernel::keys::Owner;

use super::AcceptanceView;
use crate::http::cursor::{List, PageQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::AccountPath;

#[derive(Debug)]
pub struct ListAcceptances;

impl Endpoint for ListAcceptances {
    type Path = AccountPath;
    type Query = PageQuery;
    type Body = Nothing;
    type Reply = List<AcceptanceView>;

    fn route() -> Route {
        Route::get("list_acceptances", "accounts", "/accounts/{account_id}/acceptances")
            .summary("List what a merchant accepted, and how.")
            .about(
                "Every version that the merchant accepted, with who accepted and what was shown \
                    (1.3): the proof of what binds it, also after the agreement has ended.",
            )
            .clauses(&["1.3", "4.1"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<AcceptanceView>>, Problem> {
        let partition = call.path.account_id.partition();
        let asked = call.query.asked(call.after.as_deref());
        let page = market.store.list::<Acceptance>(&partition, asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |acceptance| acceptance.state.into())))
    }
}
