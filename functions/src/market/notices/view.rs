//! A notice and its proof of service, as its recipient reads them. A field is shown only if it is named here.

use market_kernel::hash::Sha256Hash;
use market_kernel::ids::NoticeId;
use market_kernel::notices::{
    CameBack, Channel, CorrectedService, CorrectionReason, Hindrance, Notice, NoticeStatus, OtherEvidence,
    OtherWay, ServedOtherwise,
};
use market_kernel::party::Language;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wire::parties::RecipientView;
use crate::wire::time::Instant;

/// How far a notice has come.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[schemars(rename = "Delivery")]
enum DeliveryView {
    /// Waits to be sent.
    Queued {
        /// Attempts so far that count: an attempt that the gateway asked to put off, or that we could not make by a
        /// fault of our own, is given back.
        attempts: u32,
        /// Not before this instant.
        next_attempt_at: Instant,
        /// All tries so far; absent before the first.
        #[serde(skip_serializing_if = "Option::is_none")]
        tries: Option<u32>,
        /// Why the latest try did not succeed; `unanswered` also while it is under way.
        #[serde(skip_serializing_if = "Option::is_none")]
        delayed_by: Option<HindranceView>,
    },
    /// Left our control; from then on it counts as served (11.1).
    Sent {
        /// When it counts as served.
        served_at: Instant,
        /// The gateway's own id of it, where it passed one.
        #[serde(skip_serializing_if = "Option::is_none")]
        gateway_id: Option<String>,
        /// A temporary answer of its mailbox. If no delivery event arrives within an hour, it counts as bounced.
        #[serde(skip_serializing_if = "Option::is_none")]
        came_back: Option<CameBackView>,
    },
    /// Arrived, as the gateway learnt later.
    Delivered {
        /// When it counts as served.
        served_at: Instant,
        /// The gateway's own id of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        gateway_id: Option<String>,
        /// When it arrived.
        delivered_at: Instant,
        /// When its recipient called it a nuisance.
        #[serde(skip_serializing_if = "Option::is_none")]
        complained_at: Option<Instant>,
    },
    /// Came back. It counts as served all the same (11.1); what follows it up goes another way.
    Bounced {
        /// When it counts as served.
        served_at: Instant,
        /// The gateway's own id of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        gateway_id: Option<String>,
        /// When it came back.
        bounced_at: Instant,
        /// Why, in the gateway's words for it.
        reason: String,
        /// The notice that goes another way in its place.
        #[serde(skip_serializing_if = "Option::is_none")]
        follow_up: Option<NoticeId>,
    },
    /// Could not be sent; a human has to.
    Undeliverable {
        /// Attempts made.
        attempts: u32,
        /// The last refusal, in the channel's words.
        reason: String,
        /// The notice that the operator sent in its place.
        #[serde(skip_serializing_if = "Option::is_none")]
        follow_up: Option<NoticeId>,
    },
    /// No longer stood when it was about to leave, and was not sent.
    Superseded {
        /// When that was found.
        superseded_at: Instant,
        /// The notice that replaces it, if it is still true in other words.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<NoticeId>,
    },
}

/// Why a try to send a notice did not succeed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Hindrance")]
enum HindranceView {
    /// The gateway takes no more for now.
    Throttled,
    /// What the market needs to send is missing or is not accepted.
    Misconfigured,
    /// The gateway was not reached.
    Unreachable,
    /// The gateway, or the mailbox behind it, cannot for the moment.
    Failing,
    /// No answer came, or none yet.
    Unanswered,
}

impl From<Hindrance> for HindranceView {
    fn from(hindrance: Hindrance) -> Self {
        match hindrance {
            Hindrance::Throttled => Self::Throttled,
            Hindrance::Misconfigured => Self::Misconfigured,
            Hindrance::Unreachable => Self::Unreachable,
            Hindrance::Failing => Self::Failing,
            Hindrance::Unanswered => Self::Unanswered,
        }
    }
}

/// A temporary answer of a mailbox.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CameBack")]
struct CameBackView {
    /// When it came.
    came_back_at: Instant,
    /// What it said, in the gateway's words for it.
    reason: String,
}

impl From<NoticeStatus> for DeliveryView {
    fn from(status: NoticeStatus) -> Self {
        match status {
            NoticeStatus::Queued { attempts, next_attempt_at, trouble } => Self::Queued {
                attempts,
                next_attempt_at: next_attempt_at.into(),
                tries: trouble.map(|trouble| trouble.tries),
                delayed_by: trouble.map(|trouble| trouble.by.into()),
            },
            NoticeStatus::Sent { served_at, gateway_id, came_back } => {
                let came_back =
                    came_back.map(|CameBack { at, reason }| CameBackView { came_back_at: at.into(), reason });
                Self::Sent { served_at: served_at.into(), gateway_id, came_back }
            }
            NoticeStatus::Delivered { served_at, gateway_id, delivered_at, complained_at } => {
                Self::Delivered {
                    served_at: served_at.into(),
                    gateway_id,
                    delivered_at: delivered_at.into(),
                    complained_at: complained_at.map(Instant),
                }
            }
            NoticeStatus::Bounced {
                served_at,
                gateway_id,
                bounced_at,
                reason,
                is_final: _,
                follow_up,
                needs_a_human: _,
            } => Self::Bounced {
                served_at: served_at.into(),
                gateway_id,
                bounced_at: bounced_at.into(),
                reason,
                follow_up,
            },
            NoticeStatus::Undeliverable { attempts, reason, follow_up } => {
                Self::Undeliverable { attempts, reason, follow_up }
            }
            NoticeStatus::Superseded { at, attempts: _, by } => {
                Self::Superseded { superseded_at: at.into(), by }
            }
        }
    }
}

/// A message to one recipient on one channel, with its proof of service.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Notice")]
pub struct NoticeView {
    /// Its id.
    id: NoticeId,
    /// Its recipient.
    recipient: RecipientView,
    /// Its channel.
    channel: Channel,
    /// The address it goes to, as it was when the notice was drafted; none for the site's own channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// Its language.
    language: Language,
    /// What it is about, for programs.
    about: String,
    /// Subject line.
    subject: String,
    /// Text.
    body: String,
    /// The hash of subject, a line break, and text.
    content_sha256: Sha256Hash,
    /// What evidence names the content with: the hash of this, a line break, subject, a line break, and text. Older
    /// notices have none; evidence names their `content_sha256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    /// The rule of the market that it serves.
    clause: String,
    /// The clause that its text cites, where the agreement that binds its recipient has one for that rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    cites: Option<String>,
    /// The evidence chain and record that caused it.
    cause: String,
    /// When it was drafted.
    drafted_at: Instant,
    /// How far it has come.
    #[serde(flatten)]
    delivery: DeliveryView,
    /// That a human served it another way, as the operator recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    served_otherwise: Option<ServedOtherwiseView>,
    /// What was recorded of that by mistake, and corrected since; the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    corrected_services: Vec<CorrectedServiceView>,
}

/// What was recorded of how a human served a notice, and holds no more.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CorrectedService")]
struct CorrectedServiceView {
    /// What was recorded.
    was: ServedOtherwiseView,
    /// Why it was corrected.
    reason: CorrectionReason,
    /// When the operator corrected it.
    corrected_at: Instant,
}

impl From<CorrectedService> for CorrectedServiceView {
    fn from(corrected: CorrectedService) -> Self {
        let CorrectedService { was, reason, corrected_at } = corrected;
        Self { was: was.into(), reason, corrected_at: corrected_at.into() }
    }
}

/// That a human served a notice another way.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ServedOtherwise")]
struct ServedOtherwiseView {
    /// On which way.
    way: OtherWayView,
    /// When, as the operator says.
    served_at: Instant,
    /// What shows it: who says so, and where the proof is kept.
    evidence: OtherEvidence,
    /// When the operator recorded it.
    recorded_at: Instant,
}

impl From<ServedOtherwise> for ServedOtherwiseView {
    fn from(served: ServedOtherwise) -> Self {
        let ServedOtherwise { way, served_at, evidence, recorded_at } = served;
        let way = match way {
            OtherWay::Letter => OtherWayView::Letter,
            OtherWay::Telephone => OtherWayView::Telephone,
            OtherWay::InPerson => OtherWayView::InPerson,
            OtherWay::Other => OtherWayView::Other,
        };
        Self { way, served_at: served_at.into(), evidence, recorded_at: recorded_at.into() }
    }
}

/// On which way a human serves a notice.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "OtherWay")]
pub(super) enum OtherWayView {
    /// By a letter, registered or by courier.
    Letter,
    /// On the telephone.
    Telephone,
    /// Handed over, or told face to face.
    InPerson,
    /// Any other way; the evidence tells which.
    Other,
}

impl From<OtherWayView> for OtherWay {
    fn from(way: OtherWayView) -> Self {
        match way {
            OtherWayView::Letter => Self::Letter,
            OtherWayView::Telephone => Self::Telephone,
            OtherWayView::InPerson => Self::InPerson,
            OtherWayView::Other => Self::Other,
        }
    }
}

impl From<Notice> for NoticeView {
    fn from(notice: Notice) -> Self {
        let Notice {
            id,
            recipient,
            channel,
            address,
            language,
            about,
            manner: _,
            subject,
            body,
            text_of: _,
            content_sha256,
            salt,
            clause,
            cites,
            in_site: _,
            cause,
            drafted_at,
            status,
            served_otherwise,
            corrected_services,
        } = notice;
        Self {
            id,
            recipient: recipient.into(),
            channel,
            address,
            language,
            about,
            subject,
            body,
            content_sha256,
            salt: salt.map(|salt| salt.to_string()),
            clause,
            cites,
            cause,
            drafted_at: drafted_at.into(),
            delivery: status.into(),
            served_otherwise: served_otherwise.map(Into::into),
            corrected_services: corrected_services.into_iter().map(Into::into).collect(),
        }
    }
}
