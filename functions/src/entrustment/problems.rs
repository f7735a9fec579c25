//! What is refused about entrusted data, and by which codes.

use market_entrustment::deletion::DemandRefusal;
use market_entrustment::grants::token::IssueRefusal;
use market_entrustment::grants::{GrantRefusal, NotActive};

pub use crate::agreement::problems::INVALID_TERM;
use crate::http::problem::{codes, refusals};
pub use crate::http::problems::{TOO_MANY_REQUESTS, UNAVAILABLE};
pub use crate::parties::problems::{ACCOUNT_ENDED, ACCOUNT_NOT_OPEN, AGREEMENT_OUTDATED};
pub use crate::trade::problems::PASSES_THE_END;

codes! {
    NOT_IN_SERVICE 409 "not-in-service" "The order is not in service." "Grant data under an order that is paid and has not run out."
    INVALID_SCOPES 422 "invalid-scopes" "The scopes are not ones that the listing asks for, each once." "Read the order's snapshot for the scopes."
    GRANT_NOT_ACTIVE 409 "grant-not-active" "The grant is over." "Ask the merchant for a new grant."
    WRONG_DEMAND_STATE 409 "wrong-demand-state" "The deletion demand is not in the state that this step starts from." "Read the demand."
    INVALID_ATTESTATION 422 "invalid-attestation" "The attestation is incomplete, or its time is not between the end of the entrustment and now." "See `detail`."
}

refusals! {
    GrantRefusal {
        GrantRefusal::Account(account) => return (*account).into(),
        GrantRefusal::NotInService => NOT_IN_SERVICE,
        GrantRefusal::Scopes | GrantRefusal::NoSuchScope(_) => INVALID_SCOPES,
        GrantRefusal::AlreadyOver | GrantRefusal::PassesTheOrder { .. } => INVALID_TERM,
        GrantRefusal::PassesTheEnd => PASSES_THE_END,
    }
    NotActive { NotActive::Ended => GRANT_NOT_ACTIVE }
    IssueRefusal {
        IssueRefusal::Ended => GRANT_NOT_ACTIVE,
        IssueRefusal::TooMany => TOO_MANY_REQUESTS,
    }
    DemandRefusal {
        DemandRefusal::AlreadyServed
            | DemandRefusal::NotWaiting
            | DemandRefusal::AlreadyAcknowledged
            | DemandRefusal::NotAttested
            | DemandRefusal::Over => WRONG_DEMAND_STATE,
        DemandRefusal::Attestation => INVALID_ATTESTATION,
        DemandRefusal::Unreckonable => INVALID_TERM,
    }
}
