//! The end of a market agreement (clause 10.1), and everything that ends with it.
//!
//! By notice (10.1.2): `served → ending → completed`, or `withdrawn`. The end is reckoned with its
//! trace, written into the account when the notice is served, and never takes effect before its period
//! has fully run: the account compares it with the present whenever it is read. Where a holiday schedule was still to
//! come, it is reckoned again when that appears (`reckoned_again`).
//! Naturally (10.1.1): the upstream platform says when its own agreement ended; this one ended at that
//! same instant, however late we hear of it.
//!
//! The cascade over grants and orders is part of this aggregate: a cursor, one target in each
//! transaction together with the cursor's step, so that a crash neither skips nor repeats a target.

mod reckoned_again;

use jiff::{SignedDuration, Timestamp};
use market_kernel::aggregate::{Aggregate, Due, Lane, Loaded};
use market_kernel::change::{Change, Event};
use market_kernel::ids::{AccountId, EventId, ProviderId, TerminationId};
use market_kernel::keys::{Key, Place};
use market_kernel::notices::{Message, Notice, Reach, Standing, Told};
use market_kernel::occasion::{CLOCK_SKEW, Occasion};
use market_kernel::party::Party;
use market_kernel::periods::{self, Calendar, Length, Trace};
use market_kernel::reminders::{Plan, Reminders, days_left};
use market_kernel::text::{Line, Prose};
use market_parties::accounts::{AccountStatus, MarketAccount};

use crate::events::{self, EndedUnder};
use crate::messages;

/// The period of notice (10.1.2): 15 full days.
pub const NOTICE: Length = Length::Days(15);
/// Reminders before the end.
pub(crate) const REMINDERS: Plan = Plan::Before(&[7, 3, 1]);
/// How long after an end a request that was decided before it may still be committed: longer than any request lives.
const STRAGGLING: SignedDuration = SignedDuration::from_mins(2);
/// How long before an end what straggles may have been decided, by a clock that is behind ours.
const STRAGGLERS_SINCE: SignedDuration = SignedDuration::from_mins(10);

/// Why the agreement ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The operator served notice (10.1.2).
    ByNotice {
        /// The reason given.
        reason: Prose,
        /// How the end was reckoned.
        period: Trace,
    },
    /// The agreement with the upstream platform ended (10.1.1).
    Natural {
        /// The upstream platform's id of the event.
        event_id: EventId,
        /// The upstream agreement that ended.
        agreement: Line,
    },
}

/// How far a termination has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Notice is served; its period runs.
    Served {
        /// Reminders sent.
        reminders: Reminders,
    },
    /// The notice was withdrawn before it took effect.
    Withdrawn {
        /// When.
        at: Timestamp,
    },
    /// Another termination took effect first.
    Superseded {
        /// When.
        at: Timestamp,
    },
    /// The agreement has ended; grants and orders are being ended, one by one.
    Ending(Cascade),
    /// Everything has ended.
    Completed {
        /// When the last target was dealt with.
        at: Timestamp,
    },
}

/// The ending of everything that ends with an agreement, one thing at a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cascade {
    /// The last thing that was looked at: what lies before it has ended, or is set aside.
    pub cursor: Option<String>,
    /// When the next step is due. While somebody is at it, that lies ahead: nobody else is woken, unless they die.
    pub since: Timestamp,
    /// Whether it looks a second time, for what was decided before the end and committed after it.
    pub again: bool,
    /// Things that could not be read when their turn came, by their sort keys. They hold up none of the others, and the
    /// cascade is not complete before they have ended too.
    pub aside: Vec<String>,
}

/// Who takes the cascade's next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Whoever took this one.
    Same,
    /// Whoever is woken next: it is due at once.
    Anyone,
}

/// A termination of one market account's agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Termination {
    /// Its id.
    pub id: TerminationId,
    /// The account.
    pub account_id: AccountId,
    /// The agreement period of the account that it ends.
    pub agreement_period: u32,
    /// Why.
    pub cause: Cause,
    /// When we served the notice or heard of the event.
    pub recorded_at: Timestamp,
    /// When the agreement ends or ended.
    pub ends_at: Timestamp,
    /// How far it has come.
    pub progress: Progress,
}

/// The end of the agreement with the upstream platform, as that platform reports it (10.1.1).
#[derive(Debug, Clone)]
pub struct UpstreamEnd {
    /// The id of the termination that follows from it.
    pub id: TerminationId,
    /// The upstream platform's id of the event.
    pub event_id: EventId,
    /// The upstream agreement that ended.
    pub agreement: Line,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// Why a notice of termination was not served or withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TerminateRefusal {
    /// The account has ended already.
    #[error("the agreement has ended already")]
    AlreadyEnded,
    /// Another notice is running.
    #[error("notice has been served already: {0}")]
    AlreadyServed(TerminationId),
    /// It has taken effect or was withdrawn.
    #[error("the notice is no longer running")]
    NotRunning,
    /// The end cannot be reckoned.
    #[error("the end of the period cannot be reckoned")]
    Unreckonable,
    /// An upstream event lies in the future.
    #[error("the event lies in the future")]
    InTheFuture,
}

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
            progress: Progress::Served { reminders: Reminders::beginning(REMINDERS, ends_at, occasion.at) },
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
        let running = matches!(loaded.progress, Progress::Served { .. }) && loaded.ends_at > occasion.at;
        if !running {
            return Err(TerminateRefusal::NotRunning);
        }
        let withdrawn = Self { progress: Progress::Withdrawn { at: occasion.at }, ..loaded.state.clone() };
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

    /// Records that the upstream agreement ended: ours ended at that same instant. Instants decide, and not the order in
    /// which we hear: a termination that ends it later, running or done, is superseded. Hearing of it again, or of an
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
            progress: Progress::Ending(Cascade { since: occasion.at, ..Cascade::default() }),
        };
        let ended = MarketAccount { termination_id: Some(id), ..ended(account, ended_at) };
        let mut change = Change::on(occasion).create(&termination, event).update(
            account,
            &ended,
            Event::of(events::AgreementEnded { under: EndedUnder::Natural, ended_at }),
        );
        let is_later = |before: &&Loaded<Self>| match before.progress {
            Progress::Served { .. } | Progress::Ending(_) | Progress::Completed { .. } => true,
            Progress::Withdrawn { .. } | Progress::Superseded { .. } => false,
        };
        if let Some(running) = running.filter(is_later) {
            let superseded =
                Self { progress: Progress::Superseded { at: occasion.at }, ..running.state.clone() };
            change = change.update(running, &superseded, Event::of(events::TerminationSuperseded {}));
        }
        Ok((termination, change))
    }

    /// What is due of a running notice: a reminder, or its effect. Whoever makes it effective goes on with the cascade.
    #[must_use]
    pub fn advance(
        loaded: &Loaded<Self>,
        account: &Loaded<MarketAccount>,
        occasion: &Occasion,
    ) -> Option<Change> {
        let Progress::Served { reminders } = loaded.progress else { return None };
        let reach = Reach::Party(account);
        if loaded.ends_at <= occasion.at {
            let cascade = Cascade { since: Next::Same.due(occasion.at), ..Cascade::default() };
            let ending = Self { progress: Progress::Ending(cascade), ..loaded.state.clone() };
            let event = Event::of(events::TerminationEffective { ends_at: loaded.ends_at })
                .tell(reach, messages::AgreementEnded { ended_at: loaded.ends_at, upstream: None });
            return Some(Change::on(occasion).update(loaded, &ending, event).update(
                account,
                &ended(account, loaded.ends_at),
                Event::of(events::AgreementEnded { under: EndedUnder::Notice, ended_at: loaded.ends_at }),
            ));
        }
        let reminders = reminders.due(REMINDERS, loaded.ends_at, occasion.at)?;
        let days = days_left(loaded.ends_at, occasion.at);
        let reminded = Self { progress: Progress::Served { reminders }, ..loaded.state.clone() };
        let event = Event::of(events::TerminationReminded { days }).tell(reach, loaded.coming(occasion.at));
        Some(Change::on(occasion).update(loaded, &reminded, event).relying_on(account))
    }

    fn coming(&self, now: Timestamp) -> messages::TerminationComing {
        messages::TerminationComing { days: days_left(self.ends_at, now), ends_at: self.ends_at }
    }

    /// From when on everything that was decided before the end has been committed, or never will be.
    fn settled_at(&self) -> Timestamp {
        let end = self.ends_at.max(self.recorded_at);
        end.saturating_add(STRAGGLING).unwrap_or(end)
    }

    /// What a second look is for: things that were made since then. None while the first look is under way.
    #[must_use]
    pub fn stragglers_since(&self) -> Option<Timestamp> {
        let Progress::Ending(Cascade { again: true, .. }) = self.progress else { return None };
        let end = self.ends_at.max(self.recorded_at);
        Some(end.saturating_sub(STRAGGLERS_SINCE).unwrap_or(end))
    }

    /// The cascade, where its next step is due, or where whoever asks took the one before.
    #[must_use]
    pub fn cascade(&self, now: Timestamp, took_the_last: bool) -> Option<&Cascade> {
        match &self.progress {
            Progress::Ending(cascade) if took_the_last || cascade.since <= now => Some(cascade),
            _ => None,
        }
    }

    /// Notes a target as dealt with, and where the cascade goes on; goes into the same transaction as the target's own
    /// change. None where no cascade runs, as for the two below.
    #[must_use]
    pub fn step(
        loaded: &Loaded<Self>,
        target: &Key,
        (cursor, aside): (Option<String>, Vec<String>),
        next: Next,
        occasion: &Occasion,
    ) -> Option<Change> {
        let event = Event::of(events::CascadeStepped { target: target.to_string() });
        Self::go_on(loaded, (cursor, aside), next, event, occasion)
    }

    /// Notes how far the cascade has looked where nothing had to end, so that nobody looks there again, and what it set
    /// aside.
    #[must_use]
    pub fn pass(
        loaded: &Loaded<Self>,
        (cursor, aside): (Option<String>, Vec<String>),
        next: Next,
        occasion: &Occasion,
    ) -> Option<Change> {
        let count = u32::try_from(aside.len()).unwrap_or(u32::MAX);
        Self::go_on(
            loaded,
            (cursor, aside),
            next,
            Event::of(events::CascadePassed { aside: count }),
            occasion,
        )
    }

    fn go_on(
        loaded: &Loaded<Self>,
        (cursor, aside): (Option<String>, Vec<String>),
        next: Next,
        event: Event<'_>,
        occasion: &Occasion,
    ) -> Option<Change> {
        let Progress::Ending(Cascade { again, .. }) = loaded.progress else { return None };
        let cascade = Cascade { cursor, since: next.due(occasion.at), again, aside };
        let stepped = Self { progress: Progress::Ending(cascade), ..loaded.state.clone() };
        Some(Change::on(occasion).update(loaded, &stepped, event))
    }

    /// Notes that no target is left. As long as something that was decided before the end may still be committed, the
    /// cascade looks once more, later: what opens things does not name the account, so that it cannot hold up its end.
    #[must_use]
    pub fn complete(loaded: &Loaded<Self>, occasion: &Occasion) -> Option<Change> {
        if !matches!(loaded.progress, Progress::Ending(_)) {
            return None;
        }
        let settled_at = loaded.settled_at();
        let (progress, event) = if occasion.at < settled_at {
            let again = Cascade { since: settled_at, again: true, ..Cascade::default() };
            (Progress::Ending(again), Event::of(events::CascadeLooksAgain { at: settled_at }))
        } else {
            (Progress::Completed { at: occasion.at }, Event::of(events::TerminationCompleted {}))
        };
        Some(Change::on(occasion).update(loaded, &Self { progress, ..loaded.state.clone() }, event))
    }
}

/// After which a cascade's step is someone else's: whoever took the one before is dead, or as good as that.
const TAKEN_FOR: SignedDuration = SignedDuration::from_secs(60);

impl Next {
    fn due(self, at: Timestamp) -> Timestamp {
        match self {
            Self::Anyone => at,
            Self::Same => at.saturating_add(TAKEN_FOR).unwrap_or(at),
        }
    }
}

fn ended(account: &MarketAccount, at: Timestamp) -> MarketAccount {
    MarketAccount { status: AccountStatus::Terminated, ends_at: Some(at), ..account.clone() }
}

impl Aggregate for Termination {
    type Id = (AccountId, TerminationId);
    const KIND: &'static str = "termination";
    const PLACE: Place = Place::Within("termination#");

    fn key_of((account, id): &Self::Id) -> Key {
        Self::PLACE.within(account, id)
    }

    fn key(&self) -> Key {
        Self::key_of(&(self.account_id.clone(), self.id.clone()))
    }

    fn next_due(&self) -> Option<Due> {
        self.due_with(Reminders::next, self.open_period().and_then(Trace::next_look))
    }
}

impl Termination {
    fn due_with(
        &self,
        next: fn(Reminders, Plan, Timestamp) -> Option<Timestamp>,
        look: Option<Timestamp>,
    ) -> Option<Due> {
        match &self.progress {
            Progress::Served { reminders } => {
                let at = next(*reminders, REMINDERS, self.ends_at).unwrap_or(self.ends_at);
                let at = look.map_or(at, |look| look.min(at));
                Some(Due::new(at, Lane::TerminateAccount).by(self.ends_at))
            }
            Progress::Ending(cascade) => Some(Due::new(cascade.since, Lane::TerminateAccount)),
            Progress::Withdrawn { .. } | Progress::Superseded { .. } | Progress::Completed { .. } => None,
        }
    }

    /// The timer that releases before 0.4.0 gave it: they kept to no daytime, and looked for no holiday schedule.
    #[must_use]
    pub fn former_due(&self) -> Option<Due> {
        self.due_with(Reminders::next_at_any_hour, None)
    }
}

impl Told for Termination {
    fn standing(&self, notice: &Notice, now: Timestamp) -> Standing {
        let is_off = matches!(self.progress, Progress::Withdrawn { .. } | Progress::Superseded { .. });
        match notice.about.as_str() {
            messages::TerminationComing::ABOUT if !is_off && now < self.ends_at => {
                Standing::of_reminder(REMINDERS, self.ends_at, notice, now, days_left)
            }
            messages::TerminationComing::ABOUT => Standing::Gone,
            messages::TerminationServed::ABOUT | messages::TerminationMoved::ABOUT => {
                Standing::while_so(!is_off)
            }
            // Where we heard later of an earlier end, that one is told.
            messages::AgreementEnded::ABOUT => {
                Standing::while_so(!matches!(self.progress, Progress::Superseded { .. }))
            }
            _ => Standing::Stands,
        }
    }

    fn parties(&self) -> Option<(&AccountId, Option<&ProviderId>)> {
        Some((&self.account_id, None))
    }

    fn reminder(
        &self,
        _: &str,
        _: &dyn Party,
        _: Option<&dyn Party>,
        now: Timestamp,
    ) -> Option<Box<dyn Message>> {
        Some(Box::new(self.coming(now)))
    }
}
