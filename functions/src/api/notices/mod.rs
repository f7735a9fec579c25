//! Notices and their proof of service (11).

mod get_notice;
mod list_notices;
mod list_provider_notices;
mod view;

pub use get_notice::GetNotice;
pub use list_notices::ListNotices;
pub use list_provider_notices::ListProviderNotices;
pub use view::NoticeView;
