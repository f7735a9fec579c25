//! `draft_listing` – a provider writes down what it sells, completely.

use market_agreement::documents::Document;
use market_identity::Role;
use market_kernel::ids::ListingId;
use market_parties::providers::Provider;
use market_store::of;
use market_trade::listings::{Description, Listing};

use super::{DescriptionForm, ListingView};
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::trade::problems;
use crate::wire::paths::ProviderPath;

#[derive(Debug)]
pub struct DraftListing;

impl Endpoint for DraftListing {
    type Path = ProviderPath;
    type Query = Nothing;
    type Body = DescriptionForm;
    type Reply = ListingView;

    fn route() -> Route {
        Route::post("draft_listing", "listings", "/providers/{provider_id}/listings")
            .summary("Write a listing: everything that a merchant must be able to read before buying.")
            .about(
                "Writes down something to sell, completely: functions, charges, refunds, plans, \
                    and for an application each scope of data with purpose and method (2.6, 4.2, \
                    4.4.2). Merchants see it once it is submitted and approved. Refused where the \
                    provider is not approved, or the listing is incomplete or contradicts itself.",
            )
            .clauses(&["2.6", "4.2", "4.4.2"])
            .roles(&[Role::Provider])
            .creates()
            .problems(&[problems::PROVIDER_NOT_APPROVED, problems::INCOMPLETE_LISTING])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<ListingView>, Problem> {
        let description = Description::from(call.body.clone());
        let wishes = (
            of::<Provider>(call.path.provider_id.clone()),
            of::<Document>(description.subscription_agreement.clone()),
        );
        let (provider, agreement) = market.store.load(wishes).await?;
        let provider = provider.ok_or(Problem::not_found())?;
        let id = ListingId::new(call.occasion.at, market.random());
        let location = format!("/listings/{id}");
        let agreement = agreement.as_ref().map(|agreement| &agreement.state);
        let drafted = Listing::draft(id, &provider, agreement, description, &call.occasion)?;
        Ok(Outcome::created(drafted, location).map(ListingView::from))
    }
}
