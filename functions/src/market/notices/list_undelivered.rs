//! `list_undelivered` – the notices that did not arrive and that nothing else carries: a human has to see to
//! them.

use market_identity::Role;
use market_kernel::ids::NoticeId;
use market_kernel::notices::Notice;

use super::NoticeView;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};

#[derive(Debug)]
pub struct ListUndelivered;

impl Endpoint for ListUndelivered {
    type Path = Nothing;
    type Query = ListQuery;
    type Body = Nothing;
    type Reply = List<NoticeView>;

    fn route() -> Route {
        Route::get("list_undelivered", "notices", "/notices/undelivered")
            .summary("List the notices that did not arrive and wait for a human.")
            .about(
                "The notices that did not arrive and that nothing else carries (11.1): a human \
                    sends them again (`resend_notice`), or serves them another way and \
                    records it (`record_other_service`). Those that are still `queued` have been \
                    throttled or held up by a fault of the market's own for seven days: the market \
                    goes on trying them, for three days at most.",
            )
            .clauses(&["11.1"])
            .roles(&[Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<NoticeView>>, Problem> {
        let asked = call.query.asked(call.after.as_deref(), |since| NoticeId::first_of(since).into());
        let page = market.store.list_entries::<Notice>(&Notice::FOR_A_HUMAN, asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |notice| notice.state.into())))
    }
}
