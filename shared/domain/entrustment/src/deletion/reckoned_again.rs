//! The time to answer a demand that waits for a holiday schedule, reckoned again when that appears.

use market_kernel::aggregate::Loaded;
use market_kernel::change::Change;
use market_kernel::events::ReckonedUnder;
use market_kernel::notices::Reach;
use market_kernel::occasion::Occasion;
use market_kernel::periods::{Again, Calendar, Trace};
use market_kernel::reminders::Reminders;
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;

use super::{DeletionDemand, DemandStatus, TO_PROVIDER};
use crate::messages;

impl DeletionDemand {
    /// The period of an answer that is not overdue, and that waits for a schedule.
    #[must_use]
    pub fn open_period(&self) -> Option<&Trace> {
        match &self.status {
            DemandStatus::Served { period, overdue: false, .. } if period.calendar_unpublished => {
                Some(period)
            }
            _ => None,
        }
    }

    /// Reckons the period of the answer again. None where there is nothing to record: it is over, and the schedule
    /// still to come.
    #[must_use]
    pub fn reckon_again(
        loaded: &Loaded<Self>,
        account: &MarketAccount,
        provider: &Provider,
        calendar: &Calendar,
        occasion: &Occasion,
    ) -> Option<Change> {
        let again = loaded.open_period()?.again(calendar, occasion.at);
        let DemandStatus::Served { acknowledged, overdue, .. } = loaded.status else { return None };
        let event = again.event(ReckonedUnder::Answer, occasion.at)?;
        let with = |period| Self {
            status: DemandStatus::Served { period, acknowledged, overdue },
            ..loaded.state.clone()
        };
        let (demand, event) = match again {
            Again::Open(period) | Again::Stands(period) => (with(period), event),
            Again::Later(period) => {
                let to_provider = Reminders::beginning(TO_PROVIDER, period.ends_at, occasion.at);
                let message = messages::DemandMoved {
                    merchant: account.legal_name.to_string(),
                    listing: loaded.listing_name.to_string(),
                    grant: loaded.grant_id.to_string(),
                    period: period.clone(),
                };
                let event = event
                    .tell(Reach::ProviderOf(provider, account), message.clone())
                    .tell(Reach::Party(account), message);
                (Self { to_provider, ..with(period) }, event)
            }
        };
        Some(Change::on(occasion).update(loaded, &demand, event))
    }
}
