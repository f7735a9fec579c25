//! Notice of termination: serving and withdrawing it; and the end that follows from the upstream agreement.

use market_kernel::aggregate::Loaded;
use market_kernel::change::{Change, Event};
use market_kernel::ids::TerminationId;
use market_kernel::notices::Reach;
use market_kernel::occasion::{CLOCK_SKEW, Occasion};
use market_kernel::periods::{self, Calendar};
use market_kernel::reminders::Reminders;
use market_kernel::text::Prose;
use market_parties::accounts::MarketAccount;

use super::{
    Cascade, Cause, NOTICE, REMINDERS, TerminateRefusal, Termination, TerminationStatus, UpstreamEnd, ended,
};
use crate::events::{self, EndedUnder};
use crate::messages;

impl Termination {
    /// Serves notice of termination.
    ///
    /// # Errors
    /// See [`TerminateRefusal`].
    pub fn serve(
        id: TerminationId,
        account: &Loaded<MarketAccount>,
        reason: Prose,
        calendar: &Calendar,
        occasion: &Occasion,
    ) -> Result<(Self, Change), TerminateRefusal> {
        if account.has_ended_at(occasion.at) {
            return Err(TerminateRefusal::AlreadyEnded);
        }
        if let Some(running) = &account.termination_id {
            return Err(TerminateRefusal::AlreadyServed(running.clone()));
        }
        let period =
            periods::reckon(occasion.at, NOTICE, calendar).map_err(|_| TerminateRefusal::Unreckonable)?;
        let ends_at = period.ends_at;
        let message = messages::TerminationServed { reason: reason.to_string(), period: period.clone() };
        let event = Event::of(events::TerminationServed { ends_at, period: period.to_string() })
            .tell(Reach::Party(account), message);
        let termination = Self {
            id: id.clone(),
            account_id: account.id.clone(),
            agreement_period: account.agreement_period,
            cause: Cause::ByNotice { reason, period },
            recorded_at: occasion.at,
            ends_at,
            status: TerminationStatus::Served {
                reminders: Reminders::beginning(REMINDERS, ends_at, occasion.at),
            },
        };
        let bound =
            MarketAccount { ends_at: Some(ends_at), termination_id: Some(id), ..account.state.clone() };
        let change = Change::on(occasion).create(&termination, event).update(
            account,
            &bound,
            Event::of(events::EndSet { ends_at }),
        );
        Ok((termination, change))
    }

    /// Withdraws a notice whose period still runs.
    ///
    /// # Errors
    /// See [`TerminateRefusal`].
    pub fn withdraw(
        loaded: &Loaded<Self>,
        account: &Loaded<MarketAccount>,
        occasion: &Occasion,
    ) -> Result<(Self, Change), TerminateRefusal> {
        let running =
            matches!(loaded.status, TerminationStatus::Served { .. }) && loaded.ends_at > occasion.at;
        if !running {
            return Err(TerminateRefusal::NotRunning);
        }
        let withdrawn =
            Self { status: TerminationStatus::Withdrawn { at: occasion.at }, ..loaded.state.clone() };
        let freed = MarketAccount { ends_at: None, termination_id: None, ..account.state.clone() };
        let message =
            messages::TerminationWithdrawn { served_at: loaded.recorded_at, ends_at: loaded.ends_at };
        let change = Change::on(occasion)
            .update(
                loaded,
                &withdrawn,
                Event::of(events::TerminationWithdrawn {}).tell(Reach::Party(account), message),
            )
            .update(account, &freed, Event::of(events::EndLifted {}));
        Ok((withdrawn, change))
    }

    /// Records that the upstream agreement ended: ours ended at that same instant. Instants decide, and not the order
    /// in which we hear: a termination that ends it later, running or done, is superseded. Receiving it again, or an
    /// event at or after the end, changes nothing.
    ///
    /// # Errors
    /// See [`TerminateRefusal`]: `AlreadyEnded` where there is nothing left to do.
    pub fn upstream_ended(
        account: &Loaded<MarketAccount>,
        running: Option<&Loaded<Self>>,
        end: UpstreamEnd,
        occasion: &Occasion,
    ) -> Result<(Self, Change), TerminateRefusal> {
        let UpstreamEnd { id, event_id, agreement, ended_at } = end;
        if occasion.at.saturating_add(CLOCK_SKEW).is_ok_and(|latest| ended_at > latest) {
            return Err(TerminateRefusal::InTheFuture);
        }
        let event = Event::of(events::UpstreamAgreementEnded { event_id: event_id.clone(), ended_at });
        // What had ended before ours began ended ours at its beginning. The event keeps its own time.
        let ended_at = ended_at.max(account.applied_at);
        if account.ends_at.is_some_and(|end| end <= ended_at) {
            return Err(TerminateRefusal::AlreadyEnded);
        }
        let message = messages::AgreementEnded { ended_at, upstream: Some(agreement.to_string()) };
        let event = event.tell(Reach::Party(account), message);
        let termination = Self {
            id: id.clone(),
            account_id: account.id.clone(),
            agreement_period: account.agreement_period,
            cause: Cause::Natural { event_id, agreement },
            recorded_at: occasion.at,
            ends_at: ended_at,
            status: TerminationStatus::Ending(Cascade { since: occasion.at, ..Cascade::default() }),
        };
        let ended = MarketAccount { termination_id: Some(id), ..ended(account, ended_at) };
        let mut change = Change::on(occasion).create(&termination, event).update(
            account,
            &ended,
            Event::of(events::AgreementEnded { under: EndedUnder::Natural, ended_at }),
        );
        let is_later = |before: &&Loaded<Self>| match before.status {
            TerminationStatus::Served { .. }
            | TerminationStatus::Ending(_)
            | TerminationStatus::Completed { .. } => true,
            TerminationStatus::Withdrawn { .. } | TerminationStatus::Superseded { .. } => false,
        };
        if let Some(running) = running.filter(is_later) {
            let superseded =
                Self { status: TerminationStatus::Superseded { at: occasion.at }, ..running.state.clone() };
            change = change.update(running, &superseded, Event::of(events::TerminationSuperseded {}));
        }
        Ok((termination, change))
    }
}
