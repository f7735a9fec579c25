//! `check_tokens` – many checks in one request, for a data API that serves many uses at once: each is answered, counted and
//! refused as it would be by itself, at the same instant, and together they cost a fraction of the requests and of the
//! writes. A check that rests on something that cannot be read, or that cannot be counted for now, fails alone: it is not
//! allowed, and says whether to ask for it again. For what cannot be read the alarm is raised.

use market_identity::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CheckReply, TokenToCheck, answers};
use crate::http::problems::CORRUPT;
use crate::http::{Call, Class, Endpoint, Market, Nothing, Outcome, Problem, Repeats, Route};
use crate::wire::lists::{AtMost, OneTo};

/// The most checks of one request.
const MOST: usize = 50;

/// What to check.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TokensToCheck")]
pub struct Body {
    /// The checks. The same one may come several times: each is one.
    checks: OneTo<TokenToCheck, MOST>,
}

/// The answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChecksReply {
    /// An answer for each check, in the same order.
    answers: AtMost<CheckReply, MOST>,
}

#[derive(Debug)]
pub struct CheckTokens;

impl Endpoint for CheckTokens {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Body;
    type Reply = ChecksReply;

    fn route() -> Route {
        Route::post("check_tokens", "checks", "/checks/batch")
            .summary("Check up to 50 tokens, each for a scope, and count each check.")
            .about(
                "Answers each check as `check_token` answers it at this moment, in the order in \
                    which they were asked (4.4.1); each is counted (4.4.3), also where the same one \
                    comes several times. Where what one check rests on cannot be read, or the \
                    market cannot count it for now, that one answers `allowed: false` with the code \
                    of the `problem`, and the others are answered. It says nothing of the token: \
                    with `retry_after_seconds`, ask for this one again after that time. One whose \
                    problem is `outcome-unknown` may have been counted: the ledger may show it more \
                    often than once, also when it is asked again, and that is all that comes of it. \
                    The same holds for all checks of a request that is refused so, or whose answer is \
                    lost; by every other refusal none was counted. Where no check of a token that names \
                    a grant is answered and asking again may answer one, the request is refused as a \
                    single one is. Where none can be read, each answers `corrupt`, for there is nothing \
                    to repeat.",
            )
            .clauses(&["4.4.1", "4.4.3"])
            .roles(&[Role::DataGateway])
            .repeats(Repeats::Harmless)
            .class(Class::Checks)
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<ChecksReply>, Problem> {
        let answers = answers::answer(call.body.checks.entries(), &call.occasion, market).await?;
        let failed = |problem: Problem| {
            if problem.code == CORRUPT {
                market.raise_corruption_alarm();
            }
            CheckReply::failed(&problem)
        };
        let answers = answers.into_iter().map(|answer| answer.unwrap_or_else(failed)).collect();
        Ok(Outcome::Reply(ChecksReply { answers }))
    }
}
