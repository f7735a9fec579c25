//! The public notice board (11.1, 网页公告).

mod list_announcements;

pub use list_announcements::ListAnnouncements;
