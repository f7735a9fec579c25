//! `list_provider_evidence` – the records of everything that happened to a provider's own things.

use market_identity::Role;
use market_kernel::keys::Owner;

use super::record::{EvidenceRecord, page_of};
use crate::http::cursor::{List, PageQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ProviderPath;

#[derive(Debug)]
pub struct ListProviderEvidence;

impl Endpoint for ListProviderEvidence {
    type Path = ProviderPath;
    type Query = PageQuery;
    type Body = Nothing;
    type Reply = List<EvidenceRecord>;

    fn route() -> Route {
        Route::get("list_provider_evidence", "evidence", "/providers/{provider_id}/evidence")
            .summary("List the evidence records of a provider's things, chain by chain, each in its order.")
            .about(
                "The records of all that happened to the provider's own things, chain by chain \
                    (10.2). What concerns a grant or an order lies with its merchant.",
            )
            .clauses(&["10.2"])
            .roles(&[Role::Provider, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<EvidenceRecord>>, Problem> {
        let partition = call.path.provider_id.partition();
        page_of(call, market, &partition, call.query.asked(call.after.as_deref())).await
    }
}
