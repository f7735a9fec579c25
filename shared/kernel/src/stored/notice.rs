//! A notice as stored, with its proof of service.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::form::{Storable, StoredForm, Upcaster};
use super::party::StoredRecipient;
use super::values::{Name, Trusted};
use crate::hash::Sha256Hash;
use crate::ids::NoticeId;
use crate::notices::{
    CameBack, CorrectedService, CorrectionReason, Hindrance, Manner, Notice, NoticeStatus, OtherEvidence,
    OtherWay, ServedOtherwise, Trouble,
};
use crate::party::Channel;
use crate::party::Language;
use crate::salt::Salt;

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum StoredDelivery {
    Queued {
        attempts: u32,
        next_attempt_at: Timestamp,
        /// Absent where nothing was tried, and before 0.6.0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trouble: Option<StoredTrouble>,
    },
    Sent {
        served_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        came_back: Option<StoredCameBack>,
    },
    Delivered {
        served_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway_id: Option<String>,
        delivered_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        complained_at: Option<Timestamp>,
    },
    Bounced {
        served_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway_id: Option<String>,
        bounced_at: Timestamp,
        reason: String,
        /// Absent on what came back before 0.4.0, which did not tell: it counts as final.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        is_final: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        follow_up: Option<Trusted<NoticeId>>,
        #[serde(default)]
        needs_a_human: bool,
    },
    /// Superseded ones too, with when, and by what: 0.3.0 knows no such state, and does not send these.
    Undeliverable {
        attempts: u32,
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        follow_up: Option<Trusted<NoticeId>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        superseded_at: Option<Timestamp>,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredTrouble {
    tries: u32,
    by: Name<Hindrance>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    excused_since: Option<Timestamp>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredCameBack {
    at: Timestamp,
    reason: String,
}

/// What a superseded notice has for a reason.
const SUPERSEDED: &str = "superseded";

impl StoredDelivery {
    fn of(delivery: NoticeStatus) -> Self {
        match delivery {
            NoticeStatus::Queued { attempts, next_attempt_at, trouble } => {
                let trouble = trouble.map(|Trouble { tries, by, excused_since }| StoredTrouble {
                    tries,
                    by: Name(by),
                    excused_since,
                });
                Self::Queued { attempts, next_attempt_at, trouble }
            }
            NoticeStatus::Sent { served_at, gateway_id, came_back } => {
                let came_back = came_back.map(|CameBack { at, reason }| StoredCameBack { at, reason });
                Self::Sent { served_at, gateway_id, came_back }
            }
            NoticeStatus::Delivered { served_at, gateway_id, delivered_at, complained_at } => {
                Self::Delivered { served_at, gateway_id, delivered_at, complained_at }
            }
            NoticeStatus::Bounced {
                served_at,
                gateway_id,
                bounced_at,
                reason,
                is_final,
                follow_up,
                needs_a_human,
            } => Self::Bounced {
                served_at,
                gateway_id,
                bounced_at,
                reason,
                is_final: Some(is_final),
                follow_up: follow_up.map(Trusted),
                needs_a_human,
            },
            NoticeStatus::Undeliverable { attempts, reason, follow_up } => Self::Undeliverable {
                attempts,
                reason,
                follow_up: follow_up.map(Trusted),
                superseded_at: None,
            },
            NoticeStatus::Superseded { at, attempts, by } => Self::Undeliverable {
                attempts,
                reason: SUPERSEDED.to_owned(),
                follow_up: by.map(Trusted),
                superseded_at: Some(at),
            },
        }
    }

    fn restore(self) -> NoticeStatus {
        match self {
            Self::Queued { attempts, next_attempt_at, trouble } => {
                let trouble = trouble.map(|StoredTrouble { tries, by, excused_since }| Trouble {
                    tries,
                    by: by.0,
                    excused_since,
                });
                NoticeStatus::Queued { attempts, next_attempt_at, trouble }
            }
            Self::Sent { served_at, gateway_id, came_back } => {
                let came_back = came_back.map(|StoredCameBack { at, reason }| CameBack { at, reason });
                NoticeStatus::Sent { served_at, gateway_id, came_back }
            }
            Self::Delivered { served_at, gateway_id, delivered_at, complained_at } => {
                NoticeStatus::Delivered { served_at, gateway_id, delivered_at, complained_at }
            }
            Self::Bounced {
                served_at,
                gateway_id,
                bounced_at,
                reason,
                is_final,
                follow_up,
                needs_a_human,
            } => NoticeStatus::Bounced {
                served_at,
                gateway_id,
                bounced_at,
                reason,
                is_final: is_final.unwrap_or(true),
                follow_up: follow_up.map(|id| id.0),
                needs_a_human,
            },
            Self::Undeliverable { attempts, reason, follow_up, superseded_at } => {
                let follow_up = follow_up.map(|id| id.0);
                match superseded_at {
                    Some(at) => NoticeStatus::Superseded { at, attempts, by: follow_up },
                    None => NoticeStatus::Undeliverable { attempts, reason, follow_up },
                }
            }
        }
    }
}

/// See [`Notice`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredNotice {
    id: Trusted<NoticeId>,
    recipient: StoredRecipient,
    channel: Name<Channel>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    language: Name<Language>,
    about: String,
    /// Absent where the word says it ([`usual_of`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manner: Option<StoredManner>,
    #[serde(flatten)]
    text: StoredText,
    content_sha256: Trusted<Sha256Hash>,
    // Notices of the first schema have none: their evidence names the plain hash of their text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<Trusted<Salt>>,
    clause: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cites: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    in_site: Option<Trusted<NoticeId>>,
    cause: String,
    drafted_at: Timestamp,
    #[serde(flatten)]
    delivery: StoredDelivery,
    /// Absent before 0.6.0, and where it does not apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    served_otherwise: Option<StoredServedOtherwise>,
    /// Absent before 0.6.0, and where nothing was corrected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    corrected_services: Vec<StoredCorrectedService>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredCorrectedService {
    was: StoredServedOtherwise,
    reason: Trusted<CorrectionReason>,
    corrected_at: Timestamp,
}

impl StoredCorrectedService {
    fn of(corrected: CorrectedService) -> Self {
        let CorrectedService { was, reason, corrected_at } = corrected;
        Self { was: StoredServedOtherwise::of(was), reason: Trusted(reason), corrected_at }
    }

    fn restore(self) -> CorrectedService {
        let Self { was, reason, corrected_at } = self;
        CorrectedService { was: was.restore(), reason: reason.0, corrected_at }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredServedOtherwise {
    way: Name<OtherWay>,
    served_at: Timestamp,
    evidence: Trusted<OtherEvidence>,
    recorded_at: Timestamp,
}

impl StoredServedOtherwise {
    fn of(served: ServedOtherwise) -> Self {
        let ServedOtherwise { way, served_at, evidence, recorded_at } = served;
        Self { way: Name(way), served_at, evidence: Trusted(evidence), recorded_at }
    }

    fn restore(self) -> ServedOtherwise {
        let Self { way, served_at, evidence, recorded_at } = self;
        ServedOtherwise { way: way.0, served_at, evidence: evidence.0, recorded_at }
    }
}

/// What it says, or the notice to the same recipient that says it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum StoredText {
    Own { subject: String, body: String },
    Of { text_of: Trusted<NoticeId> },
}

/// On which ways its message goes, where what it is about does not say so.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredManner {
    Usual,
    Grave,
    AddressLeft,
}

impl StoredManner {
    const fn of(manner: Manner) -> Self {
        match manner {
            Manner::Usual => Self::Usual,
            Manner::Grave => Self::Grave,
            Manner::AddressLeft => Self::AddressLeft,
        }
    }

    const fn restore(self) -> Manner {
        match self {
            Self::Usual => Manner::Usual,
            Self::Grave => Manner::Grave,
            Self::AddressLeft => Manner::AddressLeft,
        }
    }
}

/// What a notice's word alone says of its manner, as it always did. The list is closed: whatever goes out
/// otherwise says so itself.
fn usual_of(about: &str) -> Manner {
    match about {
        "termination_served"
        | "termination_coming"
        | "termination_moved"
        | "termination_withdrawn"
        | "agreement_ended" => Manner::Grave,
        "contacts_left" => Manner::AddressLeft,
        _ => Manner::Usual,
    }
}

impl Storable for Notice {
    type Form = StoredNotice;
}

impl StoredForm for StoredNotice {
    type State = Notice;
    const UPCASTERS: &'static [Upcaster] = &[];
    /// It carries the salt of its own text.
    const IS_PERSONAL: bool = false;

    fn of(notice: Notice) -> Self {
        let Notice {
            id,
            recipient,
            channel,
            address,
            language,
            about,
            manner,
            subject,
            body,
            text_of,
            content_sha256,
            salt,
            clause,
            cites,
            in_site,
            cause,
            drafted_at,
            status,
            served_otherwise,
            corrected_services,
        } = notice;
        Self {
            id: Trusted(id),
            recipient: StoredRecipient::of(recipient),
            channel: Name(channel),
            address,
            language: Name(language),
            manner: (manner != usual_of(&about)).then(|| StoredManner::of(manner)),
            about,
            text: match text_of {
                None => StoredText::Own { subject, body },
                Some(id) => StoredText::Of { text_of: Trusted(id) },
            },
            content_sha256: Trusted(content_sha256),
            salt: salt.map(Trusted),
            clause,
            cites,
            in_site: in_site.map(Trusted),
            cause,
            drafted_at,
            delivery: StoredDelivery::of(status),
            served_otherwise: served_otherwise.map(StoredServedOtherwise::of),
            corrected_services: corrected_services.into_iter().map(StoredCorrectedService::of).collect(),
        }
    }

    fn restore(self) -> Notice {
        let (subject, body, text_of) = match self.text {
            StoredText::Own { subject, body } => (subject, body, None),
            StoredText::Of { text_of } => (String::new(), String::new(), Some(text_of.0)),
        };
        Notice {
            id: self.id.0,
            recipient: self.recipient.restore(),
            channel: self.channel.0,
            address: self.address,
            language: self.language.0,
            manner: self.manner.map_or_else(|| usual_of(&self.about), StoredManner::restore),
            about: self.about,
            subject,
            body,
            text_of,
            content_sha256: self.content_sha256.0,
            salt: self.salt.map(|salt| salt.0),
            clause: self.clause,
            cites: self.cites,
            in_site: self.in_site.map(|id| id.0),
            cause: self.cause,
            drafted_at: self.drafted_at,
            status: self.delivery.restore(),
            served_otherwise: self.served_otherwise.map(StoredServedOtherwise::restore),
            corrected_services: {
                let corrected = self.corrected_services.into_iter();
                corrected.map(StoredCorrectedService::restore).collect()
            },
        }
    }
}
