//! The names under which values are stored. They never change: what is renamed in the domain or on the wire
//! keeps its name here.

use market_kernel::names;

use crate::listings::{ListingKind, ListingStatus};
use crate::orders::{CloseReason, OrderStanding};
use crate::payments::{HeldBecause, Settlement};
use crate::returns::ReturnBecause;

names! {
    ListingKind { Application = "application", Service = "service" }
    ListingStatus { Draft = "draft", InReview = "in_review", Listed = "listed" }
    OrderStanding { Placed = "placed", InService = "in_service", Expired = "expired", Closed = "closed" }
    CloseReason { Unpaid = "unpaid", AgreementEnded = "agreement_ended" }
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
}
