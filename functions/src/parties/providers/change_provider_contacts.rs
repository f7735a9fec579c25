//! `change_provider_contacts` – how a provider is reached from now on.

use market_identity::Role;
use market_kernel::change::Change;
use market_parties::providers::Provider;

use super::ProviderView;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::parties::problems;
use crate::wire::parties::ContactsChange;
use crate::wire::paths::ProviderPath;

#[derive(Debug)]
pub struct ChangeProviderContacts;

impl Endpoint for ChangeProviderContacts {
    type Path = ProviderPath;
    type Query = Nothing;
    type Body = ContactsChange;
    type Reply = ProviderView;

    fn route() -> Route {
        Route::post("change_provider_contacts", "providers", "/providers/{provider_id}/contacts")
            .summary("Change how a provider is reached; the old addresses are told too.")
            .about(
                "How the provider is reached from now on (2.2, 11.1): what is left out stays, and \
                    a telephone number that is null is taken away. Refused within a minute of \
                    another change.",
            )
            .clauses(&["2.2", "11.1"])
            .roles(&[Role::Provider, Role::Operator])
            .problems(&[problems::CONTACTS_JUST_CHANGED])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<ProviderView>, Problem> {
        let provider = market.store.get::<Provider>(&call.path.provider_id).await?;
        let provider = provider.ok_or(Problem::not_found())?;
        let changed =
            Provider::change_contacts(&provider, call.body.clone().of(&provider.contacts), &call.occasion)?;
        // Nothing new is an outcome too, and its key is kept: repeated later, it changes nothing.
        let unchanged = || (provider.state.clone(), Change::on(&call.occasion));
        Ok(Outcome::commit(changed.unwrap_or_else(unchanged)).map(ProviderView::from))
    }
}
