//! `get_clause` – one clause of a version, by its address.

use market_agreement::documents::clauses::clause_text;

use super::shown::shown;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ClausePath;

#[derive(Debug)]
pub struct GetClause;

impl Endpoint for GetClause {
    type Path = ClausePath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = String;

    fn route() -> Route {
        Route::get("get_clause", "documents", "/documents/{document_id}/versions/{version}/clauses/{clause}")
            .immutable()
            .summary("Read the exact text of one clause.")
            .about(
                "The text of one clause by its address (`4.4.5`, `第五条`), as it stands in the \
                    version (1.4). An address that the version does not have is not found.",
            )
            .clauses(&["1.2", "1.4"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<String>, Problem> {
        let shown = shown(market, &call.path.document_id, call.path.version).await?;
        let shown = shown.ok_or(Problem::not_found())?;
        let clause = shown.outline.clause(&call.path.clause).ok_or(Problem::not_found())?;
        let content = clause_text(&shown.text, clause).to_owned();
        Ok(Outcome::Content { media_type: "text/plain; charset=utf-8", content })
    }
}
