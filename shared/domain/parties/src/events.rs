//! The events of accounts, providers and credit codes.

use market_kernel::events;
use market_kernel::hash::Sha256Hash;

events! {
    /// The operator vouched for a credit code that breaks the rule.
    CreditCodeVouched "5.1" { document_sha256: Option<Sha256Hash> }
    /// A merchant applied for a market account.
    AccountApplied "5.1" { vouched: Option<Sha256Hash> }
    /// A party's contacts were changed; these of them.
    ContactsChanged "11.1" { email: bool, phone: bool, language: bool }
    /// A provider applied.
    ProviderApplied "2.2" { vouched: Option<Sha256Hash> }
    /// A provider may list.
    ProviderApproved "2.2" {}
}
