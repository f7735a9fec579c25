//! What is due of an order.

use market_kernel::aggregate::Loaded;
use market_kernel::change::{Change, Event};
use market_kernel::notices::Reach;
use market_kernel::occasion::Occasion;
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;

use super::{CloseReason, Order, OrderStatus};
use crate::events;
use crate::messages;

impl Order {
    /// What is due of it: closing unpaid, or expiring.
    #[must_use]
    pub fn advance(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        occasion: &Occasion,
    ) -> Option<Change> {
        match &loaded.status {
            OrderStatus::Placed { pay_by } if *pay_by <= occasion.at => {
                Self::close(loaded, account, provider, CloseReason::Unpaid, occasion)
            }
            OrderStatus::InService { payment, valid_until: Some(end) } if *end <= occasion.at => {
                let expired = Self {
                    status: OrderStatus::Expired { payment: payment.clone(), at: *end },
                    ..loaded.state.clone()
                };
                let message = messages::OrderExpired {
                    merchant: account.legal_name.to_string(),
                    provider: provider.legal_name.to_string(),
                    listing: loaded.name(),
                    order: loaded.id.to_string(),
                    ended_at: *end,
                };
                let event = Event::of(events::OrderExpired {})
                    .tell(Reach::Party(account), message.clone())
                    .tell(Reach::ProviderOf(provider, account), message);
                Some(Change::on(occasion).update(loaded, &expired, event))
            }
            _ => None,
        }
    }
}
