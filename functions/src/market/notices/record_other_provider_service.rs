//! `record_other_provider_service` – the operator records that a notice to a provider that did not arrive was served another way.

use market_identity::Role;

use super::NoticeView;
use super::other_service::{ABOUT, Body, PROBLEMS, record};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ProviderNoticePath;

#[derive(Debug)]
pub struct RecordOtherProviderService;

impl Endpoint for RecordOtherProviderService {
    type Path = ProviderNoticePath;
    type Query = Nothing;
    type Body = Body;
    type Reply = NoticeView;

    fn route() -> Route {
        Route::post(
            "record_other_provider_service",
            "notices",
            "/providers/{provider_id}/notices/{notice_id}/other-service",
        )
        .summary("Record that a notice to a provider that did not arrive was served another way.")
        .about(ABOUT)
        .clauses(&["11.1"])
        .roles(&[Role::Operator])
        .problems(PROBLEMS)
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<NoticeView>, Problem> {
        record(market, call.path.id(), &call.body, &call.occasion).await
    }
}
