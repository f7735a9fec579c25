//! `compare_versions` – what differs between two versions of a document, clause by clause.

use schemars::JsonSchema;
use serde::Deserialize;

use super::comparison::{Compared, ComparisonView};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::VersionPath;

/// Which version it is compared with.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComparisonQuery {
    /// The number of the version that it is compared with, from 1.
    before: u32,
}

#[derive(Debug)]
pub struct CompareVersions;

impl Endpoint for CompareVersions {
    type Path = VersionPath;
    type Query = ComparisonQuery;
    type Body = Nothing;
    type Reply = ComparisonView;

    fn route() -> Route {
        Route::get("compare_versions", "documents", "/documents/{document_id}/versions/{version}/comparison")
            .summary("Compare a version with another one, clause by clause.")
            .about(
                "The clauses that were added and removed, that say something else (the words marked), \
                    that stand elsewhere, that have another number, and that are prominent in one of them only \
                    (1.2, 1.4, 9.4). A clause is known again by what it says, not by its number. What is not \
                    named is the same in both.",
            )
            .clauses(&["1.2", "1.4", "9.4"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<ComparisonView>, Problem> {
        let compared = Compared::of(market, &call.path, call.query.before).await?;
        Ok(Outcome::Reply(compared.view()))
    }
}
