//! The names under which values are stored. They never change: what is renamed in the domain or on the wire
//! keeps its name here.

use super::values::Named;
use crate::accounts::AccountStatus;
use crate::aggregate::Job;
use crate::deletion::Answer;
use crate::documents::DocumentKind;
use crate::documents::acceptance::Method;
use crate::documents::clauses::Reason;
use crate::grants::EndCause;
use crate::grants::access::Outcome;
use crate::listings::{ListingKind, ListingStatus};
use crate::notices::Channel;
use crate::orders::CloseReason;
use crate::party::Language;
use crate::payments::{HeldBecause, ReturnBecause, Settlement};
use crate::providers::ProviderStatus;

macro_rules! names {
    ($($kind:ident { $($value:ident = $name:literal),+ $(,)? })+) => {
        $(impl Named for $kind {
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn name(self) -> &'static str {
                match self { $(Self::$value => $name),+ }
            }
        })+
    };
}

names! {
    AccountStatus { Applied = "applied", Active = "active", Terminated = "terminated" }
    ProviderStatus { Applied = "applied", Approved = "approved" }
    Language { Chinese = "zh", English = "en" }
    DocumentKind { Body = "body", Annex = "annex", Rule = "rule", Subscription = "subscription" }
    Reason {
        Amount = "amount",
        Period = "period",
        Percentage = "percentage",
        DateOrTime = "date_or_time",
        Quantity = "quantity",
        VersionNumber = "version_number",
        CrossReference = "cross_reference",
        ContentsTable = "contents_table",
        ListItem = "list_item",
        TableData = "table_data",
        OrdinaryWords = "ordinary_words",
        PersonsName = "persons_name",
        Misprint = "misprint",
        OutOfSequence = "out_of_sequence",
    }
    Method { Click = "click", Signed = "signed" }
    ListingKind { Application = "application", Service = "service" }
    ListingStatus { Draft = "draft", InReview = "in_review", Listed = "listed" }
    CloseReason { Unpaid = "unpaid", AgreementEnded = "agreement_ended" }
    EndCause { Expired = "expired", Revoked = "revoked", AgreementEnded = "agreement_ended" }
    Answer { Deleted = "deleted", Returned = "returned", LegallyRetained = "legally_retained" }
    Outcome { Allowed = "allowed", Ended = "ended", WrongToken = "wrong_token", WrongScope = "wrong_scope" }
    HeldBecause {
        Unreadable = "unreadable",
        UnknownOrder = "unknown_order",
        WrongAmount = "wrong_amount",
        ImpossibleDate = "impossible_date",
        IdUsedBefore = "id_used_before",
        UnknownPayment = "unknown_payment",
        NotToBeReturned = "not_to_be_returned",
    }
    Settlement { Form = "form", Return = "return", Returned = "returned", Dismiss = "dismiss" }
    ReturnBecause {
        AlreadyPaid = "already_paid",
        TooLate = "too_late",
        AgreementEnded = "agreement_ended",
        PassesTheEnd = "passes_the_end",
        OperatorDecided = "operator_decided",
    }
    Job {
        Notify = "notify",
        ExpireGrant = "expire_grant",
        RemindDeletion = "remind_deletion",
        TerminateAccount = "terminate_account",
        AdvanceCase = "advance_case",
        SealLedger = "seal_ledger",
    }
    Channel { Announcement = "announcement", InSite = "in_site", Email = "email", Sms = "sms" }
}
