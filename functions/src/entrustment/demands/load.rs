//! What the two sides' steps begin with: the demand, and the other side.

use market_entrustment::deletion::DeletionDemand;
use market_kernel::aggregate::Loaded;
use market_kernel::party::{Actor, PartyId};
use market_parties::accounts::MarketAccount;
use market_parties::providers::Provider;
use market_store::of;

use crate::http::{Call, Endpoint, Market, Problem};
use crate::wire::parties::provider_of;
use crate::wire::paths::GrantPath;

/// A demand, and its two sides.
pub(super) struct Sides {
    pub demand: Loaded<DeletionDemand>,
    pub account: Loaded<MarketAccount>,
    pub provider: Loaded<Provider>,
}

/// For the merchant: its demand, and the provider who will be told.
pub(super) async fn for_merchant<E: Endpoint<Path = GrantPath>>(
    call: &Call<E>,
    market: &Market,
) -> Result<Sides, Problem> {
    let account_id = call.path.account_id.clone();
    let wishes = (
        of::<MarketAccount>(account_id.clone()),
        of::<DeletionDemand>((account_id, call.path.grant_id.clone())),
    );
    let (Some(account), Some(demand)) = market.store.load(wishes).await? else {
        return Err(Problem::not_found());
    };
    let provider = provider_of(market, &demand.provider_id).await?;
    Ok(Sides { demand, account, provider })
}

/// Whether the caller may see a demand: its provider may once it is served.
///
/// # Errors
/// "Not found": until then it answers like one that does not exist (invariant 8).
pub(super) fn may_see<E: Endpoint>(call: &Call<E>, demand: &DeletionDemand) -> Result<(), Problem> {
    if call.is_provider() && !demand.was_served() {
        return Err(Problem::not_found());
    }
    call.may_see(&demand.provider_id)
}

/// For the provider: a demand that is its own to answer, and the merchant who will be told.
pub(super) async fn for_provider<E: Endpoint<Path = GrantPath>>(
    call: &Call<E>,
    market: &Market,
) -> Result<Sides, Problem> {
    let Actor::Party(PartyId::Provider(caller)) = &call.occasion.actor else {
        return Err(Problem::not_found());
    };
    let account_id = call.path.account_id.clone();
    let wishes = (
        of::<MarketAccount>(account_id.clone()),
        of::<DeletionDemand>((account_id, call.path.grant_id.clone())),
        of::<Provider>(caller.clone()),
    );
    let (Some(account), Some(demand), Some(provider)) = market.store.load(wishes).await? else {
        return Err(Problem::not_found());
    };
    may_see(call, &demand)?;
    Ok(Sides { demand, account, provider })
}
