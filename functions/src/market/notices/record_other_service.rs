//! `record_other_service` – the operator records that a notice to a merchant that did not arrive was served another way.

use market_identity::Role;
use market_kernel::party::{PartyId, Recipient};

use super::NoticeView;
use super::other_service::{Body, PROBLEMS, record};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::NoticePath;

/// See the module.
#[derive(Debug)]
pub struct RecordOtherService;

impl Endpoint for RecordOtherService {
    type Path = NoticePath;
    type Query = Nothing;
    type Body = Body;
    type Reply = NoticeView;

    fn route() -> Route {
        Route::post(
            "record_other_service",
            "notices",
            "/accounts/{account_id}/notices/{notice_id}/other-service",
        )
        .summary("Record that a notice to a merchant that did not arrive was served another way.")
        .about(
            "Records that a human served the notice by a letter, on the telephone, in person or otherwise (11.1): how, when, \
                and what shows it. From then on it waits for nobody, and it is not sent again. Refused where it does not wait \
                for a human (`list_undelivered`).",
        )
        .clauses(&["11.1"])
        .roles(&[Role::Operator])
        .problems(PROBLEMS)
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<NoticeView>, Problem> {
        let id =
            (Recipient::Party(PartyId::Merchant(call.path.account_id.clone())), call.path.notice_id.clone());
        record(market, id, &call.body, &call.occasion).await
    }
}
