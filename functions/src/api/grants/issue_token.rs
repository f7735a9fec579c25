//! `issue_token` – a provider gets its token for a grant; the one before is dead from then on. A reply that
//! was lost is asked for again: no copy of a token is kept to answer with.

use market_domain::Timestamp;
use market_domain::accounts::MarketAccount;
use market_domain::grants::Grant;
use market_domain::grants::token::GrantToken;
use market_http::{Call, Code, Endpoint, Market, Nothing, Outcome, Problem, Repeats, Route};
use market_identity::Role;
use market_store::of;
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::paths::GrantPath;

/// A token; it is shown only here.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IssuedToken {
    /// To be presented to the platform's data APIs.
    token: String,
    /// When it dies at the latest.
    #[schemars(with = "String")]
    expires_at: Timestamp,
}

/// See the module.
#[derive(Debug)]
pub struct IssueToken;

impl Endpoint for IssueToken {
    type Path = GrantPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = IssuedToken;

    fn route() -> Route {
        Route::post("issue_token", "/accounts/{account_id}/grants/{grant_id}/tokens")
            .summary("Get the token for a grant, in place of the one before.")
            .clauses(&["4.4.1"])
            .roles(&[Role::Provider])
            .repeats(Repeats::Harmless)
            .creates()
            .problems(&[Code::GrantNotActive])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<IssuedToken>, Problem> {
        let (account_id, grant_id) = (call.path.account_id.clone(), call.path.grant_id.clone());
        let wishes =
            (of::<MarketAccount>(account_id.clone()), of::<Grant>((account_id.clone(), grant_id.clone())));
        let (Some(account), Some(grant)) = market.store.load(wishes).await? else {
            return Err(Problem::not_found());
        };
        call.may_see(&grant.provider_id)?;
        let token = GrantToken::new(account_id, grant_id, market.random());
        let digest = token.digest(call.occasion.at);
        let issued = Grant::issue_token(&grant, &account, digest, &call.occasion)?;
        Ok(Outcome::commit(issued)
            .map(|grant| IssuedToken { token: token.to_string(), expires_at: grant.expires_at }))
    }
}
