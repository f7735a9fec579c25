//! A notice that did not arrive, and that a human served another way: by a letter, on the telephone, in person (11.1).
//!
//! The market proves what its own channels did. What it did not do it only records: who says so, how, and when the
//! operator recorded it. From then on nothing waits for a human, and the notice is not sent again.

use jiff::Timestamp;

use super::Notice;
use crate::aggregate::Loaded;
use crate::change::{Change, Event};
use crate::events;
use crate::occasion::Occasion;
use crate::stored::values::Named;
use crate::text::Text;

/// On which way a human served it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherWay {
    /// By a letter, registered or by courier.
    Letter,
    /// On the telephone.
    Telephone,
    /// Handed over, or told face to face.
    InPerson,
    /// Any other way; the evidence tells which.
    Other,
}

/// What shows that it was served: who says so, and where the proof is kept. It may name a person, so it stands in the
/// notice and never in evidence.
pub type OtherEvidence = Text<500>;

/// That a human served it another way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedOtherwise {
    /// On which way.
    pub way: OtherWay,
    /// When, as the operator says.
    pub served_at: Timestamp,
    /// What shows it.
    pub evidence: OtherEvidence,
    /// When the operator recorded it.
    pub recorded_at: Timestamp,
}

/// Why it was not recorded that a notice was served another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OtherServiceRefusal {
    /// It arrived, something else carries it, or this is recorded already.
    #[error("the notice does not wait for a human")]
    NotWaiting,
    /// It was said to be served before there was anything to serve, or later than now.
    #[error("must be between the drafting of the notice and now")]
    OutOfTime,
}

impl Notice {
    /// Records that a human served it another way: on this way, then, as this shows.
    ///
    /// # Errors
    /// See [`OtherServiceRefusal`].
    pub fn record_other_service(
        loaded: &Loaded<Self>,
        way: OtherWay,
        served_at: Timestamp,
        evidence: OtherEvidence,
        occasion: &Occasion,
    ) -> Result<(Self, Change), OtherServiceRefusal> {
        if !loaded.needs_a_human() {
            return Err(OtherServiceRefusal::NotWaiting);
        }
        if served_at < loaded.drafted_at || served_at > occasion.at {
            return Err(OtherServiceRefusal::OutOfTime);
        }
        let served = ServedOtherwise { way, served_at, evidence, recorded_at: occasion.at };
        let notice = Self { served_otherwise: Some(served), ..loaded.state.clone() };
        let event = Event::of(events::NoticeServedOtherwise { way: way.name(), served_at });
        let change = Change::on(occasion).update(loaded, &notice, event);
        Ok((notice, change))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{occasion, queued};
    use super::super::{NoticeStatus, ResendRefusal};
    use super::*;
    use crate::aggregate::Aggregate;
    use crate::stored::form;

    fn undeliverable() -> Loaded<Notice> {
        let mut loaded = queued();
        let reason = "smtp 550".to_owned();
        loaded.state.status = NoticeStatus::Undeliverable { attempts: 16, reason, follow_up: None };
        loaded
    }

    fn recorded(
        loaded: &Loaded<Notice>,
        served_at: i64,
        now: i64,
    ) -> Result<(Notice, Change), OtherServiceRefusal> {
        let evidence = "EMS 1234567890，签收回执在法务档案 2026-17".to_owned().try_into().unwrap();
        let at = occasion(served_at).at;
        Notice::record_other_service(loaded, OtherWay::Letter, at, evidence, &occasion(now))
    }

    #[test]
    fn what_a_human_served_leaves_the_list_and_evidence_holds_none_of_the_words() {
        let mut loaded = undeliverable();
        assert!(loaded.list_entry().is_some());
        let (notice, change) = recorded(&loaded, 60, 90).unwrap();
        assert_eq!(notice.list_entry(), None);
        let [write] = change.writes.as_slice() else { panic!("{:?}", change.writes) };
        assert!(!write.record.as_ref().unwrap().contains("EMS"), "{:?}", write.record);
        let mut read = form::read::<Notice>(&write.body, write.schema).unwrap().0;
        read.complete(&loaded);
        assert_eq!(read, notice);
        loaded.state = notice;
        assert_eq!(recorded(&loaded, 60, 91).unwrap_err(), OtherServiceRefusal::NotWaiting, "once");
        let resent = Notice::resend(&loaded, &super::super::tests::phone(), None, &occasion(92));
        assert_eq!(resent.unwrap_err(), ResendRefusal::NotWaiting);
    }

    #[test]
    fn nothing_is_served_before_it_was_drafted_or_after_now() {
        let loaded = undeliverable();
        for (served_at, now) in [(-1, 90), (91, 90)] {
            assert_eq!(recorded(&loaded, served_at, now).unwrap_err(), OtherServiceRefusal::OutOfTime);
        }
        for (served_at, now) in [(0, 90), (90, 90)] {
            assert!(recorded(&loaded, served_at, now).is_ok());
        }
        assert_eq!(recorded(&queued(), 0, 90).unwrap_err(), OtherServiceRefusal::NotWaiting);
    }
}
