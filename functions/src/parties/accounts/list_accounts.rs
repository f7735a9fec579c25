//! `list_accounts` – the accounts of one status, for the operator: who applied, who is in, who left.

use market_identity::Role;
use market_parties::accounts::{AccountStatus, MarketAccount};
use schemars::JsonSchema;
use serde::Deserialize;

use super::AccountView;
use crate::http::cursor::{Limit, List};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

/// Which accounts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountsQuery {
    /// Where they stand.
    status: AccountStatus,
    /// Where to go on: `next_cursor` of the page before.
    #[serde(default)]
    #[allow(dead_code, reason = "opened before the query is decided; here for the description")]
    cursor: Option<String>,
    /// At most how many items, 1 to 100; by default 50. A page may have fewer with more to come.
    #[serde(default)]
    limit: Limit,
}

/// See the module.
#[derive(Debug)]
pub struct ListAccounts;

impl Endpoint for ListAccounts {
    type Path = Nothing;
    type Query = AccountsQuery;
    type Body = Nothing;
    type Reply = List<AccountView>;

    fn route() -> Route {
        Route::get("list_accounts", "accounts", "/accounts")
            .summary(
                "List the accounts of one status, by the instant of their application, the oldest first.",
            )
            .about(
                "The accounts of one status, page by page: those that have applied and have the market agreement still \
                to accept, those that are in, and those whose agreement has ended (2.3).",
            )
            .clauses(&["2.3"])
            .roles(&[Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Self::Reply>, Problem> {
        let (lists, limit) = (call.query.status.lists(), call.query.limit.get());
        let page =
            market.store.list_entries_merged::<MarketAccount>(&lists, call.after.as_deref(), limit).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |account| account.state.into())))
    }
}
