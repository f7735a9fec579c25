//! `list_accounts` – the accounts of one status, for the operator: who applied, who is in, who left.

use market_identity::Role;
use market_kernel::keys::instant_place;
use market_parties::accounts::{AccountStatus, MarketAccount};
use market_store::Index;
use schemars::JsonSchema;
use serde::Deserialize;

use super::AccountSummary;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

/// Which accounts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountsQuery {
    /// Where they stand.
    status: AccountStatus,
    #[serde(flatten)]
    page: ListQuery,
}

#[derive(Debug)]
pub struct ListAccounts;

impl Endpoint for ListAccounts {
    type Path = Nothing;
    type Query = AccountsQuery;
    type Body = Nothing;
    type Reply = List<AccountSummary>;

    fn route() -> Route {
        Route::get("list_accounts", "accounts", "/accounts")
            .summary("List the accounts of one status, by the instant of their application.")
            .about(
                "The accounts of one status, page by page: those that have applied and have the market agreement still \
                to accept, those that are in, and those whose agreement has ended (2.3).",
            )
            .clauses(&["2.3"])
            .roles(&[Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Self::Reply>, Problem> {
        let asked = call.query.page.asked(call.after.as_deref(), instant_place);
        let lists = call.query.status.lists();
        let page = market.store.list_entries_merged::<MarketAccount>(Index::Lists, &lists, asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |account| account.state.into())))
    }
}
