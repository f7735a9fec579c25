//! `correct_other_service` – the operator corrects what it recorded of another service of a notice to a merchant.

use market_identity::Role;

use super::NoticeView;
use super::other_service::{CORRECTION, CORRECTION_PROBLEMS, Correction, correct};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::paths::NoticePath;

#[derive(Debug)]
pub struct CorrectOtherService;

impl Endpoint for CorrectOtherService {
    type Path = NoticePath;
    type Query = Nothing;
    type Body = Correction;
    type Reply = NoticeView;

    fn route() -> Route {
        Route::post(
            "correct_other_service",
            "notices",
            "/accounts/{account_id}/notices/{notice_id}/other-service/correction",
        )
        .summary("Correct what was recorded of how a notice to a merchant was served another way.")
        .about(CORRECTION)
        .clauses(&["11.1"])
        .roles(&[Role::Operator])
        .problems(CORRECTION_PROBLEMS)
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<NoticeView>, Problem> {
        correct(market, call.path.id(), &call.body, &call.occasion).await
    }
}
