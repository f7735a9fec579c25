//! What is refused in trade, and by which codes.

use market_trade::listings::ListingRefusal;
use market_trade::orders::PlaceRefusal;
use market_trade::payments::SettleRefusal;

pub use crate::agreement::problems::{INVALID_TERM, PROVIDER_NOT_APPROVED};
use crate::http::problem::{codes, refusals};
pub use crate::parties::problems::{ACCOUNT_ENDED, ACCOUNT_NOT_OPEN, AGREEMENT_OUTDATED};

codes! {
    INCOMPLETE_LISTING 422 "incomplete-listing" "The listing is incomplete or contradicts itself (clauses 4.2, 4.4.2)." "See `detail`."
    WRONG_LISTING_STATE 409 "wrong-listing-state" "The listing is not in the state that this step starts from." "`detail` names the state that it is in. Its provider and the operator read it by `get_draft`."
    NOT_FOR_SALE 409 "not-for-sale" "The listing is not for sale." "Choose a listing of the catalogue."
    NO_SUCH_PLAN 422 "no-such-plan" "The listing has no such plan." "Read the listing for its plans."
    SUBSCRIPTION_NOT_ACCEPTED 409 "subscription-not-accepted" "The provider's subscription agreement has to be accepted first (clause 4.1)." "Accept the document and version that `detail` names."
    RISK_NOT_ACKNOWLEDGED 422 "risk-not-acknowledged" "The plan has neither term nor count, and its risk was not acknowledged (clause 4.5)." "Warn the merchant, and send `acknowledge_unbounded_risk: true`."
    PASSES_THE_END 409 "passes-the-end" "The term would pass the end of the market agreement (clause 10.1.2)." "For an order, send `accept_shorter_term: true`: it then ends with the agreement. For a grant, send an earlier `expires_at`."
    NOT_PAYABLE 409 "not-payable" "The order does not take the payment." "See `detail`. Have the payment returned."
    WRONG_PAYMENT_STATE 409 "wrong-payment-state" "The payment does not wait for this." "Read the payment."
}

refusals! {
    ListingRefusal {
        ListingRefusal::ProviderNotApproved => PROVIDER_NOT_APPROVED,
        ListingRefusal::Parts
            | ListingRefusal::Bound
            | ListingRefusal::Scopes
            | ListingRefusal::TooLarge { .. }
            | ListingRefusal::SubscriptionAgreement => INCOMPLETE_LISTING,
        ListingRefusal::WrongState { .. } => WRONG_LISTING_STATE,
    }
    PlaceRefusal {
        PlaceRefusal::Account(account) => return (*account).into(),
        PlaceRefusal::NotListed => NOT_FOR_SALE,
        PlaceRefusal::NoSuchPlan => NO_SUCH_PLAN,
        PlaceRefusal::SubscriptionNotAccepted { .. } => SUBSCRIPTION_NOT_ACCEPTED,
        PlaceRefusal::RiskNotAcknowledged => RISK_NOT_ACKNOWLEDGED,
        PlaceRefusal::PassesTheEnd => PASSES_THE_END,
        PlaceRefusal::Unreckonable => INVALID_TERM,
    }
    SettleRefusal {
        SettleRefusal::NotWaiting => WRONG_PAYMENT_STATE,
        SettleRefusal::NotTaken(_)
            | SettleRefusal::NoOrder
            | SettleRefusal::WrongAmount(_)
            | SettleRefusal::IdUsedBefore => NOT_PAYABLE,
    }
}
