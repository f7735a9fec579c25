//! An evidence record as it is read: the stored bytes, their hash, and what they say.

use market_kernel::hash::Sha256Hash;
use market_kernel::keys::Partition;
use market_store::commit::EVIDENCE;
use market_store::{Asked, Record};
use schemars::JsonSchema;
use serde::Serialize;

use super::view::EvidenceView;
use crate::http::cursor::List;
use crate::http::{Call, Endpoint, Market, Outcome, Problem};

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
    partition: &Partition,
    asked: Asked<'_>,
) -> Result<Outcome<List<EvidenceRecord>>, Problem> {
    let page = market.store.list_records(partition, EVIDENCE, asked).await?;
    Ok(Outcome::Reply(List::of(call, market, page, |Record { stored, evidence, .. }| EvidenceRecord {
        sha256: Sha256Hash::of(stored.as_bytes()),
        stored,
        record: evidence.into(),
    })))
}
