//! An evidence record as it is read: the stored bytes, their hash, and what they say.

use market_domain::evidence::Evidence;
use market_domain::hash::Sha256Hash;
use market_http::cursor::{Limit, List};
use market_http::{Call, Code, Endpoint, Market, Outcome, Problem};
use schemars::JsonSchema;
use serde::Serialize;

use super::view::EvidenceView;

/// A record, with the hash by which the next one names it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EvidenceRecord {
    /// The hash of `stored`.
    sha256: Sha256Hash,
    /// The exact bytes that are stored and hashed.
    stored: String,
    /// The same, read.
    record: EvidenceView,
}

/// A page of the evidence in a party's partition.
pub(super) async fn page_of<E: Endpoint>(
    call: &Call<E>,
    market: &Market,
    partition: &str,
    limit: Limit,
) -> Result<Outcome<List<EvidenceRecord>>, Problem> {
    let page = market.store.list_bodies(partition, "evidence#", call.after.as_deref(), limit.get()).await?;
    let page = page.try_map(|(sort, stored)| {
        let record = Evidence::read(&stored).map_err(|reason| {
            tracing::error!(partition, sort, %reason, "an evidence record cannot be read");
            Problem::new(Code::Corrupt)
        })?;
        let sha256 = Sha256Hash::of(stored.as_bytes());
        Ok::<_, Problem>(EvidenceRecord { sha256, stored, record: record.into() })
    })?;
    Ok(Outcome::Reply(List::of(call, page, |record| record)))
}
