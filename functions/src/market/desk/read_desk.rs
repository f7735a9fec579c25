//! `read_desk` – how much waits for the operator: of each of its lists, how many are in it, up to a hundred. It costs the same
//! in every market.

use futures_util::future::try_join_all;
use market_agreement::terminations::TerminationStanding;
use market_entrustment::deletion::DemandStanding;
use market_identity::Role;
use market_kernel::keys::ListName;
use market_kernel::notices::Notice;
use market_parties::providers::ProviderStatus;
use market_store::{Index, Store, StoreError};
use market_trade::listings::Listing;
use market_trade::payments::PaymentRecord;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

/// The most that is counted.
const MOST: u16 = 100;

/// What waits for the operator. Each number is at most 100, which means "100 or more"; what has just been dealt with may
/// still be counted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Desk {
    /// Providers that have applied: `list_providers`.
    providers_applied: u16,
    /// Listings that wait for review: `list_reviews`.
    listings_in_review: u16,
    /// Payments that are held or have to be returned: `list_payments`.
    payments_waiting: u16,
    /// Notices that did not arrive: `list_undelivered`.
    notices_undelivered: u16,
    /// Deletion demands whose answer is overdue: `list_all_demands`.
    demands_overdue: u16,
    /// Notices of termination whose period runs: `list_terminations`.
    terminations_served: u16,
    /// Ended agreements whose grants and orders are being ended: `list_terminations`.
    terminations_ending: u16,
}

#[derive(Debug)]
pub struct ReadDesk;

impl Endpoint for ReadDesk {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Desk;

    fn route() -> Route {
        Route::get("read_desk", "desk", "/desk")
            .summary("Count what waits for the operator, up to 100 of each.")
            .about("How much waits for a human of the operator: applications, reviews, money, notices that did not arrive, demands that are overdue, terminations that run, jobs that were given up on. A list of each has its own operation.")
            .clauses(&["2.2", "4.2", "4.4.5", "4.6", "10.1.2", "11.1"])
            .roles(&[Role::Operator])
    }

    async fn decide(_: &Call<Self>, market: &Market) -> Result<Outcome<Desk>, Problem> {
        let store = &market.store;
        let (overdue, served, ending) = (
            DemandStanding::Overdue.lists(),
            [TerminationStanding::Served.list()],
            [TerminationStanding::Ending.list()],
        );
        Ok(Outcome::Reply(Desk {
            providers_applied: count(store, Index::Lists, &[ProviderStatus::Applied.list()]).await?,
            listings_in_review: count(store, Index::Lists, &[Listing::REVIEWS]).await?,
            payments_waiting: count(store, Index::Lists, &[PaymentRecord::WAITING]).await?,
            notices_undelivered: count(store, Index::Lists, &[Notice::FOR_A_HUMAN]).await?,
            demands_overdue: count(store, Index::Desk, &overdue).await?,
            terminations_served: count(store, Index::Lists, &served).await?,
            terminations_ending: count(store, Index::Lists, &ending).await?,
        }))
    }
}

/// How many things are in these lists together, up to [`MOST`].
async fn count(store: &Store, index: Index, lists: &[ListName]) -> Result<u16, StoreError> {
    let counts = try_join_all(lists.iter().map(|list| store.count_entries(index, list, MOST))).await?;
    let all: usize = counts.into_iter().sum();
    Ok(u16::try_from(all).unwrap_or(MOST).min(MOST))
}
