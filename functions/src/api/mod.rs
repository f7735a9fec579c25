//! The routes: a folder for each resource, a file for each route.
//!
//! What comes in and goes out has types of its own, in the route's file or its folder's `view`: ids, texts,
//! amounts and plain enumerations are the domain's, structures are not. So what is stored can change, and
//! the API stays.

pub mod accounts;
pub mod announcements;
pub mod checks;
pub mod credit_codes;
pub mod demands;
pub mod documents;
pub mod errors;
pub mod evidence;
pub mod grants;
pub mod holidays;
pub mod jobs;
pub mod listings;
mod lists;
pub mod me;
pub mod notices;
pub mod orders;
mod parties;
pub mod paths;
pub mod payments;
pub mod periods;
pub mod providers;
pub mod terminations;

use market_http::Visitor;

/// Every route, once: the list that routing, the API description and the tests are made from.
pub fn visit(visitor: &mut impl Visitor) {
    visitor.visit::<documents::PublishVersion>();
    visitor.visit::<documents::PreviewVersion>();
    visitor.visit::<documents::WithdrawVersion>();
    visitor.visit::<documents::GetDocument>();
    visitor.visit::<documents::GetVersion>();
    visitor.visit::<documents::GetText>();
    visitor.visit::<documents::GetPage>();
    visitor.visit::<documents::GetClause>();
    visitor.visit::<accounts::OpenAccount>();
    visitor.visit::<accounts::GetAccount>();
    visitor.visit::<accounts::ChangeContacts>();
    visitor.visit::<accounts::AcceptDocument>();
    visitor.visit::<accounts::ListAcceptances>();
    visitor.visit::<providers::ApplyAsProvider>();
    visitor.visit::<providers::GetProvider>();
    visitor.visit::<providers::ApproveProvider>();
    visitor.visit::<providers::ChangeProviderContacts>();
    visitor.visit::<credit_codes::VouchCreditCode>();
    visitor.visit::<credit_codes::GetVouching>();
    visitor.visit::<listings::DraftListing>();
    visitor.visit::<listings::SubmitListing>();
    visitor.visit::<listings::ApproveListing>();
    visitor.visit::<listings::ListDrafts>();
    visitor.visit::<listings::ListReviews>();
    visitor.visit::<listings::BrowseListings>();
    visitor.visit::<listings::GetListing>();
    visitor.visit::<orders::PlaceOrder>();
    visitor.visit::<orders::GetOrder>();
    visitor.visit::<orders::ListOrders>();
    visitor.visit::<orders::ListProviderOrders>();
    visitor.visit::<payments::TakePayment>();
    visitor.visit::<payments::TakeReturn>();
    visitor.visit::<payments::ListPayments>();
    visitor.visit::<payments::GetPayment>();
    visitor.visit::<payments::SettlePayment>();
    visitor.visit::<grants::GiveGrant>();
    visitor.visit::<grants::GetGrant>();
    visitor.visit::<grants::ListGrants>();
    visitor.visit::<grants::ListProviderGrants>();
    visitor.visit::<grants::RevokeGrant>();
    visitor.visit::<grants::IssueToken>();
    visitor.visit::<grants::ListAccesses>();
    visitor.visit::<checks::CheckToken>();
    visitor.visit::<demands::GetDemand>();
    visitor.visit::<demands::ListDemands>();
    visitor.visit::<demands::ListProviderDemands>();
    visitor.visit::<demands::ServeDemand>();
    visitor.visit::<demands::WaiveDemand>();
    visitor.visit::<demands::AcknowledgeDemand>();
    visitor.visit::<demands::AttestDemand>();
    visitor.visit::<demands::CloseDemand>();
    visitor.visit::<terminations::ServeTermination>();
    visitor.visit::<terminations::GetTermination>();
    visitor.visit::<terminations::WithdrawTermination>();
    visitor.visit::<terminations::EndUpstream>();
    visitor.visit::<holidays::PublishHolidays>();
    visitor.visit::<holidays::GetHolidays>();
    visitor.visit::<notices::ListNotices>();
    visitor.visit::<notices::GetNotice>();
    visitor.visit::<notices::ListProviderNotices>();
    visitor.visit::<notices::ListUndelivered>();
    visitor.visit::<notices::ResendNotice>();
    visitor.visit::<notices::ResendProviderNotice>();
    visitor.visit::<announcements::ListAnnouncements>();
    visitor.visit::<evidence::ListEvidence>();
    visitor.visit::<evidence::ListProviderEvidence>();
    visitor.visit::<jobs::ListParked>();
    visitor.visit::<jobs::RedriveParked>();
    visitor.visit::<me::GetMe>();
    visitor.visit::<errors::ExplainError>();
}
