//! A notice that did not arrive, and that a human served another way: by a letter, on the telephone, in person (11.1).
//!
//! The market proves what its own channels did. What it did not do it only records: who says so, how, and when the
//! operator recorded it. From then on nothing waits for a human, and the notice is not sent again.
//!
//! What was recorded by mistake is corrected by a further record, and stays beside it: what was recorded is never erased.
//! No period and no deadline begins with such a service (they begin with the notice in the account), so nothing but the
//! notice itself follows a correction: where it was not served after all, it waits again as if nothing had been recorded
//! (docs/decisions/0106).

use jiff::Timestamp;

use super::{Channel, Notice, NoticeStatus};
use crate::aggregate::Loaded;
use crate::change::{Change, Event};
use crate::daytime;
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

/// Why what was recorded is corrected. It may name a person, as the proof may.
pub type CorrectionReason = Text<500>;

/// What was recorded of another service, and holds no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectedService {
    /// What was recorded.
    pub was: ServedOtherwise,
    /// Why it is corrected.
    pub reason: CorrectionReason,
    /// When the operator corrected it.
    pub corrected_at: Timestamp,
}

/// How a notice was served, as the operator says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherService {
    /// On which way.
    pub way: OtherWay,
    /// When.
    pub served_at: Timestamp,
    /// What shows it.
    pub evidence: OtherEvidence,
}

impl ServedOtherwise {
    /// Whether it says this.
    fn is(&self, service: &OtherService) -> bool {
        let OtherService { way, served_at, evidence } = service;
        (&self.way, &self.served_at, &self.evidence) == (way, served_at, evidence)
    }
}

/// How often what was recorded of one notice can be corrected: an item holds all of it.
pub const MAX_CORRECTIONS: usize = 20;

/// Why what was recorded of another service is not corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CorrectionRefusal {
    /// Nothing is recorded, or it was taken back before.
    #[error("no other service of the notice is recorded")]
    NothingRecorded,
    /// It was said to be served before there was anything to serve, or later than now.
    #[error("must be between the drafting of the notice and now")]
    OutOfTime,
    /// It was corrected too often.
    #[error("what was recorded was corrected {MAX_CORRECTIONS} times, and cannot be again")]
    TooMany,
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
        service: OtherService,
        occasion: &Occasion,
    ) -> Result<(Self, Change), OtherServiceRefusal> {
        if !loaded.needs_a_human() {
            return Err(OtherServiceRefusal::NotWaiting);
        }
        let (way, served_at) = (service.way.name(), service.served_at);
        let served = loaded.served_as(service, occasion).ok_or(OtherServiceRefusal::OutOfTime)?;
        let notice = Self { served_otherwise: Some(served), ..loaded.state.clone() };
        let event = Event::of(events::NoticeServedOtherwise { way, served_at });
        let change = Change::on(occasion).update(loaded, &notice, event);
        Ok((notice, change))
    }

    /// Corrects what was recorded, for this reason: it was served so instead, or not at all. What was recorded stays with
    /// the notice and in evidence. Where it is recorded so already nothing is corrected: who asks did not hear of it.
    ///
    /// # Errors
    /// See [`CorrectionRefusal`].
    pub fn correct_other_service(
        loaded: &Loaded<Self>,
        instead: Option<OtherService>,
        reason: CorrectionReason,
        occasion: &Occasion,
    ) -> Result<Option<(Self, Change)>, CorrectionRefusal> {
        let was = loaded.served_otherwise.clone().ok_or(CorrectionRefusal::NothingRecorded)?;
        if instead.as_ref().is_some_and(|service| was.is(service)) {
            return Ok(None);
        }
        if loaded.corrected_services.len() >= MAX_CORRECTIONS {
            return Err(CorrectionRefusal::TooMany);
        }
        let facts = instead.as_ref().map(|service| (service.way.name(), service.served_at));
        let served = instead
            .map(|service| loaded.served_as(service, occasion).ok_or(CorrectionRefusal::OutOfTime))
            .transpose()?;
        let mut notice = Self { served_otherwise: served, ..loaded.state.clone() };
        // What waits to leave again may have been due for days; a telephone does not ring at night for that.
        if let NoticeStatus::Queued { next_attempt_at, .. } = &mut notice.status
            && loaded.channel == Channel::Sms
        {
            *next_attempt_at = (*next_attempt_at).max(daytime::not_before(occasion.at));
        }
        notice.corrected_services.push(CorrectedService { was, reason, corrected_at: occasion.at });
        let (way, served_at) = facts.unzip();
        let event = Event::of(events::NoticeServiceCorrected { way, served_at });
        let change = Change::on(occasion).update(loaded, &notice, event);
        Ok(Some((notice, change)))
    }

    /// As it is recorded now; none where it cannot have been then.
    fn served_as(&self, service: OtherService, occasion: &Occasion) -> Option<ServedOtherwise> {
        let OtherService { way, served_at, evidence } = service;
        let is_possible = (self.drafted_at..=occasion.at).contains(&served_at);
        is_possible.then_some(ServedOtherwise { way, served_at, evidence, recorded_at: occasion.at })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{drafts, occasion, queued};
    use super::super::{EXCUSED_FOR, Hindrance, ResendRefusal, Trouble};
    use super::*;
    use crate::aggregate::Aggregate;
    use crate::hash::Sha256Hash;
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
        Notice::record_other_service(loaded, letter(served_at), &occasion(now))
    }

    fn letter(served_at: i64) -> OtherService {
        let evidence = "EMS 1234567890，签收回执在法务档案 2026-17".to_owned().try_into().unwrap();
        OtherService { way: OtherWay::Letter, served_at: occasion(served_at).at, evidence }
    }

    fn corrected(
        loaded: &Loaded<Notice>,
        instead: Option<OtherService>,
        now: i64,
    ) -> Result<(Notice, Change), CorrectionRefusal> {
        let reason = "王五弄错了收件人".to_owned().try_into().unwrap();
        let corrected = Notice::correct_other_service(loaded, instead, reason, &occasion(now))?;
        Ok(corrected.expect("it says something else"))
    }

    #[test]
    fn a_correction_that_is_given_again_corrects_nothing() {
        let mut loaded = undeliverable();
        loaded.state = recorded(&loaded, 60, 90).unwrap().0;
        let again = |loaded: &Loaded<Notice>, now| {
            let reason = "王五弄错了收件人".to_owned().try_into().unwrap();
            Notice::correct_other_service(loaded, Some(letter(70)), reason, &occasion(now)).unwrap()
        };
        loaded.state = again(&loaded, 100).unwrap().0;
        assert!(again(&loaded, 110).is_none());
        loaded.state.corrected_services = vec![loaded.corrected_services[0].clone(); MAX_CORRECTIONS];
        assert!(again(&loaded, 120).is_none(), "not even the last of them");
    }

    #[test]
    fn a_mistake_is_corrected_beside_what_was_recorded_and_evidence_holds_none_of_the_words() {
        let mut loaded = undeliverable();
        loaded.state = recorded(&loaded, 60, 90).unwrap().0;
        let first = loaded.served_otherwise.clone().unwrap();
        let (notice, change) = corrected(&loaded, Some(letter(70)), 100).unwrap();
        assert_eq!(notice.list_entry(), None, "it was served all the same");
        let served = notice.served_otherwise.clone().unwrap();
        assert_eq!((served.served_at, served.recorded_at), (occasion(70).at, occasion(100).at));
        let [CorrectedService { was, corrected_at, .. }] = notice.corrected_services.as_slice() else {
            panic!("{:?}", notice.corrected_services)
        };
        assert_eq!((was, *corrected_at), (&first, occasion(100).at));
        let [write] = change.writes.as_slice() else { panic!("{:?}", change.writes) };
        let record = write.record.as_ref().unwrap();
        assert!(record.contains("letter") && !record.contains("EMS") && !record.contains("王五"), "{record}");
        let mut read = form::read::<Notice>(&write.body, write.schema).unwrap().0;
        read.complete(&loaded);
        assert_eq!(read, notice);
    }

    #[test]
    fn what_was_not_served_after_all_waits_for_a_human_again_and_can_be_sent_or_recorded_again() {
        let mut loaded = undeliverable();
        assert_eq!(corrected(&loaded, None, 90).unwrap_err(), CorrectionRefusal::NothingRecorded);
        loaded.state = recorded(&loaded, 60, 90).unwrap().0;
        let (notice, change) = corrected(&loaded, None, 100).unwrap();
        assert!(notice.list_entry().is_some() && notice.served_otherwise.is_none());
        let record = change.writes[0].record.as_ref().unwrap();
        assert!(record.contains("NoticeServiceCorrected") && !record.contains("letter"), "{record}");
        loaded.state = notice;
        assert_eq!(corrected(&loaded, None, 110).unwrap_err(), CorrectionRefusal::NothingRecorded, "once");
        assert!(Notice::resend(&loaded, &super::super::tests::phone(), None, &occasion(110)).is_ok());
        assert_eq!(recorded(&loaded, 60, 110).unwrap().0.corrected_services.len(), 1, "it stays beside");
    }

    #[test]
    fn a_text_message_that_was_not_served_after_all_waits_for_the_morning() {
        let sms = drafts().into_iter().find(|notice| notice.channel == Channel::Sms).unwrap();
        let mut loaded = Loaded::new(sms, 1, Sha256Hash::origin());
        let drafted_at = loaded.drafted_at;
        let trouble = Trouble { tries: 200, by: Hindrance::Throttled, excused_since: Some(drafted_at) };
        let next_attempt_at = drafted_at + EXCUSED_FOR;
        loaded.state.status = NoticeStatus::Queued { attempts: 0, next_attempt_at, trouble: Some(trouble) };
        let at = |there: &str| there.parse::<Timestamp>().unwrap();
        let now = next_attempt_at.as_second();
        loaded.state = recorded(&loaded, now, now).unwrap().0;
        let night = at("1970-01-12T23:10:00+08:00").as_second();
        let until = corrected(&loaded, None, night).unwrap().0.waits_to_leave_until();
        assert_eq!(until, Some(at("1970-01-13T09:00:00+08:00")));
        let day = at("1970-01-12T14:00:00+08:00").as_second();
        assert_eq!(corrected(&loaded, None, day).unwrap().0.waits_to_leave_until(), Some(occasion(day).at));
    }

    #[test]
    fn a_correction_is_of_a_time_that_can_be_and_has_a_limit() {
        let mut loaded = undeliverable();
        loaded.state = recorded(&loaded, 60, 90).unwrap().0;
        for served_at in [-1, 101] {
            let refused = corrected(&loaded, Some(letter(served_at)), 100).unwrap_err();
            assert_eq!(refused, CorrectionRefusal::OutOfTime);
        }
        for served_at in (61..).take(MAX_CORRECTIONS) {
            loaded.state = corrected(&loaded, Some(letter(served_at)), 100).unwrap().0;
        }
        for instead in [None, Some(letter(60))] {
            assert_eq!(corrected(&loaded, instead, 100).unwrap_err(), CorrectionRefusal::TooMany);
        }
    }

    #[test]
    fn what_still_waits_to_leave_is_not_sent_once_it_was_served_and_goes_on_where_it_was_not() {
        let mut loaded = queued();
        let trouble = Trouble { tries: 200, by: Hindrance::Throttled, excused_since: Some(occasion(0).at) };
        let next_attempt_at = occasion(0).at + EXCUSED_FOR;
        loaded.state.status = NoticeStatus::Queued { attempts: 0, next_attempt_at, trouble: Some(trouble) };
        let now = next_attempt_at.as_second();
        assert!(loaded.list_entry().is_some() && loaded.is_due(next_attempt_at));
        let due = loaded.next_due();
        loaded.state = recorded(&loaded, 60, now).unwrap().0;
        assert_eq!((loaded.list_entry(), loaded.next_due()), (None, None));
        assert!(Notice::claim(&loaded, &occasion(now)).is_none());
        loaded.state = corrected(&loaded, None, now + 1).unwrap().0;
        assert!(loaded.list_entry().is_some());
        assert_eq!(loaded.next_due(), due);
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
