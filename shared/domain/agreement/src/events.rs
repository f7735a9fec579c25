//! The events of documents, acceptances, holidays and terminations.

use market_kernel::events::Foreign;
use market_kernel::hash::Sha256Hash;
use market_kernel::ids::{DocumentId, EventId};
use market_kernel::{Date, Timestamp, clauses, events};

clauses! {
    /// What a publication carries out.
    PublishedUnder {
        /// The operator's first version.
        Registry = "1.4",
        /// A provider's terms.
        ProvidersTerms = "4.1",
        /// The operator's amendment.
        Amendment = "9.4",
    }
    /// What an acceptance carries out.
    AcceptedUnder {
        /// Of an operator's document.
        Agreement = "1.3",
        /// Of a provider's terms.
        ProvidersTerms = "4.1",
    }
    /// How an agreement ends.
    EndedUnder {
        /// With the upstream agreement.
        Natural = "10.1.1",
        /// By notice.
        Notice = "10.1.2",
    }
}

events! {
    /// A version of a document was published.
    DocumentPublished [PublishedUnder] { under: PublishedUnder, version: u32, sha256: Sha256Hash, effective_at: Timestamp, version_sha256: Option<Sha256Hash> }
    /// A version was withdrawn before it took effect.
    VersionWithdrawn [PublishedUnder] { under: PublishedUnder, version: u32, sha256: Sha256Hash }
    /// A merchant accepted a version.
    DocumentAccepted [AcceptedUnder] { under: AcceptedUnder, document: DocumentId, version: u32, sha256: Sha256Hash, rendered_sha256: Sha256Hash }
    /// The market account is open.
    AccountOpened "2.3" { agreement_version: u32 }
    /// A newer version of the market agreement holds for the account.
    AgreementRenewed "9.4" { agreement_version: u32 }
    /// The end of the agreement was set by a notice.
    EndSet "10.1.2" { ends_at: Timestamp }
    /// The end that was set was lifted.
    EndLifted "10.1.2" {}
    /// A year's holiday schedule was published, or a version that corrects it.
    HolidaysPublished "10.1.2" { version: u32, notice: Foreign, dated: Date }
    /// The agreement ended.
    AgreementEnded [EndedUnder] { under: EndedUnder, ended_at: Timestamp }
    /// Notice of termination was served.
    TerminationServed "10.1.2" { ends_at: Timestamp, period: String }
    /// The merchant was told that the agreement ends soon.
    TerminationReminded "10.1.2" { days: u32 }
    /// The notice was withdrawn before it took effect.
    TerminationWithdrawn "10.1.2" {}
    /// The notice took effect.
    TerminationEffective "10.1.2" { ends_at: Timestamp }
    /// The upstream agreement ended, and this one with it.
    UpstreamAgreementEnded "10.1.1" { event_id: EventId, ended_at: Timestamp }
    /// Another termination took effect first.
    TerminationSuperseded "10.1.1" {}
    /// One thing ended with the agreement.
    CascadeStepped "10.1" { target: String }
    /// Nothing of what was looked at had to end; so many things could not be read, and are looked at again last.
    CascadePassed "10.1" { aside: u32 }
    /// Nothing is left to end for now; what was decided before the end may still arrive, and is looked for then.
    CascadeLooksAgain "10.1" { at: Timestamp }
    /// Everything that ends with the agreement has ended.
    TerminationCompleted "10.2" {}
}
