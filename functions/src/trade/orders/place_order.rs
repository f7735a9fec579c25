//! `place_order` – a merchant buys a plan. Everything the decision needs is named by the request, so one
//! read loads it all.

use market_agreement::documents::Document;
use market_agreement::documents::acceptance::{Acceptance, AcceptanceId};
use market_identity::Role;
use market_kernel::ids::{DocumentId, ListingId, OrderId, PlanId};
use market_kernel::money::Fen;
use market_parties::accounts::MarketAccount;
use market_store::of;
use market_trade::listings::{Listing, ListingStatus};
use market_trade::orders::{Consents, Offer, Order, Ordering, PlaceRefusal};
use schemars::JsonSchema;
use serde::Deserialize;

use super::OrderView;
use crate::agreement::acceptances::in_its_period;
use crate::http::{Call, Class, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::trade::problems;
use crate::wire::parties::provider_of;
use crate::wire::paths::AccountPath;

/// The provider's agreement that was accepted.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptedVersion {
    document_id: DocumentId,
    version: u32,
}

/// What to buy.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OrderToPlace")]
pub struct Body {
    listing_id: ListingId,
    plan_id: PlanId,
    /// The provider's subscription agreement in force, accepted before (4.1).
    subscription_agreement: AcceptedVersion,
    /// Needed for a plan with neither term nor count: the service may stop at any time (4.5).
    #[serde(default)]
    acknowledge_unbounded_risk: bool,
    /// While notice of termination runs: the term may be shortened, so that it ends with the market agreement (10.1.2).
    #[serde(default)]
    accept_shorter_term: bool,
}

#[derive(Debug)]
pub struct PlaceOrder;

impl Endpoint for PlaceOrder {
    type Path = AccountPath;
    type Query = Nothing;
    type Body = Body;
    type Reply = OrderView;

    fn route() -> Route {
        Route::post("place_order", "orders", "/accounts/{account_id}/orders")
            .summary("Order a plan of a listing.")
            .about(
                "Buys a plan, as the listing is at this moment, under the market agreement and \
                    the provider's subscription agreement, which is accepted before (4.1). It waits \
                    24 hours for its payment (4.6); a plan that costs nothing is in service at once. \
                    Refused where the account is not open or does not hold the agreement in force, \
                    the listing or plan is not for sale, the risk of a plan without bound is not \
                    acknowledged (4.5), or its term passes the end of the agreement (10.1.2).",
            )
            .class(Class::Money)
            .clauses(&["4.1", "4.2", "4.5", "4.6", "10.1.2"])
            .roles(&[Role::Merchant])
            .creates()
            .problems(&[
                problems::ACCOUNT_NOT_OPEN,
                problems::AGREEMENT_OUTDATED,
                problems::ACCOUNT_ENDED,
                problems::NOT_FOR_SALE,
                problems::NO_SUCH_PLAN,
                problems::SUBSCRIPTION_NOT_ACCEPTED,
                problems::RISK_NOT_ACKNOWLEDGED,
                problems::PASSES_THE_END,
                problems::INVALID_TERM,
            ])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<OrderView>, Problem> {
        let account_id = call.path.account_id.clone();
        let AcceptedVersion { document_id, version } = call.body.subscription_agreement.clone();
        let accepted = AcceptanceId::in_first_period(account_id.clone(), document_id.clone(), version);
        let wishes = (
            of::<MarketAccount>(account_id.clone()),
            of::<Listing>(call.body.listing_id.clone()),
            of::<Document>(DocumentId::market_agreement()),
            of::<Document>(document_id),
            of::<Acceptance>(accepted.clone()),
        );
        let (account, listing, agreement, subscription, acceptance) = market.store.load(wishes).await?;
        let account = account.ok_or(Problem::not_found())?;
        let acceptance = in_its_period(market, &account, acceptance, accepted).await?;
        // One that is not listed answers like one that does not exist, whatever else may be wrong (invariant 8).
        let listing = listing.filter(|listing| listing.status == ListingStatus::Listed);
        let listing = listing.ok_or(PlaceRefusal::NotListed)?;
        // Where nothing is to be paid the contract forms at once, and the provider is told.
        let provider = match listing.description.price_of(&call.body.plan_id) {
            Some(price) if price == Fen::default() => Some(provider_of(market, &listing.provider_id).await?),
            _ => None,
        };
        let consents = Consents {
            unbounded_risk: call.body.acknowledge_unbounded_risk,
            shorter_term: call.body.accept_shorter_term,
        };
        let offer = Offer {
            agreement: agreement.as_deref(),
            listing: &listing,
            subscription: subscription.as_deref(),
            acceptance: acceptance.as_deref(),
            provider: provider.as_deref(),
        };
        let id = OrderId::new(call.occasion.at, market.random());
        let location = format!("/accounts/{account_id}/orders/{id}");
        let ordering = Ordering { id, plan: &call.body.plan_id, consents };
        let placed = Order::place(&account, &offer, ordering, market.calendar, &call.occasion)?;
        Ok(Outcome::created(placed, location).map(OrderView::from))
    }
}
