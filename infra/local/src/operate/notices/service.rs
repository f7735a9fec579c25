//! What a human did in place of the market's channels: recorded, and corrected by a further record.

use std::fmt;

use market_kernel::Timestamp;
use market_kernel::ids::NoticeId;
use market_kernel::notices::{CorrectionReason, OtherEvidence};
use serde::Serialize;
use serde_json::json;

use super::line::{NoticeLine, Party};
use super::post;
use crate::operate::OperateError;
use crate::operate::api::Api;

/// How a human served a notice, recorded at first or by a correction; on the wire, the body of the one and a part of the
/// other.
#[derive(Debug, Clone, Serialize, clap::Args)]
pub struct Service {
    /// On which way.
    #[arg(long)]
    pub way: Way,
    /// When: 2026-03-02T10:00:00+08:00.
    #[arg(long, value_name = "INSTANT")]
    pub served_at: Timestamp,
    /// What shows it: who says so, and where the proof is kept.
    #[arg(long, value_name = "TEXT", value_parser = |raw: &str| OtherEvidence::try_from(raw.to_owned()))]
    pub evidence: OtherEvidence,
}

/// What is true instead of what was recorded, as the market is told.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ServiceOutcome {
    /// A human served it so.
    Served(Service),
    /// It was not served, and waits for a human again.
    NotServed,
}

/// What a correction says on the command line: one of the two, and never neither.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("instead").required(true).args(["not_served", "way"]))]
pub struct Instead {
    /// It was not served after all, and waits for a human again.
    #[arg(long, conflicts_with_all = ["served_at", "evidence"])]
    not_served: bool,
    /// On which way it was served instead.
    #[arg(long, requires = "served_at")]
    way: Option<Way>,
    /// When: 2026-03-02T10:00:00+08:00.
    #[arg(long, value_name = "INSTANT", requires = "evidence")]
    served_at: Option<Timestamp>,
    /// What shows it.
    #[arg(long, value_name = "TEXT", requires = "way", value_parser = |raw: &str| OtherEvidence::try_from(raw.to_owned()))]
    evidence: Option<OtherEvidence>,
}

impl Instead {
    pub(super) fn outcome(self) -> Option<ServiceOutcome> {
        match self {
            Self { not_served: true, way: None, served_at: None, evidence: None } => {
                Some(ServiceOutcome::NotServed)
            }
            Self {
                not_served: false,
                way: Some(way),
                served_at: Some(served_at),
                evidence: Some(evidence),
            } => Some(ServiceOutcome::Served(Service { way, served_at, evidence })),
            _ => None,
        }
    }
}

/// On which way a human served a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// By a letter, registered or by courier.
    Letter,
    /// On the telephone.
    Telephone,
    /// Handed over, or told face to face.
    InPerson,
    /// Any other way; the evidence tells which.
    Other,
}

/// A notice that a human served another way.
#[derive(Debug, Serialize)]
pub(super) struct Recorded(pub(super) NoticeLine);

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "It is recorded as served another way, and waits for nobody any more:\n{}", self.0)
    }
}

/// Records that a human served a notice another way.
///
/// # Errors
/// Where the market refuses, or does not answer.
pub async fn record_other_service(
    api: &Api,
    recipient: &Party,
    id: &NoticeId,
    service: &Service,
) -> Result<NoticeLine, OperateError> {
    let path = format!("{}/notices/{id}/other-service", recipient.path());
    post(api, &path, "served-otherwise", &json!(service)).await
}

/// A notice of which something else is recorded now.
#[derive(Debug, Serialize)]
pub(super) struct Corrected(pub(super) NoticeLine);

impl fmt::Display for Corrected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = if self.0.served_otherwise.is_some() {
            "It is recorded as served so, beside what was recorded before"
        } else {
            "What was recorded is taken back, and stays beside it"
        };
        write!(f, "{said}:\n{}", self.0)
    }
}

/// Corrects what was recorded of how a human served a notice another way.
///
/// # Errors
/// Where the market refuses, or does not answer.
pub async fn correct_other_service(
    api: &Api,
    recipient: &Party,
    id: &NoticeId,
    reason: &CorrectionReason,
    outcome: &ServiceOutcome,
) -> Result<NoticeLine, OperateError> {
    let path = format!("{}/notices/{id}/other-service/correction", recipient.path());
    let body = json!({ "reason": reason, "outcome": outcome });
    post(api, &path, "correct-service", &body).await
}
