//! The tokens that lie beside the grants of a page.

use std::collections::HashMap;

use market_entrustment::grants::token::GrantTokens;
use market_entrustment::grants::{Grant, GrantStatus};
use market_kernel::aggregate::{Aggregate, Loaded};
use market_kernel::keys::Key;
use market_store::Page;

use super::GrantSummary;
use crate::http::{Market, Problem};

/// The tokens of a page's grants, by their keys.
pub(super) struct Tokens(HashMap<Key, GrantTokens>);

/// Reads the tokens of the grants that are not over: one request for a page. Those that cannot be read are left out,
/// and raise the alarm.
pub(super) async fn beside(market: &Market, page: &Page<Loaded<Grant>>) -> Result<Tokens, Problem> {
    let active = page.items.iter().filter(|grant| grant.status == GrantStatus::Active);
    let ids: Vec<_> = active.map(|grant| (grant.account_id.clone(), grant.id.clone())).collect();
    let found = market.store.load_each::<GrantTokens>(&ids).await?;
    market.count_unreadable(&found.unreadable);
    Ok(Tokens(found.items.into_iter().map(|tokens| (tokens.key(), tokens.state)).collect()))
}

impl Tokens {
    pub(super) fn show(&self, grant: Grant) -> GrantSummary {
        let key = GrantTokens::key_of(&(grant.account_id.clone(), grant.id.clone()));
        GrantSummary::of(grant, self.0.get(&key))
    }
}
