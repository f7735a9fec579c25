//! `end_upstream` – the upstream platform reports that its own agreement with a merchant ended: the market's
//! ended at that same instant. The event again, or any event after the end, changes nothing.

use market_agreement::terminations::{TerminateRefusal, Termination, UpstreamEnd};
use market_identity::Role;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{EventId, TerminationId};
use market_kernel::text::Line;
use market_parties::accounts::MarketAccount;
use schemars::JsonSchema;
use serde::Deserialize;

use super::TerminationView;
use crate::agreement::problems;
use crate::http::{Call, Class, Endpoint, Market, Nothing, Outcome, Problem, Repeats, Route};
use crate::wire::paths::AccountPath;
use crate::wire::time::Instant;

/// The upstream event.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UpstreamEnd")]
pub struct Body {
    /// The upstream platform's id of the event.
    event_id: EventId,
    /// The upstream agreement that ended.
    agreement: Line,
    /// When it ended.
    ended_at: Instant,
}

#[derive(Debug)]
pub struct EndUpstream;

impl Endpoint for EndUpstream {
    type Path = AccountPath;
    type Query = Nothing;
    type Body = Body;
    type Reply = TerminationView;

    fn route() -> Route {
        Route::post("end_upstream", "terminations", "/accounts/{account_id}/upstream-end")
            .summary("Report that the upstream agreement with a merchant ended.")
            .about(
                "Ends the market agreement at the instant at which the upstream agreement ended \
                    (10.1.1): grants and orders end with it, and deletion demands are drafted. The \
                    same event again, or any event after the end, changes nothing and answers with \
                    the termination that holds. Refused for an instant in the future.",
            )
            .class(Class::Protective)
            .clauses(&["10.1.1"])
            .roles(&[Role::Upstream])
            .repeats(Repeats::ByContent)
            .problems(&[problems::EVENT_IN_THE_FUTURE, problems::ACCOUNT_ENDED])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<TerminationView>, Problem> {
        let account = market.store.get::<MarketAccount>(&call.path.account_id).await?;
        let account = account.ok_or(Problem::not_found())?;
        let running = match &account.termination_id {
            Some(id) => market.store.get::<Termination>(&(account.id.clone(), id.clone())).await?,
            None => None,
        };
        let Body { event_id, agreement, ended_at: Instant(ended_at) } = call.body.clone();
        let hash = Sha256Hash::of(event_id.as_str().as_bytes());
        let id = TerminationId::new(ended_at, tail(&hash));
        let end = UpstreamEnd { id, event_id, agreement, ended_at };
        let ended = Termination::upstream_ended(&account, running.as_ref(), end, &call.occasion);
        match (ended, running) {
            (Ok(ended), _) => Ok(Outcome::commit(ended).map(TerminationView::from)),
            // What ended stays ended: the answer is the termination that ended it.
            (Err(TerminateRefusal::AlreadyEnded), Some(before)) => Ok(Outcome::Reply(before.state.into())),
            (Err(refusal), _) => Err(refusal.into()),
        }
    }
}

/// The same event always names the same termination.
fn tail(hash: &Sha256Hash) -> [u8; 10] {
    let mut tail = [0; 10];
    tail.copy_from_slice(&hash.as_str().as_bytes()[..10]);
    tail
}
