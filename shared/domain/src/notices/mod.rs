//! Notices: messages with legal effect, each to one recipient on one channel (clause 11).
//!
//! A notice is drafted as part of the change that causes it, with its rendered text and the text's hash,
//! so what was said cannot drift from what happened. Its id is derived from its cause, recipient and
//! channel: the same cause can never draft it twice. In-site messages and announcements are served by
//! being committed (11.1: deemed served when sent); the others wait in the state `queued` for the job
//! `notify`, which claims each attempt in a commit of its own before it sends, retries with a backoff over days and
//! then leaves the notice to a human.

mod attempts;
mod delivery;
mod feedback;
mod message;
mod naming;
mod resend;
mod standing;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::aggregate::{Aggregate, Due, Job, Key, View};
use crate::change::Occasion;
use crate::hash::Sha256Hash;
use crate::ids::{AccountId, NoticeId, ProviderId};
use crate::party::{Contacts, Language, Recipient};
use crate::salt::Salt;

pub use attempts::{MAX_ATTEMPTS, Sending};
pub use delivery::{CameBack, Delivery, NO_GATEWAY};
pub use feedback::Feedback;
pub use message::{Message, Rendered};
pub use resend::{Address, ResendRefusal};
pub use standing::{Chain, Standing, Told};

/// How a notice travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The public notice board (网页公告).
    Announcement,
    /// A message in the party's account (站内信).
    InSite,
    /// E-mail (电子邮件).
    Email,
    /// Text message (手机短信).
    Sms,
}

/// Whom a message is for, and how that party can be reached now.
#[derive(Debug, Clone)]
pub enum Reach<'a> {
    /// A merchant.
    Merchant(&'a AccountId, &'a Contacts),
    /// A provider.
    Provider(&'a ProviderId, &'a Contacts),
    /// Everyone, on the notice board, in this language.
    Everyone(Language),
    /// A party, at addresses that it gave up and nowhere else, in the language that it read there.
    GivenUp(Recipient, Language, Vec<(Channel, &'a str)>),
}

/// A message to one recipient on one channel, with its proof of service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// Its recipient.
    pub recipient: Recipient,
    /// Its channel.
    pub channel: Channel,
    /// The address it goes to, as it was when the notice was drafted; none for the site's own channels.
    pub address: Option<String>,
    /// Its language.
    pub language: Language,
    /// What it is about, for programs.
    pub about: String,
    /// Subject line.
    pub subject: String,
    /// Text.
    pub body: String,
    /// The hash of subject, a line break, and text.
    pub content_sha256: Sha256Hash,
    /// What the commitment to its content in evidence was made with, and what keeps the hash of its body from being
    /// guessed. Notices that were drafted before 0.3.0 have none (decision 0020).
    pub salt: Option<Salt>,
    /// The clause that it serves.
    pub clause: String,
    /// The evidence chain and record that caused it.
    pub cause: String,
    /// When it was drafted.
    pub drafted_at: Timestamp,
    /// How far it has come.
    pub delivery: Delivery,
}

impl Notice {
    /// The list of those that nothing else carries, for operators.
    pub const FOR_A_HUMAN: &'static str = "notices#for-a-human";

    /// The notices of one message: one for each channel that reaches the recipient.
    pub(crate) fn draft(
        occasion: &Occasion,
        chain: &str,
        version: u64,
        clause: &str,
        reach: &Reach<'_>,
        message: &Message,
    ) -> Vec<Self> {
        let (recipient, language, addresses) = match reach {
            Reach::Merchant(id, contacts) => {
                (Recipient::Merchant((*id).clone()), contacts.language, addresses(contacts, message))
            }
            Reach::Provider(id, contacts) => {
                (Recipient::Provider((*id).clone()), contacts.language, addresses(contacts, message))
            }
            Reach::Everyone(language) => {
                (Recipient::Everyone, *language, vec![(Channel::Announcement, None)])
            }
            Reach::GivenUp(recipient, language, left) => {
                let left = left.iter().map(|(channel, address)| (*channel, Some((*address).to_owned())));
                (recipient.clone(), *language, left.collect())
            }
        };
        let Rendered { subject, body } = message.render(language);
        let content_sha256 = Sha256Hash::of(content(&subject, &body).as_bytes());
        let cause = format!("{chain}@{version}");
        addresses
            .into_iter()
            .map(|(channel, address)| {
                let id = id_of(occasion.at, &cause, message.about(), channel, &recipient);
                Self {
                    salt: Some(occasion.salts.of(id.as_str())),
                    id,
                    recipient: recipient.clone(),
                    channel,
                    delivery: Delivery::drafted(channel, occasion.at),
                    address,
                    language,
                    about: message.about().to_owned(),
                    subject: subject.clone(),
                    body: body.clone(),
                    content_sha256: content_sha256.clone(),
                    clause: clause.to_owned(),
                    cause: cause.clone(),
                    drafted_at: occasion.at,
                }
            })
            .collect()
    }

    /// What evidence names its content by: a salted commitment, which says nothing once text and salt are erased.
    #[must_use]
    pub fn commitment(&self) -> Sha256Hash {
        let content = content(&self.subject, &self.body);
        match &self.salt {
            Some(salt) => salt.commitment(&content),
            None => Sha256Hash::of(content.as_bytes()),
        }
    }
}

/// What a notice says, as it is hashed.
fn content(subject: &str, body: &str) -> String {
    format!("{subject}\n{body}")
}

/// An id that the same cause, message, channel and recipient always lead to.
fn id_of(at: Timestamp, cause: &str, about: &str, channel: Channel, recipient: &Recipient) -> NoticeId {
    let name = format!("{cause}|{about}|{channel:?}|{}", partition(recipient));
    let mut tail = [0; 10];
    tail.copy_from_slice(&Sha256::digest(name)[..10]);
    NoticeId::new(at, tail)
}

/// The channels that reach a party: always the site and e-mail; a text message too where much depends on it.
fn addresses(contacts: &Contacts, message: &Message) -> Vec<(Channel, Option<String>)> {
    let mut channels =
        vec![(Channel::InSite, None), (Channel::Email, Some(contacts.email.as_str().to_owned()))];
    if let (true, Some(phone)) = (Message::is_grave_about(message.about()), &contacts.phone) {
        channels.push((Channel::Sms, Some(phone.as_str().to_owned())));
    }
    channels
}

/// The partition of a recipient's notices: with the rest of what is theirs.
#[must_use]
pub fn partition(recipient: &Recipient) -> String {
    match recipient {
        Recipient::Merchant(id) => format!("account#{id}"),
        Recipient::Provider(id) => format!("provider#{id}"),
        Recipient::Everyone => "announcements".to_owned(),
    }
}

impl Aggregate for Notice {
    type Id = (Recipient, NoticeId);
    const KIND: &'static str = "notice";

    fn key_of((recipient, id): &Self::Id) -> Key {
        Key::new(partition(recipient), format!("notice#{id}"))
    }

    fn key(&self) -> Key {
        Key::new(partition(&self.recipient), format!("notice#{}", self.id))
    }

    fn next_due(&self) -> Option<Due> {
        match self.delivery {
            Delivery::Queued { next_attempt_at, .. } => Some(Due::new(next_attempt_at, Job::Notify)),
            Delivery::Sent { .. } => {
                self.waits_for_its_mailbox_until().map(|until| Due::new(until, Job::Notify))
            }
            Delivery::Delivered { .. }
            | Delivery::Bounced { .. }
            | Delivery::Undeliverable { .. }
            | Delivery::Superseded { .. } => None,
        }
    }

    /// Operators see what nobody else carries.
    fn view(&self) -> Option<View> {
        self.needs_a_human().then(|| View { list: Self::FOR_A_HUMAN.to_owned(), place: self.id.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::Loaded;
    use crate::party::Actor;
    use crate::salt::Salts;

    pub(super) fn occasion(second: i64) -> Occasion {
        Occasion {
            at: Timestamp::from_second(second).unwrap(),
            actor: Actor::Job("notify".into()),
            request: "r".into(),
            salts: Salts::drawn([7; 32]),
        }
    }

    pub(super) fn phone() -> Contacts {
        Contacts {
            email: "a@example.com".to_owned().try_into().unwrap(),
            phone: Some("+8613800000000".to_owned().try_into().unwrap()),
            language: Language::Chinese,
        }
    }

    pub(super) fn queued() -> Loaded<Notice> {
        let contacts = phone();
        let account: AccountId = "shop-1".parse().unwrap();
        let message = Message::AgreementEnded { at: Timestamp::UNIX_EPOCH };
        let reach = Reach::Merchant(&account, &contacts);
        let drafts = Notice::draft(&occasion(0), "c", 1, "10.1", &reach, &message);
        assert_eq!(
            drafts.iter().map(|n| n.channel).collect::<Vec<_>>(),
            [Channel::InSite, Channel::Email, Channel::Sms]
        );
        let again = Notice::draft(&occasion(0), "c", 1, "10.1", &reach, &message);
        assert_eq!(drafts, again, "the same cause drafts the same notices");
        Loaded::new(drafts[1].clone(), 1, Sha256Hash::origin())
    }
}
