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
pub mod system;
pub(crate) mod workers;

use crate::http::Visitor;

pub(crate) use problems::CODES;

/// What its resources are.
pub(crate) const RESOURCES: &[(&str, &str)] = &[
    ("notices", "What the market wrote to its parties, with proofs of service (11.1)."),
    ("announcements", "The public notice board (9.4, 11.1)."),
    ("evidence", "The records of all that happened, in chains of hashes (10.2)."),
    ("desk", "What waits for the operator (11.1)."),
    ("me", "Who the caller is (2.3)."),
    ("jobs", "Work that was given up on, and how it goes on (11.1)."),
    ("errors", "What problem codes mean."),
    ("system", "Whether the market lives, which release it is, and what its API is."),
];

/// Its routes.
pub fn visit(visitor: &mut impl Visitor) {
    visitor.visit::<notices::ListNotices>();
    visitor.visit::<notices::GetNotice>();
    visitor.visit::<notices::ListProviderNotices>();
    visitor.visit::<notices::ListUndelivered>();
    visitor.visit::<notices::ResendNotice>();
    visitor.visit::<notices::ResendProviderNotice>();
    visitor.visit::<notices::RecordOtherService>();
    visitor.visit::<notices::RecordOtherProviderService>();
    visitor.visit::<notices::CorrectOtherService>();
    visitor.visit::<notices::CorrectOtherProviderService>();
    visitor.visit::<announcements::ListAnnouncements>();
    visitor.visit::<evidence::ListEvidence>();
    visitor.visit::<evidence::ListProviderEvidence>();
    visitor.visit::<evidence::ReadTimeline>();
    visitor.visit::<jobs::ListParked>();
    visitor.visit::<jobs::RedriveParked>();
    visitor.visit::<jobs::ListLateJobs>();
    visitor.visit::<desk::ReadDesk>();
    visitor.visit::<me::GetMe>();
    visitor.visit::<errors::ListErrors>();
    visitor.visit::<errors::ExplainError>();
    visitor.visit::<system::GetHealth>();
    visitor.visit::<system::GetReadiness>();
    visitor.visit::<system::GetRelease>();
    visitor.visit::<system::GetDescription>();
    visitor.visit::<system::GetOlderDescription>();
}
