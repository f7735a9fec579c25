//! `withdraw_termination` – the operator withdraws a notice before it takes effect.

use market_agreement::terminations::Termination;
use market_identity::Role;
use market_parties::accounts::MarketAccount;
use market_store::of;

use super::TerminationView;
use crate::agreement::problems;
use crate::http::{Call, Class, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::TerminationPath;

#[derive(Debug)]
pub struct WithdrawTermination;

impl Endpoint for WithdrawTermination {
    type Path = TerminationPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = TerminationView;

    fn route() -> Route {
        Route::post(
            "withdraw_termination",
            "terminations",
            "/accounts/{account_id}/terminations/{termination_id}/withdrawal",
        )
        .summary("Withdraw a notice of termination before it takes effect.")
        .about(
            "Takes a notice of termination back before its end (10.1.2); the agreement goes on as \
                if it had not been served, and the merchant is told. Refused once the agreement has \
                ended.",
        )
        .class(Class::Protective)
        .clauses(&["10.1.2"])
        .roles(&[Role::Operator])
        .problems(&[problems::NOTICE_NOT_RUNNING])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<TerminationView>, Problem> {
        let account_id = call.path.account_id.clone();
        let wishes = (
            of::<MarketAccount>(account_id.clone()),
            of::<Termination>((account_id, call.path.termination_id.clone())),
        );
        let (Some(account), Some(termination)) = market.store.load(wishes).await? else {
            return Err(Problem::not_found());
        };
        let withdrawn = Termination::withdraw(&termination, &account, &call.occasion)?;
        Ok(Outcome::commit(withdrawn).map(TerminationView::from))
    }
}
