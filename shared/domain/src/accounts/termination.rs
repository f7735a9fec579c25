//! The end of a market agreement (clause 10.1), and everything that ends with it.
//!
//! By notice (10.1.2): `served → ending → completed`, or `withdrawn`. The end is reckoned once, with its
//! trace, written into the account when the notice is served, and never takes effect before its period
//! has fully run: the account compares it with the present whenever it is read.
//! Naturally (10.1.1): the upstream platform says when its own agreement ended; this one ended at that
//! same instant, however late we hear of it.
//!
//! The cascade over grants and orders is part of this aggregate: a cursor, one target in each
//! transaction together with the cursor's step, so that a crash neither skips nor repeats a target.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AccountStatus, MarketAccount};
use crate::aggregate::{Aggregate, Due, Job, Key, Loaded};
use crate::change::{Change, Event, Occasion};
use crate::ids::{AccountId, EventId, TerminationId};
use crate::notices::{Message, Reach};
use crate::periods::{self, Calendar, Length, Trace};
use crate::reminders::{Plan, Reminders};
use crate::text::{Line, Prose};

/// The period of notice (10.1.2): 15 full days.
pub const NOTICE: Length = Length::Days(15);
/// Reminders before the end.
const REMINDERS: Plan = Plan::Before(&[7, 3, 1]);
/// How far ahead of ours an upstream clock may run.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Why the agreement ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Progress {
    /// Notice is served; its period runs.
    Served {
        /// Reminders sent.
        reminders: Reminders,
    },
    /// The notice was withdrawn before it took effect.
    Withdrawn {
        /// When.
        #[schemars(with = "String")]
        at: Timestamp,
    },
    /// Another termination took effect first.
    Superseded {
        /// When.
        #[schemars(with = "String")]
        at: Timestamp,
    },
    /// The agreement has ended; grants and orders are being ended, one by one.
    Ending {
        /// The last target that was dealt with.
        cursor: Option<String>,
        /// Since when the next step has been due.
        #[schemars(with = "String")]
        since: Timestamp,
    },
    /// Everything has ended.
    Completed {
        /// When the last target was dealt with.
        #[schemars(with = "String")]
        at: Timestamp,
    },
}

/// A termination of one market account's agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Termination {
    /// Its id.
    pub id: TerminationId,
    /// The account.
    pub account_id: AccountId,
    /// Why.
    pub cause: Cause,
    /// When we served the notice or heard of the event.
    #[schemars(with = "String")]
    pub recorded_at: Timestamp,
    /// When the agreement ends or ended.
    #[schemars(with = "String")]
    pub ends_at: Timestamp,
    /// How far it has come.
    #[serde(flatten)]
    pub progress: Progress,
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
        let message =
            Message::TerminationServed { reason: reason.to_string(), period: Box::new(period.clone()) };
        let event = Event::new("TerminationServed", "10.1.2")
            .fact("ends_at", ends_at.to_string())
            .fact("period", period.to_string())
            .tell(Reach::Merchant(&account.id, &account.contacts), message);
        let termination = Self {
            id: id.clone(),
            account_id: account.id.clone(),
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
            Event::new("EndSet", "10.1.2").fact("ends_at", ends_at.to_string()),
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
        let change = Change::on(occasion)
            .update(
                loaded,
                &withdrawn,
                Event::new("TerminationWithdrawn", "10.1.2")
                    .tell(Reach::Merchant(&account.id, &account.contacts), Message::TerminationWithdrawn),
            )
            .update(account, &freed, Event::new("EndLifted", "10.1.2"));
        Ok((withdrawn, change))
    }

    /// Records that the upstream agreement ended: ours ended at that same instant. A notice whose period
    /// still ran is superseded. Hearing of it again, or of another event after the end, changes nothing.
    ///
    /// # Errors
    /// See [`TerminateRefusal`]: `AlreadyEnded` where there is nothing left to do.
    pub fn upstream_ended(
        id: TerminationId,
        account: &Loaded<MarketAccount>,
        running: Option<&Loaded<Self>>,
        event_id: EventId,
        agreement: Line,
        ended_at: Timestamp,
        occasion: &Occasion,
    ) -> Result<(Self, Change), TerminateRefusal> {
        if occasion.at.saturating_add(CLOCK_SKEW).is_ok_and(|latest| ended_at > latest) {
            return Err(TerminateRefusal::InTheFuture);
        }
        if account.status == AccountStatus::Terminated || account.ends_at.is_some_and(|end| end <= ended_at) {
            return Err(TerminateRefusal::AlreadyEnded);
        }
        let event = Event::new("UpstreamAgreementEnded", "10.1.1")
            .fact("event_id", event_id.as_str())
            .fact("ended_at", ended_at.to_string())
            .tell(Reach::Merchant(&account.id, &account.contacts), Message::AgreementEnded { at: ended_at });
        let termination = Self {
            id: id.clone(),
            account_id: account.id.clone(),
            cause: Cause::Natural { event_id, agreement },
            recorded_at: occasion.at,
            ends_at: ended_at,
            progress: Progress::Ending { cursor: None, since: occasion.at },
        };
        let ended = MarketAccount { termination_id: Some(id), ..ended(account, ended_at) };
        let mut change = Change::on(occasion).create(&termination, event).update(
            account,
            &ended,
            Event::new("AgreementEnded", "10.1.1").fact("ended_at", ended_at.to_string()),
        );
        if let Some(running) = running.filter(|running| matches!(running.progress, Progress::Served { .. })) {
            let superseded =
                Self { progress: Progress::Superseded { at: occasion.at }, ..running.state.clone() };
            change = change.update(running, &superseded, Event::new("TerminationSuperseded", "10.1.1"));
        }
        Ok((termination, change))
    }

    /// What is due of a running notice: a reminder, or its effect.
    #[must_use]
    pub fn advance(
        loaded: &Loaded<Self>,
        account: &Loaded<MarketAccount>,
        occasion: &Occasion,
    ) -> Option<Change> {
        let Progress::Served { reminders } = loaded.progress else { return None };
        let reach = Reach::Merchant(&account.id, &account.contacts);
        if loaded.ends_at <= occasion.at {
            let ending = Self {
                progress: Progress::Ending { cursor: None, since: occasion.at },
                ..loaded.state.clone()
            };
            let event = Event::new("TerminationEffective", "10.1.2")
                .fact("ends_at", loaded.ends_at.to_string())
                .tell(reach, Message::AgreementEnded { at: loaded.ends_at });
            return Some(Change::on(occasion).update(loaded, &ending, event).update(
                account,
                &ended(account, loaded.ends_at),
                Event::new("AgreementEnded", "10.1.2").fact("ended_at", loaded.ends_at.to_string()),
            ));
        }
        let (reminders, days) = reminders.due(REMINDERS, loaded.ends_at, occasion.at)?;
        let reminded = Self { progress: Progress::Served { reminders }, ..loaded.state.clone() };
        let event = Event::new("TerminationReminded", "10.1.2")
            .fact("days", days)
            .tell(reach, Message::TerminationComing { days, ends_at: loaded.ends_at });
        Some(Change::on(occasion).update(loaded, &reminded, event).relying_on(account))
    }

    /// The cursor of a cascade that is under way; the outer `None` where none is.
    #[must_use]
    pub fn cursor(&self) -> Option<Option<&str>> {
        match &self.progress {
            Progress::Ending { cursor, .. } => Some(cursor.as_deref()),
            _ => None,
        }
    }

    /// Notes a target as dealt with; goes into the same transaction as the target's own change.
    #[must_use]
    pub fn step(loaded: &Loaded<Self>, target: &Key, occasion: &Occasion) -> Change {
        let stepped = Self {
            progress: Progress::Ending { cursor: Some(target.sort.clone()), since: occasion.at },
            ..loaded.state.clone()
        };
        Change::on(occasion).update(
            loaded,
            &stepped,
            Event::new("CascadeStepped", "10.1").fact("target", target.to_string()),
        )
    }

    /// Notes that no target is left.
    #[must_use]
    pub fn complete(loaded: &Loaded<Self>, occasion: &Occasion) -> Change {
        let completed = Self { progress: Progress::Completed { at: occasion.at }, ..loaded.state.clone() };
        Change::on(occasion).update(loaded, &completed, Event::new("TerminationCompleted", "10.2"))
    }
}

fn ended(account: &MarketAccount, at: Timestamp) -> MarketAccount {
    MarketAccount { status: AccountStatus::Terminated, ends_at: Some(at), ..account.clone() }
}

impl Aggregate for Termination {
    type Id = (AccountId, TerminationId);
    const KIND: &'static str = "termination";

    fn key_of((account, id): &Self::Id) -> Key {
        Key::new(format!("account#{account}"), format!("termination#{id}"))
    }

    fn key(&self) -> Key {
        Self::key_of(&(self.account_id.clone(), self.id.clone()))
    }

    fn next_due(&self) -> Option<Due> {
        let at = match &self.progress {
            Progress::Served { reminders } => {
                reminders.next(REMINDERS, self.ends_at).map_or(self.ends_at, |next| next.min(self.ends_at))
            }
            Progress::Ending { since, .. } => *since,
            Progress::Withdrawn { .. } | Progress::Superseded { .. } | Progress::Completed { .. } => {
                return None;
            }
        };
        Some(Due { at, job: Job::TerminateAccount })
    }
}
