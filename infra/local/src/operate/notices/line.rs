//! A notice as the commands show it, and whom it is for.

use std::fmt;
use std::str::FromStr;

use market_kernel::Timestamp;
use market_kernel::ids::{AccountId, NoticeId, ProviderId};
use market_kernel::notices::Channel;
use market_kernel::periods::ZONE;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A merchant or a provider, as the commands name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// `account/shop-1`
    Account(AccountId),
    /// `provider/northwind`
    Provider(ProviderId),
}

impl FromStr for Party {
    type Err = &'static str;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let said = "must be account/ID or provider/ID";
        match raw.split_once('/') {
            Some(("account", id)) => id.parse().map(Self::Account).map_err(|_| said),
            Some(("provider", id)) => id.parse().map(Self::Provider).map_err(|_| said),
            _ => Err(said),
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account/{id}"),
            Self::Provider(id) => write!(f, "provider/{id}"),
        }
    }
}

impl Party {
    /// Where the API has what is theirs.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Account(id) => format!("/accounts/{id}"),
            Self::Provider(id) => format!("/providers/{id}"),
        }
    }
}

/// A notice, as far as it is told on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeLine {
    /// Whom it is for: `account/shop-1`.
    pub recipient: String,
    /// Its id.
    pub id: NoticeId,
    /// Its channel.
    pub channel: Channel,
    /// Where it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What it is about.
    pub about: String,
    /// How far it has come.
    pub status: String,
    /// Why it did not arrive, or has not left yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was drafted.
    pub drafted_at: Timestamp,
    /// How a human served it, as it is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served_otherwise: Option<ServedOtherwise>,
    /// How often that was corrected.
    pub corrections: usize,
}

/// How a human served a notice, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedOtherwise {
    /// On which way.
    pub way: String,
    /// When.
    pub served_at: Timestamp,
    /// What shows it.
    pub evidence: String,
    /// When that was recorded.
    pub recorded_at: Timestamp,
}

/// What is read of the market's answer.
#[derive(Debug, Deserialize)]
pub(super) struct NoticeAnswer {
    pub(super) recipient: RecipientAnswer,
    pub(super) id: NoticeId,
    pub(super) channel: Channel,
    pub(super) address: Option<String>,
    pub(super) about: String,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) delayed_by: Option<String>,
    pub(super) follow_up: Option<NoticeId>,
    pub(super) served_otherwise: Option<ServedOtherwise>,
    #[serde(default)]
    pub(super) corrected_services: Vec<Value>,
    pub(super) drafted_at: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub(super) enum RecipientAnswer {
    Merchant(AccountId),
    Provider(ProviderId),
    Everyone,
}

impl From<NoticeAnswer> for NoticeLine {
    fn from(notice: NoticeAnswer) -> Self {
        let NoticeAnswer {
            recipient, id, channel, address, about, status, served_otherwise, drafted_at, ..
        } = notice;
        let corrections = notice.corrected_services.len();
        let reason = notice.reason.or(notice.delayed_by);
        let recipient = match recipient {
            RecipientAnswer::Merchant(id) => Party::Account(id).to_string(),
            RecipientAnswer::Provider(id) => Party::Provider(id).to_string(),
            RecipientAnswer::Everyone => "everyone".to_owned(),
        };
        Self {
            recipient,
            id,
            channel,
            address,
            about,
            status,
            reason,
            drafted_at,
            served_otherwise,
            corrections,
        }
    }
}

impl fmt::Display for NoticeLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { recipient, id, channel, address, about, status, reason, drafted_at, .. } = self;
        let channel = match channel {
            Channel::Announcement => "announcement",
            Channel::InSite => "in-site",
            Channel::Email => "e-mail",
            Channel::Sms => "text message",
        };
        let to = address.as_deref().unwrap_or_default();
        writeln!(f, "{recipient} {id}")?;
        writeln!(f, "  {about}, {channel} {to}, drafted {}", drafted_at.display_with_offset(ZONE))?;
        writeln!(f, "  {status}{}", reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default())?;
        if let Some(ServedOtherwise { way, served_at, evidence, recorded_at }) = &self.served_otherwise {
            let [served_at, recorded_at] = [served_at, recorded_at].map(|at| at.display_with_offset(ZONE));
            writeln!(f, "  served by a human ({way}) {served_at}: {evidence}; recorded {recorded_at}")?;
        }
        match self.corrections {
            0 => Ok(()),
            1 => writeln!(f, "  corrected once"),
            times => writeln!(f, "  corrected {times} times"),
        }
    }
}
