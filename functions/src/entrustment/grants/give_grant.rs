//! `give_grant` – a merchant lets a provider's application use named data until a date.

use market_agreement::documents::Document;
use market_entrustment::grants::{Basis, Giving, Grant};
use market_identity::Role;
use market_kernel::Timestamp;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{DocumentId, GrantId, OrderId, ScopeName};
use market_parties::accounts::MarketAccount;
use market_store::of;
use market_trade::listings::MAX_PARTS;
use market_trade::orders::Order;
use schemars::JsonSchema;
use serde::Deserialize;

use super::GrantView;
use crate::entrustment::problems;
use crate::http::{Call, Endpoint, Market, Nothing, Outcome, Problem, Route};
use crate::wire::lists::AtMost;
use crate::wire::parties::provider_of;
use crate::wire::paths::AccountPath;
use crate::wire::time::Instant;

/// What to grant.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "GrantToGive")]
pub struct Body {
    /// The order that needs the data.
    order_id: OrderId,
    /// The scopes, out of those the listing asks for.
    #[schemars(length(min = 1))]
    scopes: AtMost<ScopeName, MAX_PARTS>,
    /// Until when; by default the end of the order's validity.
    #[serde(default)]
    expires_at: Option<Instant>,
    /// The SHA-256 of the authorization page as it was shown. The page is its maker's own, and the market never sees it: who
    /// shows it keeps it, to prove by this hash what the merchant read.
    page_sha256: Sha256Hash,
}

#[derive(Debug)]
pub struct GiveGrant;

impl Endpoint for GiveGrant {
    type Path = AccountPath;
    type Query = Nothing;
    type Body = Body;
    type Reply = GrantView;

    fn route() -> Route {
        Route::post("give_grant", "grants", "/accounts/{account_id}/grants")
            .summary("Grant data to the provider of an order, for named scopes, until a date.")
            .about(
                "Lets the provider of an order use named data until an instant (4.4.1, 4.4.2). \
                    The scopes are out of those that the listing asks for; `page_sha256` says what \
                    the merchant was shown. Refused where the order is not in service, the account \
                    does not hold the agreement in force, a scope is not the listing's, or the term \
                    passes the order's or the agreement's end (10.1.2).",
            )
            .clauses(&["4.4.1", "4.4.2", "4.4.4", "10.1.2"])
            .roles(&[Role::Merchant])
            .creates()
            .problems(&[
                problems::ACCOUNT_NOT_OPEN,
                problems::AGREEMENT_OUTDATED,
                problems::ACCOUNT_ENDED,
                problems::NOT_IN_SERVICE,
                problems::INVALID_SCOPES,
                problems::INVALID_TERM,
                problems::PASSES_THE_END,
            ])
    }

    async fn decide(call: &Call<Self>, market: &Market) -> Result<Outcome<GrantView>, Problem> {
        let account_id = call.path.account_id.clone();
        let wishes = (
            of::<MarketAccount>(account_id.clone()),
            of::<Order>((account_id.clone(), call.body.order_id.clone())),
            of::<Document>(DocumentId::market_agreement()),
        );
        let (Some(account), Some(order), agreement) = market.store.load(wishes).await? else {
            return Err(Problem::not_found());
        };
        let provider = provider_of(market, &order.provider_id).await?;
        let id = GrantId::new(call.occasion.at, market.random());
        let location = format!("/accounts/{account_id}/grants/{id}");
        let basis =
            Basis { account: &account, agreement: agreement.as_deref(), order: &order, provider: &provider };
        let giving = Giving {
            id,
            scopes: &call.body.scopes.clone().into_vec(),
            expires_at: call.body.expires_at.map(Timestamp::from),
            page_sha256: call.body.page_sha256.clone(),
        };
        let given = Grant::give(&basis, giving, &call.occasion)?;
        Ok(Outcome::created(given, location).map(|grant| GrantView::of(grant, None)))
    }
}
