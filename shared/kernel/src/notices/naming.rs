//! Whether a notice is the one that the record of its cause names.
//!
//! A notice's draft has no record of its own: the record of its cause is its evidence. All that the draft follows
//! from is in that record (when, to whom, on which channel, by which clause), so whatever was edited since shows.
//! What becomes of the notice later has records of its own, and their hashes.

use super::{Channel, Notice, NoticeStatus, content, id_of};
use crate::evidence::Evidence;
use crate::hash::Sha256Hash;

impl Notice {
    /// What of it is not as the record of its cause says. It stands at this version, and is stored with this body.
    #[must_use]
    pub fn departs_from(&self, cause: &Evidence, version: u64, stored: &str) -> Option<&'static str> {
        let Some(named) = cause.notices.iter().find(|named| named.id == self.id) else {
            return Some("the record of its cause does not name it");
        };
        let id = id_of(cause.at, &self.cause, &self.about, self.channel, &self.recipient);
        // A follow-up serves the clause that the notice before it served.
        let serves_its_clause = self.is_follow_up() || self.clause == cause.clause;
        let is_first = version == 1;
        [
            (self.cause == format!("{}@{}", cause.chain, cause.number), "its cause is another record"),
            (
                self.recipient == named.recipient,
                "its recipient is not the one that the record of its cause names",
            ),
            (self.channel == named.channel, "its channel is not the one that the record of its cause names"),
            (
                self.commitment() == named.content,
                "its text is not the one that the record of its cause names",
            ),
            (
                self.content_sha256 == Sha256Hash::of(content(&self.subject, &self.body).as_bytes()),
                "the hash beside its text is another text's",
            ),
            (self.drafted_at == cause.at, "it says that it was drafted when its cause was not"),
            (id == self.id, "its id does not follow from its cause and what it is about"),
            (serves_its_clause, "it serves another clause than its cause"),
            (self.was_served_at(cause), "it says that it was served when its cause was not committed"),
            (
                !is_first || self.is_as_drafted(cause),
                "nothing is recorded of it since it was drafted, and it is not as drafted",
            ),
            (
                !is_first
                    || named
                        .drafted
                        .as_ref()
                        .is_none_or(|drafted| *drafted == Sha256Hash::of(stored.as_bytes())),
                "its stored body is not the one that the record of its cause names",
            ),
        ]
        .into_iter()
        .find_map(|(holds, otherwise)| (!holds).then_some(otherwise))
    }

    /// Releases before 0.4.0 sent text messages at night too.
    fn is_as_drafted(&self, cause: &Evidence) -> bool {
        let at_once = NoticeStatus::Queued { attempts: 0, next_attempt_at: cause.at, trouble: None };
        self.status == NoticeStatus::drafted(self.channel, cause.at)
            || self.channel == Channel::Sms && self.status == at_once
    }

    /// What the site itself shows is served at the instant of its cause, whatever became of it since.
    fn was_served_at(&self, cause: &Evidence) -> bool {
        match (self.channel, &self.status) {
            (
                Channel::Announcement | Channel::InSite,
                NoticeStatus::Sent { served_at, .. }
                | NoticeStatus::Delivered { served_at, .. }
                | NoticeStatus::Bounced { served_at, .. },
            ) => *served_at == cause.at,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::super::Reach;
    use super::super::tests::occasion;
    use super::*;
    use crate::aggregate::Aggregate;
    use crate::change::{Change, Event};
    use crate::events::{ReckonedUnder, ScheduleAwaited};
    use crate::ids::NoticeId;
    use crate::notices::sampled::{Ended, Shop, Thing};
    use crate::party::Recipient;
    use crate::salt::Salts;
    use crate::stored::form;

    /// A record and the notices that it names, each with its stored body.
    fn drafted() -> (Evidence, Vec<(Notice, String)>) {
        let shop = Shop::new();
        let at = Timestamp::UNIX_EPOCH;
        let event = Event::of(ScheduleAwaited { under: ReckonedUnder::Notice, until: at })
            .tell(Reach::Party(&shop), Ended);
        let change = Change::on(&occasion(0)).create(&Thing("t-1".to_owned()), event);
        let (cause, notices) = change.writes.split_first().unwrap();
        let mut notices: Vec<_> = notices
            .iter()
            .map(|write| (form::read::<Notice>(&write.body, write.schema).unwrap().0, write.body.clone()))
            .collect();
        let in_site = notices[0].0.clone();
        for (notice, _) in notices.iter_mut().filter(|(notice, _)| notice.rest().is_some()) {
            notice.complete(&in_site);
        }
        (Evidence::read(cause.record.as_ref().unwrap()).unwrap(), notices)
    }

    #[test]
    fn a_notice_as_it_was_drafted_is_the_one_that_its_cause_names() {
        let (cause, notices) = drafted();
        assert_eq!(notices.len(), 3);
        for (notice, body) in &notices {
            assert!(notice.salt.is_some());
            assert_eq!(notice.departs_from(&cause, 1, body), None);
        }
    }

    #[test]
    fn whatever_is_edited_of_a_draft_departs_from_its_cause() {
        let later = |at: Timestamp| at.saturating_add(SignedDuration::from_secs(1)).unwrap();
        type Edit = fn(&mut Notice);
        let edits: [Edit; 12] = [
            |notice| notice.subject.push('.'),
            |notice| notice.body.push('.'),
            |notice| notice.content_sha256 = Sha256Hash::origin(),
            |notice| notice.salt = Some(Salts::drawn([9; 32]).of("x")),
            |notice| notice.salt = None,
            |notice| notice.about = "order_expired".to_owned(),
            |notice| notice.clause = "4.1".to_owned(),
            |notice| notice.cites = Some("《另一协议》第1条".to_owned()),
            |notice| notice.cause.push('0'),
            |notice| notice.recipient = Recipient::Everyone,
            |notice| notice.address = Some("b@example.com".to_owned()),
            |notice| notice.id = NoticeId::new(Timestamp::UNIX_EPOCH, [0; 10]),
        ];
        let (cause, notices) = drafted();
        for (notice, _) in &notices {
            for (number, edit) in edits.iter().enumerate() {
                let mut edited = notice.clone();
                edit(&mut edited);
                let body = form::write(&edited, &form::AsRead::default(), None);
                assert!(
                    edited.departs_from(&cause, 1, &body).is_some(),
                    "edit {number} of {:?}",
                    notice.channel
                );
            }
            let mut moved = notice.clone();
            moved.drafted_at = later(moved.drafted_at);
            let mut served = notice.clone();
            served.status =
                NoticeStatus::Sent { served_at: later(cause.at), gateway_id: None, came_back: None };
            for edited in [moved, served] {
                let body = form::write(&edited, &form::AsRead::default(), None);
                assert!(edited.departs_from(&cause, 1, &body).is_some(), "{:?}", edited.channel);
            }
        }
    }

    #[test]
    fn a_record_of_before_names_no_body_and_is_held_against_all_else() {
        let (mut cause, notices) = drafted();
        let (notice, _) = &notices[0];
        for named in &mut cause.notices {
            named.drafted = None;
        }
        assert_eq!(notice.departs_from(&cause, 1, "another"), None);
        let mut served = notice.clone();
        served.status = NoticeStatus::Sent { served_at: Timestamp::MAX, gateway_id: None, came_back: None };
        assert!(served.departs_from(&cause, 1, "another").is_some());
    }
}
