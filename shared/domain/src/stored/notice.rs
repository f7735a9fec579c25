//! A notice as stored, with its proof of service.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::form::{Storable, StoredForm, Upcaster};
use super::party::StoredRecipient;
use super::values::{Name, Trusted};
use crate::hash::Sha256Hash;
use crate::ids::NoticeId;
use crate::notices::{Channel, Delivery, Notice};
use crate::party::Language;
use crate::salt::Salt;

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum StoredDelivery {
    Queued {
        attempts: u32,
        next_attempt_at: Timestamp,
    },
    Sent {
        served_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway_id: Option<String>,
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
        #[serde(default, skip_serializing_if = "Option::is_none")]
        follow_up: Option<Trusted<NoticeId>>,
    },
    Undeliverable {
        attempts: u32,
        reason: String,
    },
}

impl StoredDelivery {
    fn of(delivery: Delivery) -> Self {
        match delivery {
            Delivery::Queued { attempts, next_attempt_at } => Self::Queued { attempts, next_attempt_at },
            Delivery::Sent { served_at, gateway_id } => Self::Sent { served_at, gateway_id },
            Delivery::Delivered { served_at, gateway_id, delivered_at, complained_at } => {
                Self::Delivered { served_at, gateway_id, delivered_at, complained_at }
            }
            Delivery::Bounced { served_at, gateway_id, bounced_at, reason, follow_up } => {
                Self::Bounced { served_at, gateway_id, bounced_at, reason, follow_up: follow_up.map(Trusted) }
            }
            Delivery::Undeliverable { attempts, reason } => Self::Undeliverable { attempts, reason },
        }
    }

    fn restore(self) -> Delivery {
        match self {
            Self::Queued { attempts, next_attempt_at } => Delivery::Queued { attempts, next_attempt_at },
            Self::Sent { served_at, gateway_id } => Delivery::Sent { served_at, gateway_id },
            Self::Delivered { served_at, gateway_id, delivered_at, complained_at } => {
                Delivery::Delivered { served_at, gateway_id, delivered_at, complained_at }
            }
            Self::Bounced { served_at, gateway_id, bounced_at, reason, follow_up } => Delivery::Bounced {
                served_at,
                gateway_id,
                bounced_at,
                reason,
                follow_up: follow_up.map(|id| id.0),
            },
            Self::Undeliverable { attempts, reason } => Delivery::Undeliverable { attempts, reason },
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
    subject: String,
    body: String,
    content_sha256: Trusted<Sha256Hash>,
    // Notices of the first schema have none: their evidence names the plain hash of their text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<Trusted<Salt>>,
    clause: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cites: Option<String>,
    cause: String,
    drafted_at: Timestamp,
    #[serde(flatten)]
    delivery: StoredDelivery,
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
            subject,
            body,
            content_sha256,
            salt,
            clause,
            cites,
            cause,
            drafted_at,
            delivery,
        } = notice;
        Self {
            id: Trusted(id),
            recipient: StoredRecipient::of(recipient),
            channel: Name(channel),
            address,
            language: Name(language),
            about,
            subject,
            body,
            content_sha256: Trusted(content_sha256),
            salt: salt.map(Trusted),
            clause,
            cites,
            cause,
            drafted_at,
            delivery: StoredDelivery::of(delivery),
        }
    }

    fn restore(self) -> Notice {
        Notice {
            id: self.id.0,
            recipient: self.recipient.restore(),
            channel: self.channel.0,
            address: self.address,
            language: self.language.0,
            about: self.about,
            subject: self.subject,
            body: self.body,
            content_sha256: self.content_sha256.0,
            salt: self.salt.map(|salt| salt.0),
            clause: self.clause,
            cites: self.cites,
            cause: self.cause,
            drafted_at: self.drafted_at,
            delivery: self.delivery.restore(),
        }
    }
}
