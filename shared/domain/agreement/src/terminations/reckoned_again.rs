//! The period of a notice that waits for a holiday schedule, reckoned again when that appears.

use market_kernel::aggregate::Loaded;
use market_kernel::change::{Change, Event};
use market_kernel::events::ReckonedUnder;
use market_kernel::notices::Reach;
use market_kernel::occasion::Occasion;
use market_kernel::periods::{Again, Calendar, Trace};
use market_kernel::reminders::Reminders;
use market_parties::accounts::MarketAccount;

use super::{Cause, REMINDERS, Termination, TerminationStatus};
use crate::{events, messages};

impl Termination {
    /// The period of a notice that runs, and that waits for a schedule.
    #[must_use]
    pub fn open_period(&self) -> Option<&Trace> {
        match (&self.status, &self.cause) {
            (TerminationStatus::Served { .. }, Cause::ByNotice { period, .. })
                if period.calendar_unpublished =>
            {
                Some(period)
            }
            _ => None,
        }
    }

    /// Reckons the period of a running notice again. Where the end moves, the account's moves with it. None where there
    /// is nothing to record: the period is over, and the schedule still to come.
    #[must_use]
    pub fn reckon_again(
        loaded: &Loaded<Self>,
        account: &Loaded<MarketAccount>,
        calendar: &Calendar,
        occasion: &Occasion,
    ) -> Option<Change> {
        let again = loaded.open_period()?.again(calendar, occasion.at);
        let Cause::ByNotice { reason, .. } = &loaded.cause else { return None };
        let event = again.event(ReckonedUnder::Notice, occasion.at)?;
        let change = Change::on(occasion);
        let with = |period| Self {
            cause: Cause::ByNotice { reason: reason.clone(), period },
            ..loaded.state.clone()
        };
        Some(match again {
            Again::Open(period) | Again::Stands(period) => change.update(loaded, &with(period), event),
            Again::Later(period) => {
                let ends_at = period.ends_at;
                let message = messages::TerminationMoved { period: period.clone() };
                let event = event.tell(Reach::Party(account), message);
                let reminders = Reminders::beginning(REMINDERS, ends_at, occasion.at);
                let moved = Self { ends_at, status: TerminationStatus::Served { reminders }, ..with(period) };
                let bound = MarketAccount { ends_at: Some(ends_at), ..account.state.clone() };
                let end = Event::of(events::EndSet { ends_at });
                change.update(loaded, &moved, event).update(account, &bound, end)
            }
        })
    }
}
