//! Attempts to send a notice: claimed in a commit before anything leaves, and recorded after it.

use jiff::{SignedDuration, Timestamp};

use super::message::Letter;
use super::{Channel, Hindrance, Message, Notice, NoticeStatus, Reach, Trouble, id_of};
use crate::aggregate::{Aggregate, Loaded};
use crate::change::{Change, Event};
use crate::daytime;
use crate::events::{self, Foreign};
use crate::occasion::Occasion;
use crate::stored::values::Named;

/// What a channel answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    /// It took the message.
    Accepted {
        /// Its own id of it.
        gateway_id: Option<String>,
    },
    /// It may take the message later.
    Failed {
        /// Why not now.
        by: Hindrance,
        /// The same in the channel's words, which stay with a notice that is given up.
        reason: String,
    },
    /// It will never take it.
    Refused {
        /// Why.
        reason: String,
    },
    /// It may have taken the message: its answer did not arrive.
    Unknown,
}

/// Attempts before a human is asked: with the backoff below they span about three days.
pub const MAX_ATTEMPTS: u32 = 16;

/// From which try on a notice that did not leave counts as delayed: seven minutes after it was due, or two hours where
/// nothing was answered.
pub const DELAYED_FROM: u32 = 3;

/// How long tries are excused, from the first that was. What has not left by then waits for a human as well, and its
/// failures count: long enough to find a mistake of our own, and with the three days of the attempts that are left short
/// enough that a notice with a period of fifteen days is still in time.
pub const EXCUSED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long an excused try delays the next: for as long again as tries have been excused, within these.
const EXCUSED_WAIT: [SignedDuration; 2] = [SignedDuration::from_mins(1), SignedDuration::from_hours(1)];

/// 1 min, 2, 4 … at most 12 h.
fn backoff(attempts: u32) -> SignedDuration {
    SignedDuration::from_mins((1_i64 << attempts.saturating_sub(1).min(10)).min(12 * 60))
}

/// How long an attempt with an unknown outcome delays the next one. Much longer than a channel takes to answer,
/// and than its feedback takes to arrive: a legal notice is sent twice only where nobody can tell that it was sent.
const UNKNOWN_FOR: SignedDuration = SignedDuration::from_hours(1);

/// Until when tries are excused that have been since then.
fn excused_until(since: Timestamp) -> Timestamp {
    since.saturating_add(EXCUSED_FOR).unwrap_or(since)
}

/// Whether tries are still excused.
fn is_within(excused_since: Option<Timestamp>, now: Timestamp) -> bool {
    excused_since.is_none_or(|since| now < excused_until(since))
}

impl NoticeStatus {
    /// Whether a notice that still waits to be sent has been held up for so long, by what is no fault of the message's,
    /// that no further try is excused: whoever is to mend it has not, so a human has to see to the notice too.
    #[must_use]
    pub fn has_no_excuse_left(&self) -> bool {
        let Self::Queued { next_attempt_at, trouble: Some(trouble), .. } = self else { return false };
        trouble.excused_since.is_some_and(|since| *next_attempt_at >= excused_until(since))
    }
}

impl Notice {
    /// Whether the job has to send it now.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.waits_to_leave_until().is_some_and(|until| until <= now)
    }

    /// When it is tried next, where it waits to be sent. What a human served another way meanwhile waits no more.
    #[must_use]
    pub fn waits_to_leave_until(&self) -> Option<Timestamp> {
        match self.status {
            NoticeStatus::Queued { next_attempt_at, .. } if self.served_otherwise.is_none() => {
                Some(next_attempt_at)
            }
            _ => None,
        }
    }

    /// Claims the attempt that is due, before anything is sent: a worker that loses the race for this commit sends
    /// nothing. The next attempt is moved as far ahead as it has to be where this one's outcome never becomes known.
    /// Where the last attempt has been made and nobody knows what came of it, the notice is left to a human.
    #[must_use]
    pub fn claim(loaded: &Loaded<Self>, occasion: &Occasion) -> Option<(Self, Change)> {
        let NoticeStatus::Queued { attempts, trouble, .. } = loaded.status else { return None };
        if !loaded.is_due(occasion.at) {
            return None;
        }
        let (event, status) = if attempts >= MAX_ATTEMPTS {
            let reason = "the last attempt was not answered".to_owned();
            (
                Event::of(events::NoticeUndeliverable { attempts }),
                NoticeStatus::Undeliverable { attempts, reason, follow_up: None },
            )
        } else {
            let tries = loaded.status.tries().saturating_add(1);
            let attempts = attempts.saturating_add(1);
            let next_attempt_at = loaded.after(occasion, backoff(attempts).max(UNKNOWN_FOR));
            // All that is known where nothing more is recorded.
            let by = Hindrance::Unanswered;
            let excused_since = trouble.and_then(|trouble| trouble.excused_since);
            let trouble = Some(Trouble { tries, by, excused_since });
            (
                Event::of(events::NoticeAttempted { attempts }),
                NoticeStatus::Queued { attempts, next_attempt_at, trouble },
            )
        };
        let notice = Self { status, ..loaded.state.clone() };
        let change = Change::on(occasion).update(loaded, &notice, event);
        Some((notice, change))
    }

    /// Records what came of the try with this number. Nothing changes once the notice was sent. What is said of an
    /// attempt that a later one has followed counts only where it was taken.
    #[must_use]
    pub fn record(
        loaded: &Loaded<Self>,
        occasion: &Occasion,
        attempt: u32,
        outcome: Sending,
    ) -> Option<(Self, Change)> {
        let NoticeStatus::Queued { attempts, trouble, .. } = loaded.status else { return None };
        let tries = loaded.status.tries();
        if tries != attempt && !matches!(outcome, Sending::Accepted { .. }) {
            return None;
        }
        let excused_since = trouble.and_then(|trouble| trouble.excused_since);
        let (event, status) = match outcome {
            // The claim says all that is known, and when to try again.
            Sending::Unknown => return None,
            Sending::Accepted { gateway_id } => loaded.served(occasion, gateway_id, attempts),
            Sending::Failed { by, .. } if by.is_excused() && is_within(excused_since, occasion.at) => {
                let since = excused_since.unwrap_or(occasion.at);
                let [least, most] = EXCUSED_WAIT;
                let wait = occasion.at.duration_since(since).clamp(least, most);
                // It is given back: the message itself was not tried.
                let attempts = attempts.saturating_sub(1);
                let trouble = Some(Trouble { tries, by, excused_since: Some(since) });
                let next_attempt_at = loaded.after(occasion, wait);
                (
                    Event::of(events::NoticeDelayed { attempts, by: Some(by.name()) }),
                    NoticeStatus::Queued { attempts, next_attempt_at, trouble },
                )
            }
            // What is excused no more counts as anything else does.
            Sending::Failed { by, .. } if attempts < MAX_ATTEMPTS => {
                let trouble = Some(Trouble { tries, by, excused_since });
                let next_attempt_at = loaded.after(occasion, backoff(attempts));
                (
                    Event::of(events::NoticeDelayed { attempts, by: Some(by.name()) }),
                    NoticeStatus::Queued { attempts, next_attempt_at, trouble },
                )
            }
            Sending::Failed { by: _, reason } | Sending::Refused { reason } => {
                let event = Event::of(events::NoticeUndeliverable { attempts });
                (event, NoticeStatus::Undeliverable { attempts, reason, follow_up: None })
            }
        };
        let notice = Self { status, ..loaded.state.clone() };
        let change = Change::on(occasion).update(loaded, &notice, event);
        Some((notice, change))
    }

    /// A distance ahead, and for a text message not at night.
    fn after(&self, occasion: &Occasion, distance: SignedDuration) -> Timestamp {
        let at = occasion.at.saturating_add(distance).unwrap_or(occasion.at);
        if self.channel == Channel::Sms { daytime::not_before(at) } else { at }
    }

    /// Puts off the attempt that is due, because an earlier notice of the same thing to the same
    /// recipient at the same address has not left yet: for as long again as it has waited, a minute at least and an
    /// hour at most.
    #[must_use]
    pub fn hold_back(loaded: &Loaded<Self>, occasion: &Occasion) -> Option<Change> {
        let NoticeStatus::Queued { attempts, trouble, .. } = loaded.status else { return None };
        let waited = occasion.at.duration_since(loaded.drafted_at);
        let wait = waited.clamp(SignedDuration::from_mins(1), SignedDuration::from_hours(1));
        let next_attempt_at = loaded.after(occasion, wait);
        let status = NoticeStatus::Queued { attempts, next_attempt_at, trouble };
        let notice = Self { status, ..loaded.state.clone() };
        Some(Change::on(occasion).update(loaded, &notice, Event::of(events::NoticeHeldBack {})))
    }

    /// Gives up a notice that no longer stands. Where it does in other words, they are drafted in its place, for the
    /// same channel, and for where that reaches its recipient by now.
    #[must_use]
    pub fn supersede(
        loaded: &Loaded<Self>,
        reminder: Option<(&Reach<'_>, &dyn Message)>,
        occasion: &Occasion,
    ) -> Option<Change> {
        let NoticeStatus::Queued { attempts, .. } = loaded.status else { return None };
        let by = reminder.and_then(|(reach, message)| Self::in_place_of(loaded, reach, message, occasion));
        let event = Event::of(events::NoticeSuperseded { attempts });
        let by_id = by.as_ref().map(|notice| notice.id.clone());
        let status = NoticeStatus::Superseded { at: occasion.at, attempts, by: by_id };
        let notice = Self { status, ..loaded.state.clone() };
        Some(Change::on(occasion).update(loaded, &notice, by.into_iter().fold(event, Event::send)))
    }

    /// Where its recipient is by now; none where its channel reaches them no more.
    fn in_place_of(
        loaded: &Loaded<Self>,
        reach: &Reach<'_>,
        message: &dyn Message,
        occasion: &Occasion,
    ) -> Option<Self> {
        let contacts = reach.contacts()?;
        let address = match loaded.channel {
            Channel::Email => Some(contacts.email.as_str().to_owned()),
            Channel::Sms => Some(contacts.phone.as_ref()?.as_str().to_owned()),
            Channel::InSite | Channel::Announcement => None,
        };
        let (operator, cites) = (&occasion.operator, reach.cites(&loaded.clause));
        let letter = Letter { operator, reach, cites: cites.as_deref(), at: occasion.at }.write(message);
        let following = Self::following(loaded, loaded.channel, occasion);
        let following = Self { address, language: reach.language(), ..following };
        if loaded.channel == Channel::Sms {
            let language = reach.language();
            let text = Self { subject: letter.subject, language, ..loaded.state.clone() }.short(operator);
            return Some(following.saying(text));
        }
        Some(Self { cites, ..following }.saying(letter))
    }

    /// The same message once more, on a channel: a notice of its own, caused by this one's next record.
    pub(super) fn following(loaded: &Loaded<Self>, channel: Channel, occasion: &Occasion) -> Self {
        let cause = format!("{}:{}@{}", Self::KIND, loaded.key(), loaded.version + 1);
        let id = id_of(occasion.at, &cause, &loaded.about, channel, &loaded.recipient);
        Self {
            // Its own: one of the two may be erased before the other.
            salt: Some(occasion.salts.of(id.as_str())),
            id,
            channel,
            cause,
            drafted_at: occasion.at,
            status: NoticeStatus::drafted(channel, occasion.at),
            served_otherwise: None,
            corrected_services: Vec::new(),
            ..loaded.state.clone()
        }
    }

    /// That a channel took it, as it is recorded.
    pub(super) fn served(
        &self,
        occasion: &Occasion,
        gateway_id: Option<String>,
        attempts: u32,
    ) -> (Event<'static>, NoticeStatus) {
        let event = Event::of(events::NoticeServed {
            content: self.commitment(),
            gateway_id: gateway_id.clone().map(Foreign),
            attempts,
        });
        (event, NoticeStatus::Sent { served_at: occasion.at, gateway_id, came_back: None })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::tests::{occasion, queued};
    use super::*;
    use crate::aggregate::Aggregate;

    #[test]
    fn a_sent_notice_is_never_sent_again() {
        let mut loaded = queued();
        loaded.state.status =
            NoticeStatus::Sent { served_at: Timestamp::UNIX_EPOCH, gateway_id: None, came_back: None };
        assert!(Notice::claim(&loaded, &occasion(9)).is_none());
        assert!(Notice::record(&loaded, &occasion(9), 1, Sending::Accepted { gateway_id: None }).is_none());
        assert_eq!(loaded.next_due(), None);
    }

    #[test]
    fn an_attempt_is_claimed_once_and_one_of_which_nothing_is_known_is_followed_an_hour_later() {
        let mut loaded = queued();
        (loaded.state, _) = Notice::claim(&loaded, &occasion(0)).unwrap();
        let due = loaded.next_due().unwrap().at;
        assert_eq!(due, occasion(3_600).at);
        assert!(Notice::claim(&loaded, &occasion(3_599)).is_none(), "it may be under way");
        assert!(Notice::record(&loaded, &occasion(9), 1, Sending::Unknown).is_none());
        (loaded.state, _) = Notice::claim(&loaded, &occasion(3_600)).unwrap();
        let failed = Sending::Failed { by: Hindrance::Failing, reason: "down".into() };
        assert!(Notice::record(&loaded, &occasion(3_601), 1, failed).is_none(), "the second is under way");
        let taken = Sending::Accepted { gateway_id: None };
        let (sent, _) = Notice::record(&loaded, &occasion(3_601), 1, taken).unwrap();
        assert!(matches!(sent.status, NoticeStatus::Sent { .. }), "the first was taken all the same");
    }

    #[test]
    fn a_last_attempt_of_which_nothing_is_known_leaves_the_notice_to_a_human() {
        let mut loaded = queued();
        loaded.state.status = NoticeStatus::Queued {
            attempts: MAX_ATTEMPTS,
            next_attempt_at: Timestamp::UNIX_EPOCH,
            trouble: None,
        };
        let (after, _) = Notice::claim(&loaded, &occasion(0)).unwrap();
        assert!(matches!(after.status, NoticeStatus::Undeliverable { attempts: MAX_ATTEMPTS, .. }));
    }

    #[test]
    fn a_failing_channel_is_tried_for_days_and_then_a_human_is_asked() {
        let mut loaded = queued();
        let mut now = 0;
        loop {
            let failed = Sending::Failed { by: Hindrance::Unreachable, reason: "down".into() };
            (loaded.state, _) = Notice::claim(&loaded, &occasion(now)).unwrap();
            let NoticeStatus::Queued { attempts, .. } = loaded.status else { unreachable!() };
            (loaded.state, _) = Notice::record(&loaded, &occasion(now), attempts, failed).unwrap();
            match loaded.state.status {
                NoticeStatus::Queued { next_attempt_at, .. } => now = next_attempt_at.as_second(),
                NoticeStatus::Undeliverable { attempts, .. } => {
                    assert_eq!(attempts, MAX_ATTEMPTS);
                    break;
                }
                _ => unreachable!(),
            }
        }
        assert!((3 * 86_400..4 * 86_400).contains(&now), "{now}");
        assert_eq!(loaded.next_due(), None);
    }

    /// Tries until it is given up, all hindered alike: how many, at which instant the last was, and the longest pause of
    /// those that cost nothing.
    fn until_given_up(by: Hindrance) -> (u32, i64, i64) {
        let (mut loaded, mut now, mut longest) = (queued(), 0, 0);
        for tries in 1.. {
            (loaded.state, _) = Notice::claim(&loaded, &occasion(now)).unwrap();
            assert_eq!(loaded.status.tries(), tries);
            let failed = Sending::Failed { by, reason: "x".into() };
            (loaded.state, _) = Notice::record(&loaded, &occasion(now), tries, failed).unwrap();
            let NoticeStatus::Queued { attempts, next_attempt_at, trouble } = loaded.state.status else {
                assert!(loaded.needs_a_human());
                return (tries, now, longest);
            };
            // Excused for seven days; whoever is to see to it then has it in the list, and what fails counts.
            let (seven_days, next) = (7 * 86_400, next_attempt_at.as_second());
            if by.is_excused() {
                assert_eq!(attempts > 0, now >= seven_days, "{now}");
                assert_eq!(loaded.needs_a_human(), next >= seven_days, "{now}");
            } else {
                assert_eq!((attempts, loaded.needs_a_human()), (tries, false));
            }
            assert_eq!(trouble.map(|trouble| trouble.by), Some(by));
            if attempts == 0 {
                longest = longest.max(next - now);
            }
            now = next;
        }
        unreachable!()
    }

    #[test]
    fn what_is_throttled_or_our_own_fault_costs_no_attempt_for_seven_days_and_then_has_all_of_them_left() {
        for &by in Hindrance::ALL {
            let (tries, last, longest) = until_given_up(by);
            if by.is_excused() {
                assert_eq!(longest, 3_600, "{by:?}");
                // Sixteen attempts over three days, after the seven.
                assert!((10 * 86_400..11 * 86_400).contains(&last), "{by:?}: {last}");
                assert!(tries > 7 * 24 + MAX_ATTEMPTS, "{by:?}: {tries}");
            } else {
                assert_eq!(tries, MAX_ATTEMPTS, "{by:?}");
            }
        }
    }

    #[test]
    fn one_more_throttle_after_seven_days_gives_up_nothing_that_can_still_be_sent() {
        let (mut loaded, seven_days) = (queued(), 7 * 86_400);
        let throttled = || Sending::Failed { by: Hindrance::Throttled, reason: "x".into() };
        (loaded.state, _) = Notice::claim(&loaded, &occasion(0)).unwrap();
        (loaded.state, _) = Notice::record(&loaded, &occasion(0), 1, throttled()).unwrap();
        // Nobody looked at it for a week.
        (loaded.state, _) = Notice::claim(&loaded, &occasion(seven_days)).unwrap();
        (loaded.state, _) = Notice::record(&loaded, &occasion(seven_days), 2, throttled()).unwrap();
        assert!(matches!(loaded.status, NoticeStatus::Queued { attempts: 1, .. }), "{:?}", loaded.status);
        assert!(loaded.needs_a_human() && loaded.next_due().is_some());
        let due = loaded.next_due().unwrap().at.as_second();
        (loaded.state, _) = Notice::claim(&loaded, &occasion(due)).unwrap();
        let taken = Sending::Accepted { gateway_id: None };
        (loaded.state, _) = Notice::record(&loaded, &occasion(due), 3, taken).unwrap();
        assert!(!loaded.needs_a_human() && matches!(loaded.status, NoticeStatus::Sent { .. }));
    }

    #[test]
    fn what_comes_late_of_a_try_that_was_given_back_is_not_taken_for_the_next_ones() {
        let mut loaded = queued();
        let throttled = || Sending::Failed { by: Hindrance::Throttled, reason: "x".into() };
        (loaded.state, _) = Notice::claim(&loaded, &occasion(0)).unwrap();
        (loaded.state, _) = Notice::record(&loaded, &occasion(0), 1, throttled()).unwrap();
        (loaded.state, _) = Notice::claim(&loaded, &occasion(60)).unwrap();
        assert!(matches!(loaded.status, NoticeStatus::Queued { attempts: 1, .. }), "it counts once");
        assert!(Notice::record(&loaded, &occasion(61), 1, throttled()).is_none(), "the second is under way");
        assert!(Notice::record(&loaded, &occasion(61), 2, throttled()).is_some());
    }
}
