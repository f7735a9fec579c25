//! `get_health` – that the market answers, whatever its table does.

use super::{HealthView, WELL};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

#[derive(Debug)]
pub struct GetHealth;

impl Endpoint for GetHealth {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = HealthView;

    fn route() -> Route {
        Route::get("get_health", "system", "/healthz").summary("Say that the market is alive.")
            .about("For whoever watches the market from outside: it answers at once and asks nothing of its table.").volatile()
    }

    async fn decide(_: &Call<Self>, _: &Market) -> Result<Outcome<HealthView>, Problem> {
        Ok(Outcome::Reply(WELL))
    }
}
