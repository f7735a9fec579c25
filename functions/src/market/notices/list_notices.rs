//! `list_notices` – the notices to a merchant, each with its proof of service.

use market_identity::Role;
use market_kernel::ids::NoticeId;
use market_kernel::keys::Owner;
use market_kernel::notices::Notice;

use super::NoticeView;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::AccountPath;

#[derive(Debug)]
pub struct ListNotices;

impl Endpoint for ListNotices {
    type Path = AccountPath;
    type Query = ListQuery;
    type Body = Nothing;
    type Reply = List<NoticeView>;

    fn route() -> Route {
        Route::get("list_notices", "notices", "/accounts/{account_id}/notices")
            .summary("List the notices to a merchant.")
            .about(
                "The notices to the merchant, each with its proof of service (11.1). A notice \
                    counts as served when it has left the market's control.",
            )
            .clauses(&["11.1"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<NoticeView>>, Problem> {
        let partition = call.path.account_id.partition();
        let asked = call.query.asked(call.after.as_deref(), |since| NoticeId::first_of(since).into());
        let page = market.store.list::<Notice>(&partition, asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |notice| notice.state.into())))
    }
}
