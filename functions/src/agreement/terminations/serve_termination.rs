//! `serve_termination` – the operator serves 15 days' notice; the reply carries the date and its trace.

use market_agreement::terminations::{NOTICE, Termination};
use market_identity::Role;
use market_kernel::ids::TerminationId;
use market_kernel::text::Prose;
use market_parties::accounts::MarketAccount;
use schemars::JsonSchema;
use serde::Deserialize;

use super::TerminationView;
use crate::agreement::problems;
use crate::http::{Call, Class, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::schedules::calendar_for;
use crate::wire::paths::AccountPath;

/// The notice.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NoticeOfTermination")]
pub struct Body {
    /// The reason, as the merchant will read it.
    reason: Prose,
}

#[derive(Debug)]
pub struct ServeTermination;

impl Endpoint for ServeTermination {
    type Path = AccountPath;
    type Query = Nothing;
    type Body = Body;
    type Reply = TerminationView;

    fn route() -> Route {
        Route::post("serve_termination", "terminations", "/accounts/{account_id}/terminations")
            .summary("Serve 15 days' notice of termination on a merchant.")
            .about(
                "Serves fifteen days' notice of the end of the market agreement (10.1.2, 11.1). \
                    The reply has the date and how it was reckoned; reminders go out before it. From \
                    the end on grants are refused, orders close and deletion demands are drafted. \
                    Refused where a notice runs already or the agreement has ended.",
            )
            .class(Class::Protective)
            .clauses(&["10.1.2", "11.1"])
            .roles(&[Role::Operator])
            .creates()
            .problems(&[problems::ACCOUNT_ENDED, problems::ALREADY_TERMINATING, problems::INVALID_TERM])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<TerminationView>, Problem> {
        let account = market.store.get::<MarketAccount>(&call.path.account_id).await?;
        let account = account.ok_or(Problem::not_found())?;
        let id = TerminationId::new(call.occasion.at, market.random());
        let location = format!("/accounts/{}/terminations/{id}", account.id);
        let reason = call.body.reason.clone();
        let calendar = calendar_for(&market.store, call.occasion.at, NOTICE).await?;
        let served = Termination::serve(id, &account, reason, &calendar, &call.occasion)?;
        Ok(Outcome::created(served, location).map(TerminationView::from))
    }
}
