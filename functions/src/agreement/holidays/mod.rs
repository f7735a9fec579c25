//! Holiday schedules: what periods are reckoned by (Civil Code, article 203).

mod get_holidays;
mod publish_holidays;
mod view;

pub use get_holidays::GetHolidays;
pub use publish_holidays::PublishHolidays;
pub use view::HolidaysView;
