//! `get_me` – who the caller is, as the market knows it. The market derives ids from subjects, and a caller that needs its id
//! in a path reads it here.

use market_identity::{Principal, Role, Scopes};
use market_kernel::Timestamp;
use market_kernel::text::Line;
use market_parties::accounts::{AccountStatus, MarketAccount};
use market_parties::providers::{Provider, ProviderStatus};
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::market::problems;
use crate::wire::time::Instant;

/// The caller.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Me {
    /// In what capacity it calls.
    role: Role,
    /// Its id: a merchant's is its `account_id`, a provider's its `provider_id`. It is the token's subject, or was made
    /// of it, and stays the same.
    id: String,
    /// The legal entity's name; none of a party that has not applied yet, and of callers that are no parties.
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_name: Option<Line>,
    /// Where a merchant's account stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    account_status: Option<AccountStatus>,
    /// Where a provider stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_status: Option<ProviderStatus>,
    /// What the token opens (`x-scope` of each operation). Absent where it opens all that the role may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    /// When the token ends.
    token_expires_at: Instant,
}

#[derive(Debug)]
pub struct GetMe;

impl Endpoint for GetMe {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Me;

    fn route() -> Route {
        Route::get("get_me", "me", "/me")
            .summary("Read who one is: role, id, name, standing, and what one's token opens.")
            .about(
                "The caller's role, and the id by which paths know it (2.3): the subject of its \
                    token, or an id that was made of one that could name a person.",
            )
            .clauses(&["2.3"])
            .roles(&Role::ALL)
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Me>, Problem> {
        let caller = call.caller.as_ref().ok_or(Problem::new(problems::INTERNAL))?;
        let token_expires_at = Timestamp::from_second(caller.expires_at);
        let Principal { role, subject, scopes } = caller.principal.clone();
        let (mut legal_name, mut account_status, mut provider_status) = (None, None, None);
        match (role, subject.parse(), subject.parse()) {
            (Role::Merchant, Ok(id), _) => {
                let account = market.store.get::<MarketAccount>(&id).await?.map(|account| account.state);
                (legal_name, account_status) =
                    account.map(|account| (account.legal_name, account.status)).unzip();
            }
            (Role::Provider, _, Ok(id)) => {
                let provider = market.store.get::<Provider>(&id).await?.map(|provider| provider.state);
                (legal_name, provider_status) =
                    provider.map(|provider| (provider.legal_name, provider.status)).unzip();
            }
            _ => {}
        }
        Ok(Outcome::Reply(Me {
            role,
            id: subject,
            legal_name,
            account_status,
            provider_status,
            scopes: match scopes {
                Scopes::Whole => None,
                Scopes::Narrowed(scopes) => Some(scopes.into_iter().collect()),
            },
            token_expires_at: token_expires_at.map_err(|_| Problem::new(problems::INVALID_TOKEN))?.into(),
        }))
    }
}
