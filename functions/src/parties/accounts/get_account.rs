//! `get_account` – a market account.

use market_identity::Role;
use market_parties::accounts::MarketAccount;

use super::AccountView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::AccountPath;

#[derive(Debug)]
pub struct GetAccount;

impl Endpoint for GetAccount {
    type Path = AccountPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = AccountView;

    fn route() -> Route {
        Route::get("get_account", "accounts", "/accounts/{account_id}")
            .summary("Read a market account.")
            .about(
                "A market account: who it is, how it is reached, where it stands, and when its \
                    agreement ends, once that is known (5.1).",
            )
            .clauses(&["5.1"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<AccountView>, Problem> {
        let account = market.store.get::<MarketAccount>(&call.path.account_id).await?;
        Ok(Outcome::Reply(account.ok_or(Problem::not_found())?.state.into()))
    }
}
