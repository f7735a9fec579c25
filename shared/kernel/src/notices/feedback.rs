//! What becomes known of a notice after it left: that it arrived, came back, or annoyed (11.1). It stays served
//! whatever that is; what came back goes on another way.

use jiff::{SignedDuration, Timestamp};

use crate::aggregate::{Aggregate, Loaded};
use crate::change::{Change, Event};
use crate::events::{self, Foreign};
use crate::occasion::Occasion;
use crate::party::Contacts;

use super::{CameBack, Channel, Manner, Notice, NoticeStatus};

/// What a gateway learns of a message after it took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feedback {
    /// It arrived.
    Delivered,
    /// It came back, or was never sent.
    Bounced {
        /// Whether the mailbox will never take it. An absent recipient's automatic reply comes as a bounce too,
        /// and is not.
        is_final: bool,
        /// Why, in the gateway's words for it.
        reason: String,
    },
    /// Its recipient called it a nuisance.
    Complained,
}

/// How long a mailbox that answered for the moment has to take the message after all, before it goes another way.
const CAME_BACK_FOR: SignedDuration = SignedDuration::from_hours(1);

impl Notice {
    /// What a gateway learnt of a message proves that the notice was sent, where the record of it was lost. Nobody but
    /// the gateway that took the message knows by which notice it was sent.
    #[must_use]
    pub fn prove_sent(loaded: &Loaded<Self>, occasion: &Occasion, gateway_id: &str) -> Option<Change> {
        let attempts = match &loaded.status {
            NoticeStatus::Queued { attempts, .. }
            | NoticeStatus::Undeliverable { attempts, follow_up: None, .. }
            | NoticeStatus::Superseded { attempts, by: None, .. } => *attempts,
            // Another goes in its place, or it is known already.
            NoticeStatus::Undeliverable { .. }
            | NoticeStatus::Superseded { .. }
            | NoticeStatus::Sent { .. }
            | NoticeStatus::Delivered { .. }
            | NoticeStatus::Bounced { .. } => return None,
        };
        if attempts == 0 && loaded.status.tries() == 0 {
            return None;
        }
        let (event, status) = loaded.served(occasion, Some(gateway_id.to_owned()), attempts);
        let notice = Self { status, ..loaded.state.clone() };
        Some(Change::on(occasion).update(loaded, &notice, event))
    }

    /// Records what a gateway learnt of it since. Nothing changes where that is known already.
    #[must_use]
    pub fn take_feedback(
        loaded: &Loaded<Self>,
        contacts: &Contacts,
        occasion: &Occasion,
        feedback: &Feedback,
    ) -> Option<(Self, Change)> {
        let at = occasion.at;
        let (event, status) = match (feedback, loaded.status.clone()) {
            // What a mailbox took late was taken, whatever it had said before.
            (
                Feedback::Delivered,
                NoticeStatus::Sent { served_at, gateway_id, .. }
                | NoticeStatus::Bounced { served_at, gateway_id, is_final: false, .. },
            ) => (
                Event::of(events::NoticeDelivered {}),
                NoticeStatus::Delivered { served_at, gateway_id, delivered_at: at, complained_at: None },
            ),
            // Who complains has received it.
            (
                Feedback::Complained,
                NoticeStatus::Sent { served_at, gateway_id, .. }
                | NoticeStatus::Bounced { served_at, gateway_id, is_final: false, .. },
            ) => (
                Event::of(events::NoticeComplainedOf {}),
                NoticeStatus::Delivered { served_at, gateway_id, delivered_at: at, complained_at: Some(at) },
            ),
            (
                Feedback::Complained,
                NoticeStatus::Delivered { served_at, gateway_id, delivered_at, complained_at: None },
            ) => (
                Event::of(events::NoticeComplainedOf {}),
                NoticeStatus::Delivered { served_at, gateway_id, delivered_at, complained_at: Some(at) },
            ),
            (
                Feedback::Bounced { is_final: false, reason },
                NoticeStatus::Sent { served_at, gateway_id, came_back: None },
            ) => {
                let event = Event::of(events::NoticeCameBack { reason: Foreign(reason.clone()) });
                let came_back = Some(CameBack { at, reason: reason.clone() });
                (event, NoticeStatus::Sent { served_at, gateway_id, came_back })
            }
            (
                Feedback::Bounced { is_final: true, reason },
                NoticeStatus::Sent { served_at, gateway_id, .. }
                | NoticeStatus::Delivered { served_at, gateway_id, .. },
            ) => Self::bounced(loaded, contacts, occasion, served_at, gateway_id, reason, true),
            _ => return None,
        };
        let notice = Self { status, ..loaded.state.clone() };
        let change = Change::on(occasion).update(loaded, &notice, event);
        Some((notice, change))
    }

    /// Whether its mailbox answered for the moment, and the time that it has to take the message after all is over.
    #[must_use]
    pub fn has_come_back(&self, now: Timestamp) -> bool {
        self.waits_for_its_mailbox_until().is_some_and(|until| until <= now)
    }

    pub(super) fn waits_for_its_mailbox_until(&self) -> Option<Timestamp> {
        let NoticeStatus::Sent { came_back: Some(CameBack { at, .. }), .. } = &self.status else {
            return None;
        };
        Some(at.saturating_add(CAME_BACK_FOR).unwrap_or(*at))
    }

    /// Sends what came back another way, when the mailbox has had its time.
    #[must_use]
    pub fn give_up_waiting(
        loaded: &Loaded<Self>,
        contacts: &Contacts,
        occasion: &Occasion,
    ) -> Option<(Self, Change)> {
        if !loaded.has_come_back(occasion.at) {
            return None;
        }
        let NoticeStatus::Sent { served_at, gateway_id, came_back } = loaded.status.clone() else {
            return None;
        };
        let reason = came_back?.reason;
        let (event, status) =
            Self::bounced(loaded, contacts, occasion, served_at, gateway_id, &reason, false);
        let notice = Self { status, ..loaded.state.clone() };
        let change = Change::on(occasion).update(loaded, &notice, event);
        Some((notice, change))
    }

    fn bounced(
        loaded: &Loaded<Self>,
        contacts: &Contacts,
        occasion: &Occasion,
        served_at: Timestamp,
        gateway_id: Option<String>,
        reason: &str,
        is_final: bool,
    ) -> (Event<'static>, NoticeStatus) {
        let follow_up = Self::follow_up(loaded, contacts, occasion);
        let went_by_itself = loaded.manner.is_grave() && contacts.phone.is_some();
        let status = NoticeStatus::Bounced {
            served_at,
            gateway_id,
            bounced_at: occasion.at,
            reason: reason.to_owned(),
            is_final,
            follow_up: follow_up.as_ref().map(|notice| notice.id.clone()),
            needs_a_human: follow_up.is_none() && !went_by_itself && loaded.manner != Manner::AddressLeft,
        };
        let event = Event::of(events::NoticeBounced { reason: Foreign(reason.to_owned()) });
        (follow_up.into_iter().fold(event, Event::send), status)
    }

    /// A text message in its place, where an e-mail came back and its recipient has a telephone.
    fn follow_up(loaded: &Loaded<Self>, contacts: &Contacts, occasion: &Occasion) -> Option<Self> {
        let is_sent_after = loaded.channel == Channel::Email && loaded.manner.is_followed_up();
        let phone = contacts.phone.as_ref().filter(|_| is_sent_after)?;
        let text = loaded.short(&occasion.operator);
        let address = Some(phone.as_str().to_owned());
        let following = Self { cites: None, address, ..Self::following(loaded, Channel::Sms, occasion) };
        Some(following.saying(text))
    }

    /// Whether it follows up another one, which came back.
    #[must_use]
    pub fn is_follow_up(&self) -> bool {
        self.cause.starts_with(&format!("{}:", Self::KIND))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{drafts, occasion, phone, queued};
    use super::*;
    use crate::hash::Sha256Hash;
    use crate::salt::Salts;
    use crate::stored::form::read;

    fn sent() -> Loaded<Notice> {
        let mut loaded = queued();
        loaded.state.status = NoticeStatus::Sent {
            served_at: Timestamp::UNIX_EPOCH,
            gateway_id: Some("g-1".to_owned()),
            came_back: None,
        };
        loaded
    }

    #[test]
    fn an_email_that_bounces_stays_served_and_goes_on_as_a_text_message() {
        let (mut loaded, bounced) =
            (sent(), Feedback::Bounced { is_final: true, reason: "Permanent/General".to_owned() });
        let (grave, change) = Notice::take_feedback(&loaded, &phone(), &occasion(60), &bounced).unwrap();
        assert_eq!(change.writes.len(), 1, "its text message was drafted with it");
        assert!(!grave.needs_a_human());
        loaded.state.about = "provider_approved".to_owned();
        loaded.state.manner = Manner::Usual;
        let (_, change) = Notice::take_feedback(&loaded, &phone(), &occasion(60), &bounced).unwrap();
        let notices: Vec<Notice> =
            change.writes.iter().map(|write| read(&write.body, write.schema).unwrap().0).collect();
        let [after, follow_up] = notices.as_slice() else { panic!("{notices:?}") };
        assert!(matches!(&after.status, NoticeStatus::Bounced { served_at, follow_up: Some(id), .. }
            if *served_at == Timestamp::UNIX_EPOCH && *id == follow_up.id));
        assert_eq!(follow_up.channel, Channel::Sms);
        assert!(follow_up.is_follow_up() && !after.is_follow_up());
        assert!(follow_up.subject.ends_with(&after.subject), "it says what the e-mail was about");
        let [in_site, _, _] = drafts().try_into().unwrap();
        assert!(after.cause == in_site.cause && after.drafted_at == in_site.drafted_at);
        let told = format!("{}\n{}", follow_up.subject, follow_up.body);
        assert_eq!(follow_up.content_sha256, Sha256Hash::of(told.as_bytes()));
        assert!(loaded.text_of.is_some() && follow_up.text_of.is_none(), "it says it itself");
        assert!(follow_up.is_due(occasion(3_600).at), "in the morning: 09:00 in the market's zone");
        let again = Loaded::new(after.clone(), 2, Sha256Hash::origin());
        assert!(
            Notice::take_feedback(&again, &phone(), &occasion(61), &bounced).is_none(),
            "told twice, followed once"
        );
    }

    #[test]
    fn what_is_heard_of_an_attempt_proves_that_it_was_sent_and_of_no_attempt_proves_nothing() {
        let mut loaded = queued();
        assert!(Notice::prove_sent(&loaded, &occasion(9), "g-2").is_none(), "nothing was sent");
        for status in [
            NoticeStatus::Queued { attempts: 3, next_attempt_at: Timestamp::UNIX_EPOCH, trouble: None },
            NoticeStatus::Undeliverable {
                attempts: 16,
                reason: "the last attempt was not answered".to_owned(),
                follow_up: None,
            },
            NoticeStatus::Superseded { at: Timestamp::UNIX_EPOCH, attempts: 1, by: None },
        ] {
            loaded.state.status = status;
            let change = Notice::prove_sent(&loaded, &occasion(9), "g-2").unwrap();
            let after: Notice = read(&change.writes[0].body, change.writes[0].schema).unwrap().0;
            assert!(matches!(after.status, NoticeStatus::Sent { gateway_id: Some(id), .. } if id == "g-2"));
        }
        assert!(Notice::prove_sent(&sent(), &occasion(9), "g-2").is_none(), "it is known already");
        let by = Some(queued().id.clone());
        loaded.state.status = NoticeStatus::Superseded { at: Timestamp::UNIX_EPOCH, attempts: 1, by };
        assert!(Notice::prove_sent(&loaded, &occasion(9), "g-2").is_none(), "another goes in its place");
    }

    #[test]
    fn a_salted_notice_is_committed_to_with_its_salt_and_its_follow_up_with_another() {
        let mut loaded = sent();
        loaded.state.salt = None;
        assert_eq!(loaded.commitment(), loaded.content_sha256, "without a salt it is the plain hash");
        let salts = Salts::drawn([3; 32]);
        loaded.state.salt = Some(salts.of("n"));
        let text = format!("{}\n{}\n{}", salts.of("n"), loaded.subject, loaded.body);
        assert_eq!(loaded.commitment(), Sha256Hash::of(text.as_bytes()));
        loaded.state.about = "provider_approved".to_owned();
        loaded.state.manner = Manner::Usual;
        let bounced = Feedback::Bounced { is_final: true, reason: "x".to_owned() };
        let (_, change) = Notice::take_feedback(&loaded, &phone(), &occasion(60), &bounced).unwrap();
        let notices: Vec<Notice> =
            change.writes.iter().map(|write| read(&write.body, write.schema).unwrap().0).collect();
        let [after, follow_up] = notices.as_slice() else { panic!("{notices:?}") };
        assert_eq!(after.salt, loaded.salt);
        assert!(follow_up.salt.is_some() && follow_up.salt != after.salt);
    }

    #[test]
    fn what_bounces_with_no_other_way_is_followed_by_nothing() {
        let contacts = Contacts { phone: None, ..phone() };
        let bounced = Feedback::Bounced { is_final: true, reason: "Permanent/General".to_owned() };
        let (after, change) = Notice::take_feedback(&sent(), &contacts, &occasion(60), &bounced).unwrap();
        assert_eq!(change.writes.len(), 1);
        assert!(after.needs_a_human() && after.list_entry().is_some());
    }

    #[test]
    fn what_comes_back_from_an_address_that_was_given_up_goes_nowhere_else_and_waits_for_nobody() {
        let mut loaded = sent();
        loaded.state.about = "contacts_left".to_owned();
        loaded.state.manner = Manner::AddressLeft;
        let bounced = Feedback::Bounced { is_final: true, reason: "Permanent/NoEmail".to_owned() };
        for contacts in [phone(), Contacts { phone: None, ..phone() }] {
            let (after, change) = Notice::take_feedback(&loaded, &contacts, &occasion(60), &bounced).unwrap();
            assert_eq!(change.writes.len(), 1, "no text message");
            assert!(!after.needs_a_human() && after.list_entry().is_none());
        }
        loaded.state.status =
            NoticeStatus::Undeliverable { attempts: 16, reason: "smtp 550".to_owned(), follow_up: None };
        assert!(!loaded.needs_a_human());
    }

    #[test]
    fn a_mailbox_that_answers_for_the_moment_has_an_hour_and_a_later_delivery_wins() {
        let mut loaded = sent();
        loaded.state.about = "provider_approved".to_owned();
        loaded.state.manner = Manner::Usual;
        let absent = Feedback::Bounced { is_final: false, reason: "Transient/General".to_owned() };
        let (after, change) = Notice::take_feedback(&loaded, &phone(), &occasion(60), &absent).unwrap();
        assert_eq!(change.writes.len(), 1, "no text message yet");
        let waiting = Loaded::new(after, 2, Sha256Hash::origin());
        assert!(Notice::take_feedback(&waiting, &phone(), &occasion(61), &absent).is_none(), "told twice");
        assert_eq!(waiting.next_due().unwrap().at, occasion(3_660).at);
        assert!(Notice::give_up_waiting(&waiting, &phone(), &occasion(3_659)).is_none());
        let (delivered, _) =
            Notice::take_feedback(&waiting, &phone(), &occasion(90), &Feedback::Delivered).unwrap();
        assert!(matches!(delivered.status, NoticeStatus::Delivered { .. }));
        let (bounced, change) = Notice::give_up_waiting(&waiting, &phone(), &occasion(3_660)).unwrap();
        assert_eq!(change.writes.len(), 2, "and its text message");
        assert_eq!(bounced.next_due(), None);
        let bounced = Loaded::new(bounced, 3, Sha256Hash::origin());
        let (late, _) =
            Notice::take_feedback(&bounced, &phone(), &occasion(9_000), &Feedback::Delivered).unwrap();
        assert!(matches!(late.status, NoticeStatus::Delivered { .. }), "it arrived after all");
    }

    #[test]
    fn arrival_and_complaint_are_recorded_once_and_a_bounce_after_arrival_counts() {
        let mut loaded = sent();
        for feedback in [Feedback::Delivered, Feedback::Complained] {
            let (_, change) = Notice::take_feedback(&loaded, &phone(), &occasion(60), &feedback).unwrap();
            let after = &change.writes[0];
            (loaded.state, loaded.as_read) = read(&after.body, after.schema).unwrap();
            assert!(Notice::take_feedback(&loaded, &phone(), &occasion(61), &feedback).is_none());
        }
        assert!(matches!(loaded.status, NoticeStatus::Delivered { complained_at: Some(_), .. }));
        let absent = Feedback::Bounced { is_final: false, reason: "Transient/General".to_owned() };
        assert!(
            Notice::take_feedback(&loaded, &phone(), &occasion(62), &absent).is_none(),
            "an automatic reply"
        );
        let bounced = Feedback::Bounced { is_final: true, reason: "x".to_owned() };
        assert!(Notice::take_feedback(&loaded, &phone(), &occasion(62), &bounced).is_some());
        assert!(
            Notice::take_feedback(&queued(), &phone(), &occasion(62), &bounced).is_none(),
            "it was never sent"
        );
    }
}
