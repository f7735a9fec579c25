//! `get_notice` – one notice to a merchant: what was said, to which address, when it was served.

use market_identity::Role;
use market_kernel::notices::Notice;

use super::NoticeView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::NoticePath;

#[derive(Debug)]
pub struct GetNotice;

impl Endpoint for GetNotice {
    type Path = NoticePath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoticeView;

    fn route() -> Route {
        Route::get("get_notice", "notices", "/accounts/{account_id}/notices/{notice_id}")
            .summary("Read a notice with its proof of service.")
            .about(
                "A notice to the merchant: its text, its address, and when it counts as served \
                    (11.1).",
            )
            .clauses(&["11.1"])
            .roles(&[Role::Merchant, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<NoticeView>, Problem> {
        let notice = market.store.get::<Notice>(&call.path.id()).await?.ok_or(Problem::not_found())?;
        Ok(Outcome::Reply(notice.state.into()))
    }
}
