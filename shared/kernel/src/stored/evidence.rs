//! An evidence record as stored. Its bytes are what the next record's hash is of: they are written once, and
//! never upgraded.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::form::{Storable, StoredForm, Upcaster};
use super::party::{StoredActor, StoredRecipient};
use super::values::{Name, Trusted, each};
use crate::evidence::{Evidence, NoticeEvidence};
use crate::hash::Sha256Hash;
use crate::ids::NoticeId;
use crate::party::Channel;

#[derive(Debug, Serialize, Deserialize)]
struct StoredNoticeEvidence {
    id: Trusted<NoticeId>,
    recipient: StoredRecipient,
    channel: Name<Channel>,
    content: Trusted<Sha256Hash>,
    // Since 0.3.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    drafted: Option<Trusted<Sha256Hash>>,
}

impl StoredNoticeEvidence {
    fn of(notice: NoticeEvidence) -> Self {
        let NoticeEvidence { id, recipient, channel, content, drafted } = notice;
        Self {
            id: Trusted(id),
            recipient: StoredRecipient::of(recipient),
            channel: Name(channel),
            content: Trusted(content),
            drafted: drafted.map(Trusted),
        }
    }

    fn restore(self) -> NoticeEvidence {
        NoticeEvidence {
            id: self.id.0,
            recipient: self.recipient.restore(),
            channel: self.channel.0,
            content: self.content.0,
            drafted: self.drafted.map(|hash| hash.0),
        }
    }
}

/// See [`Evidence`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredEvidence {
    chain: String,
    number: u64,
    previous: Trusted<Sha256Hash>,
    event: String,
    clause: String,
    at: Timestamp,
    actor: StoredActor,
    request: String,
    state: Trusted<Sha256Hash>,
    facts: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notices: Vec<StoredNoticeEvidence>,
}

impl Storable for Evidence {
    type Form = StoredEvidence;
}

impl StoredForm for StoredEvidence {
    type State = Evidence;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = false;

    fn of(evidence: Evidence) -> Self {
        let Evidence { chain, number, previous, event, clause, at, actor, request, state, facts, notices } =
            evidence;
        Self {
            chain,
            number,
            previous: Trusted(previous),
            event,
            clause,
            at,
            actor: StoredActor::of(actor),
            request,
            state: Trusted(state),
            facts,
            notices: each(notices, StoredNoticeEvidence::of),
        }
    }

    fn restore(self) -> Evidence {
        Evidence {
            chain: self.chain,
            number: self.number,
            previous: self.previous.0,
            event: self.event,
            clause: self.clause,
            at: self.at,
            actor: self.actor.restore(),
            request: self.request,
            state: self.state.0,
            facts: self.facts,
            notices: each(self.notices, StoredNoticeEvidence::restore),
        }
    }
}
