//! A holiday schedule as anyone reads it. A field is shown only if it is named here.

use market_agreement::holidays::{Holidays, PublishedSchedule};
use market_kernel::Timestamp;
use market_kernel::periods::{Holiday, HolidayNotice, Schedule};
use market_kernel::text::Line;
use schemars::JsonSchema;
use serde::Serialize;

use crate::wire::time::{Day, Instant};

/// A notice of the State Council.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HolidayNotice")]
pub struct HolidayNoticeView {
    /// Its title.
    title: Line,
    /// Its document number.
    number: Line,
    /// The date that it bears.
    date: Day,
    /// Where it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Line>,
}

impl From<HolidayNotice> for HolidayNoticeView {
    fn from(notice: HolidayNotice) -> Self {
        let HolidayNotice { title, number, date, url } = notice;
        Self { title, number, date: date.into(), url }
    }
}

/// One holiday.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Holiday")]
pub struct HolidayView {
    /// Its name in Chinese.
    name_zh: Line,
    /// Its name in English.
    name_en: Line,
    /// Its first day off.
    from: Day,
    /// Its last day off.
    to: Day,
    /// Weekend days that are worked in exchange.
    make_up: Vec<Day>,
}

impl From<Holiday> for HolidayView {
    fn from(holiday: Holiday) -> Self {
        let Holiday { name_zh, name_en, from, to, make_up } = holiday;
        let make_up = make_up.into_iter().map(Day).collect();
        Self { name_zh, name_en, from: from.into(), to: to.into(), make_up }
    }
}

/// A version of a year's schedule.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HolidaySchedule")]
pub struct ScheduleView {
    /// The notice that it comes from.
    notice: HolidayNoticeView,
    /// Notices that changed it afterwards.
    changed_by: Vec<HolidayNoticeView>,
    /// Its holidays.
    holidays: Vec<HolidayView>,
    /// When the operator published it; none for what is part of the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    published_at: Option<Instant>,
}

impl ScheduleView {
    fn of(schedule: Schedule, published_at: Option<Timestamp>) -> Self {
        let Schedule { year: _, notice, changed_by, holidays } = schedule;
        Self {
            notice: notice.into(),
            changed_by: changed_by.into_iter().map(HolidayNoticeView::from).collect(),
            holidays: holidays.into_iter().map(HolidayView::from).collect(),
            published_at: published_at.map(Instant),
        }
    }
}

/// The holiday schedule of a year.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Holidays")]
pub struct HolidaysView {
    /// The year.
    year: i16,
    /// Its versions, the one that holds last.
    versions: Vec<ScheduleView>,
}

impl From<Holidays> for HolidaysView {
    fn from(holidays: Holidays) -> Self {
        let Holidays { year, versions } = holidays;
        let versions = versions.into_iter().map(|version| {
            let PublishedSchedule { schedule, published_at } = version;
            ScheduleView::of(schedule, Some(published_at))
        });
        Self { year, versions: versions.collect() }
    }
}

/// What is part of the release.
impl From<Schedule> for HolidaysView {
    fn from(schedule: Schedule) -> Self {
        Self { year: schedule.year, versions: vec![ScheduleView::of(schedule, None)] }
    }
}
