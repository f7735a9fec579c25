//! `list_evidence` – the records of everything that happened to a merchant's things, chain by chain.

use market_domain::evidence::Evidence;
use market_domain::hash::Sha256Hash;
use market_http::cursor::{List, PageQuery};
use market_http::{Call, Code, Endpoint, Market, Nothing, Outcome, Problem, Route};
use market_identity::Role;
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::paths::AccountPath;

/// A record, with the hash by which the next one names it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EvidenceRecord {
    /// The hash of `stored`.
    sha256: Sha256Hash,
    /// The exact bytes that are stored and hashed.
    stored: String,
    /// The same, read.
    record: Evidence,
}

/// See the module.
#[derive(Debug)]
pub struct ListEvidence;

impl Endpoint for ListEvidence {
    type Path = AccountPath;
    type Query = PageQuery;
    type Body = Nothing;
    type Reply = List<EvidenceRecord>;

    fn route() -> Route {
        Route::get("list_evidence", "/accounts/{account_id}/evidence")
            .summary("List the evidence records of a merchant's things, chain by chain, each in its order.")
            .clauses(&["10.2"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<EvidenceRecord>>, Problem> {
        let partition = format!("account#{}", call.path.account_id);
        let page = market
            .store
            .list_bodies(&partition, "evidence#", call.after.as_deref(), call.query.limit.get())
            .await?;
        let next = page.next;
        let items = page
            .items
            .into_iter()
            .map(|(_, stored)| {
                let record = serde_json::from_str(&stored).map_err(|error| {
                    tracing::error!(%error, "an evidence record cannot be read");
                    Problem::new(Code::Internal)
                })?;
                Ok((stored, record))
            })
            .collect::<Result<Vec<_>, Problem>>()?;
        let page = market_store::Page { items, next };
        Ok(Outcome::Reply(List::of(call, page, |(stored, record)| EvidenceRecord {
            sha256: Sha256Hash::of(stored.as_bytes()),
            stored,
            record,
        })))
    }
}
