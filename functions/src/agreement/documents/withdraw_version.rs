//! `withdraw_version` – a version is taken back before it takes effect, by whoever published it.

use market_agreement::documents::Document;
use market_identity::Role;

use super::DocumentView;
use crate::agreement::problems;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::VersionPath;

#[derive(Debug)]
pub struct WithdrawVersion;

impl Endpoint for WithdrawVersion {
    type Path = VersionPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = DocumentView;

    fn route() -> Route {
        Route::post("withdraw_version", "documents", "/documents/{document_id}/versions/{version}/withdrawal")
            .summary("Withdraw a version before it takes effect. It stays readable, and its number is not given again.")
            .about("Takes back a version that has not taken effect, by whoever published it (1.4). \
                    Its number is not given again. Refused once it is in force.")
            .clauses(&["1.4", "4.1", "9.4"])
            .roles(&[Role::Operator, Role::Provider])
            .problems(&[problems::NOT_THE_PUBLISHER, problems::VERSION_NOT_TO_COME, problems::TOO_MANY_VERSIONS])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<DocumentView>, Problem> {
        let document = market.store.get::<Document>(&call.path.document_id).await?;
        let document = document.ok_or(Problem::not_found())?;
        let withdrawn = Document::withdraw(&document, call.path.version, &call.occasion)?;
        Ok(Outcome::commit(withdrawn).map(|document| DocumentView::at(call.occasion.at, document)))
    }
}
