//! The events of grants, their ledger and their deletion demands.

use market_kernel::hash::Sha256Hash;
use market_kernel::ids::OrderId;
use market_kernel::{Date, Timestamp, events};

events! {
    /// Data was granted.
    GrantActivated "4.4.2" { order: OrderId, scopes: String, page_sha256: Sha256Hash, expires_at: Timestamp }
    /// The merchant was told that a grant ends soon.
    GrantExpiryReminded "4.4.3" { days: u32 }
    /// The provider was given a token.
    TokenIssued "4.4.1" { replaces: bool }
    /// The term of a grant ran out.
    GrantExpired "4.4.5" { ended_at: Timestamp }
    /// The merchant took a grant back.
    GrantRevoked "4.4.2" { ended_at: Timestamp }
    /// A grant ended with the market agreement.
    GrantEnded "10.1" { ended_at: Timestamp }
    /// A check was counted on a day of which none had been.
    LedgerDayOpened "4.4.3" { day: Date }
    /// The checks of a day that is over were sealed into the grant's chain.
    LedgerSealed "4.4.3" { day: Date, lines: u32, checks: u64, sha256: Sha256Hash }
    /// So many checks were counted that their ledger was spread over several partitions.
    LedgerSpread "4.4.3" { partitions: u32 }
    /// A day of a ledger waits no longer.
    LedgerDayClosed "4.4.3" { day: Date }
    /// A deletion demand follows the end of a grant.
    DemandDrafted "4.4.5" { ended_at: Timestamp }
    /// The demand was served on the provider.
    DemandServed "4.4.5" { due: Timestamp, period: String }
    /// The provider confirmed that it has the demand.
    DemandAcknowledged "4.4.5" {}
    /// Either side was reminded of the demand.
    DemandReminded "4.4.5" { provider_days: Option<u32>, merchant_days: Option<u32> }
    /// The provider's answer is overdue.
    DemandOverdue "4.4.5" { merchant_days: Option<u32> }
    /// The provider declared what it did.
    DemandAttested "4.4.5" { answer: &'static str }
    /// The merchant confirmed the declaration.
    DemandClosed "4.4.5" {}
    /// The parties agreed otherwise.
    DemandWaived "4.4.5" {}
}
