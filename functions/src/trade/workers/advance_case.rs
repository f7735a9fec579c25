//! `advance_case` – the next step of a case with a deadline: an unpaid order closes, a paid one expires
//! (4.2, 4.6).

use market_kernel::keys::Key;
use market_trade::orders::Order;

use crate::workers::{JobError, WorkerContext};

pub(super) async fn advance_case(jobs: &WorkerContext, key: &Key) -> Result<(), JobError> {
    let Some(order) = jobs.store.get_at::<Order>(key).await? else { return Ok(()) };
    let (account, provider) = jobs.parties(key, &order.account_id, &order.provider_id).await?;
    let change = Order::advance(&order, &account, &provider, &jobs.occasion("advance_case", key));
    jobs.commit(change).await
}
