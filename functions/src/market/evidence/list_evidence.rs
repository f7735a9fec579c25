//! `list_evidence` – the records of everything that happened to a merchant's things, chain by chain.

use market_identity::Role;
use market_kernel::keys::Owner;

use super::record::{EvidenceRecord, page_of};
use crate::http::cursor::{List, PageQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::AccountPath;

#[derive(Debug)]
pub struct ListEvidence;

impl Endpoint for ListEvidence {
    type Path = AccountPath;
    type Query = PageQuery;
    type Body = Nothing;
    type Reply = List<EvidenceRecord>;

    fn route() -> Route {
        Route::get("list_evidence", "evidence", "/accounts/{account_id}/evidence")
            .summary("List the evidence records of a merchant's things, chain by chain, each in its order.")
            .about(
                "The records of all that happened to the merchant's things, chain by chain \
                    (10.2). Each names the hash of the one before, so that none can be taken out; \
                    `stored` is the record itself, to hash.",
            )
            .clauses(&["10.2"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<EvidenceRecord>>, Problem> {
        let partition = call.path.account_id.partition();
        page_of(call, market, &partition, call.query.asked(call.after.as_deref())).await
    }
}
