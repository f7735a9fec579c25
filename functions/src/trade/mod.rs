//! Trade: listings, orders, payments.

pub mod listings;
pub mod orders;
pub mod payments;
pub(crate) mod problems;
mod workers;

use crate::http::Visitor;

pub(crate) use problems::CODES;
pub(crate) use workers::KINDS;

/// Its routes.
pub fn visit(visitor: &mut impl Visitor) {
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
    visitor.visit::<orders::ListAllOrders>();
    visitor.visit::<payments::TakePayment>();
    visitor.visit::<payments::TakeReturn>();
    visitor.visit::<payments::ListPayments>();
    visitor.visit::<payments::GetPayment>();
    visitor.visit::<payments::SettlePayment>();
}
