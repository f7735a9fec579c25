//! `revoke_grant` – a merchant takes a grant back: from the reply on its tokens are dead.

use market_entrustment::grants::Grant;
use market_identity::Role;
use market_parties::accounts::MarketAccount;
use market_store::of;

use super::GrantView;
use crate::entrustment::problems;
use crate::http::{Call, Class, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::parties::provider_of;
use crate::wire::paths::GrantPath;

#[derive(Debug)]
pub struct RevokeGrant;

impl Endpoint for RevokeGrant {
    type Path = GrantPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = GrantView;

    fn route() -> Route {
        Route::post("revoke_grant", "grants", "/accounts/{account_id}/grants/{grant_id}/revocation")
            .summary("Take a grant back, at once; its deletion demand is drafted.")
            .about(
                "Takes a grant back (4.4.2). From the reply on its tokens are dead, and a \
                    deletion demand is drafted for the merchant to serve (4.4.5). Refused where the \
                    grant is over.",
            )
            .class(Class::Protective)
            .clauses(&["4.4.2", "4.4.5"])
            .roles(&[Role::Merchant])
            .problems(&[problems::GRANT_NOT_ACTIVE])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<GrantView>, Problem> {
        let account_id = call.path.account_id.clone();
        let wishes =
            (of::<MarketAccount>(account_id.clone()), of::<Grant>((account_id, call.path.grant_id.clone())));
        let (Some(account), Some(grant)) = market.store.load(wishes).await? else {
            return Err(Problem::not_found());
        };
        let provider = provider_of(market, &grant.provider_id).await?;
        let revoked = Grant::revoke(&grant, &account, &provider, &call.occasion)?;
        Ok(Outcome::commit(revoked).map(|grant| GrantView::of(grant, None)))
    }
}
