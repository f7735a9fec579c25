//! Path parameters, and whose things they name.

use market_kernel::aggregate::Lane;
use market_kernel::clause::ClauseAddress;
use market_kernel::ids::{
    AccountId, DocumentId, GrantId, ListingId, NoticeId, OrderId, PaymentRecordId, ProviderId, TerminationId,
};
use market_kernel::party::{PartyId, Recipient};
use market_parties::credit_code::GivenCode;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::http::Owned;

macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $type:ty),+ } $($owner:ident)?;)+) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Deserialize, JsonSchema)]
        #[allow(missing_docs, reason = "most parameters are described by their types")]
        pub struct $name { $($(#[$about])* pub $field: $type),+ }

        impl Owned for $name { $(paths!(@owner $owner);)? })+
    };
    (@owner account) => {
        fn account(&self) -> Option<&AccountId> { Some(&self.account_id) }
    };
    (@owner provider) => {
        fn provider(&self) -> Option<&ProviderId> { Some(&self.provider_id) }
    };
}

paths! {
    /// A market account.
    AccountPath { account_id: AccountId } account;
    /// An order of a merchant's.
    OrderPath { account_id: AccountId, order_id: OrderId } account;
    /// A grant of a merchant's, or the deletion demand that follows it.
    GrantPath { account_id: AccountId, grant_id: GrantId } account;
    /// A notice to a merchant.
    NoticePath { account_id: AccountId, notice_id: NoticeId } account;
    /// A termination of a merchant's agreement.
    TerminationPath { account_id: AccountId, termination_id: TerminationId } account;
    /// A provider.
    ProviderPath { provider_id: ProviderId } provider;
    /// A notice to a provider.
    ProviderNoticePath { provider_id: ProviderId, notice_id: NoticeId } provider;
    /// A listing, as its provider writes it.
    ProviderListingPath { provider_id: ProviderId, listing_id: ListingId } provider;
    /// A listing.
    ListingPath { listing_id: ListingId };
    /// A document.
    DocumentPath { document_id: DocumentId };
    /// A version of a document.
    VersionPath {
        document_id: DocumentId,
        /// The version's number, from 1.
        version: u32
    };
    /// A clause of a version.
    ClausePath {
        document_id: DocumentId,
        /// The version's number, from 1.
        version: u32,
        clause: ClauseAddress
    };
    /// A record of money that arrived.
    PaymentPath { record_id: PaymentRecordId };
    /// The year of a holiday schedule.
    YearPath {
        /// The year.
        year: i16
    };
    /// A credit code.
    CreditCodePath { credit_code: GivenCode };
    /// A job.
    JobPath { job: Lane };
    /// A code of a problem document.
    ErrorPath {
        /// The `code` of a problem document.
        code: String
    };
}

impl NoticePath {
    /// By which the notice is found.
    #[must_use]
    pub fn id(&self) -> (Recipient, NoticeId) {
        (Recipient::Party(PartyId::Merchant(self.account_id.clone())), self.notice_id.clone())
    }
}

impl ProviderNoticePath {
    /// By which the notice is found.
    #[must_use]
    pub fn id(&self) -> (Recipient, NoticeId) {
        (Recipient::Party(PartyId::Provider(self.provider_id.clone())), self.notice_id.clone())
    }
}
