//! `issue_token` – a provider gets a token for a grant; the one before stays good for a minute. A reply that was
//! lost is asked for again: no copy of a token is kept to answer with.

use market_entrustment::grants::Grant;
use market_entrustment::grants::token::{GrantToken, GrantTokens};
use market_identity::Role;
use market_parties::accounts::MarketAccount;
use market_store::of;
use schemars::JsonSchema;
use serde::Serialize;

use crate::entrustment::problems;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Repeats, Route};
use crate::wire::paths::GrantPath;
use crate::wire::time::Instant;

/// A token; it is shown only here.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IssuedToken {
    /// To be presented to the platform's data APIs.
    token: String,
    /// When it dies at the latest.
    expires_at: Instant,
}

#[derive(Debug)]
pub struct IssueToken;

impl Endpoint for IssueToken {
    type Path = GrantPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = IssuedToken;

    fn route() -> Route {
        Route::post("issue_token", "grants", "/accounts/{account_id}/grants/{grant_id}/tokens")
            .summary("Get a token for a grant. The one before stays good for a minute; at most 16 are good at once.")
            .about("A token with which the provider's application asks the platform's data APIs \
                    (4.4.1). It is shown only here; one that was lost is asked for again: there is no \
                    Idempotency-Key, and each request makes a new one. The one \
                    before stays good for a minute, and at most 16 are good at once. Refused where \
                    the grant is over.")
            .clauses(&["4.4.1"])
            .roles(&[Role::Provider])
            .repeats(Repeats::Harmless)
            .creates()
            .problems(&[problems::GRANT_NOT_ACTIVE, problems::TOO_MANY_REQUESTS])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<IssuedToken>, Problem> {
        let (account_id, grant_id) = (call.path.account_id.clone(), call.path.grant_id.clone());
        let id = (account_id.clone(), grant_id.clone());
        let wishes =
            (of::<MarketAccount>(account_id.clone()), of::<Grant>(id.clone()), of::<GrantTokens>(id));
        let (Some(account), Some(grant), tokens) = market.store.load(wishes).await? else {
            return Err(Problem::not_found());
        };
        call.may_see(&grant.provider_id)?;
        let token = GrantToken::new(account_id, grant_id, market.random());
        let digest = token.digest(call.occasion.at);
        let (_, change) = GrantTokens::issue(tokens.as_ref(), &grant, &account, digest, &call.occasion)?;
        let reply = IssuedToken { token: token.to_string(), expires_at: grant.expires_at.into() };
        Ok(Outcome::commit((reply, change)))
    }
}
