//! `list_errors` – every code of a problem document, for programs and as a page for people.

use schemars::JsonSchema;
use serde::Serialize;

use super::kind::{KindView, page};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

/// Every kind of problem.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProblemKinds {
    /// All of them: there is no next page.
    items: Vec<KindView>,
}

#[derive(Debug)]
pub struct ListErrors;

impl Endpoint for ListErrors {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = ProblemKinds;

    fn route() -> Route {
        Route::get("list_errors", "errors", "/errors").summary("List the codes of problem documents.")
            .about("Every code that a problem document can have, with its status, its meaning and what to do about it. A browser that asks for `text/html` gets a page.")
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<ProblemKinds>, Problem> {
        let all = || -> Vec<KindView> {
            market.codes.iter().copied().flatten().copied().map(KindView::from).collect()
        };
        let shown = page(&call.headers, "Problems", all)?;
        Ok(shown.unwrap_or_else(|| Outcome::Reply(ProblemKinds { items: all() })))
    }
}
