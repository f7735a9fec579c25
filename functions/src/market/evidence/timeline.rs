//! An entry of a timeline: one commit, as its records tell it. A field of a record is not shown here by being added to it; the
//! records themselves are read with `list_evidence`.

use market_kernel::evidence::Evidence;
use market_kernel::ids::NoticeId;
use schemars::JsonSchema;
use serde::Serialize;

use crate::register;
use crate::wire::parties::ActorView;
use crate::wire::time::Instant;

/// What happened at one instant.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TimelineEntry {
    /// When it was decided.
    decided_at: Instant,
    /// Who caused it.
    actor: ActorView,
    /// The request or wake-up in which it was decided.
    request: String,
    /// What happened: each thing once.
    events: Vec<EventTold>,
}

/// What happened to one thing.
#[derive(Debug, Serialize, JsonSchema)]
struct EventTold {
    /// What happened, in the past tense: `GrantExpired`.
    event: String,
    /// The same in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<&'static str>,
    /// The clause of the agreement that it carries out.
    clause: String,
    /// What it happened to: the chain of its evidence, and its place there.
    chain: String,
    /// From 1.
    number: u64,
    /// What else matters, by name.
    facts: serde_json::Map<String, serde_json::Value>,
    /// The notices that it caused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<NoticeId>,
}

impl TimelineEntry {
    /// A commit, by its first record and the others.
    pub(super) fn of(first: Evidence, beside: impl Iterator<Item = Evidence>) -> Self {
        let (decided_at, actor, request) = (first.at, first.actor.clone().into(), first.request.clone());
        let events = std::iter::once(first).chain(beside).map(EventTold::from).collect();
        Self { decided_at: decided_at.into(), actor, request, events }
    }
}

impl From<Evidence> for EventTold {
    fn from(record: Evidence) -> Self {
        let Evidence {
            chain,
            number,
            previous: _,
            event,
            clause,
            at: _,
            actor: _,
            request: _,
            state: _,
            facts,
            notices,
        } = record;
        let registered = register::events().find(|registered| registered.name == event);
        Self {
            meaning: registered.map(|registered| registered.meaning),
            event,
            clause,
            chain,
            number,
            facts,
            notices: notices.into_iter().map(|notice| notice.id).collect(),
        }
    }
}
