//! The names under which values are stored. They never change: what is renamed in the domain or on the wire
//! keeps its name here.

use market_kernel::names;

use crate::deletion::{Answer, DemandStanding};
use crate::grants::EndCause;
use crate::grants::access::CheckOutcome;

names! {
    EndCause { Expired = "expired", Revoked = "revoked", AgreementEnded = "agreement_ended" }
    DemandStanding {
        Draft = "draft",
        Served = "served",
        Overdue = "overdue",
        Attested = "attested",
        Closed = "closed",
        Waived = "waived",
    }
    Answer { Deleted = "deleted", Returned = "returned", LegallyRetained = "legally_retained" }
    CheckOutcome { Allowed = "allowed", Ended = "ended", WrongToken = "wrong_token", WrongScope = "wrong_scope" }
}
