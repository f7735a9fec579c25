//! The names under which values are stored. They never change: what is renamed in the domain or on the wire
//! keeps its name here.

use market_kernel::names;

use crate::deletion::Answer;
use crate::grants::EndCause;
use crate::grants::access::CheckOutcome;

names! {
    EndCause { Expired = "expired", Revoked = "revoked", AgreementEnded = "agreement_ended" }
    Answer { Deleted = "deleted", Returned = "returned", LegallyRetained = "legally_retained" }
    CheckOutcome { Allowed = "allowed", Ended = "ended", WrongToken = "wrong_token", WrongScope = "wrong_scope" }
}
