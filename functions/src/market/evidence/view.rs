//! What an evidence record says, as the parties read it. A field of the record is not shown here by being
//! added to it; the stored bytes beside it are the record itself, whole.

use market_kernel::evidence::{Evidence, NoticeEvidence};
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::NoticeId;
use market_kernel::notices::Channel;
use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::parties::{ActorView, RecipientView};
use crate::wire::time::Instant;

/// One record of a chain.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Evidence")]
pub struct EvidenceView {
    /// The aggregate: its kind and key.
    chain: String,
    /// Its place in the chain, from 1; the aggregate's version after the change.
    number: u64,
    /// The hash of the record before.
    previous: Sha256Hash,
    /// What happened, in the past tense: `GrantExpired`.
    event: String,
    /// The clause of the agreement that it carries out.
    clause: String,
    /// When it was decided.
    decided_at: Instant,
    /// Who caused it.
    actor: ActorView,
    /// The request or wake-up in which it was decided.
    request: String,
    /// The hash of the aggregate's stored state after the change.
    state: Sha256Hash,
    /// What else matters, by name.
    facts: serde_json::Map<String, serde_json::Value>,
    /// The notices that it caused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<NoticeEvidenceView>,
}

impl From<Evidence> for EvidenceView {
    fn from(evidence: Evidence) -> Self {
        let Evidence { chain, number, previous, event, clause, at, actor, request, state, facts, notices } =
            evidence;
        Self {
            chain,
            number,
            previous,
            event,
            clause,
            decided_at: at.into(),
            actor: actor.into(),
            request,
            state,
            facts,
            notices: notices.into_iter().map(NoticeEvidenceView::from).collect(),
        }
    }
}

/// A notice as the record of its cause names it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NoticeEvidence")]
struct NoticeEvidenceView {
    /// The notice.
    id: NoticeId,
    /// Its recipient.
    recipient: RecipientView,
    /// Its channel.
    channel: Channel,
    /// The commitment to its content: the hash of subject, a line break, and text, or of a salt, a line break, and these.
    content: Sha256Hash,
}

impl From<NoticeEvidence> for NoticeEvidenceView {
    fn from(notice: NoticeEvidence) -> Self {
        // The hash of a body that is not shown would tell nobody anything.
        let NoticeEvidence { id, recipient, channel, content, drafted: _ } = notice;
        Self { id, recipient: recipient.into(), channel, content }
    }
}
