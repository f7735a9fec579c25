//! `check_token` – may data of this scope be used with this token, now? How it is answered and counted is the module
//! [`answers`]'s; what it rests on that cannot be read refuses the request.

use market_identity::Role;

use super::{CheckReply, TokenToCheck, answers};
use crate::http::{Call, Class, Endpoint, Market, Nothing, Outcome, Problem, Repeats, Route};

#[derive(Debug)]
pub struct CheckToken;

impl Endpoint for CheckToken {
    type Path = Nothing;
    type Query = Nothing;
    type Body = TokenToCheck;
    type Reply = CheckReply;

    fn route() -> Route {
        Route::post("check_token", "checks", "/checks")
            .summary("Check a provider's token for a scope, and count the check.")
            .about(
                "Whether the token opens data of this scope at this moment (4.4.1). Every check \
                    is counted in the grant's ledger, which the merchant reads (4.4.3); what cannot \
                    be counted is not allowed. Ask for every use: a revocation holds from its reply \
                    on. A token that is none of the market's answers `allowed: false` and nothing \
                    more. Who has many to check at once asks `check_tokens`.",
            )
            .clauses(&["4.4.1", "4.4.3"])
            .roles(&[Role::DataGateway])
            .repeats(Repeats::Harmless)
            .class(Class::Checks)
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<CheckReply>, Problem> {
        let asked = std::slice::from_ref(&call.body);
        let mut answers = answers::answer(asked, &call.occasion, market).await?;
        Ok(Outcome::Reply(answers.swap_remove(0)?))
    }
}
