//! What becomes due of entrusted data.

mod expire_grant;
mod remind_deletion;
mod seal_ledger;

use futures_util::FutureExt;
use market_entrustment::deletion::DeletionDemand;
use market_entrustment::grants::Grant;
use market_entrustment::grants::ledger::Ledger;
use market_entrustment::grants::token::GrantTokens;
use market_kernel::aggregate::Lane;

use self::expire_grant::expire_grant;
use self::remind_deletion::remind_deletion;
use self::seal_ledger::seal_ledger;
use crate::workers::Kind;

/// The kinds of this context.
pub(crate) const KINDS: &[Kind] = &[
    Kind::notified::<Grant>().due(&[Lane::ExpireGrant], |jobs, key| expire_grant(jobs, key).boxed()),
    Kind::notified::<DeletionDemand>()
        .due(&[Lane::RemindDeletion], |jobs, key| remind_deletion(jobs, key).boxed()),
    // The former lane too: 0.3.0 wakes by it, and does not know the other.
    Kind::of::<Ledger>()
        .due(&[Lane::AdvanceCase, Lane::SealLedger], |jobs, key| seal_ledger(jobs, key).boxed()),
    Kind::of::<GrantTokens>(),
];
