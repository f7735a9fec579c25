//! `get_readiness` – that the market's table answers: one strongly consistent read of an item that is not there. Where
//! it does not, the answer is what every operation would answer: `unavailable`.

use super::{HealthView, WELL};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

#[derive(Debug)]
pub struct GetReadiness;

impl Endpoint for GetReadiness {
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = HealthView;

    fn route() -> Route {
        Route::get("get_readiness", "system", "/readyz")
            .summary("Say that the market's table answers.")
            .about("Asks the table for an item that is not there. Where the table does not answer, this is `unavailable`, as every other operation would be.")
            .volatile()
    }

    async fn decide(_: &Call<Self>, market: &Market) -> Result<Outcome<HealthView>, Problem> {
        market.store.answers().await?;
        Ok(Outcome::Reply(WELL))
    }
}
