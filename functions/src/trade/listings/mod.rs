//! Listings and the catalogue (2.6, 2.7, 3, 4.2, 4.4.2).

mod approve_listing;
mod browse_listings;
mod draft_listing;
mod get_draft;
mod get_listing;
mod get_profile;
mod list_drafts;
mod list_reviews;
mod submit_listing;
mod summary;
mod view;

pub use approve_listing::ApproveListing;
pub use browse_listings::BrowseListings;
pub use draft_listing::DraftListing;
pub use get_draft::GetDraft;
pub use get_listing::GetListing;
pub use get_profile::GetProfile;
pub use list_drafts::ListDrafts;
pub use list_reviews::ListReviews;
pub use submit_listing::SubmitListing;
pub use summary::ListingSummary;
pub use view::{BoundForm, DescriptionForm, ListingView, PlanForm, ScopeForm};
