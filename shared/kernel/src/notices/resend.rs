//! Sending a notice again that did not arrive: what an operator does about one that waits for a human (11.1).
//!
//! What is sent again is a notice of its own. The proof of the first stays what it was, whatever becomes of
//! the second.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Channel, Manner, Notice, NoticeStatus};
use crate::aggregate::Loaded;
use crate::change::{Change, Event};
use crate::events;
use crate::ids::NoticeId;
use crate::occasion::Occasion;
use crate::party::Contacts;
use crate::text::{EmailAddress, PhoneNumber};

/// Where a notice can be sent: an e-mail address, or a telephone number in E.164 form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", extend("maxLength" = 254, "x-rule" = "address"))]
pub enum Address {
    /// For e-mail.
    Email(EmailAddress),
    /// For text messages.
    Phone(PhoneNumber),
}

impl Address {
    /// Where contacts say that a channel reaches them; none where they name nothing for it.
    fn of(contacts: &Contacts, channel: Channel) -> Option<Self> {
        match channel {
            Channel::Email => Some(Self::Email(contacts.email.clone())),
            Channel::Sms => contacts.phone.clone().map(Self::Phone),
            Channel::Announcement | Channel::InSite => None,
        }
    }

    /// The channel that it is an address of.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Email,
            Self::Phone(_) => Channel::Sms,
        }
    }
}

impl TryFrom<String> for Address {
    type Error = &'static str;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        if raw.contains('@') {
            EmailAddress::try_from(raw).map(Self::Email)
        } else {
            let said = "must be an e-mail address, or a telephone number such as +8613800000001";
            PhoneNumber::try_from(raw).map(Self::Phone).map_err(|_| said)
        }
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        match address {
            Address::Email(email) => email.into(),
            Address::Phone(phone) => phone.into(),
        }
    }
}

/// Why a notice was not sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResendRefusal {
    /// It did not fail, or another went in its place.
    #[error(
        "it is neither undeliverable nor bounced, or was served another way or by another notice in its place"
    )]
    NotWaiting,
    /// Its recipient has nothing that its channel reaches.
    #[error("the recipient has no telephone number")]
    NoAddress,
    /// The address is one of another channel's.
    #[error("must be an address of the notice's channel")]
    OtherChannel,
}

impl Notice {
    /// Sends it once more on its channel: to this address, or to where the recipient's contacts point now.
    /// The new notice comes back; the old one names it.
    ///
    /// # Errors
    /// See [`ResendRefusal`].
    pub fn resend(
        loaded: &Loaded<Self>,
        contacts: &Contacts,
        address: Option<Address>,
        occasion: &Occasion,
    ) -> Result<(Self, Change), ResendRefusal> {
        if loaded.served_otherwise.is_some() {
            return Err(ResendRefusal::NotWaiting);
        }
        let again = Self::following(loaded, loaded.channel, occasion);
        let status = loaded.status.clone().followed_up_by(&again.id).ok_or(ResendRefusal::NotWaiting)?;
        // What is said at an address that was given up is said there and nowhere else.
        let usual = || match &loaded.address {
            Some(own) if loaded.manner == Manner::AddressLeft => own.clone().try_into().ok(),
            _ => Address::of(contacts, loaded.channel),
        };
        let address = address.or_else(usual).ok_or(ResendRefusal::NoAddress)?;
        if address.channel() != loaded.channel {
            return Err(ResendRefusal::OtherChannel);
        }
        let again = Self { address: Some(address.into()), ..again };
        let old = Self { status, ..loaded.state.clone() };
        let event = Event::of(events::NoticeResent {}).send(again.clone());
        Ok((again, Change::on(occasion).update(loaded, &old, event)))
    }
}

impl NoticeStatus {
    /// That another notice went in this one's place; none where this one did not fail, or has been followed
    /// already.
    fn followed_up_by(self, id: &NoticeId) -> Option<Self> {
        let by = Some(id.clone());
        match self {
            Self::Undeliverable { attempts, reason, follow_up: None } => {
                Some(Self::Undeliverable { attempts, reason, follow_up: by })
            }
            Self::Bounced {
                served_at,
                gateway_id,
                bounced_at,
                reason,
                is_final,
                follow_up: None,
                needs_a_human: _,
            } => Some(Self::Bounced {
                served_at,
                gateway_id,
                bounced_at,
                reason,
                is_final,
                follow_up: by,
                needs_a_human: false,
            }),
            Self::Queued { .. }
            | Self::Sent { .. }
            | Self::Delivered { .. }
            | Self::Bounced { .. }
            | Self::Undeliverable { .. }
            | Self::Superseded { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::tests::{occasion, phone, queued};
    use super::*;
    use crate::aggregate::Aggregate;
    use crate::stored::form::read;

    fn with(status: NoticeStatus) -> Loaded<Notice> {
        let mut loaded = queued();
        loaded.state.status = status;
        loaded
    }

    fn undeliverable() -> NoticeStatus {
        NoticeStatus::Undeliverable { attempts: 16, reason: "smtp 550".to_owned(), follow_up: None }
    }

    fn bounced(follow_up: Option<NoticeId>) -> NoticeStatus {
        NoticeStatus::Bounced {
            served_at: Timestamp::UNIX_EPOCH,
            gateway_id: Some("g-1".to_owned()),
            bounced_at: Timestamp::UNIX_EPOCH,
            reason: "Permanent/NoEmail".to_owned(),
            is_final: true,
            needs_a_human: follow_up.is_none(),
            follow_up,
        }
    }

    #[test]
    fn what_failed_is_sent_again_as_a_notice_of_its_own_and_waits_for_no_human_any_more() {
        for status in [undeliverable(), bounced(None)] {
            let loaded = with(status);
            assert!(loaded.list_entry().is_some());
            let to = Address::try_from("b@example.com".to_owned()).unwrap();
            let (again, change) = Notice::resend(&loaded, &phone(), Some(to), &occasion(60)).unwrap();
            let [old, new] = change.writes.as_slice() else { panic!("{:?}", change.writes) };
            assert!(old.list_entry.is_none() && old.record.is_some() && new.record.is_none());
            let old: Notice = read(&old.body, old.schema).unwrap().0;
            assert!(!old.needs_a_human());
            let mut new = read::<Notice>(&new.body, new.schema).unwrap().0;
            assert!(new.text_of.is_some() && new.text_of == loaded.text_of, "its text is kept once");
            new.complete(&loaded);
            assert_eq!(new, again);
            assert_eq!(again.address.as_deref(), Some("b@example.com"));
            assert_eq!(again.cause, format!("notice:{}@2", loaded.key()));
            assert_eq!(again.content_sha256, loaded.content_sha256);
            assert!(again.id != loaded.id && again.salt != loaded.salt);
            assert!(matches!(again.status, NoticeStatus::Queued { attempts: 0, .. }));
            let twice = Loaded { state: old, ..loaded };
            let refused = Notice::resend(&twice, &phone(), None, &occasion(61)).unwrap_err();
            assert_eq!(refused, ResendRefusal::NotWaiting, "followed already");
        }
    }

    #[test]
    fn where_no_address_is_given_it_goes_where_the_recipient_can_be_reached_now() {
        let contacts = Contacts { email: "now@example.com".to_owned().try_into().unwrap(), ..phone() };
        let (again, _) = Notice::resend(&with(undeliverable()), &contacts, None, &occasion(60)).unwrap();
        assert_eq!(again.address.as_deref(), Some("now@example.com"));
        let mut text = with(undeliverable());
        text.state.channel = Channel::Sms;
        let (again, _) = Notice::resend(&text, &contacts, None, &occasion(60)).unwrap();
        assert_eq!(again.address.as_deref(), Some("+8613800000001"));
        let unreachable = Contacts { phone: None, ..contacts };
        let refused = Notice::resend(&text, &unreachable, None, &occasion(60)).unwrap_err();
        assert_eq!(refused, ResendRefusal::NoAddress);
    }

    #[test]
    fn what_did_not_fail_or_was_followed_is_not_sent_again_whatever_address_is_given() {
        let at = Timestamp::UNIX_EPOCH;
        let other = || Some(queued().state.id);
        for status in [
            NoticeStatus::Queued { attempts: 3, next_attempt_at: at, trouble: None },
            NoticeStatus::Sent { served_at: at, gateway_id: None, came_back: None },
            NoticeStatus::Delivered {
                served_at: at,
                gateway_id: None,
                delivered_at: at,
                complained_at: None,
            },
            NoticeStatus::Superseded { at, attempts: 1, by: None },
            NoticeStatus::Undeliverable { attempts: 1, reason: "x".to_owned(), follow_up: other() },
            bounced(other()),
        ] {
            for address in [None, Some("+8613800000001".to_owned().try_into().unwrap())] {
                let refused =
                    Notice::resend(&with(status.clone()), &phone(), address, &occasion(9)).unwrap_err();
                assert_eq!(refused, ResendRefusal::NotWaiting, "{status:?}");
            }
        }
        let telephone = Some("+8613800000001".to_owned().try_into().unwrap());
        let refused = Notice::resend(&with(undeliverable()), &phone(), telephone, &occasion(9)).unwrap_err();
        assert_eq!(refused, ResendRefusal::OtherChannel);
    }

    #[test]
    fn an_address_is_an_e_mail_address_or_a_telephone_number() {
        for good in ["a@example.com", "+8613800000001"] {
            assert_eq!(String::from(Address::try_from(good.to_owned()).unwrap()), good);
        }
        for bad in ["", "a", "a@", "@example.com", "13800000000", "+86 138", "a@b\r\nBcc: c@d.example"] {
            assert!(Address::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }
}
