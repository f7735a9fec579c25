//! What is due of a demand, to either side.

use market_kernel::aggregate::Loaded;
use market_kernel::change::{Change, Event};
use market_kernel::notices::{Message, Reach};
use market_kernel::occasion::Occasion;
use market_kernel::reminders::{days_left, days_since};
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;

use super::{DeletionDemand, DemandStatus, TO_MERCHANT, TO_PROVIDER};
use crate::events;
use crate::messages;

impl DeletionDemand {
    /// What is due of it: reminders to either side, and marking it overdue.
    #[must_use]
    pub fn advance(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        occasion: &Occasion,
    ) -> Option<Change> {
        if loaded.is_over() {
            return None;
        }
        let now = occasion.at;
        let listing = || loaded.listing_name.to_string();
        let merchant = Reach::Party(account);
        let to_provider = Reach::ProviderOf(provider, account);
        let mut demand = loaded.state.clone();
        let (mut is_overdue, mut provider_days, mut merchant_days) = (false, None, None);
        let mut told: Vec<(Reach<'_>, Box<dyn Message>)> = Vec::new();
        if let DemandStatus::Served { period, acknowledged, overdue: false } = &loaded.status {
            let due = period.ends_at;
            if due <= now {
                let message = messages::DemandOverdue {
                    merchant: account.legal_name.to_string(),
                    provider: provider.legal_name.to_string(),
                    listing: listing(),
                    grant: loaded.grant_id.to_string(),
                    scopes: loaded.scope_names(),
                    due,
                };
                is_overdue = true;
                told.push((merchant.clone(), Box::new(message.clone())));
                told.push((to_provider, Box::new(message)));
                demand.status = DemandStatus::Served {
                    period: period.clone(),
                    acknowledged: *acknowledged,
                    overdue: true,
                };
            } else if let Some(reminders) = loaded.to_provider.due(TO_PROVIDER, due, now) {
                let days = days_left(due, now);
                demand.to_provider = reminders;
                provider_days = Some(days);
                let message = loaded.answer_due(account, due, now);
                told.push((to_provider, Box::new(message)));
            }
        }
        if let Some(reminders) = loaded.to_merchant.due(TO_MERCHANT, loaded.ended_at, now) {
            demand.to_merchant = reminders;
            merchant_days = Some(days_since(loaded.ended_at, now));
            told.extend(demand.asks_of_the_merchant(provider, now).map(|message| (merchant, message)));
        }
        if demand == loaded.state {
            return None;
        }
        let event = if is_overdue {
            Event::of(events::DemandOverdue { merchant_days })
        } else {
            Event::of(events::DemandReminded { provider_days, merchant_days })
        };
        let event = told.into_iter().fold(event, |event, (reach, message)| event.tell(reach, message));
        Some(Change::on(occasion).update(loaded, &demand, event))
    }
}
