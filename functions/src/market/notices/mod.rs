//! Notices and their proof of service (11).

mod correct_other_provider_service;
mod correct_other_service;
mod get_notice;
mod list_notices;
mod list_provider_notices;
mod list_undelivered;
mod other_service;
mod record_other_provider_service;
mod record_other_service;
mod resend;
mod resend_notice;
mod resend_provider_notice;
mod view;

pub use correct_other_provider_service::CorrectOtherProviderService;
pub use correct_other_service::CorrectOtherService;
pub use get_notice::GetNotice;
pub use list_notices::ListNotices;
pub use list_provider_notices::ListProviderNotices;
pub use list_undelivered::ListUndelivered;
pub use record_other_provider_service::RecordOtherProviderService;
pub use record_other_service::RecordOtherService;
pub use resend_notice::ResendNotice;
pub use resend_provider_notice::ResendProviderNotice;
pub use view::NoticeView;
