//! What is refused about notices, and by which codes.

use market_kernel::notices::{CorrectionRefusal, OtherServiceRefusal, ResendRefusal};

use crate::http::problem::codes;
pub use crate::http::problems::{INTERNAL, INVALID_BODY, INVALID_TOKEN};
use crate::http::{FieldError, Problem};

codes! {
    WRONG_NOTICE_STATE 409 "wrong-notice-state" "The notice does not wait to be sent again." "Read the notice. One that is undeliverable or bounced is sent again once; after that, what was sent in its place is."
    NOT_UNDELIVERABLE 409 "not-undeliverable" "The notice does not wait for a human." "Read the notice: it arrived, something else carries it, or how it was served is recorded already."
    INVALID_SERVICE 422 "invalid-service" "The notice cannot have been served then." "Give an instant between the drafting of the notice and now."
    NO_OTHER_SERVICE 409 "no-other-service" "Nothing is recorded of how the notice was served another way." "Read the notice: nothing was recorded, or it was taken back before."
    TOO_MANY_CORRECTIONS 409 "too-many-corrections" "What was recorded was corrected as often as it can be." "Keep further proof outside of the market, with the notice's id."
    NO_ADDRESS 409 "no-address" "The recipient has no address on the notice's channel." "Name one in `address`."
}

impl From<OtherServiceRefusal> for Problem {
    fn from(refusal: OtherServiceRefusal) -> Self {
        match refusal {
            OtherServiceRefusal::NotWaiting => Self::new(NOT_UNDELIVERABLE),
            OtherServiceRefusal::OutOfTime => {
                Self::new(INVALID_SERVICE).errors(vec![FieldError::at("/served_at", refusal.to_string())])
            }
        }
        .detail(refusal.to_string())
    }
}

impl From<CorrectionRefusal> for Problem {
    fn from(refusal: CorrectionRefusal) -> Self {
        match refusal {
            CorrectionRefusal::NothingRecorded => Self::new(NO_OTHER_SERVICE),
            CorrectionRefusal::TooMany => Self::new(TOO_MANY_CORRECTIONS),
            CorrectionRefusal::OutOfTime => {
                let error = FieldError::at("/outcome/served_at", refusal.to_string());
                Self::new(INVALID_SERVICE).errors(vec![error])
            }
        }
        .detail(refusal.to_string())
    }
}

impl From<ResendRefusal> for Problem {
    fn from(refusal: ResendRefusal) -> Self {
        let code = match refusal {
            ResendRefusal::NotWaiting => WRONG_NOTICE_STATE,
            ResendRefusal::NoAddress => NO_ADDRESS,
            // Only the notice tells which kind of address it takes.
            ResendRefusal::OtherChannel => {
                let error = FieldError::at("/address", refusal.to_string())
                    .expecting("an e-mail address for an e-mail, a telephone number for a text message");
                return Self::new(INVALID_BODY).errors(vec![error]);
            }
        };
        Self::new(code).detail(refusal.to_string())
    }
}
