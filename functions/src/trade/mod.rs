//! Trade: listings, orders, payments.

pub mod listings;
pub mod orders;
pub mod payments;
pub(crate) mod problems;
mod workers;

use crate::http::Visitor;

pub(crate) use problems::CODES;
pub(crate) use workers::KINDS;

/// What its resources are.
pub(crate) const RESOURCES: &[(&str, &str)] = &[
    ("listings", "What is for sale: drafts, reviews and the catalogue (2.6, 3, 4.2)."),
    ("orders", "Purchases of plans (4.1, 4.5)."),
    ("payments", "Money as the payment system reports it, and what becomes of it (4.6)."),
];

/// Its routes.
pub fn visit(visitor: &mut impl Visitor) {
    visitor.visit::<listings::DraftListing>();
    visitor.visit::<listings::SubmitListing>();
    visitor.visit::<listings::ApproveListing>();
    visitor.visit::<listings::ListDrafts>();
    visitor.visit::<listings::GetDraft>();
    visitor.visit::<listings::ListReviews>();
    visitor.visit::<listings::BrowseListings>();
    visitor.visit::<listings::GetListing>();
    visitor.visit::<listings::GetProfile>();
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
