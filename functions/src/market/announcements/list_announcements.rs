//! `list_announcements` – what was announced to everyone.

use market_kernel::ids::NoticeId;
use market_kernel::keys::Owner;
use market_kernel::notices::Notice;
use market_kernel::party::Recipient;

use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::market::notices::NoticeView;

#[derive(Debug)]
pub struct ListAnnouncements;

impl Endpoint for ListAnnouncements {
    type Path = Nothing;
    type Query = ListQuery;
    type Body = Nothing;
    type Reply = List<NoticeView>;

    fn route() -> Route {
        Route::get("list_announcements", "announcements", "/announcements")
            .summary("Read the notice board, the oldest announcement first.")
            .about(
                "The public notice board: changes of the agreement and of the rules, and what \
                    else concerns everyone (9.4, 11.1).",
            )
            .clauses(&["9.4", "11.1"])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<NoticeView>>, Problem> {
        let board = Recipient::Everyone.partition();
        let asked = call.query.asked(call.after.as_deref(), |since| NoticeId::first_of(since).into());
        let page = market.store.list::<Notice>(&board, asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |notice| notice.state.into())))
    }
}
