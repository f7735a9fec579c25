//! A year's published holiday schedule as stored, with all of its versions.

use jiff::Timestamp;
use jiff::civil::Date;
use market_kernel::periods::{Holiday, HolidayNotice, Schedule};
use market_kernel::stored::form::{Storable, StoredForm, Upcaster};
use market_kernel::stored::values::{Trusted, each};
use market_kernel::text::Line;
use serde::{Deserialize, Serialize};

use crate::holidays::{Holidays, PublishedSchedule};

#[derive(Debug, Serialize, Deserialize)]
struct StoredHolidayNotice {
    title: Trusted<Line>,
    number: Trusted<Line>,
    date: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<Trusted<Line>>,
}

impl StoredHolidayNotice {
    fn of(notice: HolidayNotice) -> Self {
        let HolidayNotice { title, number, date, url } = notice;
        Self { title: Trusted(title), number: Trusted(number), date, url: url.map(Trusted) }
    }

    fn restore(self) -> HolidayNotice {
        let Self { title, number, date, url } = self;
        HolidayNotice { title: title.0, number: number.0, date, url: url.map(|url| url.0) }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredHoliday {
    name_zh: Trusted<Line>,
    name_en: Trusted<Line>,
    from: Date,
    to: Date,
    make_up: Vec<Date>,
}

impl StoredHoliday {
    fn of(holiday: Holiday) -> Self {
        let Holiday { name_zh, name_en, from, to, make_up } = holiday;
        Self { name_zh: Trusted(name_zh), name_en: Trusted(name_en), from, to, make_up }
    }

    fn restore(self) -> Holiday {
        let Self { name_zh, name_en, from, to, make_up } = self;
        Holiday { name_zh: name_zh.0, name_en: name_en.0, from, to, make_up }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredHolidayVersion {
    notice: StoredHolidayNotice,
    changed_by: Vec<StoredHolidayNotice>,
    holidays: Vec<StoredHoliday>,
    published_at: Timestamp,
}

impl StoredHolidayVersion {
    fn of(version: PublishedSchedule) -> Self {
        let PublishedSchedule { schedule, published_at } = version;
        let Schedule { year: _, notice, changed_by, holidays } = schedule;
        Self {
            notice: StoredHolidayNotice::of(notice),
            changed_by: each(changed_by, StoredHolidayNotice::of),
            holidays: each(holidays, StoredHoliday::of),
            published_at,
        }
    }

    fn restore(self, year: i16) -> PublishedSchedule {
        let Self { notice, changed_by, holidays, published_at } = self;
        let schedule = Schedule {
            year,
            notice: notice.restore(),
            changed_by: each(changed_by, StoredHolidayNotice::restore),
            holidays: each(holidays, StoredHoliday::restore),
        };
        PublishedSchedule { schedule, published_at }
    }
}

/// See [`Holidays`].
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredHolidays {
    year: i16,
    versions: Vec<StoredHolidayVersion>,
}

impl Storable for Holidays {
    type Form = StoredHolidays;
}

impl StoredForm for StoredHolidays {
    type State = Holidays;
    const UPCASTERS: &'static [Upcaster] = &[];
    const IS_PERSONAL: bool = false;

    fn of(holidays: Holidays) -> Self {
        let Holidays { year, versions } = holidays;
        Self { year, versions: each(versions, StoredHolidayVersion::of) }
    }

    fn restore(self) -> Holidays {
        let Self { year, versions } = self;
        Holidays { year, versions: each(versions, |version| version.restore(year)) }
    }
}
