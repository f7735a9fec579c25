//! `get_holidays` – the holiday schedule of a year, so that anyone can reckon a period again.

use market_agreement::holidays::Holidays;
use market_kernel::periods::Calendar;

use super::HolidaysView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::YearPath;

#[derive(Debug)]
pub struct GetHolidays;

impl Endpoint for GetHolidays {
    type Path = YearPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = HolidaysView;

    fn route() -> Route {
        Route::get("get_holidays", "holidays", "/holidays/{year}")
            .summary("Read the holiday schedule of a year, with its notices.")
            .about(
                "The schedule by which working days are reckoned in that year, each version with \
                    the notice of the State Council that it comes from, so that anyone can reckon a \
                    period again (10.1.2, 4.4.5). Years without a schedule are not found; statutory \
                    days alone count there until one is published.",
            )
            .clauses(&["10.1.2", "4.4.5"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<HolidaysView>, Problem> {
        if let Some(schedule) = Calendar::built_in(call.path.year) {
            return Ok(Outcome::Reply(schedule.into()));
        }
        let holidays = market.store.get::<Holidays>(&call.path.year).await?;
        Ok(Outcome::Reply(holidays.ok_or(Problem::not_found())?.state.into()))
    }
}
