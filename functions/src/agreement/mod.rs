//! What is agreed: documents, what is accepted of them, terminations, holiday schedules.

pub mod acceptances;
pub mod documents;
pub mod holidays;
pub(crate) mod problems;
pub mod terminations;
mod workers;

use crate::http::Visitor;

pub(crate) use problems::CODES;
pub(crate) use workers::KINDS;

/// What its resources are.
pub(crate) const RESOURCES: &[(&str, &str)] = &[
    (
        "documents",
        "The market agreement, its annexes and rules, and providers' subscription agreements, each version kept to the byte (1.1–1.4, 9.4).",
    ),
    ("terminations", "The end of a market agreement, by notice or with the upstream agreement (10.1)."),
    ("holidays", "The schedules by which working days are reckoned (Civil Code, article 203)."),
];

/// Its routes.
pub fn visit(visitor: &mut impl Visitor) {
    visitor.visit::<documents::PublishVersion>();
    visitor.visit::<documents::PreviewVersion>();
    visitor.visit::<documents::WithdrawVersion>();
    visitor.visit::<documents::GetDocument>();
    visitor.visit::<documents::ListDocuments>();
    visitor.visit::<documents::GetVersion>();
    visitor.visit::<documents::GetText>();
    visitor.visit::<documents::GetPage>();
    visitor.visit::<documents::GetClause>();
    visitor.visit::<documents::CompareVersions>();
    visitor.visit::<documents::GetComparisonPage>();
    visitor.visit::<acceptances::AcceptDocument>();
    visitor.visit::<acceptances::ListAcceptances>();
    visitor.visit::<terminations::ServeTermination>();
    visitor.visit::<terminations::GetTermination>();
    visitor.visit::<terminations::ListTerminations>();
    visitor.visit::<terminations::WithdrawTermination>();
    visitor.visit::<terminations::EndUpstream>();
    visitor.visit::<holidays::PublishHolidays>();
    visitor.visit::<holidays::GetHolidays>();
}
