//! `explain_error` – what a problem's code means, and what to do about it: for programs, and as a page for people, whom the
//! `type` of a problem document leads here.

use super::kind::{KindView, page};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ErrorPath;

#[derive(Debug)]
pub struct ExplainError;

impl Endpoint for ExplainError {
    type Path = ErrorPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = KindView;

    fn route() -> Route {
        Route::get("explain_error", "errors", "/errors/{code}")
            .summary("Explain the code of a problem document.")
            .about(
                "What a problem's `code` means and what to do about it. Codes never change their \
                    meaning.",
            )
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<KindView>, Problem> {
        let mut codes = market.codes.iter().copied().flatten();
        let code = *codes.find(|code| code.name() == call.path.code).ok_or(Problem::not_found())?;
        let shown = page(&call.headers, code.name(), || vec![code.into()])?;
        Ok(shown.unwrap_or_else(|| Outcome::Reply(code.into())))
    }
}
