//! How much waits for a human, as gauges: counted when a sweep ran, and when the figures of a market on one machine are asked
//! for.

use futures_util::future::join3;
use market_kernel::notices::Notice;
use market_store::{Index, Store, StoreError};
use market_trade::payments::PaymentRecord;

use crate::metrics::Metric;

/// The most of each that are counted.
const MOST_COUNTED: u16 = 1000;

/// How much waits; why not, where it could not be counted.
pub async fn counted(store: &Store) -> [(Metric, Result<usize, StoreError>); 3] {
    let (payments, notices, parked) = join3(
        store.count_entries(Index::Lists, &PaymentRecord::WAITING, MOST_COUNTED),
        store.count_entries(Index::Lists, &Notice::FOR_A_HUMAN, MOST_COUNTED),
        store.count_parked(MOST_COUNTED),
    )
    .await;
    [
        (Metric::PaymentsWaiting, payments),
        (Metric::NoticesWaitingForAHuman, notices),
        (Metric::WorkParkedNow, parked),
    ]
}
