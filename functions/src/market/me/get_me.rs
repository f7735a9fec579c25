//! `get_me` – the caller's role and id: the market derives ids from subjects, and a caller that needs its id in a path
//! reads it here.

use market_identity::Role;
use market_kernel::Timestamp;
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
    /// When the token ends.
    token_expires_at: Instant,
}

/// See the module.
#[derive(Debug)]
pub struct GetMe;

impl Endpoint for GetMe {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Me;

    fn route() -> Route {
        Route::get("get_me", "me", "/me")
            .summary("Read one's own role and id.")
            .about(
                "The caller's role, and the id by which paths know it (2.3): the subject of its \
                    token, or an id that was made of one that could name a person.",
            )
            .clauses(&["2.3"])
            .roles(&Role::ALL)
    }

    async fn decide(call: &Call<Self>, _: &Market) -> Result<Outcome<Me>, Problem> {
        let caller = call.caller.as_ref().ok_or(Problem::new(problems::INTERNAL))?;
        let token_expires_at = Timestamp::from_second(caller.expires_at);
        Ok(Outcome::Reply(Me {
            role: caller.principal.role,
            id: caller.principal.subject.clone(),
            token_expires_at: token_expires_at.map_err(|_| Problem::new(problems::INVALID_TOKEN))?.into(),
        }))
    }
}
