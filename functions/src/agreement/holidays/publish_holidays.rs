//! `publish_holidays` – the operator publishes a year's holiday schedule when the State Council has announced it, or
//! a version that corrects the newest one. Periods that wait for it are reckoned again within a day.

use std::ops::RangeInclusive;

use market_agreement::holidays::Holidays;
use market_identity::Role;
use market_kernel::Date;
use market_kernel::periods::{Holiday, HolidayNotice, MAX_CHANGES, MAX_HOLIDAYS, MAX_MAKE_UP, Schedule};
use market_kernel::text::Line;
use schemars::JsonSchema;
use serde::Deserialize;

use super::HolidaysView;
use crate::agreement::problems;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::lists::{AtMost, Distinct};
use crate::wire::paths::YearPath;
use crate::wire::time::Day;

/// A notice of the State Council.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HolidayNoticeGiven")]
struct HolidayNoticeGiven {
    /// Its title.
    title: Line,
    /// Its document number.
    number: Line,
    /// The date that it bears.
    date: Day,
    /// Where it can be read.
    #[serde(default)]
    url: Option<Line>,
}

/// One holiday.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HolidayGiven")]
struct HolidayGiven {
    /// Its name in Chinese.
    name_zh: Line,
    /// Its name in English.
    name_en: Line,
    /// Its first day off: in the year, or one of the last three days before it.
    from: Day,
    /// Its last day off.
    to: Day,
    /// Weekend days that are worked in exchange.
    make_up: Distinct<Day, MAX_MAKE_UP>,
}

/// What the notices say.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HolidayScheduleGiven")]
pub struct Body {
    /// The notice that it comes from.
    notice: HolidayNoticeGiven,
    /// Notices that changed it afterwards.
    #[serde(default)]
    changed_by: AtMost<HolidayNoticeGiven, MAX_CHANGES>,
    /// Its holidays.
    holidays: AtMost<HolidayGiven, MAX_HOLIDAYS>,
    /// The number of the newest version, where this corrects it.
    #[serde(default)]
    corrects: Option<u32>,
}

impl From<HolidayNoticeGiven> for HolidayNotice {
    fn from(given: HolidayNoticeGiven) -> Self {
        let HolidayNoticeGiven { title, number, date, url } = given;
        Self { title, number, date: date.into(), url }
    }
}

impl From<HolidayGiven> for Holiday {
    fn from(given: HolidayGiven) -> Self {
        let HolidayGiven { name_zh, name_en, from, to, make_up } = given;
        let make_up = make_up.into_vec().into_iter().map(Date::from).collect();
        Self { name_zh, name_en, from: from.into(), to: to.into(), make_up }
    }
}

/// The years that can have a schedule: from the first of the State Council's yearly notices on, and as far as calendars are
/// known to reach.
const YEARS: RangeInclusive<i16> = 2004..=2200;

#[derive(Debug)]
pub struct PublishHolidays;

impl Endpoint for PublishHolidays {
    type Path = YearPath;
    type Query = Nothing;
    type Body = Body;
    type Reply = HolidaysView;

    fn route() -> Route {
        Route::post("publish_holidays", "holidays", "/holidays/{year}")
            .summary("Publish the holiday schedule of a year, or a version that corrects it.")
            .about(
                "Publishes a year's schedule as the State Council announced it, or a version that \
                    corrects the newest one, which `corrects` names (10.1.2). Periods that wait for \
                    it are reckoned again within a day, and the parties are told of a date that \
                    moved. Refused where the schedule contradicts itself, or stands already.",
            )
            .clauses(&["10.1.2", "4.4.5"])
            .roles(&[Role::Operator])
            .creates()
            .problems(&[
                problems::INVALID_SCHEDULE,
                problems::SCHEDULE_PUBLISHED,
                problems::SCHEDULE_BUILT_IN,
            ])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<HolidaysView>, Problem> {
        let year = call.path.year;
        if !YEARS.contains(&year) {
            return Err(Problem::not_found());
        }
        let existing = market.store.get::<Holidays>(&year).await?;
        let Body { notice, changed_by, holidays, corrects } = call.body.clone();
        let schedule = Schedule {
            year,
            notice: notice.into(),
            changed_by: changed_by.into_vec().into_iter().map(HolidayNotice::from).collect(),
            holidays: holidays.into_vec().into_iter().map(Holiday::from).collect(),
        };
        let published = Holidays::publish(existing.as_ref(), schedule, corrects, &call.occasion)?;
        Ok(Outcome::created(published, format!("/holidays/{year}")).map(HolidaysView::from))
    }
}
