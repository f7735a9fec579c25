//! What belongs to no context: what parties are told and what is proved, the jobs that failed, what waits for the operator,
//! the codes of errors, and who a token is.

pub mod announcements;
pub mod desk;
pub mod errors;
pub mod evidence;
pub mod jobs;
pub mod me;
pub mod notices;
pub(crate) mod problems;
pub(crate) mod workers;

use crate::http::Visitor;

pub(crate) use problems::CODES;

/// Its routes.
pub fn visit(visitor: &mut impl Visitor) {
    visitor.visit::<notices::ListNotices>();
    visitor.visit::<notices::GetNotice>();
    visitor.visit::<notices::ListProviderNotices>();
    visitor.visit::<notices::ListUndelivered>();
    visitor.visit::<notices::ResendNotice>();
    visitor.visit::<notices::ResendProviderNotice>();
    visitor.visit::<announcements::ListAnnouncements>();
    visitor.visit::<evidence::ListEvidence>();
    visitor.visit::<evidence::ListProviderEvidence>();
    visitor.visit::<evidence::ReadTimeline>();
    visitor.visit::<jobs::ListParked>();
    visitor.visit::<jobs::RedriveParked>();
    visitor.visit::<desk::ReadDesk>();
    visitor.visit::<me::GetMe>();
    visitor.visit::<errors::ExplainError>();
}
