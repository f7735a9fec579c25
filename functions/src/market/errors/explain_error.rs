//! `explain_error` – what a problem's code means, and what to do about it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ErrorPath;

/// A kind of problem.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Explanation {
    code: &'static str,
    status: u16,
    /// What it means.
    title: &'static str,
    /// What the caller can do about it.
    remedy: &'static str,
}

/// See the module.
#[derive(Debug)]
pub struct ExplainError;

impl Endpoint for ExplainError {
    type Path = ErrorPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Explanation;

    fn route() -> Route {
        Route::get("explain_error", "errors", "/errors/{code}")
            .summary("Explain the code of a problem document.")
            .about(
                "What a problem's `code` means and what to do about it. Codes never change their \
                    meaning.",
            )
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<Explanation>, Problem> {
        let mut codes = market.codes.iter().copied().flatten();
        let code = codes.find(|code| code.name() == call.path.code).ok_or(Problem::not_found())?;
        Ok(Outcome::Reply(Explanation {
            code: code.name(),
            status: code.status(),
            title: code.title(),
            remedy: code.remedy(),
        }))
    }
}
