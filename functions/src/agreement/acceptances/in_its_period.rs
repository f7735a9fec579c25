//! The acceptance that a merchant's agreement period asks for.

use market_agreement::documents::acceptance::{Acceptance, AcceptanceId};
use market_kernel::aggregate::Loaded;
use market_parties::accounts::{FIRST_PERIOD, MarketAccount};
use market_store::of;

use crate::http::{Market, Problem};

/// An acceptance of the period that the account is in. `first` was read together with the account, as one of its first
/// period; only for a merchant that came back is another one read.
pub(crate) async fn in_its_period(
    market: &Market,
    account: &Loaded<MarketAccount>,
    first: Option<Loaded<Acceptance>>,
    wanted: AcceptanceId,
) -> Result<Option<Loaded<Acceptance>>, Problem> {
    if account.agreement_period == FIRST_PERIOD {
        return Ok(first);
    }
    let wanted = AcceptanceId { agreement_period: account.agreement_period, ..wanted };
    // With a second wish it is the same call, which the handler is allowed, and not another one.
    let (found, _) =
        market.store.load((of::<Acceptance>(wanted), of::<MarketAccount>(account.id.clone()))).await?;
    Ok(found)
}
