//! `vouch_credit_code` – the operator vouches for a credit code that breaks the rule, as codes of the early pilots
//! do. Whoever applies with it afterwards is let in.

use market_identity::Role;
use market_kernel::hash::Sha256Hash;
use market_kernel::text::Prose;
use market_parties::vouching::Vouching;
use schemars::JsonSchema;
use serde::Deserialize;

use super::VouchingView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::parties::problems;
use crate::wire::paths::CreditCodePath;

/// What the operator's word rests on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "VouchingGiven")]
pub struct Body {
    /// What was seen, and where: the licence, the register.
    reason: Prose,
    /// The hash of the document that was seen.
    #[serde(default)]
    document_sha256: Option<Sha256Hash>,
}

#[derive(Debug)]
pub struct VouchCreditCode;

impl Endpoint for VouchCreditCode {
    type Path = CreditCodePath;
    type Query = Nothing;
    type Body = Body;
    type Reply = VouchingView;

    fn route() -> Route {
        Route::post("vouch_credit_code", "credit_codes", "/credit-codes/{credit_code}/vouching")
            .summary("Vouch for a credit code that breaks the rule.")
            .about(
                "Vouches for a credit code whose check character does not fit and that a legal \
                    entity has all the same, with what was seen and where (2.3, 5.1). Whoever \
                    applies with it afterwards is let in. Refused where the code needs no vouching, \
                    or has it.",
            )
            .clauses(&["2.3", "5.1"])
            .roles(&[Role::Operator])
            .creates()
            .problems(&[problems::NOTHING_TO_VOUCH, problems::ALREADY_VOUCHED])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<VouchingView>, Problem> {
        let code = call.path.credit_code.clone();
        let existing = market.store.get::<Vouching>(&code).await?;
        let location = format!("/credit-codes/{code}/vouching");
        let Body { reason, document_sha256 } = call.body.clone();
        let vouched = Vouching::vouch(existing.as_ref(), code, reason, document_sha256, &call.occasion)?;
        Ok(Outcome::created(vouched, location).map(VouchingView::from))
    }
}
