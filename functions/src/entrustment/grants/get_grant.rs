//! `get_grant` – a grant, for its merchant, its provider and the operator.

use market_entrustment::grants::Grant;
use market_entrustment::grants::token::GrantTokens;
use market_identity::Role;
use market_store::of;

use super::GrantView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::GrantPath;

#[derive(Debug)]
pub struct GetGrant;

impl Endpoint for GetGrant {
    type Path = GrantPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = GrantView;

    fn route() -> Route {
        Route::get("get_grant", "grants", "/accounts/{account_id}/grants/{grant_id}")
            .summary("Read a grant.")
            .about(
                "A grant: its scopes with purpose and method as they were shown, until when it \
                    holds, and whether a token is out (4.4.2). A provider sees its own grants.",
            )
            .clauses(&["4.4.2"])
            .roles(&[Role::Merchant, Role::Provider, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<GrantView>, Problem> {
        let id = (call.path.account_id.clone(), call.path.grant_id.clone());
        let (grant, tokens) = market.store.load((of::<Grant>(id.clone()), of::<GrantTokens>(id))).await?;
        let grant = grant.ok_or(Problem::not_found())?;
        call.may_see(&grant.provider_id)?;
        Ok(Outcome::Reply(GrantView::of(grant.state, tokens.as_deref())))
    }
}
