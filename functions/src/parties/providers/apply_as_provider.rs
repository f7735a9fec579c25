//! `apply_as_provider` – a legal entity applies to sell on the market.

use market_identity::Role;
use market_parties::applications;
use market_parties::providers::Provider;

use super::ProviderView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::parties::accounts::Application;
use crate::parties::credit_codes::given_code;
use crate::parties::problems;
use crate::wire::paths::ProviderPath;

#[derive(Debug)]
pub struct ApplyAsProvider;

impl Endpoint for ApplyAsProvider {
    type Path = ProviderPath;
    type Query = Nothing;
    type Body = Application;
    type Reply = ProviderView;

    fn route() -> Route {
        Route::post("apply_as_provider", "providers", "/providers/{provider_id}")
            .summary("Apply to become a provider.")
            .about(
                "Applies to sell on the market, under the id that the token names (2.2). The \
                    operator approves it. Refused where the provider exists.",
            )
            .clauses(&["2.2"])
            .roles(&[Role::Provider])
            .creates()
            .problems(&[problems::ALREADY_APPLIED])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<ProviderView>, Problem> {
        let id = call.path.provider_id.clone();
        let existing = market.store.get::<Provider>(&id).await?;
        let location = format!("/providers/{id}");
        let Application { legal_name, credit_code, contacts } = call.body.clone();
        let (credit_code, vouching) = given_code(market, &credit_code).await?;
        let (vouching, contacts) = (vouching.as_ref(), contacts.into());
        let application = applications::Application { id, legal_name, credit_code, vouching, contacts };
        let applied = Provider::apply(existing.as_ref(), application, &call.occasion)?;
        Ok(Outcome::created(applied, location).map(ProviderView::from))
    }
}
