//! Notices: messages with legal effect, each to one recipient on one channel (clause 11).
//!
//! A notice is drafted as part of the change that causes it, with its rendered text and the text's hash, so
//! what was said cannot drift from what happened. It names the operator, and cites the agreement that binds
//! its recipient by that agreement's own clauses. A text message says less, and where the rest is. Its id is
//! derived from its cause, recipient and channel: the same cause can never draft it twice. In-site messages
//! and announcements are served by being committed (11.1: deemed served when sent); the others wait in the
//! state `queued` for the job `notify`, which claims each attempt in a commit of its own before it sends,
//! retries with a backoff over days and then leaves the notice to a human.

mod attempts;
mod feedback;
mod hindrance;
mod message;
mod naming;
mod otherwise;
mod reach;
mod resend;
#[cfg(test)]
mod sampled;
pub mod samples;
mod status;
mod validity;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::aggregate::{Aggregate, Due, Lane};
use crate::hash::Sha256Hash;
use crate::ids::NoticeId;
use crate::keys::{Key, ListEntry, ListName, Owner, Partition, Place};
use crate::occasion::Occasion;
use crate::party::{Language, Operator, Recipient};
use crate::salt::Salt;

use message::{Letter, Short};

pub use crate::party::Channel;
pub use attempts::{DELAYED_FROM, EXCUSED_FOR, MAX_ATTEMPTS, Sending};
pub use feedback::Feedback;
pub use hindrance::Hindrance;
pub use message::{MadeOf, Manner, Message, Rendered, Words, chinese, english, filled};
pub use otherwise::{
    CorrectedService, CorrectionReason, CorrectionRefusal, MAX_CORRECTIONS, OtherEvidence, OtherService,
    OtherServiceRefusal, OtherWay, ServedOtherwise,
};
pub use reach::Reach;
pub use resend::{Address, ResendRefusal};
pub use status::{CameBack, NO_GATEWAY, NoticeStatus, Trouble};
pub use validity::{CausingRecord, Notified, Validity};

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
    /// On which ways its message reaches its recipient.
    pub manner: Manner,
    /// Subject line.
    pub subject: String,
    /// Text.
    pub body: String,
    /// The notice in its party's account that says the same, where its text is kept there alone, as an e-mail's is
    /// (docs/decisions/0078); whoever reads one has its text.
    pub text_of: Option<NoticeId>,
    /// The hash of subject, a line break, and text.
    pub content_sha256: Sha256Hash,
    /// What the commitment to its content in evidence was made with, and what keeps the hash of its body from being
    /// guessed. Notices that were drafted before 0.3.0 have none (decision 0020).
    pub salt: Option<Salt>,
    /// The rule of the market that it serves.
    pub clause: String,
    /// The clause that its text cites, where the agreement that binds its recipient has one for that rule.
    pub cites: Option<String>,
    /// The notice in the party's account that says the same, or more. Older notices do not tell.
    pub in_site: Option<NoticeId>,
    /// The evidence chain and record that caused it.
    pub cause: String,
    /// When it was drafted.
    pub drafted_at: Timestamp,
    /// How far it has come.
    pub status: NoticeStatus,
    /// That a human served it another way, where it did not arrive.
    pub served_otherwise: Option<ServedOtherwise>,
    /// What was recorded of that and corrected since, the oldest first.
    pub corrected_services: Vec<CorrectedService>,
}

impl Notice {
    /// The list of those that nothing else carries, for operators.
    pub const FOR_A_HUMAN: ListName = ListName::of_market("notices#for-a-human");

    /// The notices of one message: one for each channel that reaches the recipient. A text message is a short
    /// text of its own, which names the message in the account.
    #[must_use]
    pub fn draft(
        occasion: &Occasion,
        chain: &str,
        version: u64,
        clause: &str,
        reach: &Reach<'_>,
        message: &dyn Message,
    ) -> Vec<Self> {
        let (recipient, language) = (reach.recipient(), reach.language());
        let (cause, about) = (format!("{chain}@{version}"), message.about());
        let id = |channel| id_of(occasion.at, &cause, about, channel, &recipient);
        let cites = reach.cites(clause);
        let operator = &occasion.operator;
        let letter = Letter { operator, reach, cites: cites.as_deref(), at: occasion.at }.write(message);
        let in_site = message.manner().is_shown_in_site().then(|| id(Channel::InSite));
        let short = Short { operator, language, in_site: in_site.as_ref() };
        let mut notices = Vec::new();
        for (channel, address) in reach.channels(message.manner()) {
            let is_short = channel == Channel::Sms;
            let text = if is_short { short.write(&letter.subject) } else { letter.clone() };
            let id = id(channel);
            notices.push(Self {
                salt: Some(occasion.salts.of(id.as_str())),
                id,
                recipient: recipient.clone(),
                channel,
                status: NoticeStatus::drafted(channel, occasion.at),
                address,
                language,
                about: about.to_owned(),
                manner: message.manner(),
                content_sha256: text.sha256(),
                subject: text.subject,
                body: text.body,
                text_of: in_site.clone().filter(|_| channel == Channel::Email),
                clause: clause.to_owned(),
                cites: cites.clone().filter(|_| !is_short),
                in_site: in_site.clone(),
                cause: cause.clone(),
                drafted_at: occasion.at,
                served_otherwise: None,
                corrected_services: Vec::new(),
            });
        }
        notices
    }

    /// With a text of its own.
    fn saying(self, text: Rendered) -> Self {
        let content_sha256 = text.sha256();
        Self { content_sha256, subject: text.subject, body: text.body, text_of: None, ..self }
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

    /// What a text message in its place says: it names the message in the account. Where the notice is of a release
    /// that did not keep that one's id, it follows from the same cause.
    #[must_use]
    pub fn short(&self, operator: &Operator) -> Rendered {
        let in_site = self.in_site.clone().or_else(|| {
            let is_shown = self.manner.is_shown_in_site();
            is_shown
                .then(|| id_of(self.drafted_at, &self.cause, &self.about, Channel::InSite, &self.recipient))
        });
        Short { operator, language: self.language, in_site: in_site.as_ref() }.write(&self.subject)
    }
}

/// What a notice says, as it is hashed.
fn content(subject: &str, body: &str) -> String {
    format!("{subject}\n{body}")
}

impl Rendered {
    /// What names the content of a notice that says this.
    fn sha256(&self) -> Sha256Hash {
        Sha256Hash::of(content(&self.subject, &self.body).as_bytes())
    }
}

/// An id that the same cause, message, channel and recipient always lead to.
fn id_of(at: Timestamp, cause: &str, about: &str, channel: Channel, recipient: &Recipient) -> NoticeId {
    let name = format!("{cause}|{about}|{channel:?}|{}", recipient.partition());
    let mut tail = [0; 10];
    tail.copy_from_slice(&Sha256::digest(name)[..10]);
    NoticeId::new(at, tail)
}

/// A recipient's notices lie with the rest of what is theirs.
impl Owner for Recipient {
    fn partition(&self) -> Partition {
        match self {
            Self::Party(party) => party.partition(),
            Self::Everyone => Partition::new("", "announcements"),
        }
    }
}

impl Aggregate for Notice {
    type Id = (Recipient, NoticeId);
    const KIND: &'static str = "notice";
    const PLACE: Place = Place::Within("notice#");
    const IS_TOLD: bool = false;

    fn key_of((recipient, id): &Self::Id) -> Key {
        Self::PLACE.within(recipient, id)
    }

    fn key(&self) -> Key {
        Self::PLACE.within(&self.recipient, &self.id)
    }

    fn rest(&self) -> Option<Key> {
        self.text_of.as_ref().map(|id| Self::PLACE.within(&self.recipient, id))
    }

    fn complete(&mut self, rest: &Self) {
        self.subject.clone_from(&rest.subject);
        self.body.clone_from(&rest.body);
    }

    fn next_due(&self) -> Option<Due> {
        let until = match self.status {
            NoticeStatus::Queued { .. } => self.waits_to_leave_until(),
            NoticeStatus::Sent { .. } => self.waits_for_its_mailbox_until(),
            NoticeStatus::Delivered { .. }
            | NoticeStatus::Bounced { .. }
            | NoticeStatus::Undeliverable { .. }
            | NoticeStatus::Superseded { .. } => None,
        };
        until.map(|until| Due::new(until, Lane::Notify))
    }

    /// Operators see what nobody else carries.
    fn list_entry(&self) -> Option<ListEntry> {
        self.needs_a_human().then(|| ListEntry { list: Self::FOR_A_HUMAN, place: self.id.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::sampled::{Ended, Shop};
    use super::*;
    use crate::aggregate::Loaded;
    use crate::party::{Actor, Contacts, Party};
    use crate::stored::form;

    pub(super) fn occasion(second: i64) -> Occasion {
        samples::occasion(Timestamp::from_second(second).unwrap(), Actor::Job("notify".into()))
    }

    pub(super) fn phone() -> Contacts {
        Shop::new().contacts().clone()
    }

    /// What an account is told when its agreement ends.
    pub(super) fn drafts() -> Vec<Notice> {
        let message = Ended;
        Notice::draft(&occasion(0), "c", 1, "10.1.2", &Reach::Party(&Shop::new()), &message)
    }

    pub(super) fn queued() -> Loaded<Notice> {
        let drafts = drafts();
        assert_eq!(
            drafts.iter().map(|n| n.channel).collect::<Vec<_>>(),
            [Channel::InSite, Channel::Email, Channel::Sms]
        );
        assert_eq!(drafts, self::drafts(), "the same cause drafts the same notices");
        Loaded::new(drafts[1].clone(), 1, Sha256Hash::origin())
    }

    #[test]
    fn a_notice_cites_the_agreement_of_its_recipient_and_keeps_the_rule_of_the_market_beside_it() {
        let notice = queued();
        assert_eq!(notice.clause, "10.1.2");
        assert_eq!(notice.cites.as_deref(), Some("《服务市场服务协议（用户版）》第10.1.2条"));
        assert!(notice.body.contains("通知依据：《服务市场服务协议（用户版）》第10.1.2条。"));
    }

    #[test]
    fn an_email_is_stored_without_the_text_that_the_notice_in_the_account_has() {
        let [in_site, email, sms]: &[Notice; 3] = &drafts().try_into().unwrap();
        assert_eq!((&in_site.text_of, &sms.text_of), (&None, &None), "they say it themselves");
        let mut stored: serde_json::Value =
            serde_json::from_str(&form::write(email, &form::AsRead::default(), None)).unwrap();
        let fields = stored.as_object_mut().unwrap();
        assert!(!fields.contains_key("subject") && !fields.contains_key("body"));
        assert_eq!(fields["text_of"], in_site.id.as_str());
        fields.insert("later".to_owned(), "kept".into());
        let (mut read, as_read) =
            form::read::<Notice>(&stored.to_string(), form::schema::<Notice>()).unwrap();
        assert_eq!(read.rest(), Some(in_site.key()));
        read.complete(in_site);
        assert_eq!(&read, email);
        assert_eq!(read.commitment(), email.commitment());
        let again: serde_json::Value = serde_json::from_str(&form::write(&read, &as_read, None)).unwrap();
        assert_eq!(again, stored, "it stays as it was stored");
        let neither = serde_json::json!({ "id": in_site.id.as_str() }).to_string();
        assert!(form::read::<Notice>(&neither, form::schema::<Notice>()).is_err());
    }

    /// As releases before 0.6.0 stored it.
    #[test]
    fn an_email_that_has_a_text_of_its_own_is_read_and_written_as_it_was() {
        let email = Notice { text_of: None, ..queued().state };
        let stored = form::write(&email, &form::AsRead::default(), None);
        let (read, as_read) = form::read::<Notice>(&stored, form::schema::<Notice>()).unwrap();
        assert_eq!((&read, read.rest()), (&email, None));
        assert_eq!(form::write(&read, &as_read, None), stored);
    }

    #[test]
    fn a_text_message_is_a_text_of_its_own_that_names_the_message_in_the_account() {
        let [in_site, email, sms] = drafts().try_into().unwrap();
        assert_eq!((&in_site.body, &in_site.content_sha256), (&email.body, &email.content_sha256));
        assert!(
            sms.subject.contains("服务市场示例运营有限公司") && sms.subject.contains("1970年1月1日08:00")
        );
        assert!(sms.body.contains(in_site.id.as_str()));
        assert_eq!(sms.content_sha256, Sha256Hash::of(content(&sms.subject, &sms.body).as_bytes()));
        assert_ne!(sms.commitment(), email.commitment());
    }

    #[test]
    fn how_a_notice_goes_out_is_read_back_and_written_only_where_its_word_does_not_say_it() {
        let written = |notice: &Notice| form::write(notice, &form::AsRead::default(), None);
        for notice in drafts() {
            assert!(!written(&notice).contains("manner"), "its word says it, as before");
            for manner in [Manner::Usual, Manner::Grave, Manner::AddressLeft] {
                let other = Notice { manner, ..notice.clone() };
                let mut read = form::read::<Notice>(&written(&other), form::schema::<Notice>()).unwrap().0;
                read.complete(&other);
                assert_eq!(read, other);
            }
        }
    }
}
