//! `get_vouching` – what the operator said of a credit code.

use market_identity::Role;
use market_parties::vouching::Vouching;

use super::VouchingView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::CreditCodePath;

#[derive(Debug)]
pub struct GetVouching;

impl Endpoint for GetVouching {
    type Path = CreditCodePath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = VouchingView;

    fn route() -> Route {
        Route::get("get_vouching", "credit_codes", "/credit-codes/{credit_code}/vouching")
            .summary("Read what was vouched of a credit code that breaks the rule.")
            .about("What the operator said of a credit code that breaks the rule (5.1).")
            .clauses(&["5.1"])
            .roles(&[Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<VouchingView>, Problem> {
        let vouching = market.store.get::<Vouching>(&call.path.credit_code).await?;
        Ok(Outcome::Reply(vouching.ok_or(Problem::not_found())?.state.into()))
    }
}
