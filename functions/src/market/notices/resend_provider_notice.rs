//! `resend_provider_notice` – the operator sends a notice to a provider again that did not arrive.

use market_identity::Role;

use super::NoticeView;
use super::resend::{Body, PROBLEMS, resend};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::ProviderNoticePath;

#[derive(Debug)]
pub struct ResendProviderNotice;

impl Endpoint for ResendProviderNotice {
    type Path = ProviderNoticePath;
    type Query = Nothing;
    type Body = Body;
    type Reply = NoticeView;

    fn route() -> Route {
        Route::post(
            "resend_provider_notice",
            "notices",
            "/providers/{provider_id}/notices/{notice_id}/resending",
        )
        .summary("Send a notice to a provider again that did not arrive.")
        .about(
            "Sends the content of a notice that did not arrive once more, to the address that is \
                given or where the provider is reached now (11.1). Refused where it arrived, or \
                something carries it already.",
        )
        .clauses(&["11.1"])
        .roles(&[Role::Operator])
        .problems(PROBLEMS)
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<NoticeView>, Problem> {
        resend(market, call.path.id(), call.body.address.clone(), &call.occasion).await
    }
}
