//! What a report of the payment system is compared with.

use market_kernel::aggregate::Loaded;
use market_kernel::ids::{AccountId, OrderId};
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;
use market_store::of;
use market_trade::orders::{NamedOrder, Order};
use market_trade::payments::{PaymentRecord, Report};

use crate::http::{Market, Problem};
use crate::wire::parties::provider_of;

/// An order that a report names, with its parties.
pub(super) struct Named {
    account: Loaded<MarketAccount>,
    order: Loaded<Order>,
    provider: Loaded<Provider>,
}

impl Named {
    pub(super) async fn of(
        market: &Market,
        account: Option<Loaded<MarketAccount>>,
        order: Option<Loaded<Order>>,
    ) -> Result<Option<Self>, Problem> {
        let (Some(account), Some(order)) = (account, order) else { return Ok(None) };
        let provider = provider_of(market, &order.provider_id).await?;
        Ok(Some(Self { account, order, provider }))
    }

    /// The order of a record.
    pub(super) async fn by(
        market: &Market,
        names: Option<(AccountId, OrderId)>,
    ) -> Result<Option<Self>, Problem> {
        let Some((account_id, order_id)) = names else { return Ok(None) };
        let wishes = (of::<MarketAccount>(account_id.clone()), of::<Order>((account_id, order_id)));
        let (account, order) = market.store.load(wishes).await?;
        Self::of(market, account, order).await
    }

    pub(super) fn order(&self) -> NamedOrder<'_> {
        NamedOrder { account: &self.account, order: &self.order, provider: &self.provider }
    }
}

/// The record of this report itself, if another report has taken the payment's record.
pub(super) async fn own_record(
    market: &Market,
    report: &Report,
) -> Result<Option<Loaded<PaymentRecord>>, Problem> {
    Ok(market.store.get::<PaymentRecord>(&report.own_record_id()).await?)
}
