//! Notices: messages with legal effect, each to one recipient on one channel (clause 11).
//!
//! A notice is drafted as part of the change that causes it, with its rendered text and the text's hash, so
//! what was said cannot drift from what happened. It names the operator, and cites the agreement that binds
//! its recipient by that agreement's own clauses. A text message says less, and where the rest is. Its id is
//! derived from its cause, recipient and channel: the same cause can never draft it twice. In-site messages
//! and announcements are served by being committed (11.1: deemed served when sent); the others wait in the
//! state `queued` for the job `notify`, which claims each attempt in a commit of its own before it sends,
//! retries with a backoff over days and then leaves the notice to a human.

mod feedback;
mod message;
mod naming;
mod reach;
pub mod samples;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::aggregate::{Aggregate, Due, Job, Key, Loaded};
use crate::change::{Change, Event, Occasion};
use crate::events::{self, Foreign};
use crate::hash::Sha256Hash;
use crate::ids::NoticeId;
use crate::party::{Language, Operator, Recipient};
use crate::salt::Salt;

use message::{Letter, Short};

pub use feedback::Feedback;
pub use message::{Message, Rendered};
pub use reach::Reach;

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

/// How far a notice has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Waits to be sent, or is being sent.
    Queued {
        /// Attempts so far, one that is under way included.
        attempts: u32,
        /// The next attempt is not before this instant.
        next_attempt_at: Timestamp,
    },
    /// Left our control; from then on it counts as served (11.1).
    Sent {
        /// When it counts as served.
        served_at: Timestamp,
        /// The gateway's own id of it, where it passed one.
        gateway_id: Option<String>,
    },
    /// Arrived, as the gateway learnt later.
    Delivered {
        /// When it counts as served.
        served_at: Timestamp,
        /// The gateway's own id of it.
        gateway_id: Option<String>,
        /// When it arrived.
        delivered_at: Timestamp,
        /// When its recipient called it a nuisance.
        complained_at: Option<Timestamp>,
    },
    /// Came back. It counts as served all the same (11.1); what follows it up goes another way.
    Bounced {
        /// When it counts as served.
        served_at: Timestamp,
        /// The gateway's own id of it.
        gateway_id: Option<String>,
        /// When it came back.
        bounced_at: Timestamp,
        /// Why, in the gateway's words for it.
        reason: String,
        /// The same message on another channel, where the recipient has one.
        follow_up: Option<NoticeId>,
    },
    /// Could not be sent; a human has to.
    Undeliverable {
        /// Attempts made.
        attempts: u32,
        /// The last refusal, in the channel's words.
        reason: String,
    },
}

impl Delivery {
    /// How a notice begins: what the site itself shows is served by being committed.
    fn drafted(channel: Channel, at: Timestamp) -> Self {
        match channel {
            Channel::Announcement | Channel::InSite => Self::Sent { served_at: at, gateway_id: None },
            Channel::Email | Channel::Sms => Self::Queued { attempts: 0, next_attempt_at: at },
        }
    }
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
    /// The rule of the market that it serves.
    pub clause: String,
    /// The clause that its text cites, where the agreement that binds its recipient has one for that rule.
    pub cites: Option<String>,
    /// The evidence chain and record that caused it.
    pub cause: String,
    /// When it was drafted.
    pub drafted_at: Timestamp,
    /// How far it has come.
    pub delivery: Delivery,
}

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

/// 1 min, 2, 4 … at most 12 h.
fn backoff(attempts: u32) -> SignedDuration {
    SignedDuration::from_mins((1_i64 << attempts.saturating_sub(1).min(10)).min(12 * 60))
}

/// How long an attempt of which nothing is known keeps the next one away. Much longer than a channel takes to answer,
/// and than its feedback takes to arrive: a legal notice is sent twice only where nobody can tell that it was sent.
const UNKNOWN_FOR: SignedDuration = SignedDuration::from_hours(1);

impl Notice {
    /// The notices of one message: one for each channel that reaches the recipient. A text message is a short
    /// text of its own, which names the message in the account.
    #[must_use]
    pub fn draft(
        occasion: &Occasion,
        chain: &str,
        version: u64,
        clause: &str,
        reach: &Reach<'_>,
        message: &Message,
    ) -> Vec<Self> {
        let (recipient, language) = (reach.recipient(), reach.language());
        let (cause, about) = (format!("{chain}@{version}"), message.about());
        let id = |channel| id_of(occasion.at, &cause, about, channel, &recipient);
        let cites = reach.cites(clause);
        let operator = &occasion.operator;
        let letter = Letter { operator, reach, cites: cites.as_deref(), at: occasion.at }.write(message);
        let in_site = id(Channel::InSite);
        let short = Short { operator, language, in_site: &in_site };
        let mut notices = Vec::new();
        for (channel, address) in reach.channels(message) {
            let is_short = channel == Channel::Sms;
            let text = if is_short { short.write(&letter.subject) } else { letter.clone() };
            let id = id(channel);
            notices.push(Self {
                salt: Some(occasion.salts.of(id.as_str())),
                id,
                recipient: recipient.clone(),
                channel,
                delivery: Delivery::drafted(channel, occasion.at),
                address,
                language,
                about: about.to_owned(),
                content_sha256: text.sha256(),
                subject: text.subject,
                body: text.body,
                clause: clause.to_owned(),
                cites: cites.clone().filter(|_| !is_short),
                cause: cause.clone(),
                drafted_at: occasion.at,
            });
        }
        notices
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

    /// What a text message in its place says: it names the message in the account, whose id follows from the
    /// same cause.
    #[must_use]
    pub fn short(&self, operator: &Operator) -> Rendered {
        let in_site = id_of(self.drafted_at, &self.cause, &self.about, Channel::InSite, &self.recipient);
        Short { operator, language: self.language, in_site: &in_site }.write(&self.subject)
    }

    /// Whether the job has to send it now.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        matches!(self.delivery, Delivery::Queued { next_attempt_at, .. } if next_attempt_at <= now)
    }

    /// Claims the attempt that is due, before anything is sent: whoever loses the race for this commit sends nothing.
    /// The next attempt is moved as far ahead as it has to be where this one's outcome never becomes known. Where the
    /// last attempt has been made and nobody knows what came of it, the notice is left to a human.
    #[must_use]
    pub fn claim(loaded: &Loaded<Self>, occasion: &Occasion) -> Option<(Self, Change)> {
        let Delivery::Queued { attempts, .. } = loaded.delivery else { return None };
        if !loaded.is_due(occasion.at) {
            return None;
        }
        let (event, delivery) = if attempts >= MAX_ATTEMPTS {
            let reason = "the last attempt was not answered".to_owned();
            (
                Event::of(events::NoticeUndeliverable { attempts }),
                Delivery::Undeliverable { attempts, reason },
            )
        } else {
            let attempts = attempts.saturating_add(1);
            let next_attempt_at =
                occasion.at.saturating_add(backoff(attempts).max(UNKNOWN_FOR)).unwrap_or(occasion.at);
            (Event::of(events::NoticeAttempted { attempts }), Delivery::Queued { attempts, next_attempt_at })
        };
        let notice = Self { delivery, ..loaded.state.clone() };
        let change = Change::on(occasion).update(loaded, &notice, event);
        Some((notice, change))
    }

    /// Records what came of the attempt with this number. Nothing changes once the notice was sent. What is said of an
    /// attempt that a later one has followed counts only where it was taken.
    #[must_use]
    pub fn record(
        loaded: &Loaded<Self>,
        occasion: &Occasion,
        attempt: u32,
        outcome: Sending,
    ) -> Option<(Self, Change)> {
        let Delivery::Queued { attempts, .. } = loaded.delivery else { return None };
        if attempts != attempt && !matches!(outcome, Sending::Accepted { .. }) {
            return None;
        }
        let (event, delivery) = match outcome {
            // The claim says all that is known, and when to try again.
            Sending::Unknown => return None,
            Sending::Accepted { gateway_id } => loaded.served(occasion, gateway_id, attempts),
            Sending::Failed { .. } if attempts < MAX_ATTEMPTS => (
                Event::of(events::NoticeDelayed { attempts }),
                Delivery::Queued {
                    attempts,
                    next_attempt_at: occasion.at.saturating_add(backoff(attempts)).unwrap_or(occasion.at),
                },
            ),
            Sending::Failed { reason } | Sending::Refused { reason } => {
                let event = Event::of(events::NoticeUndeliverable { attempts });
                (event, Delivery::Undeliverable { attempts, reason })
            }
        };
        let notice = Self { delivery, ..loaded.state.clone() };
        let change = Change::on(occasion).update(loaded, &notice, event);
        Some((notice, change))
    }
}

impl Notice {
    /// That a channel took it, as it is recorded.
    fn served(
        &self,
        occasion: &Occasion,
        gateway_id: Option<String>,
        attempts: u32,
    ) -> (Event<'static>, Delivery) {
        let event = Event::of(events::NoticeServed {
            content: self.commitment(),
            gateway_id: gateway_id.clone().map(Foreign),
            attempts,
        });
        (event, Delivery::Sent { served_at: occasion.at, gateway_id })
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
    let name = format!("{cause}|{about}|{channel:?}|{}", partition(recipient));
    let mut tail = [0; 10];
    tail.copy_from_slice(&Sha256::digest(name)[..10]);
    NoticeId::new(at, tail)
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
            Delivery::Sent { .. }
            | Delivery::Delivered { .. }
            | Delivery::Bounced { .. }
            | Delivery::Undeliverable { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::party::{Actor, Contacts};

    pub(super) fn occasion(second: i64) -> Occasion {
        samples::occasion(Timestamp::from_second(second).unwrap(), Actor::Job("notify".into()))
    }

    pub(super) fn phone() -> Contacts {
        samples::account().contacts
    }

    /// What an account is told when its agreement ends.
    pub(super) fn drafts() -> Vec<Notice> {
        let account = samples::account();
        let message = Message::AgreementEnded { at: Timestamp::UNIX_EPOCH };
        Notice::draft(&occasion(0), "c", 1, "10.1.2", &Reach::Merchant(&account), &message)
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
    fn a_sent_notice_is_never_sent_again() {
        let mut loaded = queued();
        loaded.state.delivery = Delivery::Sent { served_at: Timestamp::UNIX_EPOCH, gateway_id: None };
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
        let failed = Sending::Failed { reason: "down".into() };
        assert!(Notice::record(&loaded, &occasion(3_601), 1, failed).is_none(), "the second is under way");
        let taken = Sending::Accepted { gateway_id: None };
        let (sent, _) = Notice::record(&loaded, &occasion(3_601), 1, taken).unwrap();
        assert!(matches!(sent.delivery, Delivery::Sent { .. }), "the first was taken all the same");
    }

    #[test]
    fn a_last_attempt_of_which_nothing_is_known_leaves_the_notice_to_a_human() {
        let mut loaded = queued();
        loaded.state.delivery =
            Delivery::Queued { attempts: MAX_ATTEMPTS, next_attempt_at: Timestamp::UNIX_EPOCH };
        let (after, _) = Notice::claim(&loaded, &occasion(0)).unwrap();
        assert!(matches!(after.delivery, Delivery::Undeliverable { attempts: MAX_ATTEMPTS, .. }));
    }

    #[test]
    fn a_failing_channel_is_tried_for_days_and_then_a_human_is_asked() {
        let mut loaded = queued();
        let mut now = 0;
        loop {
            let failed = Sending::Failed { reason: "down".into() };
            (loaded.state, _) = Notice::claim(&loaded, &occasion(now)).unwrap();
            let Delivery::Queued { attempts, .. } = loaded.delivery else { unreachable!() };
            (loaded.state, _) = Notice::record(&loaded, &occasion(now), attempts, failed).unwrap();
            match loaded.state.delivery {
                Delivery::Queued { next_attempt_at, .. } => now = next_attempt_at.as_second(),
                Delivery::Undeliverable { attempts, .. } => {
                    assert_eq!(attempts, MAX_ATTEMPTS);
                    break;
                }
                _ => unreachable!(),
            }
        }
        assert!((3 * 86_400..4 * 86_400).contains(&now), "{now}");
        assert_eq!(loaded.next_due(), None);
    }
}
