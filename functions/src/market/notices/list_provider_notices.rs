//! `list_provider_notices` – the notices to a provider.

use market_identity::Role;
use market_kernel::ids::NoticeId;
use market_kernel::keys::Owner;
use market_kernel::notices::Notice;

use super::NoticeView;
use crate::http::cursor::{List, ListQuery};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ProviderPath;

#[derive(Debug)]
pub struct ListProviderNotices;

impl Endpoint for ListProviderNotices {
    type Path = ProviderPath;
    type Query = ListQuery;
    type Body = Nothing;
    type Reply = List<NoticeView>;

    fn route() -> Route {
        Route::get("list_provider_notices", "notices", "/providers/{provider_id}/notices")
            .summary("List the notices to a provider.")
            .about("The notices to the provider, each with its proof of service (11.1).")
            .clauses(&["11.1"])
            .roles(&[Role::Provider, Role::Operator])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<List<NoticeView>>, Problem> {
        let partition = call.path.provider_id.partition();
        let asked = call.query.asked(call.after.as_deref(), |since| NoticeId::first_of(since).into());
        let page = market.store.list::<Notice>(&partition, asked).await?;
        Ok(Outcome::Reply(List::of(call, market, page, |notice| notice.state.into())))
    }
}
