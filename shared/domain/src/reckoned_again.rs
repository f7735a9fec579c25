//! What a running thing does when it looks whether the holiday schedule that its period waits for was published: the
//! end moves, never to an earlier date, and the parties are told; or the date stands, and nobody is troubled.
//!
//! Grants and orders that were made until the end that was served keep what they have.

use jiff::Timestamp;

use crate::accounts::MarketAccount;
use crate::accounts::termination::{Cause, Progress, REMINDERS, Termination};
use crate::aggregate::Loaded;
use crate::change::{Change, Event, Occasion};
use crate::deletion::{DeletionDemand, DemandStatus, TO_PROVIDER};
use crate::events::{self, ReckonedUnder};
use crate::notices::{Message, Reach};
use crate::periods::{Again, Calendar, Trace};
use crate::providers::Provider;
use crate::reminders::Reminders;

/// What is recorded of it: nothing where the period is over, and the schedule still to come.
fn recorded<'a>(under: ReckonedUnder, again: &Again, now: Timestamp) -> Option<Event<'a>> {
    match again {
        Again::Open(trace) if trace.ends_at <= now => None,
        Again::Open(trace) => {
            let until = trace.next_look().unwrap_or(trace.ends_at);
            Some(Event::of(events::ScheduleAwaited { under, until }))
        }
        Again::Stands(trace) => Some(Event::of(events::PeriodConfirmed { under, period: trace.to_string() })),
        Again::Later(trace) => {
            let (ends_at, period) = (trace.ends_at, trace.to_string());
            Some(Event::of(events::PeriodMoved { under, ends_at, period }))
        }
    }
}

impl Termination {
    /// The period of a notice that runs, and that waits for a schedule.
    #[must_use]
    pub fn open_period(&self) -> Option<&Trace> {
        match (&self.progress, &self.cause) {
            (Progress::Served { .. }, Cause::ByNotice { period, .. }) if period.calendar_unpublished => {
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
        let event = recorded(ReckonedUnder::Notice, &again, occasion.at)?;
        let change = Change::on(occasion);
        let with = |period| Self {
            cause: Cause::ByNotice { reason: reason.clone(), period },
            ..loaded.state.clone()
        };
        Some(match again {
            Again::Open(period) | Again::Stands(period) => change.update(loaded, &with(period), event),
            Again::Later(period) => {
                let ends_at = period.ends_at;
                let message = Message::TerminationMoved { period: Box::new(period.clone()) };
                let event = event.tell(Reach::Merchant(account), message);
                let reminders = Reminders::beginning(REMINDERS, ends_at, occasion.at);
                let moved = Self { ends_at, progress: Progress::Served { reminders }, ..with(period) };
                let bound = MarketAccount { ends_at: Some(ends_at), ..account.state.clone() };
                let end = Event::of(events::EndSet { ends_at });
                change.update(loaded, &moved, event).update(account, &bound, end)
            }
        })
    }
}

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
        let event = recorded(ReckonedUnder::Answer, &again, occasion.at)?;
        let with = |period| Self {
            status: DemandStatus::Served { period, acknowledged, overdue },
            ..loaded.state.clone()
        };
        let (demand, event) = match again {
            Again::Open(period) | Again::Stands(period) => (with(period), event),
            Again::Later(period) => {
                let to_provider = Reminders::beginning(TO_PROVIDER, period.ends_at, occasion.at);
                let message = Message::DemandMoved {
                    merchant: account.legal_name.to_string(),
                    listing: loaded.listing_name.to_string(),
                    grant: loaded.grant_id.to_string(),
                    period: Box::new(period.clone()),
                };
                let event = event
                    .tell(Reach::ProviderOf(provider, account), message.clone())
                    .tell(Reach::Merchant(account), message);
                (Self { to_provider, ..with(period) }, event)
            }
        };
        Some(Change::on(occasion).update(loaded, &demand, event))
    }
}
