//! The register of events: every name that evidence can carry, the clause that it carries out, and its facts
//! with their types.
//!
//! A name, a clause or a fact that is hashed into a chain is there for ever, so none is written as a text where
//! it is used: an event is a type, and a slip does not compile. The register is also what providers will be
//! sent, and `docs/EVENTS.md` is made from it. Facts are ids, hashes, dates, amounts and words of ours; nothing
//! that identifies a person.
//!
//! An event is never renamed and never changes what it means. One that is no longer written stays here.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::hash::Sha256Hash;
use crate::ids::{AccountId, DocumentId, EventId, ListingId, OrderId, PlanId};
use crate::money::Fen;

/// What sort of value a fact is. In evidence all but numbers and flags are texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactType {
    /// An id.
    Id,
    /// A SHA-256 hash in hexadecimal.
    Hash,
    /// An instant (RFC 3339).
    Instant,
    /// A day in Shanghai (2026-01-05).
    Day,
    /// A whole number.
    Number,
    /// An amount in fen.
    Fen,
    /// True or false.
    Flag,
    /// Words of the market's own.
    Words,
    /// Words or an id of another system's, as it gave them.
    Foreign,
}

/// Words or an id that another system gave.
#[derive(Debug, Clone)]
pub struct Foreign(pub String);

impl FactType {
    /// Its name in the description of events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Hash => "SHA-256",
            Self::Instant => "instant",
            Self::Day => "day",
            Self::Number => "number",
            Self::Fen => "fen",
            Self::Flag => "flag",
            Self::Words => "words",
            Self::Foreign => "another system's words",
        }
    }

    /// Whether a recorded value is of this type.
    #[must_use]
    pub fn admits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Number | Self::Fen, Value::Number(number)) => number.is_u64(),
            (Self::Flag, Value::Bool(_)) => true,
            (Self::Id | Self::Words | Self::Foreign, Value::String(text)) => !text.is_empty(),
            (Self::Hash, Value::String(text)) => Sha256Hash::try_from(text.clone()).is_ok(),
            (Self::Day, Value::String(text)) => text.parse::<Date>().is_ok(),
            (Self::Instant, Value::String(text)) => text.parse::<Timestamp>().is_ok(),
            _ => false,
        }
    }
}

/// A fact of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// Its name.
    pub name: &'static str,
    /// What sort of value it is.
    pub r#type: FactType,
    /// Whether it may be absent.
    pub is_optional: bool,
}

/// An event of the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    /// Its name, in the past tense.
    pub name: &'static str,
    /// What it says, in a sentence.
    pub meaning: &'static str,
    /// The clauses that it can carry out.
    pub clauses: &'static [&'static str],
    /// Its facts.
    pub facts: &'static [Fact],
}

/// Something that happened, as evidence records it.
pub trait Happening {
    /// How it is registered.
    const REGISTERED: Registered;

    /// The clause that it carries out.
    fn clause(&self) -> &'static str;
    /// Its facts by name; those that are absent are left out.
    fn facts(self) -> Map<String, Value>;
}

/// A value that can be a fact.
trait FactValue {
    const TYPE: FactType;
    const IS_OPTIONAL: bool = false;

    fn value(self) -> Option<Value>;
}

macro_rules! fact_values {
    ($($type:ty => $kind:ident, |$value:ident| $json:expr;)+) => {
        $(impl FactValue for $type {
            const TYPE: FactType = FactType::$kind;

            fn value(self) -> Option<Value> {
                let $value = self;
                Some($json.into())
            }
        })+
    };
}

fact_values! {
    AccountId => Id, |id| id.as_str();
    DocumentId => Id, |id| id.as_str();
    EventId => Id, |id| id.as_str();
    ListingId => Id, |id| id.as_str();
    OrderId => Id, |id| id.as_str();
    PlanId => Id, |id| id.as_str();
    Sha256Hash => Hash, |hash| hash.as_str();
    Timestamp => Instant, |at| at.to_string();
    Date => Day, |day| day.to_string();
    u32 => Number, |number| number;
    u64 => Number, |number| number;
    Fen => Fen, |amount| amount.get();
    bool => Flag, |flag| flag;
    String => Words, |words| words;
    &'static str => Words, |words| words;
    Foreign => Foreign, |words| words.0;
}

impl<T: FactValue> FactValue for Option<T> {
    const TYPE: FactType = T::TYPE;
    const IS_OPTIONAL: bool = true;

    fn value(self) -> Option<Value> {
        self.and_then(T::value)
    }
}

macro_rules! events {
    ($(
        $(#[doc = $meaning:literal])+
        $name:ident $clauses:tt { $($fact:ident: $type:ty),* $(,)? }
    )+) => {
        $(
            $(#[doc = $meaning])+
            #[derive(Debug, Clone)]
            #[allow(missing_docs, reason = "a fact is named by what it is")]
            pub struct $name { $(pub $fact: $type,)* }
            events!(@happening $name $clauses (concat!($($meaning),+)) { $($fact: $type),* });
        )+

        /// Every event, in the order of the register.
        pub const REGISTER: &[Registered] = &[$($name::REGISTERED),+];
    };
    (@happening $name:ident $clause:literal ($meaning:expr) { $($fact:ident: $type:ty),* }) => {
        impl Happening for $name {
            const REGISTERED: Registered = events!(@registered $name ($meaning) [$clause] { $($fact: $type),* });

            fn clause(&self) -> &'static str {
                $clause
            }

            fn facts(self) -> Map<String, Value> {
                events!(@facts self { $($fact),* })
            }
        }
    };
    // An event of several clauses is handed the one that it carries out, as its first fact.
    (@happening $name:ident [$of:ident] ($meaning:expr) { $($fact:ident: $type:ty),* }) => {
        impl Happening for $name {
            const REGISTERED: Registered = events!(@registered $name ($meaning) $of { $($fact: $type),* });

            fn clause(&self) -> &'static str {
                self.under.clause()
            }

            fn facts(self) -> Map<String, Value> {
                events!(@facts self { $($fact),* })
            }
        }
    };
    (@registered $name:ident ($meaning:expr) [$clause:literal] { $($fact:ident: $type:ty),* }) => {
        Registered { name: stringify!($name), meaning: $meaning, clauses: &[$clause], facts: events!(@types { $($fact: $type),* }) }
    };
    (@registered $name:ident ($meaning:expr) $of:ident { under: $under:ty $(, $fact:ident: $type:ty)* }) => {
        Registered { name: stringify!($name), meaning: $meaning, clauses: $of::CLAUSES, facts: events!(@types { $($fact: $type),* }) }
    };
    (@types { $($fact:ident: $type:ty),* }) => {
        &[$(Fact {
            name: stringify!($fact),
            r#type: <$type as FactValue>::TYPE,
            is_optional: <$type as FactValue>::IS_OPTIONAL,
        }),*]
    };
    (@facts $self:ident {}) => { Map::new() };
    (@facts $self:ident { under $(, $fact:ident)* }) => { events!(@facts $self { $($fact),* }) };
    (@facts $self:ident { $($fact:ident),* }) => {{
        let mut facts = Map::new();
        $(if let Some(value) = $self.$fact.value() {
            facts.insert(stringify!($fact).to_owned(), value);
        })*
        facts
    }};
}

macro_rules! clauses {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $variant_doc:literal])+ $variant:ident = $clause:literal),+ $(,)? })+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub enum $name { $($(#[doc = $variant_doc])+ $variant),+ }

            impl $name {
                const CLAUSES: &'static [&'static str] = &[$($clause),+];

                const fn clause(self) -> &'static str {
                    match self { $(Self::$variant => $clause),+ }
                }
            }
        )+
    };
}

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
    /// Why an order closes before its time.
    ClosedUnder {
        /// Nobody paid.
        Payment = "4.6",
        /// The market agreement ended.
        Termination = "10.1",
    }
    /// How an agreement ends.
    EndedUnder {
        /// With the upstream agreement.
        Natural = "10.1.1",
        /// By notice.
        Notice = "10.1.2",
    }
    /// What a period is of that is reckoned again.
    ReckonedUnder {
        /// The notice of a termination.
        Notice = "10.1.2",
        /// The provider's answer to a deletion demand.
        Answer = "4.4.5",
    }
}

events! {
    /// A version of a document was published.
    DocumentPublished [PublishedUnder] { under: PublishedUnder, version: u32, sha256: Sha256Hash, effective_at: Timestamp, version_sha256: Option<Sha256Hash> }
    /// A version was withdrawn before it took effect.
    VersionWithdrawn [PublishedUnder] { under: PublishedUnder, version: u32, sha256: Sha256Hash }
    /// A merchant accepted a version.
    DocumentAccepted [AcceptedUnder] { under: AcceptedUnder, document: DocumentId, version: u32, sha256: Sha256Hash, rendered_sha256: Sha256Hash }
    /// The operator vouched for a credit code that breaks the rule.
    CreditCodeVouched "5.1" { document_sha256: Option<Sha256Hash> }
    /// A merchant applied for a market account.
    AccountApplied "5.1" { vouched: Option<Sha256Hash> }
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
    /// The holiday schedule that a period waits for is not published yet. It is looked for again then.
    ScheduleAwaited [ReckonedUnder] { under: ReckonedUnder, until: Timestamp }
    /// The holiday schedule was published, and the end of a period stands.
    PeriodConfirmed [ReckonedUnder] { under: ReckonedUnder, period: String }
    /// A period was reckoned again, and ends later.
    PeriodMoved [ReckonedUnder] { under: ReckonedUnder, ends_at: Timestamp, period: String }
    /// The agreement ended.
    AgreementEnded [EndedUnder] { under: EndedUnder, ended_at: Timestamp }
    /// A party's contacts were changed; these of them.
    ContactsChanged "11.1" { email: bool, phone: bool, language: bool }
    /// A provider applied.
    ProviderApplied "2.2" { vouched: Option<Sha256Hash> }
    /// A provider may list.
    ProviderApproved "2.2" {}
    /// A listing was written.
    ListingDrafted "2.6" {}
    /// A listing was handed in for review.
    ListingSubmitted "4.2" {}
    /// A listing can be bought.
    ListingListed "4.2" {}
    /// An order waits for its payment.
    OrderPlaced "4.1" { listing: ListingId, plan: PlanId, price_fen: Fen, pay_by: Timestamp }
    /// The contract formed, and the service began.
    OrderPaid "4.6" { payment: EventId, amount_fen: Fen, valid_until: Option<Timestamp> }
    /// A payment formed the contract of its order.
    PaymentFormed "4.6" { order: OrderId, amount_fen: Fen }
    /// A report of the payment system waits for a human.
    PaymentHeld "4.6" { because: &'static str }
    /// A payment has to be returned.
    PaymentToReturn "4.6" { because: &'static str, amount_fen: Fen }
    /// A payment was returned.
    PaymentReturned "4.6" { by: &'static str }
    /// A human looked at a report that was held, and nothing is owed.
    PaymentDismissed "4.6" {}
    /// The term of an order ran out.
    OrderExpired "4.2" {}
    /// An order closed before its time.
    OrderClosed [ClosedUnder] { under: ClosedUnder, reason: &'static str }
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
    /// A channel is about to be asked to take a notice. Without a later record nobody knows what became of it.
    NoticeAttempted "11.1" { attempts: u32 }
    /// A channel took a notice: from then on it counts as served.
    NoticeServed "11.1" { content: Sha256Hash, gateway_id: Option<Foreign>, attempts: u32 }
    /// A channel did not take a notice; it is tried again.
    NoticeDelayed "11.1" { attempts: u32 }
    /// A notice waits: an earlier one of the same thing has not left yet.
    NoticeHeldBack "11.1" {}
    /// A notice no longer stood when it was about to leave, and was not sent.
    NoticeSuperseded "11.1" { attempts: u32 }
    /// A mailbox answered for the moment; it may still take the notice.
    NoticeCameBack "11.1" { reason: Foreign }
    /// A notice cannot be sent; a human has to.
    NoticeUndeliverable "11.1" { attempts: u32 }
    /// The operator sent a notice again that did not arrive: another one, in its place.
    NoticeResent "11.1" {}
    /// A notice arrived.
    NoticeDelivered "11.1" {}
    /// A notice came back.
    NoticeBounced "11.1" { reason: Foreign }
    /// The recipient called a notice a nuisance.
    NoticeComplainedOf "11.1" {}
}

/// A fact that stands in older records and is no longer written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retired {
    /// The event that had it.
    pub event: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What sort of value it was.
    pub r#type: FactType,
    /// The fact that took its place.
    pub now: &'static str,
}

/// Every fact that is no longer written.
pub const RETIRED: &[Retired] = &[
    // The plain hash of a notice's text; the commitment to it took its place.
    Retired { event: "NoticeServed", name: "content_sha256", r#type: FactType::Hash, now: "content" },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use serde_json::json;

    #[test]
    fn every_name_is_registered_once_and_says_what_happened() {
        let names: BTreeSet<_> = REGISTER.iter().map(|registered| registered.name).collect();
        assert_eq!(names.len(), REGISTER.len());
        for registered in REGISTER {
            assert!(!registered.clauses.is_empty() && registered.meaning.ends_with('.'), "{registered:?}");
        }
    }

    #[test]
    fn a_happening_writes_the_facts_that_it_is_registered_with_and_leaves_out_what_is_absent() {
        let paid = OrderPaid {
            payment: "pay-1".parse().unwrap(),
            amount_fen: 19_900.try_into().unwrap(),
            valid_until: None,
        };
        let (clause, facts) = (paid.clause(), paid.facts());
        assert_eq!(Value::from(facts), json!({ "payment": "pay-1", "amount_fen": 19_900 }));
        assert_eq!(clause, "4.6");
        let ended = AgreementEnded { under: EndedUnder::Notice, ended_at: Timestamp::UNIX_EPOCH };
        assert_eq!(ended.clause(), "10.1.2");
        assert_eq!(AgreementEnded::REGISTERED.clauses, ["10.1.1", "10.1.2"]);
        assert_eq!(Value::from(ended.facts()), json!({ "ended_at": "1970-01-01T00:00:00Z" }));
    }
}
