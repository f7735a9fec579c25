//! What becomes known of a notice after it left: that it arrived, came back, or annoyed (11.1). It stays served
//! whatever that is; what came back goes on another way.

use crate::aggregate::{Aggregate, Loaded};
use crate::change::{Change, Event, Occasion};
use crate::events::{self, Foreign};
use crate::party::Contacts;

use super::{Channel, Delivery, Message, Notice, id_of};

/// What a gateway learns of a message after it took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feedback {
    /// It arrived.
    Delivered,
    /// It came back.
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

impl Notice {
    /// What a gateway learnt of a message proves that the notice was sent, where the record of it was lost. Nobody but
    /// the gateway that took the message knows by which notice it was sent.
    #[must_use]
    pub fn prove_sent(loaded: &Loaded<Self>, occasion: &Occasion, gateway_id: &str) -> Option<Change> {
        let attempts = match loaded.delivery {
            Delivery::Queued { attempts, .. } | Delivery::Undeliverable { attempts, .. } => attempts,
            Delivery::Sent { .. } | Delivery::Delivered { .. } | Delivery::Bounced { .. } => 0,
        };
        let gateway_id = Some(gateway_id.to_owned());
        let (event, delivery) = loaded.served(occasion, gateway_id, attempts);
        let notice = Self { delivery, ..loaded.state.clone() };
        (attempts > 0).then(|| Change::on(occasion).update(loaded, &notice, event))
    }

    /// Records what a gateway learnt of it since. Nothing changes where that is known already.
    #[must_use]
    pub fn hear(
        loaded: &Loaded<Self>,
        contacts: &Contacts,
        occasion: &Occasion,
        feedback: &Feedback,
    ) -> Option<Change> {
        let (served_at, gateway_id) = match &loaded.delivery {
            Delivery::Sent { served_at, gateway_id } | Delivery::Delivered { served_at, gateway_id, .. } => {
                (*served_at, gateway_id.clone())
            }
            Delivery::Queued { .. } | Delivery::Bounced { .. } | Delivery::Undeliverable { .. } => {
                return None;
            }
        };
        let at = occasion.at;
        let (event, delivery) = match (&loaded.delivery, feedback) {
            (Delivery::Sent { .. }, Feedback::Delivered) => (
                Event::of(events::NoticeDelivered {}),
                Delivery::Delivered { served_at, gateway_id, delivered_at: at, complained_at: None },
            ),
            // Who complains has received it.
            (Delivery::Sent { .. }, Feedback::Complained) => (
                Event::of(events::NoticeComplainedOf {}),
                Delivery::Delivered { served_at, gateway_id, delivered_at: at, complained_at: Some(at) },
            ),
            (Delivery::Delivered { delivered_at, complained_at: None, .. }, Feedback::Complained) => (
                Event::of(events::NoticeComplainedOf {}),
                Delivery::Delivered {
                    served_at,
                    gateway_id,
                    delivered_at: *delivered_at,
                    complained_at: Some(at),
                },
            ),
            // It arrived all the same.
            (Delivery::Delivered { .. }, Feedback::Bounced { is_final: false, .. }) => return None,
            (_, Feedback::Bounced { reason, .. }) => {
                let follow_up = Self::follow_up(loaded, contacts, occasion);
                let delivery = Delivery::Bounced {
                    served_at,
                    gateway_id,
                    bounced_at: at,
                    reason: reason.clone(),
                    follow_up: follow_up.as_ref().map(|notice| notice.id.clone()),
                };
                let event = Event::of(events::NoticeBounced { reason: Foreign(reason.clone()) });
                (follow_up.into_iter().fold(event, Event::send), delivery)
            }
            _ => return None,
        };
        let notice = Self { delivery, ..loaded.state.clone() };
        Some(Change::on(occasion).update(loaded, &notice, event))
    }

    /// A text message in its place, where an e-mail came back and its recipient has a telephone.
    fn follow_up(loaded: &Loaded<Self>, contacts: &Contacts, occasion: &Occasion) -> Option<Self> {
        let is_sent_after = loaded.channel == Channel::Email && Message::is_followed_up_about(&loaded.about);
        let phone = contacts.phone.as_ref().filter(|_| is_sent_after)?;
        let cause = format!("{}:{}@{}", Self::KIND, loaded.key(), loaded.version + 1);
        let id = id_of(occasion.at, &cause, &loaded.about, Channel::Sms, &loaded.recipient);
        let text = loaded.short(&occasion.operator);
        Some(Self {
            content_sha256: text.sha256(),
            subject: text.subject,
            body: text.body,
            cites: None,
            // Its own: one of the two may be erased before the other.
            salt: Some(occasion.salts.of(id.as_str())),
            id,
            channel: Channel::Sms,
            address: Some(phone.as_str().to_owned()),
            cause,
            drafted_at: occasion.at,
            delivery: Delivery::drafted(Channel::Sms, occasion.at),
            ..loaded.state.clone()
        })
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
    use jiff::Timestamp;

    fn sent() -> Loaded<Notice> {
        let mut loaded = queued();
        loaded.state.delivery =
            Delivery::Sent { served_at: Timestamp::UNIX_EPOCH, gateway_id: Some("g-1".to_owned()) };
        loaded
    }

    #[test]
    fn an_email_that_bounces_stays_served_and_goes_on_as_a_text_message() {
        let (mut loaded, bounced) =
            (sent(), Feedback::Bounced { is_final: true, reason: "Permanent/General".to_owned() });
        let grave = Notice::hear(&loaded, &phone(), &occasion(60), &bounced).unwrap();
        assert_eq!(grave.writes.len(), 1, "its text message was drafted with it");
        loaded.state.about = Message::ProviderApproved.about().to_owned();
        let change = Notice::hear(&loaded, &phone(), &occasion(60), &bounced).unwrap();
        let notices: Vec<Notice> =
            change.writes.iter().map(|write| read(&write.body, write.schema).unwrap().0).collect();
        let [after, follow_up] = notices.as_slice() else { panic!("{notices:?}") };
        assert!(matches!(&after.delivery, Delivery::Bounced { served_at, follow_up: Some(id), .. }
            if *served_at == Timestamp::UNIX_EPOCH && *id == follow_up.id));
        assert_eq!(follow_up.channel, Channel::Sms);
        assert!(follow_up.is_follow_up() && !after.is_follow_up());
        assert!(follow_up.subject.ends_with(&after.subject), "it says what the e-mail was about");
        let [in_site, _, _] = drafts().try_into().unwrap();
        assert!(after.cause == in_site.cause && after.drafted_at == in_site.drafted_at);
        let told = format!("{}\n{}", follow_up.subject, follow_up.body);
        assert_eq!(follow_up.content_sha256, Sha256Hash::of(told.as_bytes()));
        assert!(follow_up.is_due(occasion(60).at));
        let again = Loaded::new(after.clone(), 2, Sha256Hash::origin());
        assert!(
            Notice::hear(&again, &phone(), &occasion(61), &bounced).is_none(),
            "told twice, followed once"
        );
    }

    #[test]
    fn what_is_heard_of_an_attempt_proves_that_it_was_sent_and_of_no_attempt_proves_nothing() {
        let mut loaded = queued();
        assert!(Notice::prove_sent(&loaded, &occasion(9), "g-2").is_none(), "nothing was sent");
        for delivery in [
            Delivery::Queued { attempts: 3, next_attempt_at: Timestamp::UNIX_EPOCH },
            Delivery::Undeliverable { attempts: 16, reason: "the last attempt was not answered".to_owned() },
        ] {
            loaded.state.delivery = delivery;
            let change = Notice::prove_sent(&loaded, &occasion(9), "g-2").unwrap();
            let after: Notice = read(&change.writes[0].body, change.writes[0].schema).unwrap().0;
            assert!(matches!(after.delivery, Delivery::Sent { gateway_id: Some(id), .. } if id == "g-2"));
        }
        assert!(Notice::prove_sent(&sent(), &occasion(9), "g-2").is_none(), "it is known already");
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
        loaded.state.about = Message::ProviderApproved.about().to_owned();
        let bounced = Feedback::Bounced { is_final: true, reason: "x".to_owned() };
        let change = Notice::hear(&loaded, &phone(), &occasion(60), &bounced).unwrap();
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
        let change = Notice::hear(&sent(), &contacts, &occasion(60), &bounced).unwrap();
        assert_eq!(change.writes.len(), 1);
    }

    #[test]
    fn arrival_and_complaint_are_recorded_once_and_a_bounce_after_arrival_counts() {
        let mut loaded = sent();
        for feedback in [Feedback::Delivered, Feedback::Complained] {
            let change = Notice::hear(&loaded, &phone(), &occasion(60), &feedback).unwrap();
            let after = &change.writes[0];
            (loaded.state, loaded.as_read) = read(&after.body, after.schema).unwrap();
            assert!(Notice::hear(&loaded, &phone(), &occasion(61), &feedback).is_none());
        }
        assert!(matches!(loaded.delivery, Delivery::Delivered { complained_at: Some(_), .. }));
        let absent = Feedback::Bounced { is_final: false, reason: "Transient/General".to_owned() };
        assert!(Notice::hear(&loaded, &phone(), &occasion(62), &absent).is_none(), "an automatic reply");
        let bounced = Feedback::Bounced { is_final: true, reason: "x".to_owned() };
        assert!(Notice::hear(&loaded, &phone(), &occasion(62), &bounced).is_some());
        assert!(Notice::hear(&queued(), &phone(), &occasion(62), &bounced).is_none(), "it was never sent");
    }
}
