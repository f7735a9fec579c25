//! Entrusted data: grants and their tokens, checks and their ledger, deletion demands.

pub mod checks;
pub mod demands;
pub mod grants;
pub(crate) mod problems;
mod workers;

use crate::http::Visitor;

pub(crate) use problems::CODES;
pub(crate) use workers::KINDS;

/// What its resources are.
pub(crate) const RESOURCES: &[(&str, &str)] = &[
    (
        "grants",
        "Permissions to use a merchant's data, their tokens, and the ledger of their use (4.4.1–4.4.4).",
    ),
    ("checks", "The check that the platform's data APIs make at every use (4.4.1, 4.4.3)."),
    ("demands", "Demands to delete data after a grant has ended (4.4.5)."),
];

/// Its routes.
pub fn visit(visitor: &mut impl Visitor) {
    visitor.visit::<grants::GiveGrant>();
    visitor.visit::<grants::GetGrant>();
    visitor.visit::<grants::ListGrants>();
    visitor.visit::<grants::ListProviderGrants>();
    visitor.visit::<grants::RevokeGrant>();
    visitor.visit::<grants::IssueToken>();
    visitor.visit::<grants::ListAccesses>();
    visitor.visit::<checks::CheckToken>();
    visitor.visit::<checks::CheckTokens>();
    visitor.visit::<demands::GetDemand>();
    visitor.visit::<demands::ListDemands>();
    visitor.visit::<demands::ListProviderDemands>();
    visitor.visit::<demands::ListAllDemands>();
    visitor.visit::<demands::ServeDemand>();
    visitor.visit::<demands::WaiveDemand>();
    visitor.visit::<demands::AcknowledgeDemand>();
    visitor.visit::<demands::AttestDemand>();
    visitor.visit::<demands::CloseDemand>();
}
